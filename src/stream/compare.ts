/**
 * What must be done so that the destination holds what the source holds: a merge of two sorted listings. Pure.
 *
 * An entry is left alone only when the destination's is equal in everything a listing tells AND the source's change
 * time lies before the last pass began: users cannot set the change time, so a rewrite of the same size with the old
 * modification time back in place is seen.
 */
import { parentOf } from '../bytes.ts';
import type { Bytes, Entry } from '../types.ts';
import { comparePaths } from './order.ts';

export interface Compare {
  /** What is carried, in canonical order. */
  readonly source: readonly Entry[];
  /** Everything that is there below the same roots, in canonical order. */
  readonly destination: readonly Entry[];
  /** Whether an earlier pass brought this path. Nothing else is deleted, but an empty directory in a file's place. */
  readonly broughtBefore: (path: Bytes) => boolean;
  readonly carries: (path: Bytes) => boolean;
  /** Change times on the source's clock before this are trusted, in nanoseconds; null = none is. */
  readonly trustedBefore: bigint | null;
  /** Sent whatever the listings say: an earlier pass could not bring them whole. */
  readonly again: ReadonlySet<Bytes>;
  /** Trees that nothing is written to: the caller found that a foreign link leads there. */
  readonly closed: ReadonlySet<Bytes>;
  /** Whether owners can be set there. */
  readonly owners: boolean;
  /** Names that the destination does not know: their numbers count. */
  readonly unknownNames: { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> };
}

export interface Conflict {
  readonly path: Bytes;
  readonly reason: string;
}

export interface Changes {
  /** Entries of the source, in canonical order. */
  readonly send: readonly Entry[];
  /** Entries of the destination, deepest first. */
  readonly remove: readonly Entry[];
  readonly conflicts: readonly Conflict[];
  /** Entries of the destination that no pass of ours brought and that will be replaced. */
  readonly replaces: readonly Entry[];
  readonly same: number;
  readonly sameBytes: number;
}

/** Bytes that travel for an entry: holes do not. */
export function contentBytes(entry: Entry): number {
  return entry.type === 'f' ? Math.min(entry.size, entry.blocks * 512 || entry.size) : 0;
}

function sameName(
  there: string | null,
  here: string | null,
  numbers: readonly [number, number],
  unknown: ReadonlySet<string>,
): boolean {
  if (here === null || there === null || unknown.has(here)) return numbers[0] === numbers[1];
  return here === there;
}

/** Whether two entries are equal in everything a listing tells, apart from link groups. */
export function equal(
  source: Entry,
  destination: Entry,
  compare: Pick<Compare, 'owners' | 'unknownNames'>,
): boolean {
  if (source.type !== destination.type || source.mtime !== destination.mtime) return false;
  if (source.type === 'f' && source.size !== destination.size) return false;
  if (source.type === 'l' ? source.target !== destination.target : source.mode !== destination.mode)
    return false;
  if (!compare.owners) return true;
  return (
    sameName(destination.user, source.user, [source.uid, destination.uid], compare.unknownNames.users) &&
    sameName(destination.group, source.group, [source.gid, destination.gid], compare.unknownNames.groups)
  );
}

/** Names of one file. Large inode numbers lose digits, so size and times have a say. */
function linkGroup(entry: Entry): string | null {
  if (entry.links < 2 || entry.type === 'd') return null;
  return `${entry.device}:${entry.inode}:${entry.size}:${entry.ctime}`;
}

interface Pair {
  readonly source: Entry;
  readonly destination: Entry | undefined;
}

/** Walks both listings side by side. */
function* merge(
  source: readonly Entry[],
  destination: readonly Entry[],
): Generator<{ source?: Entry; destination?: Entry }> {
  let left = 0;
  let right = 0;
  while (left < source.length || right < destination.length) {
    const ours = source[left];
    const theirs = destination[right];
    const order = ours === undefined ? 1 : theirs === undefined ? -1 : comparePaths(ours.path, theirs.path);
    if (order <= 0) left += 1;
    if (order >= 0) right += 1;
    yield {
      ...(order <= 0 && ours !== undefined ? { source: ours } : {}),
      ...(order >= 0 && theirs !== undefined ? { destination: theirs } : {}),
    };
  }
}

/** Finds a path's nearest named ancestor in a set, or the path itself. */
function within(path: Bytes, set: ReadonlySet<Bytes>): Bytes | null {
  if (set.size === 0) return null;
  for (let at = path; ; at = parentOf(at)) {
    if (set.has(at)) return at;
    if (at === '/') return null;
  }
}

