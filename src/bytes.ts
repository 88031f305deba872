/**
 * Names on a server are bytes. Inside the program a name is a byte string (latin1, one code unit per byte);
 * what a person, a YAML file or JSON sees is the quoted form made here, which is reversible.
 */
import { Buffer } from 'node:buffer';
import type { Bytes } from './types.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Control characters, line separators, bidirectional marks and other invisible format characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;

/** Text (for example a literal with an umlaut) as a byte string. */
export function toBytes(text: string): Bytes {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Byte string as the text it spells in UTF-8; bytes that are none become U+FFFD. For content, not for names. */
export function toText(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function decode(bytes: Buffer): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function hex(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function quoteText(text: string): string {
  let quoted = '';
  for (const character of text) {
    if (character === '\\') quoted += '\\\\';
    else if (character === '\n') quoted += '\\n';
    else if (character === '\t') quoted += '\\t';
    else if (unprintable.test(character)) quoted += hex(Buffer.from(character, 'utf8'));
    else quoted += character;
  }
  return quoted;
}

/**
 * Reversible form of a name for people and for files: printable UTF-8 stays, a backslash is doubled, newline
 * and tab are `\n` and `\t`, every other byte is `\xNN`.
 */
export function quote(name: Bytes): string {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(name)) return name;
  const buffer = Buffer.from(name, 'latin1');
  const text = decode(buffer);
  if (text !== null) return quoteText(text);
  let quoted = '';
  for (let at = 0; at < buffer.length; ) {
    const first = buffer[at] as number;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const part = decode(buffer.subarray(at, at + length));
    if (part === null || at + length > buffer.length) {
      quoted += hex(buffer.subarray(at, at + 1));
      at += 1;
    } else {
      quoted += quoteText(part);
      at += length;
    }
  }
  return quoted;
}

/** The name that `quote` made. Throws a RangeError on an escape that quote never writes. */
export function unquote(quoted: string): Bytes {
  const text = quoted.replace(/\\(x[0-9a-f]{2}|n|t|\\|[\s\S]?)/gu, (whole, kind: string) => {
    if (kind === 'n') return '\ue000n';
    if (kind === 't') return '\ue000t';
    if (kind === '\\') return '\ue000b';
    if (kind.length === 3) return `\ue000x${kind.slice(1)}`;
    throw new RangeError(`unknown escape ${whole}`);
  });
  return toBytes(text).replace(
    /\xee\x80\x80(n|t|b|x([0-9a-f]{2}))/g,
    (_whole, kind: string, code: string | undefined) => {
      if (kind === 'n') return '\n';
      if (kind === 't') return '\t';
      if (kind === 'b') return '\\';
      return String.fromCharCode(Number.parseInt(code as string, 16));
    },
  );
}

/** Parent directory of an absolute path; `/` is its own parent. */
export function parentOf(path: Bytes): Bytes {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}
