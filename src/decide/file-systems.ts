/**
 * Which mounted file systems are the server's own, and whether every byte of them was seen. What is not entered is
 * named with its reason; it is never left out in silence.
 */
import { quote } from '../bytes.ts';
import type { Answered, Bytes, Mount } from '../types.ts';
import { literally, PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';

/** File systems whose files are their own: neither made up by the kernel nor fetched over a network. */
const local =
  /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|nilfs2|reiserfs|reiser4|bcachefs|vfat|exfat|ntfs3?|fuseblk|ufs|minix)$/;
/** A device has many roots here, each used where it is mounted. */
const divided = /^(btrfs|bcachefs)$/;
/** One disk below several file systems, or content that is packed: df's numbers are not those of the files. */
const incomparable = /^(btrfs|zfs|bcachefs|nilfs2|fuseblk)$/;
const remote =
  /^(nfs4?|cifs|smb3|smbfs|ceph|glusterfs|9p|virtiofs|afs|coda|lustre|gfs2|ocfs2|davfs|fuse\.(sshfs|glusterfs|cephfs|davfs|davfs2|s3fs|rclone|mergerfs\.nfs|curlftpfs|gcsfuse|juicefs))$/;
const images = /^(squashfs|iso9660|udf|erofs|cramfs|romfs)$/;
const memory = /^(tmpfs|ramfs|hugetlbfs)$/;
/** Made up by the kernel. */
const virtual =
  /^(proc|sysfs|devtmpfs|devpts|mqueue|debugfs|tracefs|securityfs|pstore|bpf|configfs|fusectl|cgroup2?|binfmt_misc|autofs|nsfs|rpc_pipefs|efivarfs|selinuxfs|fuse\.lxcfs|fuse\.portal|fuse\.gvfsd-fuse)$/;
/** Nothing below them is on a disk of the server, whatever is mounted there: containers are handed files of their host. */
const runtime = /^\/(proc|sys|dev|run)\//;
/** Where memory is nothing to keep. */
const volatile = /^\/(proc|sys|dev|run|tmp)(\/|$)|^\/var\/(run|lock|tmp)(\/|$)/;

/** A place that shows what the walk meets elsewhere. */
interface Shown {
  readonly path: Bytes;
  readonly mount: Mount;
}

/** How a server is walked so that every file is met once. */
export interface Walk {
  /** The top, and every other local file system. */
  readonly roots: readonly Bytes[];
  /** Left out, because another root shows the same. */
  readonly again: readonly Shown[];
}

/** Whether a mounted file system is entered: the server's own always, another where a person decided that it travels. */
export function isEntered(type: string, isDecided: boolean): boolean {
  return local.test(type) || (isDecided && !virtual.test(type));
}

function within(path: Bytes, tree: Bytes): boolean {
  return path === tree || path.startsWith(tree === '/' ? '/' : `${tree}/`);
}

/** What a mount is asked first: the top; then the widest, but of subvolumes the narrowest, which is where they are used. */
function rank(one: Mount, other: Mount): number {
  if (one.target === '/' || other.target === '/') return one.target === '/' ? -1 : 1;
  const wider = one.root.length - other.root.length;
  const sign = divided.test(one.type) ? -1 : 1;
  return wider === 0 ? (one.target < other.target ? -1 : 1) : wider * sign;
}

/**
 * find(1) goes on into a second mount of the file system it walks, and two mounts of one device may show different
 * parts of it. So each part is walked in one place, and where it is shown again it is left out and named.
 */
export function walkOf(mounts: Answered<readonly Mount[]>): Walk {
  if (!mounts.known) return { roots: ['/'], again: [] };
  const chosen: Mount[] = [];
  const again: Shown[] = [];
  const devices = new Map<string, Mount[]>();
  for (const mount of mounts.value) {
    if (mount.target !== '/' && (!local.test(mount.type) || runtime.test(mount.target))) continue;
    devices.set(mount.device, [...(devices.get(mount.device) ?? []), mount]);
  }
  for (const [, ofDevice] of devices) {
    const same: Mount[] = [];
    for (const mount of ofDevice.sort(rank)) {
      if (same.some(({ root }) => within(mount.root, root))) {
        again.push({ path: mount.target, mount });
        continue;
      }
      for (const inner of same) {
        if (!within(inner.root, mount.root)) continue;
        const rest = inner.root.slice(mount.root === '/' ? 1 : mount.root.length + 1);
        again.push({ path: `${mount.target === '/' ? '' : mount.target}/${rest}`, mount: inner });
      }
      same.push(mount);
    }
    chosen.push(...same);
  }
  const roots = chosen.map(({ target }) => target).filter((target) => target !== '/');
  return { roots: ['/', ...roots.sort()], again };
}

