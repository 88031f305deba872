/**
 * Errors that a person can act on. An error is a sentence, what was going on, a hint and a code; nothing more.
 * Sentences start lower case and end without a full stop. Anything thrown that is no Failure is a bug of ours.
 */

/** Exit codes, as documented by `opstimal-move help exit-codes`; the one switch is in show/exit.ts. */
export type FailureCode =
  | 'failed'
  | 'usage'
  | 'partial'
  | 'needs-person'
  | 'differences'
  | 'no-repository'
  | 'locked'
  | 'refused'
  | 'unreachable'
  | 'interrupted';

export class Failure extends Error {
  readonly code: FailureCode;
  /** Stable help topic, for example `host-key-changed`. */
  readonly topic: string;
  readonly during: string;
  readonly hint: string;

  constructor(
    code: FailureCode,
    topic: string,
    sentence: string,
    more: { during?: string; hint?: string; cause?: unknown } = {},
  ) {
    super(sentence, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'Failure';
    this.code = code;
    this.topic = topic;
    this.during = more.during ?? '';
    this.hint = more.hint ?? '';
  }
}

/**
 * What a file of this machine could not be written for: a Failure where its disk is full or somebody may not write
 * there, else the error itself.
 */
export function writeFailure(cause: unknown, file: string): unknown {
  const { code } = cause as { code?: unknown };
  const forbidden = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the disk is read-only',
  };
  if (typeof code === 'string' && code in forbidden) {
    const why = forbidden[code as keyof typeof forbidden];
    return new Failure('failed', 'folder', `cannot write ${file}: ${why}`, {
      hint: 'name a place where you may write, or run as the user it belongs to',
      cause,
    });
  }
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return cause;
  return new Failure('failed', 'full-disk', `no space is left on this machine to write ${file}`, {
    hint: 'make room, or name a folder on another disk, and run the same command again',
    cause,
  });
}
