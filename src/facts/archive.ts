/**
 * Many files in one answer: a gzipped GNU tar. Names and contents are framed by lengths in checksummed headers,
 * so no content can pretend to be another file, and gzip's own checksum tells an answer that was cut off.
 */
import { gunzipSync } from 'node:zlib';
import type { Argv, Bytes } from '../types.ts';

/** What an archive is asked for, relative to the root, without a leading slash. What does not exist is left out. */
export interface Wanted {
  readonly paths?: readonly Bytes[];
  /** Entries of a directory whose names match a `find -name` pattern, `depth` levels down (1). */
  readonly directories?: readonly { readonly path: Bytes; readonly names: string; readonly depth?: number }[];
}

export type Archived =
  | { readonly type: 'file'; readonly content: Buffer }
  | { readonly type: 'link'; readonly target: Bytes }
  | { readonly type: 'other' };

/** By absolute path as the server sees it. */
export type Archive = ReadonlyMap<Bytes, Archived>;

/** An answer larger than this when unpacked is refused: it would not be a package database any more. */
const unpackedLimit = 1024 ** 3;

/**
 * A name that leads out of the root through a link would answer for another machine. It is named in the error,
 * and a name that cannot exist makes tar fail. The same happens when find could not read a directory.
 */
const program = `
cd "$1/" || exit
here=$(pwd -P)
shift
inside() {
  there=$(cd -P "$1" && pwd -P) || return
  case $there/ in
  "\${here%/}"/*) return 0 ;;
  esac
  printf '%s leads out of the disk\\n' "$1" >&2
  return 1
}
fail() { printf '%s\\0' '(unreadable)'; }
{
  while [ "$1" != -- ]; do
    if [ -e "$1" ] || [ -L "$1" ]; then
      case $1 in
      */*) inside "\${1%/*}" && printf '%s\\0' "$1" || fail ;;
      *) printf '%s\\0' "$1" ;;
      esac
    fi
    shift
  done
  shift
  while [ $# -gt 0 ]; do
    if [ -d "$1" ]; then
      inside "$1" && find "$1/" -mindepth 1 -maxdepth "$3" -name "$2" -print0 || fail
    fi
    shift 3
  done
} | tar -c --format=gnu --hard-dereference --no-recursion --null --no-unquote -T - -I 'gzip -1' -f -
`;

/** Question whose answer `readArchive` reads. It ends with the directories: path, pattern and depth of each. */
export function archiveOf(root: Bytes, wanted: Wanted): Argv {
  const directories = (wanted.directories ?? []).flatMap(({ path, names, depth = 1 }) => [
    path,
    names,
    String(depth),
  ]);
  return ['sh', '-c', program, 'ask', root, ...(wanted.paths ?? []), '--', ...directories];
}

/** Unpacks an answer. Throws when it is cut off or no archive at all. */
export function readArchive(output: Buffer): Archive {
  let tar: Buffer;
  try {
    tar = gunzipSync(output, { maxOutputLength: unpackedLimit });
  } catch (cause) {
    throw new Error(output.length === 0 ? 'the answer is empty' : 'the answer is cut off or damaged', {
      cause,
    });
  }
  return new Map([...readTar(tar)].map(([name, archived]) => [absolute(name), archived]));
}

/** Without the slash that tar puts after a directory. */
function absolute(name: Bytes): Bytes {
  return `/${name
    .replaceAll(/\/{2,}/g, '/')
    .replace(/^\.?\//, '')
    .replace(/\/$/, '')}`;
}

/** Content of a file that must be there. */
export function required(archive: Archive, path: Bytes): Buffer {
  const content = optional(archive, path);
  if (content === null) throw new Error(`${path} does not exist`);
  return content;
}

/** Content of a file, or null where there is none. A directory or a link in its place is an error. */
export function optional(archive: Archive, path: Bytes): Buffer | null {
  const archived = archive.get(path);
  if (archived === undefined) return null;
  if (archived.type !== 'file') throw new Error(`${path} is no regular file`);
  return archived.content;
}

const block = 512;

/**
 * Entries of an uncompressed GNU tar in its order, names as they stand in it. Types other than files and links
 * have no content. Throws on a damaged header, on pax headers (we never ask for them) and on a missing end.
 * Layout: tar info manual, "Basic Tar Format".
 */
export function* readTar(tar: Buffer): Generator<[Bytes, Archived]> {
  let longName: Bytes | null = null;
  let longTarget: Bytes | null = null;
  let at = 0;
  for (;;) {
    if (at + block > tar.length) throw new Error('the answer is cut off');
    const header = tar.subarray(at, at + block);
    at += block;
    if (header.every((byte) => byte === 0)) return;
    checkSum(header);
    const size = readNumber(header.subarray(124, 136));
    if (at + size > tar.length) throw new Error('the answer is cut off');
    const content = tar.subarray(at, at + size);
    at += Math.ceil(size / block) * block;
    const type = String.fromCharCode(header[156] as number);
    if (type === 'L') longName = readText(content);
    else if (type === 'K') longTarget = readText(content);
    else {
      const name: Bytes = longName ?? readText(header.subarray(0, 100));
      const target: Bytes = longTarget ?? readText(header.subarray(157, 257));
      longName = null;
      longTarget = null;
      if (type === '0' || type === '\0') yield [name, { type: 'file', content }];
      else if (type === '2') yield [name, { type: 'link', target }];
      else if ('3456'.includes(type)) yield [name, { type: 'other' }];
      else throw new Error(`the answer holds an unexpected kind of entry (${type.charCodeAt(0)})`);
    }
  }
}

function checkSum(header: Buffer): void {
  let sum = 0;
  for (let index = 0; index < block; index += 1) {
    sum += index >= 148 && index < 156 ? 0x20 : (header[index] as number);
  }
  if (sum !== readNumber(header.subarray(148, 156))) throw new Error('the answer is damaged');
}

/** Octal text, or big-endian base 256 where the first bit is set. */
function readNumber(field: Buffer): number {
  if (((field[0] as number) & 0x80) !== 0) {
    let number = (field[0] as number) & 0x7f;
    for (const byte of field.subarray(1)) number = number * 256 + byte;
    if (!Number.isSafeInteger(number)) throw new Error('the answer is damaged');
    return number;
  }
  const text = readText(field).trim();
  if (!/^[0-7]+$/.test(text)) throw new Error('the answer is damaged');
  return Number.parseInt(text, 8);
}

function readText(field: Buffer): Bytes {
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? field.length : end);
}
