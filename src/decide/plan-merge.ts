/**
 * Files that are never overwritten, because the destination's own copy says who may log in, what is mounted, what
 * the machine is called, or numbers that its packages gave out. A person merges them; users, groups and
 * repositories come as resources of their own.
 */
import picomatch from 'picomatch';
import type { Bytes } from '../types.ts';

interface Merge {
  readonly files: readonly string[];
  /** Why, and what to do: one clause. Null = a resource of its own carries it, nothing is left to do. */
  readonly hint: string | null;
}

const merges: readonly Merge[] = [
  {
    files: ['/etc/passwd{,-}', '/etc/group{,-}', '/etc/shadow{,-}', '/etc/gshadow{,-}'],
    hint: null,
  },
  { files: ['/etc/apt/sources.list', '/etc/apt/sources.list.d/**'], hint: null },
  {
    files: ['/etc/subuid{,-}', '/etc/subgid{,-}'],
    hint: 'rootless containers need the same ranges; compare the lines of each user',
  },
  { files: ['/etc/hosts'], hint: 'take over the lines that name other machines' },
  {
    files: ['/etc/hostname', '/etc/mailname'],
    hint: 'decide what this machine is called when it takes over',
  },
  {
    files: ['/etc/fstab', '/etc/crypttab'],
    hint: 'take over only lines for data, NFS, bind mounts and tmpfs',
  },
  {
    files: ['/etc/ssh/sshd_config', '/etc/ssh/sshd_config.d/**'],
    hint: 'merge it with a second session open, and test it with sshd -t',
  },
  {
    files: ['/etc/nsswitch.conf', '/etc/pam.d/common-*'],
    hint: 'a module that is missing here locks everybody out; merge line by line',
  },
  { files: ['/etc/sudoers'], hint: 'merge it with visudo' },
  { files: ['/etc/ld.so.preload'], hint: 'a library that is missing here breaks every command' },
  { files: ['/etc/crypto-policies/**'], hint: 'they are specific to the release' },
  { files: ['/etc/default/grub', '/etc/default/grub.d/**'], hint: 'take over kernel parameters one by one' },
  {
    files: ['/etc/resolv.conf', '/etc/network/**', '/etc/netplan/**'],
    hint: 'the network is the machine’s own',
  },
];

const compiled = merges.map((merge) => ({
  hint: merge.hint,
  fits: picomatch([...merge.files], { dot: true }),
}));

/** What to do about a file that must be merged; undefined = it may be written. */
export function mergeHint(path: Bytes): string | null | undefined {
  return compiled.find((merge) => merge.fits(path))?.hint;
}

/** Lists of lines where both sides' lines hold: they are joined, never replaced. */
export function isUnion(path: Bytes): boolean {
  return path === '/root/.ssh/authorized_keys';
}
