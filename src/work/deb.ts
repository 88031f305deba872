/**
 * Looks into a package file: deb(5) = an ar archive of `debian-binary`, control.tar and data.tar. A package comes from
 * a stranger's server, so nothing of it is ever written to a disk and no name in it is used: regular files are found by
 * their MD5, whatever they are called, and links, devices and paths that lead elsewhere say nothing.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

/** Bytes of unpacked archive that are looked at; a small file can unpack to any size. */
const unpackedLimit = 4 * 1024 ** 3;

/** Unpacks where this machine has no xz: gives data.tar of a whole deb. Throws an Error with a reason in words. */
export type UnpackElsewhere = (deb: Buffer) => Promise<Readable>;

/**
 * Of the wanted MD5s (hex), those of regular files in the package with at most `limitEach` bytes. Throws an Error with
 * a reason in words when it is no package, is damaged, or cannot be unpacked. `xz` is the program of this machine.
 */
export async function filesByMd5(
  deb: Buffer,
  wanted: ReadonlySet<string>,
  limitEach: number,
  elsewhere: UnpackElsewhere,
  xz = 'xz',
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const data = await dataOf(deb, elsewhere, xz);
  try {
    for await (const content of regularFiles(data, limitEach)) {
      const md5 = createHash('md5').update(content).digest('hex');
      if (wanted.has(md5)) found.set(md5, content);
      if (found.size === wanted.size) break;
    }
  } finally {
    data.destroy();
  }
  return found;
}

/** The data archive, unpacked while it is read. */
async function dataOf(deb: Buffer, elsewhere: UnpackElsewhere, xz: string): Promise<Readable> {
  const member = arMembers(deb).find(({ name }) => name.startsWith('data.tar'));
  if (member === undefined) throw new Error('it is no package: it holds no data');
  const packed = Readable.from(chunksOf(member.content));
  const through = (unpack: NodeJS.ReadWriteStream & { destroy(error?: Error): unknown }): Readable => {
    packed.on('error', (error) => unpack.destroy(error));
    return packed.pipe(unpack) as unknown as Readable;
  };
  switch (member.name) {
    case 'data.tar':
      return packed;
    case 'data.tar.gz':
      return through(createGunzip());
    case 'data.tar.zst':
      return through(createZstdDecompress());
    case 'data.tar.xz':
      return (await localXz(xz, member.content)) ?? (await elsewhere(deb));
    default:
      throw new Error(`it is packed in a way that is not known here (${member.name})`);
  }
}

function* chunksOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 65536) yield content.subarray(at, at + 65536);
}

/** Members of an ar archive (ar(5): name 16, times and owners 32, size 10 bytes and a mark; a deb has no long names). */
function arMembers(archive: Buffer): { readonly name: string; readonly content: Buffer }[] {
  if (archive.toString('latin1', 0, 8) !== '!<arch>\n') throw new Error('it is no package');
  const members: { name: string; content: Buffer }[] = [];
  for (let at = 8; at < archive.length; ) {
    const header = archive.toString('latin1', at, at + 60);
    const size = /^\d{1,10}$/.test(header.slice(48, 58).trimEnd()) ? Number(header.slice(48, 58)) : -1;
    if (size < 0 || !header.endsWith('`\n') || at + 60 + size > archive.length) {
      throw new Error('it is a damaged package');
    }
    const name = header.slice(0, 16).trimEnd().replace(/\/$/, '');
    members.push({ name, content: archive.subarray(at + 60, at + 60 + size) });
    at += 60 + size + (size % 2);
  }
  return members;
}

/** Node has no decoder for xz, most machines have the tool. null = this one has not. */
function localXz(xz: string, content: Buffer): Promise<Readable | null> {
  return new Promise((resolve) => {
    const child = spawn(xz, ['-dc', '-q', '-M', '256MiB'], { stdio: ['pipe', 'pipe', 'ignore'] });
    child.once('error', () => resolve(null));
    child.once('spawn', () => {
      // It is ended early once everything was found; then its end of the pipe closes.
      child.stdin.on('error', () => {});
      child.stdout.once('close', () => child.kill('SIGKILL'));
      Readable.from(chunksOf(content)).pipe(child.stdin);
      resolve(child.stdout);
    });
  });
}

const block = 512;

/** Contents of the regular files in a tar, in its order; larger ones are passed over. */
async function* regularFiles(tar: Readable, limitEach: number): AsyncGenerator<Buffer> {
  const bytes = new Bytestream(tar);
  for (;;) {
    const header = await bytes.take(block);
    if (header.every((byte) => byte === 0)) return;
    const { size, type } = readHeader(header);
    const isFile = (type === 0x30 || type === 0) && size <= limitEach;
    if (isFile) yield await bytes.take(size);
    else await bytes.skip(size);
    await bytes.skip((block - (size % block)) % block);
  }
}

/** Size and type flag (tar info manual, "Basic Tar Format"). */
function readHeader(header: Buffer): { readonly size: number; readonly type: number } {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  if (sum !== octal(header.subarray(148, 156))) throw new Error('it is a damaged package');
  const field = header.subarray(124, 136);
  const large = ((field[0] as number) & 0x80) !== 0;
  const size = large ? Number(field.readBigUInt64BE(4) & 0x7fffffffffffffffn) : octal(field);
  if (!Number.isSafeInteger(size)) throw new Error('it is a damaged package');
  return { size, type: header[156] as number };
}

function octal(field: Buffer): number {
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart();
  if (!/^[0-7]{1,12}$/.test(text)) throw new Error('it is a damaged package');
  return Number.parseInt(text, 8);
}

/** Reads a stream in pieces of the wanted length. */
class Bytestream {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #read = 0;

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      const part = await this.#some(missing);
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0; ) missing -= (await this.#some(missing)).length;
  }

  /** At least one byte and at most `most`. */
  async #some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) throw new Error('it is cut off');
      this.#rest = next.value;
      this.#read += next.value.length;
      if (this.#read > unpackedLimit) throw new Error('it unpacks to more than is read here');
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}
