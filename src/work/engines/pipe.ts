import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../../failure.ts';
import type { Channel } from '../../host/host.ts';
import type { Work } from '../../types.ts';

export interface Piped {
  readonly bytes: number;
  /** Last bytes that passed, at most 4 KiB, as latin1. */
  readonly tail: string;
  readonly source: { readonly code: number; readonly stderr: string };
  readonly destination: { readonly code: number; readonly stderr: string };
  /** The side that failed first: the other one only followed. null = both ended well. */
  readonly failed: 'source' | 'destination' | null;
}

const tailKept = 4096;

/**
 * Runs what the source prints into what the destination reads, at the speed of the slower one, and says every
 * half second how far it is. Both processes have ended when it returns; what they said is for the caller to judge.
 */
export async function* pipeAcross(
  from: Channel,
  to: Channel,
  about: { readonly label: string; readonly current: string; readonly total: number | null },
  signal: AbortSignal,
  /** Sent before the first byte of the source. */
  prefix = '',
): Work<Piped> {
  let bytes = 0;
  let tail = Buffer.alloc(0);
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      tail = Buffer.concat([tail, chunk]).subarray(-tailKept);
      done(null, chunk);
    },
  });
  if (prefix !== '') to.stdin.write(prefix);
  from.stdin.end();
  to.stdout.resume();
  let over = false;
  // One side that dies ends the other: a reader that is gone must not leave a dump waiting, nor the reverse.
  let failed: Piped['failed'] = null;
  const flow = pipeline(from.stdout, count, to.stdin, { signal }).catch(() => {
    // A source that dies ends its output; only a reader that left breaks the pipe, and our kill is not its fault.
    failed ??= 'destination';
    from.kill();
  });
  const blame = (side: 'source' | 'destination') => (end: { readonly code: number }) => {
    if (end.code !== 0) failed ??= side;
  };
  from.done.then(blame('source'), () => {});
  to.done.then(blame('destination'), () => {});
  const finished = Promise.all([from.done, to.done, flow]).finally(() => {
    over = true;
  });
  finished.catch(() => {});
  const event = () => ({
    kind: 'progress' as const,
    label: about.label,
    unit: 'bytes' as const,
    done: bytes,
    total: about.total,
    same: 0,
    sent: bytes,
    left: about.total === null ? 0 : Math.max(0, about.total - bytes),
    errors: 0,
    current: about.current,
  });
  try {
    yield event();
    while (!over) {
      if (signal.aborted) throw new Failure('interrupted', 'interrupted', `stopped while ${about.label}`);
      await Promise.race([finished, new Promise((wake) => setTimeout(wake, 500).unref())]);
      if (!over) yield event();
    }
    const [source, destination] = await finished;
    yield event();
    return { bytes, tail: tail.toString('latin1'), source, destination, failed };
  } finally {
    if (!over) {
      from.kill();
      to.kill();
    }
  }
}
