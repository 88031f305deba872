/** Feeds parsers that ask for pieces of files, many side by side: one process a round, however many files. */
import type { Piece, PieceReader } from '../facts/pieces.ts';
import type { Host } from '../host/host.ts';
import type { Answered, Bytes } from '../types.ts';
import { readRanges } from './read-ranges.ts';

/** Files looked at side by side; their pieces are in memory at once. */
const filesAtOnce = 2000;
/** No sound file needs more rounds. */
const mostRounds = 12;

interface Running<T> {
  readonly path: Bytes;
  readonly reader: PieceReader<T>;
  pieces: readonly Piece[];
}

/**
 * What the parser found in each of the files; those it found nothing in, and those that could not be read, are missing.
 * Not known where the host cannot be asked at all.
 */
export async function readPieces<T>(
  host: Host,
  paths: readonly Bytes[],
  parser: () => PieceReader<T>,
): Promise<Answered<Map<Bytes, T>>> {
  const found = new Map<Bytes, T>();
  for (let at = 0; at < paths.length; at += filesAtOnce) {
    let running: Running<T>[] = [];
    const advance = (one: Omit<Running<T>, 'pieces'>, bytes: readonly Buffer[] | null): Running<T>[] => {
      const step = bytes === null ? one.reader.next() : one.reader.next(bytes);
      if (!step.done) return [{ ...one, pieces: step.value }];
      if (step.value !== null) found.set(one.path, step.value);
      return [];
    };
    running = paths.slice(at, at + filesAtOnce).flatMap((path) => advance({ path, reader: parser() }, null));
    for (let round = 0; round < mostRounds && running.length > 0; round += 1) {
      const asked = running.map((one) =>
        one.pieces.map(({ offset, length }) => ({ path: one.path, offset, length })),
      );
      const answer = await readRanges(
        host,
        asked.flat().filter(({ length }) => length > 0),
      );
      if (!answer.known) return answer;
      running = running.flatMap((one, index) => {
        const ranges = asked[index] ?? [];
        const isGone = ranges.some((range) => range.length > 0 && !answer.value.has(range));
        if (isGone) return [];
        return advance(
          one,
          ranges.map((range) => answer.value.get(range) ?? Buffer.alloc(0)),
        );
      });
    }
  }
  return { known: true, value: found };
}
