import type { Bytes } from '../types.ts';
import { secretsIn } from './secret-forms.ts';

/** Stands for a secret in everything that is shown or written down. */
export const mark = '[secret]';

/**
 * A text without its secrets, which may be bytes or text; equal to it when it has none. `path` tells forms that only
 * some files have, and is left out for what is no file, the words of a program for example.
 */
export function redactText(text: string, path: Bytes = ''): string {
  const ranges = [...secretsIn(path, text)].sort((a, b) => a.start - b.start || b.end - a.end);
  let redacted = '';
  let end = 0;
  for (const range of ranges) {
    if (range.start >= end) redacted += text.slice(end, range.start) + mark;
    end = Math.max(end, range.end);
  }
  return redacted + text.slice(end);
}
