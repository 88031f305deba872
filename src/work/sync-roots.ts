/** Which trees a sync lists: the smallest set that holds everything with `carry: stream`, and what to leave out. */
import { parentOf } from '../bytes.ts';
import { isEntered } from '../decide/file-systems.ts';
import type { VerdictIndex } from '../decide/verdicts.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, Entry, Verdict } from '../types.ts';

export interface SyncRoots {
  readonly trees: readonly Bytes[];
  /** Carried by themselves, without what is below them. */
  readonly paths: readonly Bytes[];
  readonly prune: readonly Bytes[];
}

/** More patterns would slow find down; the rest is filtered afterwards. */
const pruneLimit = 200;

/** The verdict for names below a path that nobody has seen yet: no name holds NUL. */
function insideOf(index: VerdictIndex, path: Bytes): Verdict | null {
  return index.of(`${path === '/' ? '' : path}/\0`);
}

export function isWithin(path: Bytes, tree: Bytes): boolean {
  return path === tree || tree === '/' || path.startsWith(`${tree}/`);
}

/** The root itself is never carried; `/` as a tree means everything below it. */
export function syncRoots(index: VerdictIndex, only: readonly Bytes[] = []): SyncRoots {
  const trees: Bytes[] = [];
  const paths: Bytes[] = [];
  const prune: { readonly path: Bytes; readonly files: number }[] = [];
  for (const verdict of index.all()) {
    const above = verdict.path === '/' ? null : insideOf(index, parentOf(verdict.path));
    const inStream = above?.carry === 'stream';
    if (verdict.carry === 'stream' && !inStream) {
      (verdict.scope === 'tree' ? trees : paths).push(verdict.path);
    } else if (verdict.carry !== 'stream' && verdict.scope === 'tree' && inStream) {
      prune.push({ path: verdict.path, files: verdict.files });
    }
  }
  prune.sort((a, b) => b.files - a.files || (a.path < b.path ? -1 : 1));
  const all: SyncRoots = { trees, paths, prune: prune.slice(0, pruneLimit).map(({ path }) => path) };
  return only.length === 0 ? all : narrowed(index, all, only);
}

function narrowed(index: VerdictIndex, all: SyncRoots, only: readonly Bytes[]): SyncRoots {
  const wanted = (path: Bytes) => only.some((tree) => isWithin(path, tree));
  const inside = only.filter(
    (path) => insideOf(index, path)?.carry === 'stream' && !all.trees.some((tree) => isWithin(tree, path)),
  );
  return {
    trees: [...all.trees.filter(wanted), ...inside],
    paths: [
      ...all.paths.filter(wanted),
      ...only.filter(
        (path) => !inside.includes(path) && !all.trees.includes(path) && !all.paths.includes(path),
      ),
    ].filter((path) => index.of(path)?.carry === 'stream'),
    prune: all.prune,
  };
}

export interface Mounted {
  /** As the server sees it. */
  readonly path: Bytes;
  readonly type: string;
}

/** Mount points below the host's root, from /proc/self/mountinfo (proc(5)). null where that cannot be read. */
export async function mountsOf(host: Host): Promise<readonly Mounted[] | null> {
  const answer = await host.run(['cat', '/proc/self/mountinfo']);
  if (answer.code !== 0) return null;
  const mounts: Mounted[] = [];
  for (const line of answer.stdout.toString('latin1').split('\n')) {
    const [before, after] = line.split(' - ');
    const point = before?.split(' ')[4];
    const type = after?.split(' ')[0];
    if (point === undefined || type === undefined) continue;
    const path = point.replace(/\\([0-7]{3})/g, (_whole, code: string) =>
      String.fromCharCode(Number.parseInt(code, 8)),
    );
    if (host.root === '') mounts.push({ path, type });
    else if (path === host.root) mounts.push({ path: '/', type });
    else if (path.startsWith(`${host.root}/`)) mounts.push({ path: path.slice(host.root.length), type });
  }
  return mounts;
}

/**
 * File systems mounted somewhere inside carried trees, the server's own and those a person decided about: `find -xdev`
 * stops at them, so they are roots too.
 */
export function mountedInside(
  index: VerdictIndex,
  roots: SyncRoots,
  mounts: readonly Mounted[],
): readonly Bytes[] {
  return mounts
    .filter(({ path, type }) => isEntered(type, insideOf(index, path)?.rule === 'decision'))
    .map(({ path }) => path)
    .filter((path) => roots.trees.some((tree) => path !== tree && isWithin(path, tree)))
    .filter((path) => insideOf(index, path)?.carry === 'stream');
}

/**
 * Subvolumes among listed entries: each is a device of its own, mounted nowhere, and `find -xdev` stops at it as at a
 * mount. `mounts` are all that there are; `listed` are the roots of the listing.
 */
export function subvolumesIn(
  index: VerdictIndex,
  entries: readonly Entry[],
  listed: readonly Bytes[],
  mounts: readonly Mounted[],
): Bytes[] {
  const devices = new Map<Bytes, number>();
  for (const { path, type, device } of entries) if (type === 'd') devices.set(path, device);
  const known = new Set([...listed, ...mounts.map(({ path }) => path)]);
  return [...devices].flatMap(([path, device]) => {
    const above = devices.get(parentOf(path));
    if (above === undefined || above === device || known.has(path)) return [];
    return insideOf(index, path)?.carry === 'stream' ? path : [];
  });
}
