/** Units whose state somebody decided, and those of carried services that run. */
import type { Bytes, Facts, InstalledPackage, Unit, UnitResource } from '../types.ts';
import { type ActiveProfile, unitsOf } from './profile.ts';
import { fitsName } from './rename.ts';

/** What the listing showed about units. */
export interface SeenUnits {
  /** Units that maintainer scripts switched on; deb-systemd-helper(1p) keeps a mark of each link it made. */
  readonly byMaintainers: ReadonlySet<string>;
  /** Links to /dev/null in /etc/systemd/system. */
  readonly masked: ReadonlySet<string>;
}

/** Services of the machine itself: they are there on the destination, in its own way. */
const ofTheMachine =
  /^(systemd-|dbus|ssh(d)?[.@]|rescue-ssh|getty|serial-getty|console-getty|container-getty|autovt@|user@|user-runtime-dir@|networking\.|network-|NetworkManager|ifup@|wpa_supplicant|dhcpcd|cloud-|qemu-guest|open-vm|vgauth|polkit|rescue|emergency|e2scrub|fstrim|blk-availability|lvm2|dm-event|mdmonitor|mdadm|udisks2|accounts-daemon|keyboard-setup|console-setup|kmod|procps|apparmor|haveged|rng|packagekit|apt-daily|dpkg-db-backup|man-db|modprobe@|plymouth|grub-|initrd|proc-|sys-|dev-|remote-fs|remote-cryptsetup|ctrl-alt-del|reboot|machines|ldconfig|logrotate\.timer|ifupdown|unattended-upgrades|rsyslog|syslog|motd-news|ua-|ubuntu-|snapd)/;

const carriedKinds = /\.(service|socket|timer|path)$/;
const own = /^\/(etc|usr\/local\/lib)\/systemd\/system\//;

function templateOf(name: string): string {
  return name.replace(/@[^.]*\./, '@.');
}

function stateOf(unit: Unit): UnitResource['state'] {
  if (unit.state.startsWith('masked')) return 'masked';
  if (unit.state === 'enabled' || unit.state === 'linked') return 'enabled';
  return unit.state === 'disabled' ? 'disabled' : 'as-is';
}

/** What somebody, and not a package, did about a unit; null where nobody did. */
function decision(unit: Unit, seen: SeenUnits): string | null {
  if (seen.masked.has(unit.name)) return 'masked by hand';
  if (own.test(unit.fragment) && !/^\/dev\/null$/.test(unit.fragment)) return 'made by hand';
  const byMaintainer = seen.byMaintainers.has(unit.name) || seen.byMaintainers.has(templateOf(unit.name));
  if (unit.state === 'disabled') {
    return byMaintainer ? 'switched off by hand: its package switches it on' : null;
  }
  if (unit.state === 'enabled' || unit.state === 'linked') {
    return !byMaintainer && !ofTheMachine.test(unit.name)
      ? 'switched on by hand: its package does not'
      : null;
  }
  return null;
}

function isActive(unit: Unit): boolean {
  return ['active', 'activating', 'reloading'].includes(unit.active);
}

/** Resources of units; `carried` are the names of packages in the manifest. */
export function unitResources(
  facts: Pick<Facts, 'units' | 'owned' | 'packages'>,
  profiles: readonly ActiveProfile[],
  seen: SeenUnits,
): UnitResource[] {
  if (!facts.units.known) return [];
  const patterns = profiles.flatMap(unitsOf);
  const packages = new Map<string, InstalledPackage>(
    (facts.packages.known ? facts.packages.value : []).map((one) => [one.name, one]),
  );
  const owner = (fragment: Bytes): InstalledPackage | undefined => {
    if (!facts.owned.known) return undefined;
    const name = facts.owned.value.get(fragment) ?? facts.owned.value.get(`/usr${fragment}`);
    return name === undefined ? undefined : packages.get(name);
  };
  const isCarried = (unit: Unit): boolean => {
    if (!carriedKinds.test(unit.name) || ofTheMachine.test(unit.name)) return false;
    if (patterns.some((pattern) => fitsName(pattern, unit.name))) return true;
    if (own.test(unit.fragment)) return true;
    const brought = owner(unit.fragment);
    return (
      brought !== undefined && !brought.essential && !['required', 'important'].includes(brought.priority)
    );
  };
  return facts.units.value
    .filter((unit) => unit.state !== 'alias' && !/@\./.test(unit.name))
    .flatMap((unit) => {
      const why = decision(unit, seen);
      if (why === null && !(isActive(unit) && isCarried(unit))) return [];
      const resource: UnitResource = { unit: unit.name, state: stateOf(unit), active: isActive(unit) };
      return [why === null ? resource : { ...resource, note: why }];
    });
}
