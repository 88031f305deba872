/**
 * The headers of a tar stream: reads ustar, pax and GNU long names, writes ustar and pax. Content passes by
 * untouched. Written by hand because it is the hot path and because what reaches the destination must be a header
 * of ours: a source can then not slip in what two readers understand differently.
 *
 * Formats: POSIX.1-2017 pax (Interchange Format), and the GNU tar manual, "Storing Sparse Files" (PAX format 1.0)
 * and "Extended attributes".
 */
import { Failure } from '../failure.ts';
import type { Bytes } from '../types.ts';

export const blockSize = 512;
/** Extended attributes are at most 64 KiB each; one file may have several. */
const extendedLimit = 8 * 1024 * 1024;

/** Kind of a member: tar's type flag. 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 directory, 6 fifo. */
export type MemberType = '0' | '1' | '2' | '3' | '4' | '5' | '6';

/** One member of an archive, without its content. */
export interface Member {
  /** As in the archive, without slashes at the end. */
  readonly name: Bytes;
  readonly type: MemberType;
  readonly linkName: Bytes;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Empty where the archive names none. */
  readonly user: Bytes;
  readonly group: Bytes;
  /** Bytes of content that follow in the archive, without padding. */
  readonly stored: number;
  /** Bytes of the file: more than `stored` when it has holes. */
  readonly size: number;
  /** Seconds since the epoch as decimal text, with a fraction. */
  readonly mtime: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** pax records that are passed on as they are: extended attributes, and the map of a file with holes. */
  readonly records: ReadonlyMap<string, Bytes>;
}

export type Piece =
  | { readonly kind: 'member'; readonly member: Member }
  | { readonly kind: 'content'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

function refuse(why: string): Failure {
  return new Failure('failed', 'hostile-stream', `the stream of files is not acceptable: ${why}`, {
    during: 'reading the stream of the source',
    hint: 'nothing of it was taken; check the source machine and its tar',
  });
}

function textAt(block: Buffer, at: number, length: number): Bytes {
  const end = block.indexOf(0, at);
  return block.toString('latin1', at, end < 0 || end > at + length ? at + length : end);
}

function numberAt(block: Buffer, at: number, length: number): number {
  const first = block[at] as number;
  if (first === 0x80 || first === 0xff) {
    // GNU base-256, two's complement.
    let value = first === 0xff ? -1n : 0n;
    for (let index = at + 1; index < at + length; index += 1) {
      value = value * 256n + BigInt(block[index] as number);
    }
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw refuse('a number is out of range');
    return number;
  }
  const text = textAt(block, at, length).trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw refuse('a number is not octal');
  return Number.parseInt(text, 8);
}

function checksum(block: Buffer): number {
  let sum = 8 * 32;
  for (let at = 0; at < blockSize; at += 1) if (at < 148 || at >= 156) sum += block[at] as number;
  return sum;
}

/** Records of a pax header: `length keyword=value\n`, the length counting itself. */
export function readRecords(content: Buffer, into: Map<string, Bytes>): void {
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const lengthText = space < 0 ? '' : content.toString('latin1', at, space);
    const length = /^[1-9]\d{0,8}$/.test(lengthText) ? Number(lengthText) : 0;
    const equals = content.indexOf(61, space);
    if (length === 0 || at + length > content.length || equals < 0 || equals >= at + length) {
      throw refuse('an extended header is damaged');
    }
    if (content[at + length - 1] !== 10) throw refuse('an extended header is damaged');
    const keyword = content.toString('latin1', space + 1, equals);
    into.set(keyword, content.toString('latin1', equals + 1, at + length - 1));
    at += length;
  }
}

const passedOn = /^(SCHILY\.xattr\.[^\0]+|GNU\.sparse\.(major|minor|name|realsize))$/;
const understood = /^(path|linkpath|size|uid|gid|uname|gname|mtime|atime|ctime|hdrcharset|comment)$/;

function wholeNumber(text: Bytes): number {
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number)) throw refuse('a number is out of range');
  return number;
}

/** tar writes directories with a slash at the end. */
function withoutSlash(name: Bytes): Bytes {
  let end = name.length;
  while (end > 1 && name[end - 1] === '/') end -= 1;
  return name.slice(0, end);
}

