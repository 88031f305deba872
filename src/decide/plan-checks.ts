/** What must be known before anything is written: the wrong machine, no room, clashes, names that stay behind. */
import { quote, unquote } from '../bytes.ts';
import type { Facts, Manifest, Mount, Plan } from '../types.ts';
import type { PlanInput } from './plan-input.ts';
import { checkLibraries } from './plan-libraries.ts';
import { mergeHint } from './plan-merge.ts';
import { count, PartBuilder, type PlanPart, some } from './plan-part.ts';
import { renameUnit, type VersionPair } from './rename.ts';

/** Binary units, one digit: 18.2 GiB. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function preflight(input: PlanInput, holds: Plan['holds']): PlanPart {
  const part = new PartBuilder();
  checkMachine(part, input);
  checkUndecided(part, input.manifest);
  checkRoom(part, input);
  checkPorts(part, input, holds);
  checkVersions(part, input.pairs, input);
  checkOldName(part, input);
  checkLibraries(part, input);
  checkLeftOut(part, input);
  for (const { fact, reason } of input.manifest.incomplete) {
    part.unknown += 1;
    if (fact.startsWith('/')) {
      part.notice('care', fact, `${fact} is not carried yet: ${reason}`);
      continue;
    }
    part.notice(
      'care',
      `source: ${fact}`,
      `the scan could not ask for ${fact}: ${reason}`,
      'scan again with root rights',
    );
  }
  for (const [name, fact] of Object.entries(input.destination) as [string, Facts[keyof Facts]][]) {
    if (
      fact.known ||
      !['repositories', 'mounts', 'ports', 'alternatives', 'diversions', 'statOverrides'].includes(name)
    )
      continue;
    if (!input.destinationLive && name === 'ports') continue;
    part.unknown += 1;
    part.notice(
      'care',
      `destination: ${name}`,
      `${name} of the destination could not be asked: ${fact.reason}`,
    );
  }
  return part;
}

/** Nobody installs these on the destination unless a person does. */
function checkLeftOut(part: PartBuilder, { leftOut = [] }: PlanInput): void {
  const first = leftOut[0];
  if (first === undefined) return;
  const [they, are] = leftOut.length === 1 ? ['it', 'is'] : ['they', 'are'];
  part.notice(
    'by-hand',
    'lockfiles',
    `${some(leftOut.map(({ path }) => path))} ${leftOut.length === 1 ? 'does' : 'do'} not travel: ${they} ${are} made again from the lockfile beside`,
    `run the package manager there on the destination, or carry: opstimal-move decide FOLDER '${first.path}' mutable`,
  );
}

function checkMachine(part: PartBuilder, input: PlanInput): void {
  const { os } = input.destination;
  if (!os.known) {
    part.notice('blocker', 'destination', `what the destination runs could not be asked: ${os.reason}`);
    return;
  }
  const from = input.manifest.host;
  const to = os.value;
  if (
    input.sourceMachineId !== null &&
    input.sourceMachineId !== '' &&
    to.machineId === input.sourceMachineId
  ) {
    part.notice(
      'blocker',
      'destination',
      'source and destination are the same machine, or one is a clone with the other’s machine-id',
      'name another destination; on a clone, remove /etc/machine-id and run systemd-machine-id-setup',
    );
  }
  if (to.id !== 'debian') {
    part.notice(
      'blocker',
      'destination',
      `${to.name} is not supported as a destination, only Debian is`,
      'install Debian on the destination',
    );
  } else if (from.os === 'debian' && Number(to.version) < Number(from.version)) {
    part.notice(
      'blocker',
      'destination',
      `the destination runs Debian ${to.version}, which is older than the source's ${from.version}`,
      'use a destination with the same release or a newer one',
    );
  }
  if (from.os !== 'debian') {
    part.notice(
      'blocker',
      'source',
      `${from.os} ${from.version} is not supported as a source, only Debian is`,
    );
  }
  if (to.architecture !== '' && from.architecture !== '' && to.architecture !== from.architecture) {
    part.notice(
      'care',
      'architecture',
      `the source is ${from.architecture} and the destination ${to.architecture}: programs that no package owns will not run`,
      'build what is in /usr/local and /opt again on the destination',
    );
  }
}

