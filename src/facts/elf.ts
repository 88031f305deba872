/**
 * What a program in ELF needs from outside: libraries, where it looks for them, and its loader. Layout: System V ABI,
 * elf(5). Every number in such a file may be a lie, so each is bounded before it is used, and a file that lies is no
 * program here.
 */
import { Buffer } from 'node:buffer';
import type { Bytes } from '../types.ts';
import { type Piece, type PieceReader, textUpToNul } from './pieces.ts';

export interface Elf {
  /** e_machine: 62 is x86-64, 183 AArch64. */
  readonly machine: number;
  readonly bits: 32 | 64;
  /** Whether it is a shared object that names no loader, so a library or a plug-in. */
  readonly isLibrary: boolean;
  /** Loader the kernel starts it with. */
  readonly interpreter: Bytes | null;
  readonly soname: Bytes | null;
  /** Names of libraries as the loader looks for them. */
  readonly needed: readonly Bytes[];
  /** Directories of RPATH and RUNPATH in their order, `$ORIGIN` not filled in. */
  readonly searched: readonly Bytes[];
  /** What `go version -m` would say, where it was built by Go. */
  readonly go: GoBuild | null;
}

export interface GoBuild {
  /** For example `go1.22.1`. */
  readonly version: string;
  /** Import path of the program. */
  readonly path: string;
  /** The main module and its version; `(devel)` where it was built from a work tree. */
  readonly module: string;
  readonly moduleVersion: string;
  /** Commit it was built from; empty where the build did not say. */
  readonly revision: string;
  /** Whether the work tree had changes when it was built. */
  readonly modified: boolean;
}

const headLength = 4096;
const mostSegments = 256;
const mostSections = 512;
const longestTable = 64 * 1024;
const mostNeeded = 512;
const longestName = 256;
const longestSearch = 4096;
const longestGoText = 256 * 1024;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Numbers of one file: their width and order come from its first bytes. */
class Numbers {
  readonly bits: 32 | 64;
  readonly #little: boolean;

  constructor(bits: 32 | 64, little: boolean) {
    this.bits = bits;
    this.#little = little;
  }

  half(from: Buffer, at: number): number {
    return this.#little ? from.readUInt16LE(at) : from.readUInt16BE(at);
  }

  word(from: Buffer, at: number): number {
    return this.#little ? from.readUInt32LE(at) : from.readUInt32BE(at);
  }