function memberOf(block: Buffer, pax: ReadonlyMap<string, Bytes>): Member {
  // NUL is the old flag of a file, 7 a file that was contiguous somewhere.
  const flag = block[156] === 0 || block[156] === 0x37 ? '0' : String.fromCharCode(block[156] as number);
  if (!/^[0-6]$/.test(flag)) throw refuse('it holds a member of an unknown type');
  const records = new Map<string, Bytes>();
  for (const [keyword, value] of pax) {
    if (passedOn.test(keyword)) records.set(keyword, value);
    else if (!understood.test(keyword)) throw refuse('it holds an unknown extended record');
  }
  const ustar = block.toString('latin1', 257, 262) === 'ustar';
  const prefix = ustar && block[262] === 0 ? textAt(block, 345, 155) : '';
  const short = prefix === '' ? textAt(block, 0, 100) : `${prefix}/${textAt(block, 0, 100)}`;
  const stored = pax.has('size') ? wholeNumber(pax.get('size') as Bytes) : numberAt(block, 124, 12);
  if (stored < 0) throw refuse('a size is negative');
  const sparse = [...records.keys()].some((keyword) => keyword.startsWith('GNU.sparse.'));
  if (sparse && (records.get('GNU.sparse.major') !== '1' || records.get('GNU.sparse.minor') !== '0')) {
    throw refuse('it holds a file with holes in an old form');
  }
  const mtime = pax.get('mtime') ?? String(numberAt(block, 136, 12));
  if (!/^-?\d{1,19}(\.\d{0,9})?$/.test(mtime)) throw refuse('a time is damaged');
  const type = flag as MemberType;
  if (type !== '0' && stored !== 0) throw refuse('something other than a file has content');
  return {
    name: withoutSlash(records.get('GNU.sparse.name') ?? pax.get('path') ?? short),
    type,
    linkName: pax.get('linkpath') ?? textAt(block, 157, 100),
    mode: numberAt(block, 100, 8) & 0o7777,
    uid: pax.has('uid') ? wholeNumber(pax.get('uid') as Bytes) : numberAt(block, 108, 8),
    gid: pax.has('gid') ? wholeNumber(pax.get('gid') as Bytes) : numberAt(block, 116, 8),
    user: pax.get('uname') ?? (ustar ? textAt(block, 265, 32) : ''),
    group: pax.get('gname') ?? (ustar ? textAt(block, 297, 32) : ''),
    stored,
    size: sparse ? wholeNumber(records.get('GNU.sparse.realsize') ?? '') : stored,
    mtime,
    deviceMajor: ustar ? numberAt(block, 329, 8) : 0,
    deviceMinor: ustar ? numberAt(block, 337, 8) : 0,
    records,
  };
}

/** Follows the boundaries of a tar stream that comes in chunks of any size. */
export class TarReader {
  #held: Buffer = Buffer.alloc(0);
  /** Content bytes and padding bytes still to come. */
  #content = 0;
  #padding = 0;
  /** Type flag of the extended header that is being collected. */
  #collecting: { flag: string; length: number } | null = null;
  readonly #pax = new Map<string, Bytes>();
  #ended = false;

  /** Whether the archive's end mark was read. */
  get ended(): boolean {
    return this.#ended;
  }