function checkUndecided(part: PartBuilder, manifest: Manifest): void {
  if (manifest.undecided.length === 0) return;
  const bytes = manifest.undecided.reduce((sum, one) => sum + one.bytes, 0);
  part.notice(
    'blocker',
    'undecided',
    `${count(manifest.undecided.length, 'path')} with ${size(bytes)} nobody has decided about: ${some(manifest.undecided.map((one) => one.path))}`,
    'decide with: opstimal-move decide FOLDER PATH CLASS',
  );
}

/** The mount that holds a path. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const inside = path === mount.target || mount.target === '/' || path.startsWith(`${mount.target}/`);
    if (inside && (best === undefined || mount.target.length > best.target.length)) best = mount;
  }
  return best;
}

function checkRoom(part: PartBuilder, input: PlanInput): void {
  if (!input.destination.mounts.known) return;
  const mounts = input.destination.mounts.value.filter((one) => one.size > 0);
  const needs = new Map<Mount, { bytes: number; files: number }>();
  const add = (path: string, bytes: number, files: number) => {
    const mount = mountOf(path, mounts);
    if (mount === undefined) return;
    const need = needs.get(mount) ?? { bytes: 0, files: 0 };
    needs.set(mount, { bytes: need.bytes + bytes, files: need.files + files });
  };
  for (const resource of input.manifest.resources) {
    if ('data' in resource) add(unquote(resource.data), resource.bytes, resource.files);
    // Loading a dump writes about as much again as the tables hold: write-ahead log and indexes.
    else if ('database' in resource) add('/var/lib', resource.bytes * 2, 0);
  }
  const grade = input.carriedBefore ? 'care' : 'blocker';
  const already = input.carriedBefore ? ', of which earlier passes brought a part' : '';
  for (const [mount, need] of needs) {
    // A tenth is left for packages, logs and what grows meanwhile.
    if (need.bytes * 1.1 > mount.available) {
      part.notice(
        grade,
        `room on ${quote(mount.target)}`,
        `the data needs ${size(need.bytes)}${already}, and ${quote(mount.target)} has ${size(mount.available)} free`,
        `make it larger by at least ${size(need.bytes * 1.1 - mount.available)}`,
      );
    }
    // Some file systems make inodes as they need them and say 0.
    if (mount.inodesAvailable > 0 && need.files > mount.inodesAvailable) {
      part.notice(
        grade,
        `room on ${quote(mount.target)}`,
        `the data has ${need.files} files${already}, and ${quote(mount.target)} can take ${mount.inodesAvailable} more`,
        'make a file system with more inodes',
      );
    }
  }
}

/** A service that is an instance on one release and a plain unit on another (postfix@-, postfix) is the same one. */
function stem(unit: string): string {
  return unit.replace(/@.*$|\.[a-z]+$/, '');
}

function checkPorts(part: PartBuilder, input: PlanInput, holds: Plan['holds']): void {
  const { source } = input;
  if (source === null || !source.ports.known || !input.destination.ports.known) return;
  const held = new Map(holds.map((one) => [one.source, one.unit]));
  for (const port of source.ports.value) {
    const unit = port.unit === null ? undefined : held.get(port.unit);
    if (unit === undefined) continue;
    const other = input.destination.ports.value.find(
      (one) =>
        one.protocol === port.protocol &&
        one.port === port.port &&
        (one.unit === null || stem(renameUnit(one.unit, input.pairs, input.profiles)) !== stem(unit)),
    );
    if (other === undefined) continue;
    part.notice(
      'blocker',
      `port ${port.port}/${port.protocol}`,
      `${other.unit ?? other.process} listens on port ${port.port} of the destination, where ${unit} shall`,
      `stop and disable ${other.unit ?? other.process} on the destination`,
    );
  }
}

