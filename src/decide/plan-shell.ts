/**
 * Shell text of steps. A plan is published as JSON text, so a name that is no UTF-8 cannot stand in it literally;
 * it is spelled with printf's octal escapes instead. Everything else is single-quoted.
 */
import { Buffer } from 'node:buffer';
import { toBytes } from '../bytes.ts';
import type { Bytes } from '../types.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Single-quoted word for POSIX sh. Text may not hold NUL. */
export function sh(text: string): string {
  if (text.includes('\0')) throw new RangeError('a shell word cannot hold a zero byte');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words of a command line, each quoted. */
export function words(...parts: readonly string[]): string {
  return parts.map(sh).join(' ');
}

/** The name as text when it is valid UTF-8 without control characters, else null. */
function asText(name: Bytes): string | null {
  if (/\p{Cc}/u.test(name)) return null;
  try {
    return strict.decode(Buffer.from(name, 'latin1'));
  } catch {
    return null;
  }
}

/** `variable='/path'`, for any bytes a path can hold (the trailing dot keeps newlines at the end). */
export function assign(variable: string, name: Bytes): string {
  const text = asText(name);
  if (text !== null) return `${variable}=${sh(text)}`;
  const octal = Buffer.from(name, 'latin1').reduce(
    (spelled, byte) =>
      spelled +
      (byte < 0x21 || byte > 0x7e || byte === 0x25 || byte === 0x27 || byte === 0x5c
        ? `\\${byte.toString(8).padStart(3, '0')}`
        : String.fromCharCode(byte)),
    '',
  );
  return `${variable}=$(printf '${octal}.'); ${variable}=\${${variable}%.}`;
}

/** Text, for example of a rewrite, replaced in bytes. */
export function replaceAllText(
  content: Bytes,
  rewrites: readonly { readonly from: string; readonly to: string }[],
): Bytes {
  let result = content;
  for (const rewrite of rewrites) result = result.replaceAll(toBytes(rewrite.from), toBytes(rewrite.to));
  return result;
}
