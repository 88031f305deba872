/**
 * The content stream: tar on the source writes what was asked for, every header is checked and written anew here,
 * tar on the destination takes it apart. Bytes are pushed back through both pipes, so memory stays constant.
 */
import type { Writable } from 'node:stream';
import { quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Channel, Host } from '../host/host.ts';
import { onHost } from '../host/host.ts';
import type { Argv, Bytes, Entry } from '../types.ts';
import { type AccessThere, accessThere } from './access-lists.ts';
import { type OwnersThere, ownersThere } from './owner-names.ts';
import { endOfArchive, headerOf, type Member, paddingOf, TarReader } from './tar-headers.ts';
import { type NamedFailure, tarFailures } from './tar-messages.ts';

export interface Carry {
  readonly source: Host;
  readonly destination: Host;
  /** In canonical order, as the source's listing gave them. Sockets are not carried. */
  readonly entries: readonly Entry[];
  /** Aborted: the member that is under way is finished, then the stream ends properly. */
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface CarryProgress {
  readonly entries: number;
  /** Bytes of content that passed; holes count nothing. */
  readonly bytes: number;
  readonly current: Bytes;
}

export interface CarryEnd {
  readonly entries: number;
  readonly bytes: number;
  /** What went to the destination. The others vanished, became something else, or are in `failed`. */
  readonly passed: ReadonlySet<Bytes>;
  readonly failed: readonly NamedFailure[];
  /** Ended at a member's boundary because the signal was aborted. */
  readonly stopped: boolean;
}

/** Between two progress events, in milliseconds. */
const progressEvery = 100;

/**
 * `--no-recursion` must come before `-T`. `--null` takes names as they are, also `-C` and backslashes. Access and
 * change times would only make every member need an extended header. (GNU tar manual)
 */
export function createArgv(host: Host, base: Bytes = '/'): Argv {
  return [
    'tar',
    '--no-recursion',
    '--null',
    '--format=posix',
    '-S',
    '--xattrs',
    '--xattrs-include=*',
    '--ignore-failed-read',
    '--pax-option=delete=atime,delete=ctime',
    '--quoting-style=escape',
    '-C',
    onHost(host, base),
    '-c',
    '-f',
    '-',
    '-T',
    '-',
  ];
}

/**
 * tar's default for what exists is right: a file is unlinked and made anew, so that other names of it and readers
 * keep the old one; a directory keeps its content and gets the new owner, mode and times; a link in the place of a
 * directory is replaced, not followed; only an empty directory gives way to a file. Without `-P` links that point
 * out are made last. `--delay-directory-restore`: times of directories after all their content.
 */
export function extractArgv(host: Host, base: Bytes = '/'): Argv {
  return [
    'tar',
    '-x',
    '-p',
    host.privileged ? '--same-owner' : '--no-same-owner',
    ...(host.root === '' ? [] : ['--numeric-owner']),
    '--xattrs',
    '--xattrs-include=*',
    '--delay-directory-restore',
    '--warning=no-timestamp',
    '--quoting-style=escape',
    '-C',
    onHost(host, base),
    '-f',
    '-',
  ];
}

/** Path without the first slash, as it stands in the archive. */
function memberName(path: Bytes): Bytes {
  return path === '/' ? '.' : path.slice(1);
}

const typeOf: Readonly<Record<Member['type'], readonly Entry['type'][]>> = {
  '0': ['f'],
  '1': ['f', 'l', 'p', 'b', 'c'],
  '2': ['l'],
  '3': ['c'],
  '4': ['b'],
  '5': ['d'],
  '6': ['p'],
};

/** Checks members against the request and turns them into what the destination may see. */
export class Gate {
  readonly #asked = new Map<Bytes, Entry>();
  readonly #passed = new Set<Bytes>();
  readonly #owners: OwnersThere;
  readonly #access: AccessThere;
  readonly #from: string;
  /** Beginning of the paths below a directory that has become something else: read through a link, perhaps. */
  #doubtful: Bytes | null = null;

  constructor(
    entries: readonly Entry[],
    owners: OwnersThere,
    from: string,
    access: AccessThere = (records) => records,
  ) {
    for (const entry of entries) this.#asked.set(entry.path, entry);
    this.#owners = owners;
    this.#access = access;
    this.#from = from;
  }

  get asked(): ReadonlyMap<Bytes, Entry> {
    return this.#asked;
  }

  get passed(): ReadonlySet<Bytes> {
    return this.#passed;
  }

