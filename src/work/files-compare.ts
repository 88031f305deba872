/** Whether what is carried as files is the same on both sides: by listing, and by content. */
import { quote } from '../bytes.ts';
import type { Host } from '../host/host.ts';
import { equal } from '../stream/compare.ts';
import type { Bytes, Entry } from '../types.ts';
import { machineIdOf } from './cutover-ready.ts';
import type { Folder } from './folder.ts';
import { sha256 } from './read.ts';
import { lookAtBoth } from './sync-compare.ts';
import { unknownNames } from './sync-owners.ts';
import { syncRoots } from './sync-roots.ts';
import { SyncState } from './sync-state.ts';

export interface FilesCompared {
  /** Entries that are carried. */
  readonly entries: number;
  /** Quoted paths that are missing on the destination or differ in type, size, time, mode, owner or target. */
  readonly different: readonly string[];
  readonly pairs: readonly {
    readonly source: Entry;
    readonly destination: Entry | null;
    readonly same: boolean;
  }[];
}

/** Lists both sides. Directories are compared without their times: a service that starts touches them. */
export async function compareCarried(
  folder: Folder,
  source: Host,
  destination: Host,
): Promise<FilesCompared> {
  const state = await SyncState.open(folder, await machineIdOf(destination));
  const index = await folder.verdictIndex();
  const looked = await lookAtBoth({
    source,
    destination,
    index,
    roots: syncRoots(index, []),
    only: [],
    state,
    brought: await state.readCarried(),
    allowDeletions: true,
  });
  const names = await unknownNames(destination, destination.privileged ? looked.source : []);
  const by = { owners: destination.privileged, unknownNames: names };
  const pairs = looked.source.map((entry) => {
    const there = looked.there.get(entry.path) ?? null;
    const times = entry.type === 'd' && there !== null ? { ...there, mtime: entry.mtime } : there;
    // A socket is made by its service and never carried.
    const same = entry.type === 's' || (times !== null && equal(entry, times, by));
    return { source: entry, destination: there, same };
  });
  return {
    entries: pairs.length,
    different: pairs.filter((pair) => !pair.same).map((pair) => quote(pair.source.path)),
    pairs,
  };
}

/** Quoted paths of regular files whose content differs, reading at most `limit` bytes on each side, small files first. */
export async function compareContent(
  source: Host,
  destination: Host,
  files: readonly Entry[],
  limit: number,
): Promise<{ readonly read: number; readonly left: number; readonly different: readonly Bytes[] }> {
  const chosen: Bytes[] = [];
  let bytes = 0;
  for (const file of [...files].sort((a, b) => a.size - b.size)) {
    if (bytes + file.size > limit) break;
    bytes += file.size;
    chosen.push(file.path);
  }
  const [here, there] = await Promise.all([sha256(source, chosen), sha256(destination, chosen)]);
  return {
    read: chosen.length,
    left: files.length - chosen.length,
    different: chosen.filter((path) => here.get(path) !== there.get(path)),
  };
}
