import { createHash } from 'node:crypto';
import { quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { contentBytes } from '../stream/compare.ts';
import { sortByPath } from '../stream/order.ts';
import type { Bytes, Work } from '../types.ts';
import type { Folder } from './folder.ts';
import { guard, lookAtBoth } from './sync-compare.ts';
import { carryWhole, keepOldForms, removeThere } from './sync-pass.ts';
import { isWithin, syncRoots } from './sync-roots.ts';
import { SyncState } from './sync-state.ts';
import type { Surroundings } from './work.ts';

export { measuredRate } from './sync-state.ts';

export interface Sync {
  readonly folder: Folder;
  readonly source: Host;
  readonly destination: Host;
  readonly surroundings: Surroundings;
  /** The writers are stopped: what changes while it is read is somebody who was forgotten. */
  readonly final?: boolean;
  /** Only what lies in these trees. */
  readonly only?: readonly Bytes[];
  /** Look and count, change nothing. */
  readonly dryRun?: boolean;
  /** Repeat until another pass would not help. */
  readonly untilQuiet?: boolean;
  /** A person has said that an empty root or many deletions are meant. */
  readonly allowDeletions?: boolean;
}

export interface SyncResult {
  /** Number of the last pass. */
  readonly pass: number;
  /** Entries that are carried, in the last pass. */
  readonly entries: number;
  /** Sent, deleted, bytes and seconds: sums over the passes of this run. */
  readonly changed: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Quoted paths of files that changed every time they were read, in the last pass. */
  readonly torn: readonly string[];
  /** Quoted paths with reasons, in the last pass; the path is empty where a tool named none. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/** With `untilQuiet`. */
const mostPasses = 5;

/** Nanoseconds since the epoch on the clock that stamps the source's files. */
async function clockOf(host: Host): Promise<bigint> {
  const answer = await host.run(['date', '+%s']);
  const text = answer.stdout.toString('latin1').trim();
  if (answer.code !== 0 || !/^\d+$/.test(text)) {
    throw new Failure('failed', 'clock', `${host.name} does not tell its time`);
  }
  return BigInt(text) * 1_000_000_000n;
}

/** What a destination is known by in the folder: its machine-id, or its place where a disk has none. */
async function identityOf(host: Host): Promise<string> {
  const answer = await host.run(['cat', '--', `${host.root}/etc/machine-id`]);
  const id = answer.stdout.toString('latin1').trim();
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  if (host.live) return '';
  return `disk-${createHash('sha256').update(host.place.text).digest('hex').slice(0, 27)}`;
}

/**
 * Carries the data of the source to the destination: everything at first, then what changed. Can be stopped at any
 * time and run again; finished files are not sent again. Deletes only what an earlier pass brought. A file that is
 * torn in a live pass is normal; with `final` the caller must treat `torn` as trouble.
 *
 * Throws Failure `needs-person` (`--allow-deletions`), `failed` with topic `space`, `unreachable`, `interrupted`.
 */
export async function* sync(request: Sync): Work<SyncResult> {
  const total = { changed: 0, deleted: 0, bytes: 0, seconds: 0 };
  let previous: number | null = null;
  for (let count = 1; ; count += 1) {
    const { result, carrySeconds } = yield* onePass(request, count === 1);
    total.changed += result.changed;
    total.deleted += result.deleted;
    total.bytes += result.bytes;
    total.seconds += result.seconds;
    const shrinks = previous === null || result.seconds / previous <= 0.8;
    const quiet = carrySeconds < 1 || !shrinks || count === mostPasses;
    if (request.untilQuiet !== true || request.dryRun === true || quiet) return { ...result, ...total };
    previous = result.seconds;
  }
}

async function* onePass(request: Sync, first: boolean): Work<{ result: SyncResult; carrySeconds: number }> {
  const { folder, source, destination, surroundings } = request;
  const { now, signal } = surroundings;
  const only = request.only ?? [];
  const state = await SyncState.open(folder, await identityOf(destination));
  const index = await folder.verdictIndex();
  const roots = syncRoots(index, only);
  const pass = state.nextPass;
  const began = now();
  const clock = await clockOf(source);
  stopWhen(signal);
  yield { kind: 'phase', name: 'sync', text: `pass ${pass}: listing ${source.name} and ${destination.name}` };
  const brought = await state.readCarried();
  const look = { source, destination, index, roots, only, state, brought };
  const looking = { ...look, allowDeletions: request.allowDeletions === true };
  const looked = await lookAtBoth(looking);
  if (first) yield* looked.notes;
  await guard(looking, looked);
  const { changes, there } = looked;
  const send = sortByPath([...looked.make, ...changes.send]);
  const listed = now();
  const failed = [
    ...changes.conflicts,
    ...looked.unread.map((line) => ({ path: '', reason: `not read on ${source.name}: ${line}` })),
  ].map(({ path, reason }) => ({ path: quote(path), reason: quote(reason) }));
  const counted = {
    pass,
    entries: looked.source.length,
    changed: send.length,
    deleted: changes.remove.length,
    bytes: send.reduce((sum, entry) => sum + contentBytes(entry), 0),
    seconds: (listed - began) / 1000,
  };
  if (request.dryRun === true) return { result: { ...counted, torn: [], failed }, carrySeconds: 0 };
  stopWhen(signal);

  const run = await folder.startRun('sync', now());
  await run.journal({
    kind: 'sync',
    pass,
    destination: destination.name,
    send: send.length,
    remove: changes.remove.map(({ path }) => quote(path)),
  });
  yield* keepOldForms(destination, changes.replaces, index, run);
  // What is not there yet will have been brought by this pass, however it ends.
  await state.writeCarried([
    ...brought,
    ...changes.send.map(({ path }) => path).filter((path) => !there.has(path)),
  ]);
  await state.append({
    state: 'begun',
    pass,
    at: new Date(began).toISOString(),
    clock: String(clock),
    full: only.length === 0,
  });
  const undeleted = await removeThere(destination, changes.remove);
  yield {
    kind: 'phase',
    name: 'sync',
    text: `pass ${pass}: ${send.length} of ${counted.entries} entries changed`,
  };
  const carried = yield* carryWhole({ source, destination, entries: send, signal, now }, looked.source, {
    pass,
    same: changes.same,
    sending: send.length,
    totalBytes: counted.bytes,
  });
  const kept = new Set(looked.source.map(({ path }) => path));
  const gone = new Set(changes.remove.map(({ path }) => path));
  for (const { path } of undeleted) gone.delete(path);
  const looks = (path: Bytes) => only.length === 0 || only.some((tree) => isWithin(path, tree));
  await state.writeCarried(
    [...new Set([...brought, ...carried.passed])].filter((path) =>
      carried.passed.has(path) || kept.has(path)
        ? kept.has(path)
        : !looks(path) || (there.has(path) && !gone.has(path)),
    ),
  );
  if (carried.stopped) {
    throw new Failure('interrupted', 'interrupted', `sync stopped between two files of pass ${pass}`, {
      during: `${carried.passed.size} of ${send.length} entries were sent`,
      hint: 'run the same command again; finished files are not sent again',
    });
  }
  const trouble = [...carried.failed, ...undeleted];
  const ended = now();
  await state.append({
    state: 'ended',
    pass,
    at: new Date(ended).toISOString(),
    entries: counted.entries,
    changed: carried.passed.size,
    deleted: gone.size,
    bytes: carried.bytes,
    listSeconds: (listed - began) / 1000,
    carrySeconds: (ended - listed) / 1000,
    again: [...carried.torn, ...carried.failed.map(({ path }) => path).filter((path) => path !== '')].map(
      quote,
    ),
  });
  if (request.final === true && carried.torn.length > 0) {
    const text = `${carried.torn.length} files changed while they were read in the final pass: something still writes on ${source.name}`;
    yield { kind: 'note', grade: 'care', text };
  }
  return {
    result: {
      ...counted,
      changed: carried.passed.size,
      deleted: gone.size,
      bytes: carried.bytes,
      seconds: (ended - began) / 1000,
      torn: carried.torn.map(quote),
      failed: [
        ...failed,
        ...trouble.map(({ path, reason }) => ({ path: quote(path), reason: quote(reason) })),
      ],
    },
    carrySeconds: (ended - listed) / 1000,
  };
}

function stopWhen(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new Failure('interrupted', 'interrupted', 'sync stopped before anything was sent', {
    hint: 'run the same command again',
  });
}
