/** Programs as a linker would lay them out, in both widths and byte orders, to be read and never run. */

export interface MadeElf {
  readonly bits?: 32 | 64;
  readonly little?: boolean;
  readonly machine?: number;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  readonly interpreter?: string;
  /** Content of a section. */
  readonly section?: { readonly name: string; readonly content: Buffer };
}

export function makeElf(made: MadeElf): Buffer {
  const { bits = 64, little = true, machine = 62 } = made;
  const wide = bits === 64;
  const half = bits / 8;
  const out = Buffer.alloc(8192 + (made.section?.content.length ?? 0));
  const word = (at: number, value: number, width: number) => {
    if (width === 8)
      little ? out.writeBigUInt64LE(BigInt(value), at) : out.writeBigUInt64BE(BigInt(value), at);
    else if (width === 4) little ? out.writeUInt32LE(value, at) : out.writeUInt32BE(value, at);
    else little ? out.writeUInt16LE(value, at) : out.writeUInt16BE(value, at);
  };
  out.write('\x7fELF', 0, 'latin1');
  out[4] = wide ? 2 : 1;
  out[5] = little ? 1 : 2;
  word(16, 3, 2);
  word(18, machine, 2);
  // Addresses are offsets and 0x10000 more, so that whoever mixes them up is found out.
  const load = 0x10000;
  const strings = 4096;
  const dynamic = 6144;
  const loader = 7168;
  const sections = 7424;
  let end = strings + 1;
  const text = (value: string) => {
    const at = end - strings;
    end += out.write(`${value}\0`, end, 'latin1');
    return at;
  };
  const entries: [number, number][] = (made.needed ?? []).map((name) => [1, text(name)]);
  if (made.soname !== undefined) entries.push([14, text(made.soname)]);
  if (made.rpath !== undefined) entries.push([15, text(made.rpath)]);
  if (made.runpath !== undefined) entries.push([29, text(made.runpath)]);
  entries.push([5, strings + load], [0, 0]);
  for (const [index, [tag, value]] of entries.entries()) {
    word(dynamic + index * 2 * half, tag, half);
    word(dynamic + index * 2 * half + half, value, half);
  }
  const segments: [type: number, offset: number, size: number][] = [
    [1, 0, 8192],
    [2, dynamic, entries.length * 2 * half],
  ];
  if (made.interpreter !== undefined) {
    out.write(`${made.interpreter}\0`, loader, 'latin1');
    segments.push([3, loader, made.interpreter.length + 1]);
  }
  const table = wide ? 64 : 52;
  const each = wide ? 56 : 32;
  word(wide ? 32 : 28, table, half);
  word(wide ? 54 : 42, each, 2);
  word(wide ? 56 : 44, segments.length, 2);
  for (const [index, [type, offset, size]] of segments.entries()) {
    const at = table + index * each;
    word(at, type, 4);
    word(at + (wide ? 8 : 4), offset, half);
    word(at + (wide ? 16 : 8), offset + load, half);
    word(at + (wide ? 32 : 16), size, half);
  }
  if (made.section !== undefined) {
    const names = `\0.names\0${made.section.name}\0`;
    out.write(names, sections, 'latin1');
    made.section.content.copy(out, 8192);
    const head = sections + 128;
    const length = wide ? 64 : 40;
    word(wide ? 40 : 32, head, half);
    word(wide ? 58 : 46, length, 2);
    word(wide ? 60 : 48, 3, 2);
    word(wide ? 62 : 50, 1, 2);
    const section = (index: number, name: number, offset: number, size: number) => {
      word(head + index * length, name, 4);
      word(head + index * length + (wide ? 24 : 16), offset, half);
      word(head + index * length + (wide ? 32 : 20), size, half);
    };
    section(1, 1, sections, names.length);
    section(2, 8, 8192, made.section.content.length);
  }
  return out;
}

/** What Go 1.18 and later put into a program. */
export function goInformation(version: string, lines: readonly string[]): Buffer {
  const framed = `${'<'.repeat(16)}${lines.map((line) => `${line}\n`).join('')}${'>'.repeat(16)}`;
  const counted = (value: string) => {
    const bytes: number[] = [];
    let left = value.length;
    while (left >= 0x80) {
      bytes.push((left & 0x7f) | 0x80);
      left >>= 7;
    }
    return Buffer.concat([Buffer.from([...bytes, left]), Buffer.from(value, 'latin1')]);
  };
  const head = Buffer.alloc(32);
  head.write('\xff Go buildinf:', 0, 'latin1');
  head[14] = 8;
  head[15] = 2;
  return Buffer.concat([head, counted(version), counted(framed)]);
}
