/** Directories above what is carried that are not carried themselves: made where they are missing, never changed. */
import { parentOf, quote } from '../bytes.ts';
import type { Host } from '../host/host.ts';
import type { Conflict } from '../stream/compare.ts';
import { listPaths, sorted } from '../stream/listing.ts';
import type { Bytes, Entry } from '../types.ts';

export interface Above {
  /** To be made with the source's owner and mode. */
  readonly make: readonly Entry[];
  /** Trees that nothing may be written to. */
  readonly closed: ReadonlySet<Bytes>;
  readonly conflicts: readonly Conflict[];
}

function uncarriedParents(entries: readonly Entry[]): Bytes[] {
  const carried = new Set(entries.map(({ path }) => path));
  const above = new Set<Bytes>();
  for (const { path } of entries) {
    for (let at = parentOf(path); at !== '/' && !carried.has(at) && !above.has(at); at = parentOf(at))
      above.add(at);
  }
  return [...above];
}

async function byPath(host: Host, paths: readonly Bytes[]): Promise<ReadonlyMap<Bytes, Entry>> {
  return new Map((await sorted(listPaths(host, paths))).entries.map((entry) => [entry.path, entry]));
}

/**
 * Looks at both sides. A link on the destination in the place of such a directory is the server's own when root made
 * it (for example /srv on a larger disk), and then it is followed; anybody else's link closes the tree behind it.
 */
export async function lookAbove(source: Host, destination: Host, entries: readonly Entry[]): Promise<Above> {
  const paths = uncarriedParents(entries);
  const [here, there] = await Promise.all([byPath(source, paths), byPath(destination, paths)]);
  const make: Entry[] = [];
  const closed = new Set<Bytes>();
  const conflicts: Conflict[] = [];
  const close = (path: Bytes, reason: string) => {
    closed.add(path);
    conflicts.push({ path, reason });
  };
  for (const path of paths.sort()) {
    const ours = here.get(path);
    const theirs = there.get(path);
    if (theirs === undefined) {
      if (ours?.type === 'd') make.push(ours);
      else close(path, 'no directory on the source, and missing on the destination');
    } else if (theirs.type === 'l' && theirs.uid !== 0 && destination.privileged) {
      close(
        path,
        `a link on the destination that belongs to ${quote(theirs.user ?? String(theirs.uid))}, not to root`,
      );
    } else if (theirs.type === 'l' && destination.root !== '') {
      close(path, 'a link on the destination; on a disk links are not followed');
    } else if (theirs.type !== 'd' && theirs.type !== 'l') {
      close(path, 'a directory on the source, something else on the destination');
    }
  }
  return { make, closed, conflicts };
}
