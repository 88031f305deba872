/** Packages: what the destination must install so that the services are there, and under which names. */
import type { InstalledPackage, PackageResource } from '../types.ts';
import type { PlanInput } from './plan-input.ts';
import { count, PartBuilder, type PlanPart, some } from './plan-part.ts';
import { sh, words } from './plan-shell.ts';
import { type Counterpart, counterpart, fitsName, providersOf } from './rename.ts';

/** Quiet, patient with the lock of unattended-upgrades, and keeping configuration that is already there. */
export const aptGet =
  'DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold ' +
  '-o Dpkg::Options::=--force-confdef -y';

/** Packages that belong to the machine, its disk and its provider, and not to what the server does. */
const ofTheMachine =
  /^(linux-(image|headers|modules|kbuild|base)|grub|shim-|efibootmgr|os-prober|systemd-boot|initramfs-tools|dracut|firmware-|(intel|amd64)-microcode|cloud-(init|guest-utils|initramfs|image-utils|utils)|qemu-guest-agent|open-vm-tools|hyperv-daemons|memtest86|console-setup|keyboard-configuration|task-|tasksel|discover|laptop-detect|installation-report|debian-faq|reportbug|popularity-contest)/;

export interface PackagePlan extends PlanPart {
  /** Source's package name → names on the destination, installed already or by this plan. */
  readonly becomes: ReadonlyMap<string, readonly string[]>;
  /** Names that this plan installs. */
  readonly installs: ReadonlySet<string>;
}

/** Truthful for one package; apply asks for all of them at once instead. */
export function installedCheck(name: string): string {
  return `[ "$(dpkg-query -W -f '\${db:Status-Status}' ${sh(name)} 2>/dev/null)" = installed ]`;
}

function isBase(one: InstalledPackage | undefined, name: string): boolean {
  if (one === undefined) return /^lib.*\d/.test(name);
  return (
    one.essential ||
    ['required', 'important', 'standard'].includes(one.priority) ||
    /(^|\/)(libs|oldlibs|libdevel)$/.test(one.section)
  );
}

/** `name` is one of another architecture: `libc6:i386`. */
function isInstalledFor(name: string, packages: readonly InstalledPackage[]): boolean {
  return packages.some((one) => one.status === 'installed' && `${one.name}:${one.architecture}` === name);
}

