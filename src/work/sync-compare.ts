/** Looks at both sides and says what a pass has to do. Changes nothing. */
import { quote } from '../bytes.ts';
import type { VerdictIndex } from '../decide/verdicts.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { type Changes, compareListings } from '../stream/compare.ts';
import { listPaths, listSorted, sorted } from '../stream/listing.ts';
import { sortByPath } from '../stream/order.ts';
import type { Bytes, Entry, Event } from '../types.ts';
import { lookAbove } from './sync-above.ts';
import { guardDeletions, guardSpace } from './sync-guards.ts';
import { unknownNames } from './sync-owners.ts';
import { isWithin, mountedInside, mountsOf, type SyncRoots, subvolumesIn } from './sync-roots.ts';
import type { SyncState } from './sync-state.ts';

export interface Look {
  readonly source: Host;
  readonly destination: Host;
  readonly index: VerdictIndex;
  readonly roots: SyncRoots;
  readonly only: readonly Bytes[];
  readonly state: SyncState;
  readonly brought: ReadonlySet<Bytes>;
  /** For `guard`: a person has said that many deletions are meant. */
  readonly allowDeletions: boolean;
}

export interface Looked {
  readonly changes: Changes;
  /** What is carried, in canonical order. */
  readonly source: readonly Entry[];
  readonly there: ReadonlyMap<Bytes, Entry>;
  /** Directories that are not carried but must be made. */
  readonly make: readonly Entry[];
  /** What the source could not read. Nothing is deleted then. */
  readonly unread: readonly string[];
  readonly notes: readonly Event[];
}

async function listBoth(look: Look): Promise<{
  readonly source: Entry[];
  readonly unread: readonly string[];
  readonly destination: Entry[];
}> {
  const { roots, index } = look;
  const carried = (path: Bytes) =>
    path !== '/' &&
    index.of(path)?.carry === 'stream' &&
    (look.only.length === 0 || look.only.some((tree) => isWithin(path, tree)));
  const mounts = await mountsOf(look.source);
  const trees = [...roots.trees, ...mountedInside(index, roots, mounts ?? [])];
  const side = async (host: Host, request: Parameters<typeof listSorted>[1]) => {
    const inTrees = await listSorted(host, request);
    const alone = await sorted(listPaths(host, roots.paths));
    return {
      entries: alone.entries.length === 0 ? inTrees.entries : merged([...inTrees.entries, ...alone.entries]),
      errors: [...inTrees.errors, ...alone.errors],
    };
  };
  const sourceSide = async () => {
    const found = await side(look.source, { roots: trees, prune: roots.prune });
    if (mounts === null) return { ...found, errors: [...found.errors, 'what is mounted there is not known'] };
    const all = { entries: found.entries, errors: [...found.errors] };
    const listed = [...trees];
    for (let more = subvolumesIn(index, all.entries, listed, mounts); more.length > 0; ) {
      const inside = await listSorted(look.source, { roots: more, prune: roots.prune });
      all.entries = merged([...all.entries, ...inside.entries]);
      all.errors.push(...inside.errors);
      listed.push(...more);
      more = subvolumesIn(index, inside.entries, listed, mounts);
    }
    return all;
  };
  const [source, destination] = await Promise.all([
    sourceSide(),
    side(look.destination, { roots: roots.trees, prune: roots.prune, crossMounts: true }),
  ]);
  if (destination.errors.length > 0) {
    throw new Failure('failed', 'listing', `${look.destination.name} could not be listed`, {
      during: quote(destination.errors[0] as string),
      hint: 'run as root there, or repair the file system',
    });
  }
  return {
    source: source.entries.filter(({ path }) => carried(path)),
    unread: source.errors,
    destination: destination.entries,
  };
}

function merged(entries: readonly Entry[]): Entry[] {
  return sortByPath([...new Map(entries.map((entry) => [entry.path, entry])).values()]);
}

/** Lists both sides and compares them. */
export async function lookAtBoth(look: Look): Promise<Looked> {
  const { source, unread, destination } = await listBoth(look);
  const above = await lookAbove(look.source, look.destination, source);
  const names = await unknownNames(look.destination, look.destination.privileged ? source : []);
  const changes = compareListings({
    source,
    destination,
    broughtBefore: (path) => look.brought.has(path),
    carries: (path) =>
      look.index.of(path)?.carry === 'stream' &&
      (look.only.length === 0 || look.only.some((tree) => isWithin(path, tree))),
    trustedBefore: look.state.trustedBefore,
    again: look.state.again,
    closed: above.closed,
    owners: look.destination.privileged,
    unknownNames: names,
  });
  const notes: Event[] = [];
  for (const [what, set] of [
    ['user', names.users],
    ['group', names.groups],
  ] as const) {
    for (const name of set) {
      const text = `${look.destination.name} has no ${what} ${quote(name)}: its number is used; run apply first`;
      notes.push({ kind: 'note', grade: 'care', text });
    }
  }
  const seen: Changes = {
    ...changes,
    conflicts: [...above.conflicts, ...changes.conflicts],
    remove: unread.length === 0 ? changes.remove : [],
  };
  const there = new Map(destination.map((entry) => [entry.path, entry]));
  return { changes: seen, source, there, make: above.make, unread, notes };
}

/** Throws Failure when what was seen must not be done: see `guardDeletions` and `guardSpace`. */
export async function guard(look: Look, looked: Looked): Promise<void> {
  if (!look.allowDeletions && looked.unread.length === 0) {
    guardDeletions(look.roots.trees, looked.source, look.brought, looked.changes.remove, look.source.name);
  }
  await guardSpace(look.destination, (await mountsOf(look.destination)) ?? [], looked.changes, looked.there);
}
