/**
 * What may be shown of a file: everything but its secrets.
 *
 * The recogniser is the one that gives a file its class, so that nothing is shown that would not be kept, and the
 * other way round. Each value becomes the same mark, whatever its length; of a file that is secret by its place
 * nothing is shown at all, because there may be anything in it.
 */
import type { Bytes } from '../types.ts';
import { redactText } from './redact-text.ts';
import { secretData, secretPlaces } from './secrets.ts';

export { mark } from './redact-text.ts';

const wholly = '[secret: nothing of this file is shown]\n';

const places = secretPlaces();

/** A file's content without its secrets; equal to it when it has none. `path` may be empty for text that is no file's. */
export function redact(path: Bytes, content: Bytes): Bytes {
  if (content === '') return content;
  if (path !== '' && (places.of(path) !== null || secretData(path))) return wholly;
  return redactText(content, path);
}
