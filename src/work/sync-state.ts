/**
 * What earlier passes did, per destination: `sync/<machine id>/passes.jsonl` and `carried.gz`, the paths that a pass
 * of ours brought. Only these are ever deleted on the destination.
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { quote, unquote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Bytes } from '../types.ts';
import { type Folder, writeWhole } from './folder.ts';

export interface Begun {
  readonly state: 'begun';
  readonly pass: number;
  readonly at: string;
  /** Nanoseconds on the source's clock before the listing, as decimal text. */
  readonly clock: string;
  /** Whether it went over everything, not over `--only` paths. */
  readonly full: boolean;
}
export interface Ended {
  readonly state: 'ended';
  readonly pass: number;
  readonly at: string;
  readonly entries: number;
  readonly changed: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly listSeconds: number;
  readonly carrySeconds: number;
  /** Quoted paths that are sent again whatever a listing says: torn, or refused in part. */
  readonly again: readonly string[];
}
export type PassLine = Begun | Ended;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

export class SyncState {
  readonly #directory: string;
  readonly lines: PassLine[];

  private constructor(directory: string, lines: PassLine[]) {
    this.#directory = directory;
    this.lines = lines;
  }

  /** Reads what there is. `machineId` is the destination's. */
  static async open(folder: Folder, machineId: string): Promise<SyncState> {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(machineId) || /^\.+$/.test(machineId)) {
      throw new Failure('failed', 'machine-id', 'the destination has no usable machine-id', {
        during: quote(machineId),
        hint: 'make one there with: systemd-machine-id-setup',
      });
    }
    const directory = folder.path('sync', machineId);
    const file = join(directory, 'passes.jsonl');
    if (!existsSync(file)) return new SyncState(directory, []);
    const texts = (await readFile(file, 'utf8')).split('\n');
    const lines = texts.flatMap((text, index) => {
      if (text === '') return [];
      try {
        return [JSON.parse(text) as PassLine];
      } catch (cause) {
        // Only the last line may have been cut off by a loss of power.
        if (index === texts.length - 1) return [];
        throw new Failure('usage', 'folder', `${file} line ${index + 1} is not JSON`, { cause });
      }
    });
    return new SyncState(directory, lines);
  }

  get nextPass(): number {
    return Math.max(0, ...this.lines.map((line) => line.pass)) + 1;
  }

  /**
   * Change times before this are trusted: the beginning of the last full pass that ended, or of the first one that
   * began when none did, less two seconds for clocks with a coarse tick. null before any.
   */
  get trustedBefore(): bigint | null {
    const ended = new Set(this.lines.filter(({ state }) => state === 'ended').map(({ pass }) => pass));
    const begun = this.lines.filter((line): line is Begun => line.state === 'begun' && line.full);
    const line = begun.findLast(({ pass }) => ended.has(pass)) ?? begun[0];
    return line === undefined ? null : BigInt(line.clock) - 2_000_000_000n;
  }

  /** Paths to send again whatever the listings say. */
  get again(): ReadonlySet<Bytes> {
    const last = this.lines.findLast((line): line is Ended => line.state === 'ended');
    return new Set((last?.again ?? []).map(unquote));
  }

  async append(line: PassLine): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const file = join(this.#directory, 'passes.jsonl');
    if (existsSync(file) && !(await readFile(file, 'utf8')).endsWith('\n')) await appendFile(file, '\n');
    const handle = await open(file, 'a', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(line)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.lines.push(line);
  }

  /** Holds one string per path in memory. */
  async readCarried(): Promise<Set<Bytes>> {
    const file = join(this.#directory, 'carried.gz');
    if (!existsSync(file)) return new Set();
    const text = (await unpack(await readFile(file))).toString('latin1');
    return new Set(text.split('\0').slice(0, -1));
  }

  async writeCarried(paths: Iterable<Bytes>): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const text = [...paths]
      .sort()
      .map((path) => `${path}\0`)
      .join('');
    await writeWhole(
      join(this.#directory, 'carried.gz'),
      await pack(Buffer.from(text, 'latin1'), { level: 1 }),
    );
  }
}

/** What earlier passes to a destination measured. A pass takes about the larger of bytes and entries, plus the lists. */
export interface MeasuredRate {
  readonly bytesPerSecond: number;
  readonly entriesPerSecond: number;
  readonly listSeconds: number;
  /** How fast the source changes, from the last two full passes; 0 where that is unknown. */
  readonly changedBytesPerSecond: number;
  readonly changedEntriesPerSecond: number;
}

/** Rates of all passes that ended; null when none carried anything yet. */
export async function measuredRate(folder: Folder, machineId: string): Promise<MeasuredRate | null> {
  const { lines } = await SyncState.open(folder, machineId);
  const ended = lines.filter((line): line is Ended => line.state === 'ended');
  const last = ended.at(-1);
  const seconds = ended.reduce((sum, line) => sum + line.carrySeconds, 0);
  if (last === undefined || seconds <= 0) return null;
  const sum = (of: (line: Ended) => number) => ended.reduce((total, line) => total + of(line), 0);
  const begins = ended.flatMap(({ pass }) => {
    const begun = lines.find((line) => line.state === 'begun' && line.pass === pass && line.full);
    return begun === undefined ? [] : [{ pass, at: Date.parse(begun.at) }];
  });
  const between = begins.length < 2 ? 0 : ((begins.at(-1)?.at ?? 0) - (begins.at(-2)?.at ?? 0)) / 1000;
  return {
    bytesPerSecond: sum((line) => line.bytes) / seconds,
    entriesPerSecond: sum((line) => line.changed) / seconds,
    listSeconds: last.listSeconds,
    changedBytesPerSecond: between > 0 ? last.bytes / between : 0,
    changedEntriesPerSecond: between > 0 ? last.changed / between : 0,
  };
}
