/**
 * A listing that is made once and gone through as often as one likes: what find printed, in a file of this machine
 * that has no name, so that nothing of it is left however the program ends. About 150 bytes for each path; no memory.
 *
 * Why: what a path is may depend on what lies beside or below it (a lockfile, a tag, a database's first bytes). With
 * the whole listing at hand all of that can be asked before the first path is judged, and the server is walked once.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFailure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, Entry } from '../types.ts';
import {
  type ListingEnd,
  ListingParser,
  type ListTree,
  listSome,
  named,
  type Owners,
  ownersOf,
} from './listing.ts';

/** Small pieces: what was made of one is garbage before the next is read. */
const chunkBytes = 128 * 1024;

export class Spool {
  readonly #file: FileHandle;
  readonly #root: Bytes;
  readonly #owners: Owners | null;
  #length = 0;

  private constructor(file: FileHandle, root: Bytes, owners: Owners | null) {
    this.#file = file;
    this.#root = root;
    this.#owners = owners;
  }

  /** Opens the file in `directory` (not /tmp, which may be memory) and takes its name away. */
  static async create(host: Host, directory: string): Promise<Spool> {
    const path = join(directory, `.listing.${randomBytes(8).toString('hex')}`);
    const file = await open(path, 'wx+', 0o600);
    await rm(path);
    return new Spool(file, host.root, await ownersOf(host));
  }

  /** Lists, keeps what comes, and gives the entries a first time, in find's order. */
  list(host: Host, request: ListTree): AsyncGenerator<Entry[], ListingEnd> {
    return listSome(host, {
      ...request,
      keep: async (chunk) => {
        await this.#keep(chunk);
      },
    });
  }

  async #keep(chunk: Buffer): Promise<void> {
    try {
      // A disk that is nearly full takes a part and says so.
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await this.#file.write(chunk, at, chunk.length - at, this.#length);
        at += bytesWritten;
        this.#length += bytesWritten;
      }
    } catch (error) {
      throw writeFailure(error, 'the listing');
    }
  }

  /** The same entries again, in the same order, many at a time. */
  async *entries(): AsyncGenerator<Entry[]> {
    const parser = new ListingParser(this.#root);
    const owners = this.#owners;
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let at = 0; at < this.#length; at += chunkBytes) {
      const wanted = Math.min(chunkBytes, this.#length - at);
      const { bytesRead } = await this.#file.read(buffer, 0, wanted, at);
      if (bytesRead !== wanted) throw new Error('the listing that was kept has become shorter');
      const some = parser.push(buffer.subarray(0, wanted));
      yield owners === null ? some : some.map((entry) => named(entry, owners));
    }
    if (!parser.whole) throw new Error('the listing that was kept ends between two fields');
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
