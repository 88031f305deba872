/**
 * Units: what is enabled, disabled and masked, and which of them may run on one side only. A held unit stops on
 * the source at cutover and may not start on the destination before it.
 */
import type { Plan, Profile, Unit, UnitResource } from '../types.ts';
import type { PlanInput } from './plan-input.ts';
import { PartBuilder, type PlanPart } from './plan-part.ts';
import { sh } from './plan-shell.ts';
import { fill, fitsName, renameUnit } from './rename.ts';

/** Without these nobody reaches the machine, or they are the machine's own. */
const neverHeld =
  /^(?:systemd-|dbus|ssh(?:d)?(?:@|\.)|getty|serial-getty|console-getty|container-getty|user@|user-runtime-dir@|networking\.|network-|NetworkManager|ifup@|ifupdown|wpa_supplicant|dhcpcd|cloud-|qemu-guest|open-vm|vgauth|polkit|rescue|emergency|e2scrub|fstrim|blk-availability|lvm2|dm-event|mdmonitor|mdadm|udisks2|accounts-daemon|keyboard-setup|console-setup|kmod|procps|apparmor|haveged|rng|unattended-upgrades|packagekit|apt-daily|dpkg-db-backup|autovt@|modprobe@|plymouth|grub-common|getty-static|initrd)/;

/** Stopping one of these could lock us out; it holds from the next boot on. */
const neverStopped =
  /^(?:systemd-|dbus|ssh(?:d)?(?:@|\.)|getty|serial-getty|user@|networking\.|network-|NetworkManager|ifup|wpa_supplicant|dhcpcd|cloud-|polkit)/;

/** Run on one side only, whether or not the destination runs them already. */
const alwaysActors = new Set([
  'cron.service',
  'cronie.service',
  'anacron.service',
  'anacron.timer',
  'atd.service',
]);

const holdable = /\.(?:service|timer|socket|path)$/;

/** `arrives`: packages or files of this plan may bring units that are not there yet. */
export function planUnits(input: PlanInput, arrives: boolean): PlanPart {
  const part = new PartBuilder();
  const resources = input.manifest.resources.filter(
    (one): one is UnitResource => 'unit' in one && 'state' in one && 'active' in one,
  );
  if (resources.length === 0) return part;
  if (!input.destinationLive) {
    part.unknown += resources.length;
    part.notice('by-hand', 'units', 'units are not enabled or masked: not supported yet on a disk');
    return part;
  }
  if (!input.destination.units.known) {
    part.unknown += resources.length;
    part.notice(
      'blocker',
      'units',
      `the destination's units could not be asked: ${input.destination.units.reason}`,
    );
    return part;
  }
  const there = new Map(input.destination.units.value.map((one) => [one.name, one]));
  for (const resource of resources) planOne(part, input, resource, there, arrives);
  return part;
}

function planOne(
  part: PartBuilder,
  input: PlanInput,
  resource: UnitResource,
  there: ReadonlyMap<string, Unit>,
  arrives: boolean,
): void {
  const unit = renameUnit(resource.unit, input.pairs, input.profiles);
  const now = there.get(unit)?.state;
  const detail = unit === resource.unit ? '' : `${resource.unit} on the source`;
  const step = (symbol: '+' | '~' | '-', word: string, check: string, apply: string) =>
    part.step({ id: `unit:${unit}`, kind: 'unit', symbol, title: `${word} ${unit}`, detail, check, apply });
  const name = sh(unit);
  const state = `s=$(systemctl is-enabled ${name} 2>/dev/null)`;
  // What was switched off and does not run on the source shall not run here until the next boot either.
  const stop = resource.active || neverStopped.test(unit) ? '' : `systemctl stop ${name} 2>/dev/null; `;
  switch (resource.state) {
    case 'as-is':
      part.ok += 1;
      return;
    case 'masked':
      if (now === 'masked') part.ok += 1;
      else step('-', 'mask', `${state}; [ "$s" = masked ]`, `${stop}systemctl mask ${name}`);
      return;
    case 'disabled': {
      // A unit that is not there yet may come, enabled, with a package or a file of this plan.
      const off = now === undefined ? !arrives : !/^(?:enabled|linked|masked)/.test(now);
      if (off) {
        part.ok += 1;
        return;
      }
      const check = `${state}; case "$s" in enabled|enabled-runtime|linked|linked-runtime|masked) exit 1 ;; esac`;
      step('-', 'disable', check, `${stop}systemctl unmask ${name} 2>/dev/null; systemctl disable ${name}`);
      return;
    }
    case 'enabled': {
      const good = ['enabled', 'static', 'generated', 'indirect', 'alias', 'linked'];
      if (now !== undefined && good.includes(now)) {
        part.ok += 1;
        return;
      }
      const check = `${state}; case "$s" in enabled|static|generated|indirect|alias|linked) ;; *) exit 1 ;; esac`;
      const apply = `[ "$(systemctl is-enabled ${name} 2>/dev/null)" != masked ] || systemctl unmask ${name}; systemctl enable ${name}`;
      step('+', 'enable', check, apply);
    }
  }
}