export function planPackages(input: PlanInput): PackagePlan {
  const part = new PartBuilder();
  const becomes = new Map<string, readonly string[]>();
  const installs = new Set<string>();
  const result = () => ({ ...spread(part), becomes, installs });
  const resources = input.manifest.resources.filter((one): one is PackageResource => 'package' in one);
  if (!input.destinationLive) {
    if (resources.length > 0) {
      part.unknown += resources.length;
      part.notice(
        'by-hand',
        'packages',
        `${count(resources.length, 'package')} cannot be installed: not supported yet on a disk`,
        'install them when the system runs',
      );
    }
    return result();
  }
  const { packages } = input.destination;
  if (!packages.known) {
    part.unknown += resources.length;
    part.notice('blocker', 'packages', `the destination's packages could not be asked: ${packages.reason}`);
    return result();
  }
  const installed = new Map(
    packages.value.filter((one) => one.status === 'installed').map((one) => [one.name, one]),
  );
  const sourcePackages = new Map(
    (input.source?.packages.known ? input.source.packages.value : [])
      .filter((one) => one.status === 'installed')
      .map((one) => [one.name, one]),
  );
  const available = input.available.known ? input.available.value : new Map();
  const context = { ...input, available, providers: providersOf(available) };
  const machine: string[] = [];
  const base: string[] = [];
  const lost: string[] = [];
  const later: string[] = [];
  const holds: string[] = [];
  const withoutLists: string[] = [];
  const awaits = [...input.repositories.values()].some((probe) => probe.state !== 'offered');

  for (const resource of resources) {
    const name = resource.package;
    if (ofTheMachine.test(name)) {
      machine.push(name);
      continue;
    }
    if (name.includes(':')) {
      if (isInstalledFor(name, packages.value)) part.ok += 1;
      else lost.push(name);
      continue;
    }
    if (installed.has(name) && !resource.held) {
      becomes.set(name, [name]);
      part.ok += 1;
      continue;
    }
    const found: Counterpart = input.available.known
      ? counterpart(name, context)
      : { names: installed.has(name) ? [name] : [], by: 'none', note: '' };
    const deb = input.localDebs.get(name);
    if (resource.local && deb !== undefined && (found.names.length === 0 || resource.held)) {
      becomes.set(name, [name]);
      planLocal(part, resource, deb, installed.has(name));
      installs.add(name);
    } else if (found.by === 'table' && isBase(sourcePackages.get(name), name)) {
      // A library that got another name comes with whatever needs it.
      base.push(name);
      continue;
    } else if (found.names.length > 0) {
      becomes.set(name, found.names);
      planFound(part, resource, found, installed, installs);
      if (found.by === 'table') {
        part.notice(
          'care',
          `package ${name}`,
          `${name} is ${found.names.join(' and ')} on the destination${found.note === '' ? '' : `: ${found.note}`}`,
          'check that its configuration still means the same',
        );
      }
    } else if (found.by === 'gone') {
      part.ok += 1;
      part.notice('care', `package ${name}`, `${name} has no successor: ${found.note}`);
      continue;
    } else if (!input.available.known) {
      withoutLists.push(name);
      continue;
    } else if (isNeeded(name, input)) {
      part.notice(
        'blocker',
        `package ${name}`,
        `${name} runs a service on the source, and the destination offers no package for it`,
        'add a repository that has it, or take the package out of manifest.yaml',
      );
      continue;
    } else if (isBase(sourcePackages.get(name), name)) {
      base.push(name);
      continue;
    } else if (awaits && !resource.local) {
      later.push(name);
      becomes.set(name, [name]);
      planFound(part, resource, { names: [name], by: 'same', note: '' }, installed, installs);
    } else {
      lost.push(name);
      continue;
    }
    if (resource.held) holds.push(...(becomes.get(name) ?? []));
  }

  if (withoutLists.length > 0) {
    part.unknown += withoutLists.length;
    const reason = input.available.known ? '' : input.available.reason;
    part.notice(
      'blocker',
      'packages',
      `whether the destination offers ${count(withoutLists.length, 'package')} is not known: ${reason}`,
      'run apt-get update on the destination, and plan again',
    );
  }
  if (later.length > 0) {
    part.notice(
      'care',
      'packages',
      `${some(later)}: expected from a repository that the destination does not read yet`,
    );
  }
  for (const name of lost) {
    const other = /^(.+):([a-z0-9-]+)$/.exec(name);
    if (other !== null) {
      part.notice(
        'by-hand',
        `package ${name}`,
        `${other[1]} is installed for ${other[2]}, another architecture than the machine's`,
        `dpkg --add-architecture ${other[2]}, apt-get update, and apt-get install ${name}`,
      );
      continue;
    }
    const local = resources.some((one) => one.package === name && one.local);
    part.notice(
      'by-hand',
      `package ${name}`,
      local
        ? `${name} comes from no repository and could not be rebuilt, because the source cannot be read`
        : `the destination offers no ${name} and nothing that is known to take its place`,
      'install it by hand, or take it out of manifest.yaml',
    );
  }
  if (machine.length > 0) {
    part.ok += machine.length;
    part.notice(
      'by-hand',
      'packages of the machine',
      `${some(machine)} belong to the machine and are left as the destination has them`,
    );
  }
  part.ok += base.length;
  planCompanions(part, input, context, { sourcePackages, installed, becomes, installs });
  // After everything is installed: a package that is held would not be.
  planHold(part, holds, installed);
  return result();
}

function spread(part: PartBuilder): PlanPart {
  return { steps: part.steps, notices: part.notices, ok: part.ok, unknown: part.unknown };
}

function planFound(
  part: PartBuilder,
  resource: PackageResource,
  found: Counterpart,
  installed: ReadonlyMap<string, InstalledPackage>,
  installs: Set<string>,
): void {
  const missing = found.names.filter((one) => !installed.has(one) && !installs.has(one));
  if (missing.length === 0) {
    part.ok += 1;
    return;
  }
  for (const name of missing) {
    installs.add(name);
    part.step({
      id: `package:${name}`,
      kind: 'package',
      symbol: '+',
      title: name,
      detail: name === resource.package ? '' : `${resource.package} on the source`,
      check: installedCheck(name),
      apply: `${aptGet} --no-install-recommends install ${sh(name)}`,
    });
  }
}