  /** An address or offset; NaN where no file could be that large. */
  address(from: Buffer, at: number): number {
    if (this.bits === 32) return this.word(from, at);
    const value = Number(this.#little ? from.readBigUInt64LE(at) : from.readBigUInt64BE(at));
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }
}

/** Looks at one file. Null for anything that is no sound ELF program or library. */
export function* readElf(): PieceReader<Elf> {
  const [head] = yield [{ offset: 0, length: headLength }];
  const numbers = head === undefined ? null : numbersOf(head);
  if (head === undefined || numbers === null) return null;
  const wide = numbers.bits === 64;
  const type = numbers.half(head, 16);
  // 2 = a program at a fixed place, 3 = a library, or a program that can stand anywhere.
  if (type !== 2 && type !== 3) return null;
  const table = {
    offset: numbers.address(head, wide ? 32 : 28),
    each: numbers.half(head, wide ? 54 : 42),
    count: numbers.half(head, wide ? 56 : 44),
  };
  const smallest = wide ? 56 : 32;
  if (!isPlace(table.offset) || table.each < smallest || table.each > 1024) return null;
  if (table.count === 0 || table.count > mostSegments) return null;
  const length = table.each * table.count;
  let segmentBytes = head.subarray(table.offset, table.offset + length);
  if (segmentBytes.length < length) [segmentBytes = head] = yield [{ offset: table.offset, length }];
  if (segmentBytes.length < length) return null;
  const segments = Array.from({ length: table.count }, (_, index) =>
    segmentOf(numbers, segmentBytes.subarray(index * table.each)),
  );

  const dynamic = segments.find((one) => one.type === 2);
  const loader = segments.find((one) => one.type === 3);
  const sections = sectionTable(numbers, head);
  const [dynamicBytes, loaderBytes, sectionBytes] = yield [
    pieceOf(dynamic, longestTable),
    pieceOf(loader, longestName),
    sections?.piece ?? nothing,
  ];
  const entries = dynamicBytes === undefined ? [] : dynamicEntries(numbers, dynamicBytes);
  const strings = entries.find(([tag]) => tag === 5)?.[1];
  const base = strings === undefined ? null : fileOffset(segments, strings);
  // 1 NEEDED, 14 SONAME, 15 RPATH, 29 RUNPATH: each is a place in the table of strings.
  const wanted = entries.filter(([tag]) => [1, 14, 15, 29].includes(tag)).slice(0, mostNeeded);
  const names =
    base === null
      ? []
      : wanted.flatMap(([tag, at]) => (isPlace(base + at) ? [{ tag, offset: base + at }] : []));
  const goSection = sections === null || sectionBytes === undefined ? null : sections.names(sectionBytes);
  const texts = yield [
    goSection ?? nothing,
    ...names.map(({ tag, offset }) => ({
      offset,
      length: tag === 15 || tag === 29 ? longestSearch : longestName,
    })),
  ];
  const named = names.flatMap(({ tag }, index) => {
    const text = textUpToNul(texts[index + 1] as Buffer);
    return text === null || text === '' ? [] : [{ tag, text }];
  });
  const of = (tag: number) => named.filter((one) => one.tag === tag).map((one) => one.text);
  const interpreter = loader === undefined ? null : textUpToNul(loaderBytes as Buffer);
  const info =
    sections === null || sectionBytes === undefined || texts[0] === undefined
      ? null
      : sections.find(sectionBytes, texts[0], '.go.buildinfo');
  const go = info === null ? null : yield* readGoBuild(info, numbers, segments);
  return {
    machine: numbers.half(head, 18),
    bits: numbers.bits,
    isLibrary: type === 3 && loader === undefined && go === null,
    interpreter,
    soname: of(14)[0] ?? null,
    needed: of(1),
    // The loader looks at RPATH only where there is no RUNPATH.
    searched: (of(29).length > 0 ? of(29) : of(15))
      .flatMap((one) => one.split(':'))
      .filter((one) => one !== ''),
    go,
  };
}

const nothing: Piece = { offset: 0, length: 0 };

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function numbersOf(head: Buffer): Numbers | null {
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46) return null;
  const [width, order] = [head[4], head[5]];
  if ((width !== 1 && width !== 2) || (order !== 1 && order !== 2)) return null;
  return new Numbers(width === 2 ? 64 : 32, order === 1);
}

function segmentOf(numbers: Numbers, from: Buffer): Segment {
  const wide = numbers.bits === 64;
  return {
    type: numbers.word(from, 0),
    offset: numbers.address(from, wide ? 8 : 4),
    address: numbers.address(from, wide ? 16 : 8),
    size: numbers.address(from, wide ? 32 : 16),
  };
}

function pieceOf(segment: { offset: number; size: number } | undefined, limit: number): Piece {
  if (segment === undefined || !isPlace(segment.offset) || !isPlace(segment.size)) return nothing;
  return { offset: segment.offset, length: Math.min(segment.size, limit) };
}

/** Where an address of the running program lies in the file. */
function fileOffset(segments: readonly Segment[], address: number): number | null {
  for (const one of segments) {
    if (one.type !== 1 || !isPlace(one.offset)) continue;
    if (address >= one.address && address < one.address + one.size)
      return one.offset + (address - one.address);
  }
  return null;
}

function dynamicEntries(numbers: Numbers, from: Buffer): (readonly [tag: number, value: number])[] {
  const half = numbers.bits / 8;
  const entries: (readonly [number, number])[] = [];
  for (let at = 0; at + 2 * half <= from.length; at += 2 * half) {
    const tag = numbers.address(from, at);
    if (tag === 0) break;
    entries.push([tag, numbers.address(from, at + half)]);
  }
  return entries;
}

interface Sections {
  readonly piece: Piece;
  /** Where the names of sections are. */
  names(table: Buffer): Piece | null;
  find(table: Buffer, names: Buffer, name: string): Piece | null;
}

