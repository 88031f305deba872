/**
 * A parser that says which pieces of a file it wants to see next, because only the first ones tell where the others
 * are. It is a generator: it yields pieces, gets their bytes (shorter where the file ends) and returns what it found,
 * or null where the file is something else. Many of them are fed side by side, so that many files need few questions.
 */
import type { Buffer } from 'node:buffer';

export interface Piece {
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}
export type PieceReader<T> = Generator<readonly Piece[], T | null, readonly Buffer[]>;

/** Text up to its NUL, or null where none comes. */
export function textUpToNul(piece: Buffer): string | null {
  const end = piece.indexOf(0);
  return end === -1 ? null : piece.toString('latin1', 0, end);
}