function planLocal(part: PartBuilder, resource: PackageResource, deb: string, installed: boolean): void {
  const path = `/var/cache/opstimal-move/${resource.package}.deb`;
  const [name, version] = [sh(resource.package), sh(resource.version)];
  part.step({
    id: `package-local:${resource.package}`,
    kind: 'package',
    symbol: installed ? '~' : '+',
    title: `${resource.package} ${resource.version}`,
    detail: 'rebuilt from the files that are installed on the source; no repository offers it',
    check: `[ "$(dpkg-query -W -f '\${db:Status-Status} \${Version}' ${name} 2>/dev/null)" = installed\\ ${version} ]`,
    apply: `${aptGet} --no-install-recommends --allow-downgrades install ${sh(path)}`,
    files: [{ path, owner: 'root', group: 'root', mode: '0644', content: { from: deb }, rewrites: [] }],
  });
}

function planHold(
  part: PartBuilder,
  names: readonly string[],
  installed: ReadonlyMap<string, InstalledPackage>,
): void {
  for (const name of names) {
    if (installed.get(name)?.held) {
      part.ok += 1;
      continue;
    }
    part.step({
      id: `package-hold:${name}`,
      kind: 'package',
      symbol: '~',
      title: `hold ${name}`,
      detail: 'held back on the source',
      check: `apt-mark showhold ${sh(name)} | grep -qx ${sh(name)}`,
      apply: `apt-mark hold ${sh(name)}`,
    });
  }
}

/** Whether a service that moves stands or falls with the package. */
function isNeeded(name: string, input: PlanInput): boolean {
  const active = new Set(input.manifest.profiles.map((one) => one.name));
  const ofProfile = input.profiles.some(
    (profile) =>
      active.has(profile.name) && (profile.detect.packages ?? []).some((pattern) => fitsName(pattern, name)),
  );
  if (ofProfile) return true;
  const { source } = input;
  if (source === null || !source.units.known || !source.owned.known) return false;
  const owned = source.owned.value;
  return source.units.value.some(
    (unit) =>
      unit.active === 'active' &&
      /\.(service|socket|timer|path)$/.test(unit.name) &&
      !unit.name.startsWith('systemd-') &&
      owned.get(unit.fragment) === name,
  );
}

/**
 * Packages that came along on the source (recommended ones and what nobody asks for any more): the service may
 * lean on them, so those that the destination offers are installed too, and stay marked as automatic.
 */
function planCompanions(
  part: PartBuilder,
  input: PlanInput,
  context: Parameters<typeof counterpart>[1],
  state: {
    readonly sourcePackages: ReadonlyMap<string, InstalledPackage>;
    readonly installed: ReadonlyMap<string, InstalledPackage>;
    readonly becomes: Map<string, readonly string[]>;
    readonly installs: Set<string>;
  },
): void {
  if (!input.available.known) return;
  const names: string[] = [];
  for (const [name, one] of state.sourcePackages) {
    if (state.becomes.has(name) || ofTheMachine.test(name)) continue;
    const found = counterpart(name, context);
    if (!['same', 'version'].includes(found.by)) continue;
    state.becomes.set(name, found.names);
    if (!one.automatic || isBase(one, name) || /(^|\/)(kernel|debug|introspection)$/.test(one.section))
      continue;
    const missing = found.names.filter((to) => !state.installed.has(to) && !state.installs.has(to));
    names.push(...missing);
  }
  if (names.length === 0) return;
  const list = [...new Set(names)].sort();
  for (const name of list) state.installs.add(name);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder
  const formats = "'${db:Status-Status}\\n'";
  part.step({
    id: 'package-companions',
    kind: 'package',
    symbol: '+',
    title: `${count(list.length, 'package')} that came along on the source`,
    detail: list.join(' '),
    check: `[ "$(dpkg-query -W -f ${formats} ${words(...list)} 2>/dev/null | grep -cx installed)" -ge ${list.length} ]`,
    apply: `${aptGet} --no-install-recommends install ${words(...list)} && apt-mark auto ${words(...list)}`,
  });
}