  *push(chunk: Buffer): Generator<Piece> {
    let data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (data.length > 0 && !this.#ended) {
      if (this.#content > 0) {
        const part = data.subarray(0, this.#content);
        this.#content -= part.length;
        data = data.subarray(part.length);
        yield { kind: 'content', bytes: part };
        continue;
      }
      if (this.#padding > 0) {
        const part = Math.min(this.#padding, data.length);
        this.#padding -= part;
        data = data.subarray(part);
        continue;
      }
      const wanted = this.#collecting === null ? blockSize : padded(this.#collecting.length);
      if (data.length < wanted) {
        this.#held = data;
        return;
      }
      const piece = this.#collecting === null ? this.#header(data) : this.#extended(data);
      data = data.subarray(wanted);
      if (piece !== null) yield piece;
    }
  }

  #extended(data: Buffer): null {
    const { flag, length } = this.#collecting as { flag: string; length: number };
    this.#collecting = null;
    if (flag === 'x') readRecords(data.subarray(0, length), this.#pax);
    else this.#pax.set(flag === 'L' ? 'path' : 'linkpath', textAt(data.subarray(0, length), 0, length));
    return null;
  }

  #header(data: Buffer): Piece | null {
    const block = data.subarray(0, blockSize);
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      if (this.#pax.size > 0) throw refuse('it ends after an extended header');
      this.#ended = true;
      return { kind: 'end' };
    }
    if (numberAt(block, 148, 8) !== checksum(block)) throw refuse('a header is damaged');
    const flag = String.fromCharCode(block[156] as number);
    if (flag === 'x' || flag === 'L' || flag === 'K') {
      const length = numberAt(block, 124, 12);
      if (length < 1 || length > extendedLimit) throw refuse('an extended header is too long');
      this.#collecting = { flag, length };
      return null;
    }
    const member = memberOf(block, this.#pax);
    this.#pax.clear();
    this.#content = member.stored;
    this.#padding = padded(member.stored) - member.stored;
    return { kind: 'member', member };
  }
}

function padded(length: number): number {
  return Math.ceil(length / blockSize) * blockSize;
}

/** Zeros that follow content of this length. */
export function paddingOf(length: number): Buffer {
  return Buffer.alloc(padded(length) - length);
}

/** Two blocks of zeros. */
export const endOfArchive: Buffer = Buffer.alloc(2 * blockSize);

function record(keyword: string, value: Bytes): Bytes {
  const rest = ` ${keyword}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

function block(fields: {
  readonly name: Bytes;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
  readonly linkName: Bytes;
  readonly user: Bytes;
  readonly group: Bytes;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}): Buffer {
  const header = Buffer.alloc(blockSize);
  const octal = (value: number, at: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, '0'), at, length - 1, 'latin1');
  header.write(fields.name, 0, 100, 'latin1');
  octal(fields.mode, 100, 8);
  octal(fields.uid, 108, 8);
  octal(fields.gid, 116, 8);
  octal(fields.size, 124, 12);
  octal(fields.mtime, 136, 12);
  header.write(fields.flag, 156, 1, 'latin1');
  header.write(fields.linkName, 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 8, 'latin1');
  header.write(fields.user, 265, 31, 'latin1');
  header.write(fields.group, 297, 31, 'latin1');
  octal(fields.deviceMajor, 329, 8);
  octal(fields.deviceMinor, 337, 8);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return header;
}

const plain = /^[\x20-\x7e]*$/;

/** The header blocks of a member: an extended header where ustar's fields do not hold everything, then ustar. */
export function headerOf(member: Member): Buffer {
  const records: Bytes[] = [];
  const fits = (keyword: string, value: Bytes, limit: number): Bytes => {
    if (value.length <= limit && plain.test(value)) return value;
    records.push(record(keyword, value));
    return '';
  };
  const number = (keyword: string, value: number, limit: number): number => {
    if (value >= 0 && value <= limit) return value;
    records.push(record(keyword, String(value)));
    return 0;
  };
  const name = fits('path', member.name, 100);
  const linkName = fits('linkpath', member.linkName, 100);
  const user = fits('uname', member.user, 31);
  const group = fits('gname', member.group, 31);
  const uid = number('uid', member.uid, 0o7777777);
  const gid = number('gid', member.gid, 0o7777777);
  const size = number('size', member.stored, 0o77777777777);
  const seconds = /^\d{1,10}(\.0*)?$/.test(member.mtime) ? Number.parseInt(member.mtime, 10) : -1;
  if (seconds < 0 || seconds > 0o77777777777) records.push(record('mtime', member.mtime));
  for (const [keyword, value] of member.records) records.push(record(keyword, value));
  const own = block({
    name: name === '' ? 'long-name' : name,
    mode: member.mode,
    uid,
    gid,
    size,
    mtime: Math.max(0, Math.min(seconds, 0o77777777777)),
    flag: member.type,
    linkName,
    user,
    group,
    deviceMajor: member.deviceMajor,
    deviceMinor: member.deviceMinor,
  });
  if (records.length === 0) return own;
  const content = Buffer.from(records.join(''), 'latin1');
  const extended = block({
    name: 'PaxHeaders/record',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: content.length,
    mtime: 0,
    flag: 'x',
    linkName: '',
    user: '',
    group: '',
    deviceMajor: 0,
    deviceMinor: 0,
  });
  return Buffer.concat([extended, content, paddingOf(content.length), own]);
}
