/**
 * What may be shown of a text: everything but its secrets.
 *
 * The recogniser is the one that gives a file its class, so that nothing is shown that would not be kept, and the
 * other way round. Each value becomes the same mark, whatever its length; of a file that is secret by its place
 * nothing is shown at all, because there may be anything in it.
 */
import type { Bytes } from '../types.ts';
import { secretsIn } from './secret-forms.ts';
import { secretData, secretPlaces } from './secrets.ts';

/** Stands for a secret in everything that is shown or written down. */
export const mark = '[secret]';
const wholly = '[secret: nothing of this file is shown]\n';

const places = secretPlaces();

/** A text without its secrets; equal to it when it has none. `path` may be empty for text that is no file's. */
export function redact(path: Bytes, content: Bytes): Bytes {
  if (content === '') return content;
  if (path !== '' && (places.of(path) !== null || secretData(path))) return wholly;
  let redacted = '';
  let at = 0;
  const ranges = [...secretsIn(path, content)].sort((a, b) => a.start - b.start || b.end - a.end);
  let end = 0;
  for (const range of ranges) {
    if (range.start >= end) {
      redacted += content.slice(at, range.start) + mark;
    }
    end = Math.max(end, range.end);
    at = end;
  }
  return redacted + content.slice(at);
}
