/** What stops a pass before it does harm: a source that looks empty, too many deletions, too little room. */
import { parentOf, quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { onHost } from '../host/host.ts';
import { type Changes, contentBytes } from '../stream/compare.ts';
import type { Bytes, Entry } from '../types.ts';
import { isWithin, type Mounted } from './sync-roots.ts';

/** Below this number of entries a root may lose as many as it likes. */
const smallRoot = 100;

/**
 * Throws `needs-person` when a root from which an earlier pass brought entries has none left, or more than half of
 * it would be deleted.
 */
export function guardDeletions(
  roots: readonly Bytes[],
  source: readonly Entry[],
  brought: ReadonlySet<Bytes>,
  remove: readonly Entry[],
  sourceName: string,
): void {
  const hint = 'look at it there; if it is meant, run again with --allow-deletions';
  const before = countBelow(roots, brought);
  const now = countBelow(
    roots,
    source.map(({ path }) => path),
  );
  const gone = countBelow(
    roots,
    remove.map(({ path }) => path),
  );
  for (const [root, number] of before) {
    if (!now.has(root)) {
      throw new Failure(
        'needs-person',
        'deletions',
        `${quote(root)} on ${sourceName} is empty or not mounted, but an earlier pass brought ${number} entries from it`,
        { during: 'comparing both sides', hint },
      );
    }
    const deleted = gone.get(root) ?? 0;
    if (number > smallRoot && deleted > number / 2) {
      throw new Failure(
        'needs-person',
        'deletions',
        `${deleted} of ${number} entries below ${quote(root)} would be deleted on the destination`,
        { during: 'comparing both sides', hint },
      );
    }
  }
}

/** How many paths lie below each root, not counting the root; a path counts for the innermost root. */
function countBelow(roots: readonly Bytes[], paths: Iterable<Bytes>): ReadonlyMap<Bytes, number> {
  const known = new Set(roots);
  const counts = new Map<Bytes, number>();
  for (const path of paths) {
    for (let at = parentOf(path); ; at = parentOf(at)) {
      if (known.has(at)) {
        counts.set(at, (counts.get(at) ?? 0) + 1);
        break;
      }
      if (at === '/') break;
    }
  }
  return counts;
}

/** Bytes for people: powers of ten, as disks are sold. */
function inWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

interface Need {
  bytes: number;
  inodes: number;
}

/**
 * Throws Failure `failed`, topic `space`, with numbers, when a file system of the destination has too little room or
 * too few inodes for what is sent. What is replaced gives its room back.
 */
export async function guardSpace(
  destination: Host,
  mounts: readonly Mounted[],
  changes: Changes,
  there: ReadonlyMap<Bytes, Entry>,
): Promise<void> {
  const points = mounts.map(({ path }) => path).sort((a, b) => b.length - a.length);
  const needs = new Map<Bytes, Need>();
  const inodes = new Set<string>();
  for (const entry of changes.send) {
    const point = points.find((path) => isWithin(entry.path, path)) ?? '/';
    const need = needs.get(point) ?? { bytes: 0, inodes: 0 };
    needs.set(point, need);
    const old = there.get(entry.path);
    const inode = `${entry.device}:${entry.inode}`;
    if (entry.links > 1 && entry.type !== 'd' && inodes.has(inode)) continue;
    inodes.add(inode);
    // File systems give room in blocks of 4 KiB, nearly all of them.
    need.bytes += Math.ceil(contentBytes(entry) / 4096) * 4096;
    if (old === undefined) need.inodes += 1;
    else if (old.links === 1 && old.type === 'f') need.bytes -= old.blocks * 512;
  }
  for (const [point, need] of needs) {
    const answer = await destination.run([
      'stat',
      '-f',
      '-c',
      '%a %S %d %c',
      '--',
      onHost(destination, point),
    ]);
    const [blocks, blockSize, free, total] = answer.stdout.toString('latin1').trim().split(' ').map(Number);
    if (answer.code !== 0 || blocks === undefined || blockSize === undefined) continue;
    const available = blocks * blockSize;
    const hint = `make room on ${quote(point)} there, or leave something out with decide`;
    if (need.bytes > available) {
      throw new Failure(
        'failed',
        'space',
        `${destination.name} has not enough room on ${quote(point)}: ${inWords(need.bytes)} to write, ${inWords(available)} free`,
        { during: 'before anything was sent', hint },
      );
    }
    // File systems that make inodes as they go report none at all.
    if ((total ?? 0) > 0 && need.inodes > (free ?? 0)) {
      throw new Failure(
        'failed',
        'space',
        `${destination.name} has not enough inodes on ${quote(point)}: ${need.inodes} needed, ${free} free`,
        { during: 'before anything was sent', hint },
      );
    }
  }
}