function checkVersions(part: PartBuilder, pairs: readonly VersionPair[], input: PlanInput): void {
  for (const { name, version } of input.manifest.profiles) {
    const profile = input.profiles.find((one) => one.name === name);
    if (profile === undefined) {
      part.notice(
        'care',
        name,
        `the manifest was made with a profile called ${name}, which is not here`,
        'its units are held like any other; give the directory it is in with --profiles',
      );
      continue;
    }
    if (profile.version === undefined || version === null) continue;
    const pair = pairs.find((one) => one.profile === name);
    if (pair === undefined) {
      if (!input.destinationLive || !input.available.known) continue;
      part.notice(
        'blocker',
        profile.title,
        `the destination offers no version of ${profile.title}`,
        'add a repository that has it',
      );
    } else if (pair.old !== pair.new) {
      const how = profile.dump === undefined ? '' : ', so its data goes over as a dump';
      part.notice('care', profile.title, `${profile.title} goes from ${pair.old} to ${pair.new}${how}`);
    }
  }
}

/** Configuration that still says the old name means the wrong machine, or a name that has to be switched. */
function checkOldName(part: PartBuilder, input: PlanInput): void {
  const name = input.manifest.host.name;
  const own = input.destination.os.known ? input.destination.os.value.hostname : '';
  if (name === '' || name === own || name === 'localhost' || name.length < 3) return;
  const pattern = new RegExp(`(?<![\\w-])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`);
  const found: string[] = [];
  for (const resource of input.manifest.resources) {
    if (!('path' in resource) || !('kind' in resource) || resource.from === undefined) continue;
    // A file that is not written here cannot say anything wrong here.
    if (mergeHint(unquote(resource.path)) !== undefined) continue;
    const text = input.attachment(resource.from).toString('latin1');
    const lines = text.split('\n').filter((line) => !/^\s*[#;]/.test(line));
    if (lines.some((line) => pattern.test(line))) found.push(resource.path);
  }
  if (found.length === 0) return;
  part.notice(
    'care',
    'host name',
    `${count(found.length, 'file')} still ${found.length === 1 ? 'names' : 'name'} the old host ${name}: ${some(found)}`,
    `right if this machine takes the name over; else write ${own === '' ? 'its own name' : own} there`,
  );
}

/** Things on the destination that no recipe names. */
export function extras(input: PlanInput, installedNames: ReadonlySet<string>): string[] {
  const extra: string[] = [];
  const { packages, accounts, units } = input.destination;
  const users = new Set(input.manifest.resources.flatMap((one) => ('user' in one ? [one.user] : [])));
  const unitNames = new Set(input.manifest.resources.flatMap((one) => ('unit' in one ? [one.unit] : [])));
  const paths = new Set(
    input.manifest.resources.flatMap((one) => ('path' in one ? [unquote(one.path)] : [])),
  );
  if (packages.known) {
    const needed = new Set(
      packages.value.flatMap((one) =>
        one.depends.split(/[,|]/).map((word) => word.trim().split(/[\s:(]/)[0] ?? ''),
      ),
    );
    for (const one of packages.value) {
      if (one.status !== 'installed' || one.automatic || one.essential || installedNames.has(one.name))
        continue;
      if (['required', 'important', 'standard'].includes(one.priority) || needed.has(one.name)) continue;
      extra.push(`package ${one.name}`);
    }
  }
  if (accounts.known) {
    for (const user of accounts.value.users) {
      if (user.uid >= 1000 && user.uid < 60000 && !users.has(user.name)) extra.push(`user ${user.name}`);
    }
  }
  if (units.known) {
    for (const unit of units.value) {
      const custom = unit.fragment.startsWith('/etc/systemd/system/') && !paths.has(unit.fragment);
      if (custom && !unitNames.has(unit.name) && unit.state !== 'masked') extra.push(`unit ${unit.name}`);
    }
  }
  return extra.sort();
}
