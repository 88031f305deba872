/**
 * Directories of small settings files as systemd reads them (tmpfiles.d(5), sysusers.d(5), "CONFIGURATION DIRECTORIES
 * AND PRECEDENCE"): of files with one name the one in the earlier directory wins, a link to /dev/null switches the
 * name off, and all that win are read in the order of their names.
 */
import type { Bytes } from '../types.ts';
import { type Archive, optional, type Wanted } from './archive.ts';

const bases = ['etc', 'run', 'usr/local/lib', 'usr/lib', 'lib'];

/** What an archive must hold. /lib is asked for where it is no link into /usr; through the link it is the same. */
export function snippetsWanted(folder: string): NonNullable<Wanted['directories']> {
  return bases.map((base) => ({ path: `${base}/${folder}`, names: '*.conf' }));
}

export interface Snippet {
  readonly file: Bytes;
  readonly lines: readonly { readonly number: number; readonly text: Bytes }[];
}

/**
 * Files that count, with their lines apart from comments and empty ones. A link to elsewhere hides its name as the
 * one to /dev/null does: what it leads to was not asked.
 */
export function readSnippets(archive: Archive, folder: string): Snippet[] {
  const winners = new Map<Bytes, Bytes>();
  for (const base of bases) {
    const directory = `/${base}/${folder}/`;
    for (const path of archive.keys()) {
      const name = path.slice(directory.length);
      if (path.startsWith(directory) && !winners.has(name)) winners.set(name, path);
    }
  }
  return [...winners]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .filter(([, file]) => archive.get(file)?.type === 'file')
    .map(([, file]) => ({ file, lines: linesOf(optional(archive, file) as Buffer) }));
}

function linesOf(content: Buffer): Snippet['lines'] {
  return content
    .toString('latin1')
    .split('\n')
    .map((text, index) => ({ number: index + 1, text: text.trim() }))
    .filter(({ text }) => text !== '' && !/^[#;]/.test(text));
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  s: ' ',
  t: '\t',
  v: '\v',
};

/** C-style escapes (systemd.syntax(7)). null where one makes no sense. */
export function unescaped(text: Bytes): Bytes | null {
  let sensible = true;
  const plain = text.replaceAll(
    /\\(x([0-9a-fA-F]{2})|([0-7]{3})|[\s\S]?)/g,
    (_whole, kind: string, hex: string | undefined, octal: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      if (/^["'\\]$/.test(kind)) return kind;
      const known = escapes[kind];
      if (known === undefined) sensible = false;
      return known ?? '';
    },
  );
  return sensible ? plain : null;
}

/**
 * First `count` words of a line and the rest of it as it stands; words may be quoted. null where a quote has no end,
 * which systemd passes over, too.
 */
export function fieldsOf(text: Bytes, count: number): Bytes[] | null {
  const fields: Bytes[] = [];
  const word = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([^\s"'][^\s]*))(?=\s|$)/y;
  while (fields.length < count && word.lastIndex < text.length) {
    const begin = word.lastIndex;
    const match = word.exec(text);
    if (match === null) return text.slice(begin).trim() === '' ? fields : null;
    const field = unescaped(match[1] ?? match[2] ?? (match[3] as Bytes));
    if (field === null) return null;
    fields.push(field);
  }
  const rest = text.slice(word.lastIndex).trim();
  return rest === '' ? fields : [...fields, rest];
}

/** Expands specifiers (`%m`). null where one is unknown, which makes the line invalid for systemd, too. */
export function expanded(text: Bytes, specifiers: Readonly<Record<string, Bytes | null>>): Bytes | null {
  let known = true;
  const plain = text.replaceAll(/%([\s\S]?)/g, (_whole, letter: string) => {
    const value = letter === '%' ? '%' : specifiers[letter];
    if (value === undefined || value === null) known = false;
    return value ?? '';
  });
  return known ? plain : null;
}