function sectionTable(numbers: Numbers, head: Buffer): Sections | null {
  const wide = numbers.bits === 64;
  const offset = numbers.address(head, wide ? 40 : 32);
  const each = numbers.half(head, wide ? 58 : 46);
  const count = numbers.half(head, wide ? 60 : 48);
  const nameIndex = numbers.half(head, wide ? 62 : 50);
  if (!isPlace(offset) || offset === 0 || each < (wide ? 64 : 40) || each > 1024) return null;
  if (count === 0 || count > mostSections || nameIndex >= count) return null;
  const part = (table: Buffer, index: number) => {
    const from = table.subarray(index * each, (index + 1) * each);
    if (from.length < each) return null;
    return {
      name: numbers.word(from, 0),
      offset: numbers.address(from, wide ? 24 : 16),
      size: numbers.address(from, wide ? 32 : 20),
    };
  };
  return {
    piece: { offset, length: Math.min(each * count, longestTable) },
    names: (table) => pieceOf(part(table, nameIndex) ?? undefined, longestTable),
    find(table, names, name) {
      for (let index = 0; index < count; index += 1) {
        const one = part(table, index);
        if (one === null) return null;
        if (names.toString('latin1', one.name, one.name + name.length + 1) !== `${name}\0`) continue;
        return pieceOf(one, longestGoText);
      }
      return null;
    },
  };
}

const goMagic = Buffer.from('\xff Go buildinf:', 'latin1');

/**
 * The section `.go.buildinfo`; layout: debug/buildinfo in Go's standard library. Since 1.18 the texts stand in it,
 * each behind its length; before, it points at Go strings elsewhere in the program.
 */
function* readGoBuild(section: Piece, numbers: Numbers, segments: readonly Segment[]): PieceReader<GoBuild> {
  const [info] = yield [section];
  if (info === undefined || info.length < 32 || !info.subarray(0, goMagic.length).equals(goMagic))
    return null;
  if (((info[15] as number) & 2) !== 0) {
    const version = lengthAndText(info, 32);
    const modules = version === null ? null : lengthAndText(info, version.end);
    return goBuild(version?.text ?? '', modules?.text ?? '');
  }
  // The numbers in it have the width and order of the program, which repeats them here.
  const width = numbers.bits / 8;
  if (info[14] !== width) return null;
  const heads = [16, 16 + width].map((at) => fileOffset(segments, numbers.address(info, at)));
  const strings = yield heads.map((offset) => (offset === null ? nothing : { offset, length: 2 * width }));
  const places = strings.map((one) => {
    if (one.length < 2 * width) return nothing;
    const offset = fileOffset(segments, numbers.address(one, 0));
    const size = numbers.address(one, width);
    return offset === null ? nothing : pieceOf({ offset, size }, longestGoText);
  });
  const [version, modules] = yield places;
  return goBuild(version?.toString('latin1') ?? '', modules?.toString('latin1') ?? '');
}

/** A text behind its length, seven bits of it a byte. */
function lengthAndText(from: Buffer, start: number): { text: string; end: number } | null {
  let length = 0;
  let at = start;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = from[at];
    if (byte === undefined) return null;
    at += 1;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { text: from.toString('latin1', at, at + length), end: at + length };
  }
  return null;
}

function goBuild(version: string, framed: string): GoBuild | null {
  if (!/^(go\d|devel )[\x20-\x7e]{0,200}$/.test(version)) return null;
  // Sixteen bytes on both sides mark the text in memory.
  const modules = framed.length >= 33 && framed[framed.length - 17] === '\n' ? framed.slice(16, -16) : '';
  const rows = modules.split('\n').map((line) => line.split('\t').map(printable));
  const row = (kind: string) => rows.find((fields) => fields[0] === kind);
  const setting = (key: string) =>
    rows
      .find((fields) => fields[0] === 'build' && fields[1]?.startsWith(`${key}=`))?.[1]
      ?.slice(key.length + 1) ?? '';
  return {
    version,
    path: row('path')?.[1] ?? '',
    module: row('mod')?.[1] ?? '',
    moduleVersion: row('mod')?.[2] ?? '',
    revision: setting('vcs.revision'),
    modified: setting('vcs.modified') === 'true',
  };
}

function printable(field: string): string {
  return /^[\x20-\x7e]{0,500}$/.test(field) ? field : '';
}
