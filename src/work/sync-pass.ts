/** What a pass does on the destination: keeps old forms, deletes, carries, and looks again for torn files. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { quote } from '../bytes.ts';
import type { VerdictIndex } from '../decide/verdicts.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { onHost } from '../host/host.ts';
import { contentBytes } from '../stream/compare.ts';
import { type Carry, carry, createArgv, tooDeep } from '../stream/content.ts';
import { listPaths, sorted } from '../stream/listing.ts';
import { sortByPath } from '../stream/order.ts';
import type { NamedFailure } from '../stream/tar-messages.ts';
import type { Bytes, Entry, Work } from '../types.ts';
import type { Run } from './folder.ts';

/** Old forms larger than this together are not kept. */
const oldFormsLimit = 256 * 1024 * 1024;
/** A file that changed while it was read is read this often again. */
const attempts = 2;

/**
 * Keeps what a first pass replaces on the destination in `undo/replaced.tar` of the run. Secrets of the destination
 * are not kept: the folder never holds any.
 */
export async function* keepOldForms(
  destination: Host,
  replaces: readonly Entry[],
  index: VerdictIndex,
  run: Run,
): Work<void> {
  const kept = replaces.filter(
    ({ path, type }) => type !== 's' && !tooDeep(path) && index.of(path)?.class !== 'secret',
  );
  if (kept.length === 0) return;
  const bytes = kept.reduce((sum, entry) => sum + contentBytes(entry), 0);
  if (bytes > oldFormsLimit) {
    const text = `${kept.length} files of ${destination.name} are replaced; together they are too large to keep their old forms`;
    yield { kind: 'note', grade: 'care', text };
    return;
  }
  await mkdir(run.path('undo'), { recursive: true, mode: 0o700 });
  const channel = await destination.stream(createArgv(destination));
  channel.stdin.on('error', () => {});
  channel.stdin.end(Buffer.from(kept.map(({ path }) => `${path.slice(1)}\0`).join(''), 'latin1'));
  await pipeline(channel.stdout, createWriteStream(run.path('undo', 'replaced.tar'), { mode: 0o600 }));
  const { code, stderr } = await channel.done;
  if (code > 1) {
    throw new Failure('failed', 'undo', `old forms of files on ${destination.name} could not be kept`, {
      during: quote(stderr.trim().split('\n').at(-1) ?? ''),
    });
  }
}

/** Removes entries, deepest first; a directory that still holds something stays. Gives what could not be removed. */
export async function removeThere(destination: Host, entries: readonly Entry[]): Promise<NamedFailure[]> {
  const words = (wanted: (entry: Entry) => boolean) =>
    Buffer.from(
      entries
        .filter(wanted)
        .map(({ path }) => `${onHost(destination, path)}\0`)
        .join(''),
      'latin1',
    );
  const files = words(({ type }) => type !== 'd');
  const directories = words(({ type }) => type === 'd');
  let reason = '';
  if (files.length > 0) {
    const answer = await destination.run(['xargs', '-0', 'rm', '-f', '--'], { input: files });
    if (answer.code !== 0) reason = answer.stderr.toString('latin1').trim().split('\n').at(-1) ?? '';
  }
  if (directories.length > 0) {
    await destination.run(['xargs', '-0', 'rmdir', '--ignore-fail-on-non-empty', '--'], {
      input: directories,
    });
  }
  if (reason === '') return [];
  const left = await sorted(
    listPaths(
      destination,
      entries.filter(({ type }) => type !== 'd').map(({ path }) => path),
    ),
  );
  return left.entries.map(({ path }) => ({ path, reason: `cannot be removed: ${lastWords(reason)}` }));
}

function lastWords(line: string): string {
  return quote(line.slice(line.lastIndexOf(': ') + 2)).toLowerCase();
}

export interface Counts {
  readonly pass: number;
  readonly same: number;
  readonly sending: number;
  readonly totalBytes: number;
}

export interface Carried {
  readonly passed: ReadonlySet<Bytes>;
  readonly bytes: number;
  readonly failed: readonly NamedFailure[];
  readonly torn: readonly Bytes[];
  readonly stopped: boolean;
}

/** Carries with progress events, then looks again at the files and carries those that changed meanwhile. */
export async function* carryWhole(request: Carry, group: readonly Entry[], counts: Counts): Work<Carried> {
  const passed = new Set<Bytes>();
  const failed = new Map<Bytes, string>();
  let bytes = 0;
  let torn: readonly Entry[] = [];
  let entries = request.entries;
  for (let attempt = 0; entries.length > 0; attempt += 1) {
    const stream = carry({ ...request, entries });
    for (;;) {
      const step = await stream.next();
      if (!step.done) {
        yield {
          kind: 'progress',
          label: `sync ${counts.pass}`,
          unit: 'bytes',
          done: bytes + step.value.bytes,
          total: Math.max(counts.totalBytes, bytes + step.value.bytes),
          same: counts.same,
          sent: Math.min(counts.sending, passed.size + step.value.entries),
          left: Math.max(0, counts.sending - passed.size - step.value.entries),
          errors: failed.size,
          current: quote(step.value.current),
        };
        continue;
      }
      bytes += step.value.bytes;
      for (const path of step.value.passed) passed.add(path);
      for (const { path, reason } of step.value.failed) failed.set(path, reason);
      if (step.value.stopped) return { passed, bytes, failed: named(failed), torn: [], stopped: true };
      break;
    }
    torn = await changedSince(request.source, entries);
    if (torn.length === 0 || attempt === attempts) break;
    entries = withLinks(torn, group);
  }
  return { passed, bytes, failed: named(failed), torn: torn.map(({ path }) => path), stopped: false };
}

function named(failed: ReadonlyMap<Bytes, string>): NamedFailure[] {
  return [...failed].map(([path, reason]) => ({ path, reason }));
}

/** Regular files that differ from what the listing before the read said, as they are now. What vanished is fine. */
async function changedSince(source: Host, entries: readonly Entry[]): Promise<Entry[]> {
  // What lies too deep cannot be looked at by its path; the next pass lists it again.
  const before = new Map(
    entries.filter(({ type, path }) => type === 'f' && !tooDeep(path)).map((entry) => [entry.path, entry]),
  );
  const now = await sorted(listPaths(source, [...before.keys()]));
  return now.entries.filter((entry) => {
    const old = before.get(entry.path) as Entry;
    return (
      entry.type !== 'f' ||
      entry.size !== old.size ||
      entry.mtime !== old.mtime ||
      entry.ctime !== old.ctime ||
      entry.inode !== old.inode
    );
  });
}

/** Torn files, with the other names of those that have several: they must stay one file on the destination. */
function withLinks(torn: readonly Entry[], group: readonly Entry[]): Entry[] {
  const inodes = new Set(
    torn.filter(({ links }) => links > 1).map(({ device, inode }) => `${device}:${inode}`),
  );
  const names = new Map(torn.map((entry) => [entry.path, entry]));
  if (inodes.size > 0) {
    for (const entry of group) {
      const linked = entry.type === 'f' && inodes.has(`${entry.device}:${entry.inode}`);
      if (linked && !names.has(entry.path)) names.set(entry.path, entry);
    }
  }
  return sortByPath([...names.values()]);
}