/** Compares two listings. Memory grows with the number of entries. */
export function compareListings(compare: Compare): Changes {
  const pairs: Pair[] = [];
  const only: Entry[] = [];
  const conflicts: Conflict[] = [];
  /** Trees that nothing is written to: a link stands where the source has a directory, or the other way round. */
  const blocked = new Set<Bytes>(compare.closed);
  /** Directories of the destination that give way to something else. */
  const givingWay: Pair[] = [];
  const notDirectories = new Set<Bytes>();
  const remove: Entry[] = [];
  for (const { source, destination } of merge(compare.source, compare.destination)) {
    if (source === undefined) {
      if (destination !== undefined) only.push(destination);
      continue;
    }
    if (source.type !== 'd') notDirectories.add(source.path);
    if (within(parentOf(source.path), notDirectories) !== null) {
      conflicts.push({
        path: source.path,
        reason: 'the source listed it below something that is no directory',
      });
      continue;
    }
    if (within(source.path, blocked) !== null) continue;
    if (destination !== undefined && source.type === 'd' && destination.type === 'l') {
      if (compare.broughtBefore(source.path)) remove.push(destination);
      else {
        blocked.add(source.path);
        conflicts.push({ path: source.path, reason: 'a directory on the source, a link on the destination' });
        continue;
      }
    }
    if (destination?.type === 'd' && source.type !== 'd') givingWay.push({ source, destination });
    else pairs.push({ source, destination });
  }

  const deletable = (entry: Entry) => compare.broughtBefore(entry.path) && compare.carries(entry.path);
  // A link that is not ours may lie above entries of the source that are only there through it.
  for (const entry of only) {
    if (entry.type === 'l' && !deletable(entry)) blocked.add(entry.path);
    if (deletable(entry)) remove.push(entry);
  }
  const kept = new Set<Bytes>();
  for (const entry of only) if (!deletable(entry)) kept.add(parentOf(entry.path));
  for (const { source, destination } of givingWay) {
    const below = `${source.path}/`;
    if ([...kept].some((path) => path === source.path || path.startsWith(below))) {
      conflicts.push({
        path: source.path,
        reason: 'a directory with files of its own on the destination, something else on the source',
      });
    } else {
      pairs.push({ source, destination });
      if (destination !== undefined) remove.push(destination);
    }
  }
  const behind = new Set<Bytes>();
  const open = pairs.filter(({ source }) => {
    const link = within(source.path, blocked);
    if (link !== null && !compare.closed.has(link)) behind.add(link);
    return link === null;
  });
  for (const path of behind) {
    conflicts.push({ path, reason: 'a link on the destination, a directory with files on the source' });
  }
  return finishChanges(compare, open, remove, conflicts);
}

function finishChanges(
  compare: Compare,
  pairs: readonly Pair[],
  remove: Entry[],
  conflicts: readonly Conflict[],
): Changes {
  const removed = new Set(remove.map((entry) => entry.path));
  const sending = new Set<Bytes>();
  const groups = new Map<string, Pair[]>();
  /** Inode of the destination → the source's group that must own it. */
  const owners = new Map<string, string>();
  for (const pair of pairs) {
    const { source, destination } = pair;
    if (source.type === 's') continue;
    const group = linkGroup(source);
    const members = group === null ? undefined : groups.get(group);
    if (members !== undefined) members.push(pair);
    else if (group !== null) groups.set(group, [pair]);
    const trusted = compare.trustedBefore !== null && source.ctime < compare.trustedBefore;
    const there = destination !== undefined && !removed.has(source.path) ? destination : undefined;
    if (there === undefined || !trusted || compare.again.has(source.path) || !equal(source, there, compare)) {
      sending.add(source.path);
    }
    if (there === undefined || there.links < 2 || there.type === 'd') continue;
    // Two names of one file there must be two names of one file here.
    const inode = `${there.device}:${there.inode}`;
    const owner = group ?? source.path;
    if (owners.has(inode) && owners.get(inode) !== owner) sending.add(source.path);
    else owners.set(inode, owner);
  }
  for (const members of groups.values()) {
    const inodes = new Set(
      members.map(({ destination }) => destination && `${destination.device}:${destination.inode}`),
    );
    if (inodes.size === 1 && !members.some(({ source }) => sending.has(source.path))) continue;
    if (members.length > 1) for (const { source } of members) sending.add(source.path);
  }
  // A change inside a directory moves its modification time, so the directory is told again.
  const touched = new Set<Bytes>();
  for (const path of sending) touched.add(parentOf(path));
  for (const path of removed) touched.add(parentOf(path));
  const send: Entry[] = [];
  const replaces: Entry[] = [];
  let same = 0;
  let sameBytes = 0;
  for (const { source, destination } of [...pairs].sort((a, b) =>
    comparePaths(a.source.path, b.source.path),
  )) {
    if (source.type === 's') continue;
    if (sending.has(source.path) || (source.type === 'd' && touched.has(source.path))) {
      send.push(source);
      const other = destination !== undefined && destination.type !== 'd' && sending.has(source.path);
      if (other && !compare.broughtBefore(source.path)) replaces.push(destination as Entry);
    } else {
      same += 1;
      sameBytes += contentBytes(source);
    }
  }
  const deepestFirst = [...new Map(remove.map((entry) => [entry.path, entry])).values()].sort((a, b) =>
    comparePaths(b.path, a.path),
  );
  return { send, remove: deepestFirst, conflicts, replaces, same, sameBytes };
}