/** A file system that is shown and not entered. */
export interface ForeignMount {
  readonly path: Bytes;
  readonly type: string;
  readonly source: Bytes;
  readonly ruling: Ruling;
}

function foreignRuling({ type, source }: Mount): Ruling {
  const evidence = `${type} from ${quote(source)}, mounted while it was scanned`;
  const none = { carry: 'none', evidence, closed: true } as const;
  if (remote.test(type))
    return {
      ...none,
      class: 'identity',
      rule: 'mount.remote',
      reason: 'files of another machine, not entered',
    };
  if (images.test(type))
    return { ...none, class: 'ephemeral', rule: 'mount.image', reason: 'image that is mounted to be read' };
  if (type === 'overlay')
    return { ...none, class: 'ephemeral', rule: 'mount.overlay', reason: 'layers of a container' };
  if (memory.test(type))
    return {
      ...none,
      class: 'ephemeral',
      rule: 'mount.memory',
      reason: 'kept in memory only: gone with every restart',
    };
  return {
    ...none,
    class: 'undecided',
    rule: 'mount.unknown',
    reason: 'file system of a kind that is not known here',
  };
}

const secondMount = (mount: Mount): Ruling => ({
  class: 'identity',
  carry: 'none',
  closed: true,
  rule: 'mount.again',
  reason: 'the same files are mounted elsewhere, too, and travel from there',
  evidence: `${mount.type} ${quote(mount.source)}, its ${quote(mount.root)}`,
});

/** Mounts that the listing does not enter, besides those of the kernel and those made for run-time state. */
export function foreignMounts(mounts: Answered<readonly Mount[]>, walk: Walk): ForeignMount[] {
  if (!mounts.known) return [];
  const again = walk.again
    .filter(({ path }) => !volatile.test(path))
    .map(({ path, mount }) => ({
      path,
      type: mount.type,
      source: mount.source,
      ruling: secondMount(mount),
    }));
  const others = mounts.value
    .filter(
      ({ target, type }) =>
        target !== '/' && !local.test(type) && !virtual.test(type) && !volatile.test(target),
    )
    .map((mount) => ({
      path: mount.target,
      type: mount.type,
      source: mount.source,
      ruling: foreignRuling(mount),
    }));
  return [...again, ...others].sort((one, other) => (one.path < other.path ? -1 : 1));
}

export function foreignRules(foreign: readonly ForeignMount[]): PathRules<Ruling> {
  const rules = new PathRules<Ruling>();
  for (const { path, ruling } of foreign) rules.add(literally(path), ruling);
  return rules;
}

/** `8:1` for the number that stat(2) gives: twelve bits of major amid twenty of minor, makedev(3). */
export function deviceName(number: number): string {
  return `${(number >>> 8) & 0xfff}:${(number & 0xff) + ((number >>> 12) & 0xfff00)}`;
}

/** What df says of one file system, and what the listing found on it. Bytes. */
export interface Accounted {
  readonly path: Bytes;
  readonly type: string;
  readonly used: number;
  readonly seen: number;
  /** In files that are deleted and still open. */
  readonly deleted: number;
}

/**
 * Compares the bytes seen on each device with those df calls used. File systems whose numbers mean something else
 * are left out, and so is a disk's root that is a directory of a larger file system.
 */
export function accounted(input: {
  readonly mounts: Answered<readonly Mount[]>;
  readonly roots: readonly Bytes[];
  readonly seen: ReadonlyMap<number, number>;
  readonly deleted: ReadonlyMap<number, number>;
  /** Whether `/` of the mounts is a mount of its own. */
  readonly isMounted: boolean;
}): Accounted[] {
  const { mounts } = input;
  if (!mounts.known) return [];
  const named = (numbers: ReadonlyMap<number, number>) =>
    new Map([...numbers].map(([number, bytes]) => [deviceName(number), bytes] as const));
  const [seen, deleted] = [named(input.seen), named(input.deleted)];
  return input.roots.flatMap((path) => {
    const mount = mounts.value.find(({ target }) => target === path);
    if (mount === undefined || mount.used === 0) return [];
    if (!local.test(mount.type) || incomparable.test(mount.type)) return [];
    if (path === '/' && !input.isMounted) return [];
    const { type, used, device } = mount;
    return [{ path, type, used, seen: seen.get(device) ?? 0, deleted: deleted.get(device) ?? 0 }];
  });
}

/** Part of what is used that may lie in no path: tables and journals of the file system itself. */
const tolerated = 0.02;
/** Small file systems are mostly tables. Bytes. */
const smallest = 64 * 1024 ** 2;

/** What is used and was not seen, where that is more than a file system's own tables. Bytes; 0 = all is accounted for. */
export function unaccounted({ used, seen, deleted }: Accounted): number {
  const missing = used - seen - deleted;
  return missing > Math.max(used * tolerated, smallest) ? missing : 0;
}