interface ActiveUnit {
  readonly name: string;
  /** Null where only the manifest speaks. */
  readonly unit: Unit | null;
}

function activeOnSource(input: PlanInput): ActiveUnit[] {
  const units = input.source?.units;
  if (units?.known) {
    return units.value
      .filter((one) => one.active === 'active' || one.active === 'activating' || one.active === 'reloading')
      .filter((one) => one.state !== 'alias')
      .map((one) => ({ name: one.name, unit: one }));
  }
  return input.manifest.resources.flatMap((one) =>
    'unit' in one && 'active' in one && one.active ? [{ name: one.unit, unit: null }] : [],
  );
}

/** Profile whose unit this is, by its name on the source. */
function profileOf(name: string, input: PlanInput): Profile | undefined {
  return input.manifest.profiles
    .map((active) => ({ active, profile: input.profiles.find((one) => one.name === active.name) }))
    .find(({ active, profile }) =>
      (profile?.units ?? []).some((pattern) => {
        const version = active.version ?? '*';
        const filled = fill(pattern.replaceAll('{version}', version), {
          profile: '',
          old: version,
          new: version,
        });
        return fitsName(filled, name);
      }),
    )?.profile;
}

/**
 * Which units run on one side only. A unit that the destination ran before us keeps running there, except actors:
 * they would act twice.
 */
export function planHolds(input: PlanInput, becomes: ReadonlyMap<string, readonly string[]>): Plan['holds'] {
  if (!input.destinationLive || input.cutOver || !input.destination.units.known) return [];
  const runs = new Set(
    input.destination.units.value.filter((one) => one.active === 'active').map((one) => one.name),
  );
  const owned = input.source?.owned.known ? input.source.owned.value : null;
  const holds = activeOnSource(input).flatMap(({ name, unit }) => {
    if (!holdable.test(name) || neverHeld.test(name)) return [];
    const there = renameUnit(name, input.pairs, input.profiles);
    const profile = profileOf(name, input);
    const actor = alwaysActors.has(name) || /\.(?:timer|path)$/.test(name) || profile?.tier === 'actor';
    if (runs.has(there) && !(alwaysActors.has(name) || profile?.tier === 'actor')) return [];
    if (profile === undefined && !alwaysActors.has(name) && !comesAlong(unit, owned, becomes)) return [];
    return [
      { source: name, unit: there, tier: actor ? ('actor' as const) : (profile?.tier ?? 'application') },
    ];
  });
  return holds.sort((left, right) => (left.unit < right.unit ? -1 : left.unit > right.unit ? 1 : 0));
}

/** Hand-made units come as files; packaged ones when their package has a counterpart. */
function comesAlong(
  unit: Unit | null,
  owned: ReadonlyMap<string, string> | null,
  becomes: ReadonlyMap<string, readonly string[]>,
): boolean {
  if (unit === null || owned === null) return true;
  if (unit.fragment === '') return unit.state === 'generated';
  if (unit.fragment.startsWith('/run/')) return unit.state === 'generated';
  const owner = owned.get(unit.fragment);
  if (owner === undefined) return true;
  return (becomes.get(owner) ?? []).length > 0;
}
