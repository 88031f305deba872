/**
 * What belongs to one machine and is never carried: identity, hardware, boot, the package database, run-time
 * file systems. The first table of the ladder: nothing below it can bring one of these back.
 */
import type { Bytes } from '../types.ts';
import { PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';

interface Row {
  readonly rule: string;
  readonly reason: string;
  readonly paths: readonly Bytes[];
}

/** Kernel and run-time file systems: nothing in them is on a disk. See hier(7), file-hierarchy(7). */
const runtime: readonly Row[] = [
  { rule: 'runtime.kernel', reason: 'made by the kernel', paths: ['/proc', '/sys', '/dev'] },
  { rule: 'runtime.run', reason: 'run-time state', paths: ['/run', '/var/run', '/var/lock', '/run/lock'] },
  {
    rule: 'runtime.process',
    reason: 'mark of a running process',
    paths: ['/var/lib/**/*.pid', '/var/lib/**/mongod.lock', '/var/lib/**/node.lock'],
  },
  {
    rule: 'runtime.leftover',
    reason: 'left by a container or an installer',
    paths: ['/.dockerenv', '/.autorelabel', '/.readahead', '/forcefsck', '/fastboot'],
  },
];

const identity: readonly Row[] = [
  {
    rule: 'identity.machine-id',
    reason: 'identity of this machine',
    paths: ['/etc/machine-id', '/var/lib/dbus/machine-id', '/etc/machine-info'],
  },
  {
    rule: 'identity.host-key',
    reason: 'SSH host key of this machine',
    paths: ['/etc/ssh/ssh_host_*_key', '/etc/ssh/ssh_host_*_key.pub', '/etc/ssh/ssh_host_*_key-cert.pub'],
  },
  { rule: 'identity.name', reason: 'name of this machine', paths: ['/etc/hostname', '/etc/hosts'] },
  // A file in the place of the package's link would tell the new machine that it is the old release.
  { rule: 'identity.release', reason: 'what this machine runs', paths: ['/etc/os-release'] },
  {
    rule: 'identity.seed',
    reason: 'randomness and secrets bound to this machine',
    paths: ['/var/lib/systemd/random-seed', '/var/lib/urandom', '/var/lib/systemd/credential.secret'],
  },
  {
    rule: 'identity.systemd',
    reason: 'state of systemd on this machine',
    paths: [
      '/var/lib/systemd/backlight',
      '/var/lib/systemd/catalog',
      '/var/lib/systemd/coredump',
      '/var/lib/systemd/deb-systemd-helper-enabled',
      '/var/lib/systemd/deb-systemd-helper-masked',
      '/var/lib/systemd/deb-systemd-user-helper-enabled',
      '/var/lib/systemd/deb-systemd-user-helper-masked',
      '/var/lib/systemd/ephemeral-trees',
      '/var/lib/systemd/pstore',
      '/var/lib/systemd/rfkill',
      '/var/lib/systemd/timers',
      '/var/lib/systemd/timesync',
      '/var/lib/private/systemd',
    ],
  },
  {
    rule: 'identity.disks',
    reason: 'disks of this machine',
    paths: [
      '/etc/fstab',
      '/etc/crypttab',
      '/etc/mdadm/mdadm.conf',
      '/etc/lvm/archive',
      '/etc/lvm/backup',
      '/etc/lvm/devices',
      '/etc/multipath',
      '/etc/multipath.conf',
      '/etc/zfs/zpool.cache',
      '/etc/hostid',
      '/etc/iscsi/initiatorname.iscsi',
      '/etc/nvme/hostid',
      '/etc/nvme/hostnqn',
      '/etc/blkid.tab',
      '/etc/mtab',
    ],
  },
  {
    rule: 'identity.boot',
    reason: 'kernel and boot of this machine',
    paths: [
      '/boot',
      '/efi',
      '/vmlinuz',
      '/vmlinuz.old',
      '/initrd.img',
      '/initrd.img.old',
      '/etc/default/grub',
      '/etc/default/grub.d',
      '/etc/grub.d',
      '/etc/kernel',
      '/etc/kernel-img.conf',
      '/etc/initramfs-tools',
      '/etc/dracut.conf',
      '/etc/dracut.conf.d',
      '/lib/modules',
      '/usr/lib/modules',
      '/lib/firmware',
      '/usr/lib/firmware',
      '/var/lib/dkms',
      '/var/lib/initramfs-tools',
      '/var/lib/grub',
      '/var/lib/os-prober',
      '/var/lib/shim-signed',
    ],
  },
  {
    rule: 'identity.network',
    reason: 'network of this machine',
    paths: [
      '/etc/network/interfaces',
      '/etc/network/interfaces.d',
      '/etc/network/run',
      '/etc/netplan',
      '/etc/systemd/network',
      '/etc/NetworkManager/system-connections',
      '/etc/sysconfig/network-scripts',
      '/etc/dhcpcd.conf',
      '/etc/resolv.conf',
      '/etc/resolvconf/run',
      '/etc/udev/rules.d/70-persistent-*',
      '/etc/udev/rules.d/*-net.rules',
      // A server's leases lie beside those of the client.
      '/var/lib/dhcp/dhclient*',
      '/var/lib/dhcpcd',
      '/var/lib/dhclient',
      '/var/lib/NetworkManager',
      '/var/lib/ifupdown',
    ],
  },
  {
    rule: 'identity.cloud',
    reason: 'set up by the provider for this machine',
    paths: ['/etc/cloud', '/var/lib/cloud', '/var/lib/waagent', '/var/lib/google'],
  },
  {
    rule: 'identity.made-here',
    reason: 'made again on each machine',
    paths: [
      '/etc/adjtime',
      '/etc/ld.so.cache',
      '/etc/.updated',
      '/var/.updated',
      '/etc/.pwd.lock',
      '/etc/.resolv.conf.systemd-resolved.bak',
      '/etc/udev/hwdb.bin',
      '/usr/lib/udev/hwdb.bin',
      '/lib/udev/hwdb.bin',
      '/var/lib/AccountsService',
      '/var/lib/polkit-1',
    ],
  },
  {
    rule: 'identity.package-database',
    reason: 'package database; packages are installed again instead',
    paths: [
      '/var/lib/dpkg',
      '/var/lib/apt',
      '/var/lib/rpm',
      '/usr/lib/sysimage',
      '/var/lib/dnf',
      '/var/lib/pacman',
      '/lib/apk/db',
      '/var/lib/snapd',
      '/etc/pacman.d/gnupg',
    ],
  },
  {
    rule: 'identity.subscription',
    reason: 'subscription of this machine',
    paths: ['/var/lib/rhsm', '/etc/pki/consumer', '/etc/pki/entitlement', '/var/lib/ubuntu-advantage'],
  },
  {
    rule: 'identity.agent',
    reason: 'identity of an agent; two machines would fight for it',
    paths: [
      '/etc/docker/key.json',
      '/etc/salt/minion_id',
      '/etc/salt/pki/minion',
      '/etc/puppetlabs/puppet/ssl',
      '/var/lib/monit/id',
      '/var/lib/tailscale',
      '/var/lib/zerotier-one/identity.*',
      '/var/lib/netdata/registry',
    ],
  },
  {
    rule: 'identity.snakeoil',
    reason: 'certificate that the package ssl-cert makes for each machine',
    paths: ['/etc/ssl/certs/ssl-cert-snakeoil.pem', '/etc/ssl/private/ssl-cert-snakeoil.key'],
  },
  {
    rule: 'identity.hold',
    reason: 'our own hold on services of a destination',
    paths: ['/etc/opstimal-move', '/etc/systemd/system/*/00-opstimal-move-hold.conf'],
  },
  {
    rule: 'identity.journal',
    reason: 'journal of this machine',
    paths: ['/var/log/journal', '/run/log/journal'],
  },
];

function ruling(row: Row, made: Ruling['class']): Ruling {
  return {
    class: made,
    carry: 'none',
    rule: row.rule,
    reason: row.reason,
    evidence: 'never copied: belongs to one machine',
  };
}

/** Compiled tables; the value is the ruling. */
export function neverCopy(): PathRules<Ruling> {
  const rules = new PathRules<Ruling>();
  for (const row of runtime) {
    const made = { ...ruling(row, 'ephemeral'), evidence: 'never on a disk' };
    for (const path of row.paths) rules.add(path, made);
  }
  for (const row of identity) {
    const made = ruling(row, 'identity');
    for (const path of row.paths) rules.add(path, made);
  }
  return rules;
}
