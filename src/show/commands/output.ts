import { Failure, writeFailure } from '../../failure.ts';

const words: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory is a file',
  EISDIR: 'it is a directory',
};

/** What a file that a person named could not be written for; anything else stays what it is. */
export function outputFailure(cause: unknown, file: string): unknown {
  if (cause instanceof Failure) return cause;
  const failure = writeFailure(cause, file);
  if (failure instanceof Failure) return failure;
  const { code } = cause as { code?: unknown };
  if (typeof code !== 'string') return cause;
  return new Failure('usage', 'output', `cannot write ${file}: ${words[code] ?? code}`, { cause });
}