  /** The member for the destination, or null when it is not what the listing saw. Throws on a name not asked for. */
  admit(member: Member): Member | null {
    const entry = this.#entryOf(member.name, 'a file');
    const path = entry.path;
    if (this.#passed.has(path)) throw this.#hostile(`it sent ${quote(path)} twice`);
    if (this.#doubtful !== null && path.startsWith(this.#doubtful)) return null;
    if (!typeOf[member.type].includes(entry.type)) {
      if (entry.type === 'd') this.#doubtful = `${path}/`;
      return null;
    }
    if (member.type === '1') {
      const first = this.#entryOf(member.linkName, 'a link to a file');
      if (!this.#passed.has(first.path)) return null;
    }
    this.#passed.add(path);
    const records = this.#access(member.records);
    return { ...member, name: memberName(path), ...this.#owners(entry), records };
  }

  #entryOf(name: Bytes, what: string): Entry {
    const entry = name.startsWith('/') ? undefined : this.#asked.get(name === '.' ? '/' : `/${name}`);
    if (entry === undefined) throw this.#hostile(`it sent ${what} that was not asked for: ${quote(name)}`);
    return entry;
  }

  #hostile(why: string): Failure {
    return new Failure('failed', 'hostile-stream', `${this.#from} cannot be trusted: ${why}`, {
      during: 'reading the stream of the source',
      hint: 'nothing of it was taken after that; look at tar on that machine',
    });
  }
}

/** Gives bytes to a pipe and waits while it is full. False when nobody reads any more. */
async function give(pipe: Writable, bytes: Buffer): Promise<boolean> {
  if (pipe.destroyed || pipe.writableEnded) return false;
  if (pipe.write(bytes)) return true;
  await new Promise<void>((resolve) => {
    const go = () => {
      for (const name of ['drain', 'close', 'error'] as const) pipe.off(name, go);
      resolve();
    };
    for (const name of ['drain', 'close', 'error'] as const) pipe.on(name, go);
    if (pipe.destroyed) go();
  });
  return !pipe.destroyed;
}

async function feedNames(stdin: Writable, entries: readonly Entry[]): Promise<void> {
  let text = '';
  for (const entry of entries) {
    text += `${memberName(entry.path)}\0`;
    if (text.length < 32768) continue;
    if (!(await give(stdin, Buffer.from(text, 'latin1')))) return;
    text = '';
  }
  await give(stdin, Buffer.from(text, 'latin1'));
  stdin.end();
}

/** A broken connection says how to go on; everything else stays what it was. */
export function broken(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  if (error.code !== 'unreachable') return error;
  return new Failure(error.code, error.topic, error.message, {
    during: error.during || 'carrying files',
    hint: 'run the same command again; finished files are not sent again',
    cause: error,
  });
}

/**
 * Longest path that is opened from the root. The kernel takes 4095 bytes at once (PATH_MAX); what lies deeper is
 * carried from a directory on the way to it.
 */
const nearEnough = 3800;

/** The directory from which a deep path is reached: the longest one above it that can still be opened. */
function baseOf(path: Bytes): Bytes {
  return path.slice(0, path.lastIndexOf('/', nearEnough));
}

/** Whether programs can open the path from the root of a host. */
export function tooDeep(path: Bytes): boolean {
  return path.length > nearEnough;
}

/** Entries by the directory from which they are carried, the root first. */
function byBase(entries: readonly Entry[]): Map<Bytes, Entry[]> {
  const groups = new Map<Bytes, Entry[]>([['/', []]]);
  const bases = new Map<Bytes, Entry>();
  for (const entry of entries) {
    if (!tooDeep(entry.path)) {
      groups.get('/')?.push(entry);
      if (entry.type === 'd') bases.set(entry.path, entry);
      continue;
    }
    const base = baseOf(entry.path);
    let group = groups.get(base);
    if (group === undefined) {
      // The directory itself once more, last of all: what is made in it changes its time.
      const itself = bases.get(base);
      group = itself === undefined ? [] : [{ ...itself, path: '/' }];
      groups.set(base, group);
    }
    group.push({ ...entry, path: entry.path.slice(base.length) });
  }
  return groups;
}

/**
 * Carries entries from one host to the other; yields progress at most ten times a second. What single files could
 * not do is in the end's `failed`. Throws Failure `unreachable` when a connection broke, `failed` when a stream is
 * not what it must be.
 */
export async function* carry(request: Carry): AsyncGenerator<CarryProgress, CarryEnd> {
  const wanted = request.entries.filter((entry) => entry.type !== 's');
  const passed = new Set<Bytes>();
  const failed: NamedFailure[] = [];
  let entries = 0;
  let bytes = 0;
  for (const [base, group] of byBase(wanted)) {
    const below = base === '/' ? '' : base;
    const stream = carryFrom(base, { ...request, entries: group });
    for (;;) {
      const step = await stream.next();
      if (!step.done) {
        const { current } = step.value;
        yield {
          entries: entries + step.value.entries,
          bytes: bytes + step.value.bytes,
          current: `${below}${current}`,
        };
        continue;
      }
      entries += step.value.entries;
      bytes += step.value.bytes;
      for (const path of step.value.passed)
        passed.add(below !== '' && path === '/' ? below : `${below}${path}`);
      for (const one of step.value.failed) {
        failed.push({ ...one, path: one.path === '' ? '' : `${below}${one.path}` });
      }
      if (step.value.stopped) return { entries, bytes, passed, failed, stopped: true };
      break;
    }
  }
  return { entries, bytes, passed, failed, stopped: false };
}

/** Carries entries whose paths are below `base` on both hosts and are spelled from there. */
async function* carryFrom(base: Bytes, request: Carry): AsyncGenerator<CarryProgress, CarryEnd> {
  const { entries } = request;
  const gate = new Gate(
    entries,
    await ownersThere(request.destination),
    request.source.name,
    await accessThere(request.source, request.destination),
  );
  if (entries.length === 0) return { entries: 0, bytes: 0, passed: gate.passed, failed: [], stopped: false };
  let from: Channel | undefined;
  let to: Channel | undefined;
  let whole = false;
  try {
    from = await request.source.stream(createArgv(request.source, base));
    to = await request.destination.stream(extractArgv(request.destination, base));
    for (const pipe of [from.stdin, to.stdin, to.stdout]) pipe.on('error', () => {});
    to.stdout.resume();
    const fed = feedNames(from.stdin, entries);
    const counts = yield* pump(request, gate, from, to.stdin);
    whole = true;
    if (counts.stopped || counts.refused) from.kill();
    else await fed;
    to.stdin.end();
    const failed: NamedFailure[] = [];
    if (!counts.stopped && !counts.refused) {
      const { code, stderr } = await from.done;
      failed.push(...failuresOf(code, stderr, gate.asked, true));
    } else {
      from.done.catch(() => {});
    }
    const { code, stderr } = await to.done;
    const refused = failuresOf(code, stderr, gate.asked, false);
    if (counts.refused) {
      throw new Failure('failed', 'write-denied', `tar on ${request.destination.name} gave up`, {
        during: refused.at(-1)?.reason ?? `it ended with ${code}`,
        hint: 'run the same command again when that is solved; finished files are not sent again',
      });
    }
    return {
      entries: counts.entries,
      bytes: counts.bytes,
      passed: gate.passed,
      failed: [...failed, ...refused],
      stopped: counts.stopped,
    };
  } catch (error) {
    throw broken(error);
  } finally {
    if (!whole) {
      for (const channel of [from, to]) {
        channel?.done.catch(() => {});
        channel?.kill();
      }
    }
  }
}

interface Counts {
  entries: number;
  bytes: number;
  stopped: boolean;
  /** The destination reads no more. */
  refused: boolean;
}

async function* pump(
  request: Carry,
  gate: Gate,
  from: Channel,
  into: Writable,
): AsyncGenerator<CarryProgress, Counts> {
  const reader = new TarReader();
  const counts: Counts = { entries: 0, bytes: 0, stopped: false, refused: false };
  let current: Bytes = '';
  let open: { readonly admitted: boolean; left: number; readonly stored: number } | null = null;
  let told = request.now();
  for await (const chunk of from.stdout) {
    let out: Buffer[] = [];
    for (const piece of reader.push(chunk as Buffer)) {
      if (piece.kind === 'content') {
        if (open === null) continue;
        open.left -= piece.bytes.length;
        if (!open.admitted) continue;
        out.push(piece.bytes);
        counts.bytes += piece.bytes.length;
        if (open.left === 0) out.push(paddingOf(open.stored));
      } else if (piece.kind === 'member') {
        if (request.signal.aborted) {
          counts.stopped = true;
          break;
        }
        const member = gate.admit(piece.member);
        open = { admitted: member !== null, left: piece.member.stored, stored: piece.member.stored };
        if (member === null) continue;
        counts.entries += 1;
        current = `/${member.name}`;
        out.push(headerOf(member));
      }
    }
    const bytes = out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
    out = [];
    if (bytes.length > 0 && !(await give(into, bytes))) {
      counts.refused = true;
      return counts;
    }
    if (counts.stopped) break;
    if (request.now() - told >= progressEvery) {
      told = request.now();
      yield { entries: counts.entries, bytes: counts.bytes, current };
    }
  }
  if (!counts.stopped && !reader.ended) {
    const { code, stderr } = await from.done;
    throw new Failure('failed', 'source-tar', `tar on ${request.source.name} ended too early`, {
      during: stderr.trim().split('\n').at(-1) || `it ended with ${code}`,
      hint: 'run the same command again; finished files are not sent again',
    });
  }
  await give(into, endOfArchive);
  yield { entries: counts.entries, bytes: counts.bytes, current };
  return counts;
}

function failuresOf(
  code: number,
  stderr: string,
  asked: ReadonlyMap<Bytes, Entry>,
  reading: boolean,
): NamedFailure[] {
  const failures = tarFailures(stderr, asked, reading);
  // 1 is "some files differ": for a reader that is what living systems do.
  const bad = reading ? code > 1 : code !== 0;
  if (bad && failures.length === 0) {
    return [{ path: '', reason: stderr.trim().split('\n').at(-1) || `tar ended with ${code}` }];
  }
  return failures;
}
