import { toBytes, unquote } from '../../bytes.ts';
import { Failure } from '../../failure.ts';
import type { Bytes } from '../../types.ts';

/** A path as a person types it or copies it from a list: plain text, or the quoted form. */
export function pathOf(text: string): Bytes {
  let path: Bytes;
  try {
    path = text.includes('\\') ? unquote(text) : toBytes(text);
  } catch (cause) {
    throw new Failure('usage', 'path', `${text} is no path: ${(cause as Error).message}`, {
      hint: 'write a backslash in a name as \\\\, and other bytes as explain and scan print them',
      cause,
    });
  }
  if (!path.startsWith('/')) {
    throw new Failure('usage', 'path', `${text} is no absolute path`, {
      hint: 'paths begin with /, as the server sees them',
    });
  }
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw new Failure('usage', 'path', `${text} goes upward`, { hint: 'write the path without ..' });
  }
  return `/${parts.join('/')}`;
}
