/** What a scan did not see: named, with how much of a disk it is. */
import { quote } from '../bytes.ts';
import { type Accounted, accounted, unaccounted } from '../decide/file-systems.ts';
import type { Fold } from '../decide/fold.ts';
import { rounded } from '../decide/manifest.ts';
import type { Host } from '../host/host.ts';
import type { Entry, Facts } from '../types.ts';
import type { Seen } from './scan-listing.ts';

type Incomplete = readonly { readonly fact: string; readonly reason: string }[];

/** Compares df with what was seen; see `accounted` for what can be compared. */
export async function account(source: Host, facts: Facts, seen: Seen, fold: Fold): Promise<Accounted[]> {
  const deleted = new Map<number, number>();
  for (const { device, bytes } of facts.deletedOpen.known ? facts.deletedOpen.value : [])
    deleted.set(device, (deleted.get(device) ?? 0) + bytes);
  const isMounted = source.root === '' || (await source.run(['mountpoint', '-q', source.root])).code === 0;
  const disks = accounted({
    mounts: facts.mounts,
    roots: seen.roots,
    seen: fold.devices(),
    deleted,
    isMounted,
  });
  return disks.map((disk) => ({ ...disk, path: quote(disk.path) }));
}

/** Gives every mount that was not entered a verdict of its own, also those that the walk left out. */
export function nameForeign(seen: Seen, fold: Fold): void {
  for (const { path, ruling } of seen.foreign) {
    if (fold.has(path)) continue;
    fold.add({ ...nothing, path }, ruling);
  }
}

/** A directory of which only the name is known. */
const nothing: Omit<Entry, 'path'> = {
  type: 'd',
  mode: 0o755,
  uid: 0,
  gid: 0,
  user: null,
  group: null,
  size: 0,
  mtime: 0n,
  ctime: 0n,
  device: 0,
  inode: 0,
  links: 1,
  blocks: 0,
};

/** What find could not enter or read: said once, with the first of them. */
export function unreadParts(errors: readonly string[]): Incomplete {
  if (errors.length === 0) return [];
  const more = errors.length === 1 ? '' : `, and ${errors.length - 1} more`;
  return [{ fact: 'listing', reason: `${quote(errors[0] as string)}${more}` }];
}

/** Disks of which more is used than was seen. Numbers are rounded, so that the manifest stays the same. */
export function unseenBytes(disks: readonly Accounted[]): Incomplete {
  return disks.flatMap((disk) => {
    const missing = unaccounted(disk);
    if (missing === 0) return [];
    const mib = (bytes: number) => `${rounded(Math.round(bytes / 1024 ** 2), 1)} MiB`;
    return [
      {
        fact: `bytes of ${disk.path}`,
        reason: `about ${mib(missing)} of ${mib(disk.used)} used lie in no path that can be seen: below a mount point, or in a damaged file system`,
      },
    ];
  });
}
