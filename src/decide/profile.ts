/** Which profiles speak for a server, and what their paths and units are there. */
import type { Buffer } from 'node:buffer';
import { toBytes } from '../bytes.ts';
import type { Bytes, Facts, Profile } from '../types.ts';
import { matchLines } from './line-pattern.ts';
import { neverCopy } from './never-copy.ts';
import { literally, PathRules } from './path-rules.ts';
import { fitsName, versionsOf } from './rename.ts';
import { type Ruling, usualCarry } from './ruling.ts';
import { secretPlaces } from './secrets.ts';

export interface ActiveProfile {
  readonly profile: Profile;
  /** The newest of `versions`; null where the profile has no version. */
  readonly version: string | null;
  readonly versions: readonly string[];
  /** Values found in the service's configuration, or the defaults, by name of the setting. */
  readonly settings: Readonly<Record<string, readonly string[]>>;
  /** Where the values come from: the file, or `default`. */
  readonly origins: Readonly<Record<string, string>>;
}

/** A path rule of an active profile; the pattern is for `PathRules`. */
export interface ProfilePath {
  readonly pattern: Bytes;
  readonly weak: boolean;
  /** Only where its source lies beside it. */
  readonly compiled: boolean;
  /** Of a profile that did not come with this program. */
  readonly added: boolean;
  readonly ruling: Ruling;
}

type Known = Pick<Facts, 'packages' | 'units'>;

function installed(facts: Known): readonly (readonly [name: string, version: string])[] {
  if (!facts.packages.known) return [];
  return facts.packages.value
    .filter((one) => one.status === 'installed')
    .map((one) => [one.name, one.version] as const);
}

function versionsHere(profile: Profile, facts: Known): readonly string[] {
  return profile.version === undefined ? [] : versionsOf(profile.version, installed(facts));
}

function isOn(profile: Profile, facts: Known): boolean {
  const { packages, units } = profile.detect;
  const byPackage = packages?.some((pattern) => installed(facts).some(([name]) => fitsName(pattern, name)));
  const byUnit =
    facts.units.known &&
    units?.some(
      (pattern) => facts.units.known && facts.units.value.some((unit) => fitsName(pattern, unit.name)),
    );
  const found = byPackage === true || byUnit === true;
  return found && (profile.version === undefined || versionsHere(profile, facts).length > 0);
}

/** The text once for each version, or once where there is none. */
function perVersion(text: string, versions: readonly string[]): string[] {
  if (!text.includes('{version}')) return [text];
  return versions.map((version) => text.replaceAll('{version}', version));
}

/** Globs of the configuration files that `activate` needs. */
export function filesWanted(profiles: readonly Profile[], facts: Known): Bytes[] {
  const globs = profiles
    .filter((profile) => isOn(profile, facts))
    .flatMap((profile) =>
      (profile.settings ?? []).flatMap((setting) =>
        setting.files.flatMap((file) => perVersion(file, versionsHere(profile, facts))),
      ),
    );
  return [...new Set(globs)].map(toBytes);
}

/** Paths below /etc that no profile gets to see, whoever wrote it: nothing in them says where a service keeps data. */
const closed = /^\/etc\/(?:g?shadow|passwd|group|sub[ug]id|sudoers)(?:-|\.|$|\/)/;

/**
 * Whether a scan reads a file for profiles: `path` matches what `filesWanted` named, and it and the file it leads to
 * lie below /etc and in no place of keys and passwords, and in none that belongs to one machine.
 */
export function mayRead(globs: readonly Bytes[]): (path: Bytes, target: Bytes) => boolean {
  const rules = new PathRules<true>();
  for (const glob of globs) rules.add(glob, true, 'path');
  const [secret, never] = [secretPlaces(), neverCopy()];
  return (path, target) =>
    rules.of(path) === true && isOpen(path, secret, never) && isOpen(target, secret, never);
}

function isOpen(path: Bytes, secret: PathRules<Ruling>, never: PathRules<Ruling>): boolean {
  return (
    path.startsWith('/etc/') && !closed.test(path) && secret.of(path) === null && never.of(path) === null
  );
}

/**
 * The profiles that are on. `files` holds the content of what `filesWanted` named, by the path as it matched;
 * `sqliteFound` says whether any file with SQLite's magic was seen.
 */
export function activate(
  profiles: readonly Profile[],
  facts: Known,
  files: ReadonlyMap<Bytes, Buffer>,
  sqliteFound = false,
): ActiveProfile[] {
  return profiles
    .filter((profile) => (profile.detect.magic === 'sqlite' && sqliteFound) || isOn(profile, facts))
    .map((profile) => {
      const versions = versionsHere(profile, facts);
      const settings: Record<string, readonly string[]> = {};
      const origins: Record<string, string> = {};
      for (const setting of profile.settings ?? []) {
        const found = valuesOf(setting, versions, files);
        settings[setting.name] =
          found.values.length > 0
            ? found.values
            : setting.default.flatMap((value) => perVersion(value, versions));
        origins[setting.name] = found.values.length > 0 ? found.origin : 'default';
      }
      return { profile, version: versions.at(-1) ?? null, versions, settings, origins };
    });
}

/** More values than this are no setting; what is left over lies where its place says. */
const mostValues = 1000;

function valuesOf(
  setting: NonNullable<Profile['settings']>[number],
  versions: readonly string[],
  files: ReadonlyMap<Bytes, Buffer>,
): { values: string[]; origin: string } {
  const values = new Set<string>();
  let last: string | null = null;
  let origin = '';
  for (const glob of setting.files.flatMap((file) => perVersion(file, versions))) {
    const rules = new PathRules<true>();
    rules.add(toBytes(glob), true, 'path');
    for (const path of [...files.keys()].filter((key) => rules.of(key) === true).sort()) {
      for (const value of matchLines(setting.pattern, files.get(path)?.toString('latin1') ?? '')) {
        if (!believable(value) || values.size >= mostValues) continue;
        values.add(value);
        last = value;
        origin = path;
      }
    }
  }
  if (setting.take === 'last') return { values: last === null ? [] : [last], origin };
  return { values: [...values].sort(), origin };
}

/** Directories of the system that no service has for itself, whatever its configuration says. */
const shared = new Set(
  ['', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/media', '/mnt', '/opt', '/proc', '/root', '/run']
    .concat(['/sbin', '/srv', '/sys', '/tmp', '/usr', '/usr/bin', '/usr/lib', '/usr/local', '/usr/share'])
    .concat(['/var', '/var/cache', '/var/lib', '/var/log', '/var/spool', '/var/tmp', '/var/www']),
);

/** A value becomes a path and nothing else, so what is no path is not taken: it could be a password. */
function believable(path: string): boolean {
  if (!path.startsWith('/') || path.length > 4096 || path.includes('\0')) return false;
  const plain = path.replace(/\/+$/, '');
  return !shared.has(plain) && !plain.split('/').some((part) => part === '.' || part === '..');
}

/**
 * A path that some configuration gives to a cache, and that could just as well hold everything: a whole disk, a home.
 * A rule that leaves things behind does not speak for it; what lies there is looked at as if nobody had named it.
 */
export function isBroad(pattern: string): boolean {
  const segments = pattern.split('/').filter((part) => part !== '');
  const glob = segments.findIndex((part) => /[*?[{]/.test(part.replaceAll(/\\./g, '')));
  const [first, second, third] = glob < 0 ? segments : segments.slice(0, glob);
  if (second === undefined) return true;
  return third === undefined && (first === 'home' || first === 'mnt' || first === 'media');
}

const kinds: Readonly<Record<string, string>> = { data: 'data', cache: 'cache', log: 'log' };

/** The path rules of an active profile, with versions and settings filled in. */
export function pathsOf(active: ActiveProfile): ProfilePath[] {
  const { profile, settings, versions } = active;
  return profile.paths.flatMap((rule) => {
    const names = [...rule.path.matchAll(/\$\{([a-zA-Z0-9]+)\}/g)].map((match) => match[1] as string);
    let patterns: string[] = perVersion(rule.path, versions);
    for (const name of names) {
      const values = settings[name] ?? [];
      patterns = patterns.flatMap((pattern) =>
        values.map((value) => pattern.replaceAll(`\${${name}}`, () => literally(value.replace(/\/+$/, '')))),
      );
    }
    const from = names.map((name) => active.origins[name]).filter((origin) => origin !== 'default');
    const staysBehind = (rule.carry ?? usualCarry(rule.class)) === 'none' && rule.class !== 'undecided';
    if (staysBehind && from.length > 0) patterns = patterns.filter((pattern) => !isBroad(pattern));
    const ruling: Ruling = {
      class: rule.class,
      carry: rule.carry ?? usualCarry(rule.class),
      rule: `profile.${profile.name}.${(kinds[rule.kind] ?? rule.kind).replaceAll(/[^a-z0-9]+/gi, '-')}`,
      reason: `${profile.title}: ${rule.kind}`,
      evidence:
        from.length > 0
          ? `named in ${from.join(', ')}`
          : names.length > 0
            ? `default of profile ${profile.name}; no configuration names another`
            : `profile ${profile.name} names ${rule.path}`,
    };
    return patterns.map((pattern) => ({
      pattern: names.length > 0 ? pattern : toBytes(pattern),
      weak: rule.weak === true,
      compiled: rule.compiled === true,
      added: profile.added !== undefined,
      // Whatever named it: what lies in /etc is configuration, and is shown, merged and sealed as that.
      ruling:
        ruling.carry === 'stream' && pattern.startsWith('/etc/') ? { ...ruling, carry: 'manifest' } : ruling,
    }));
  });
}

/** Name patterns of the units of an active profile; `*` stands for anything. */
export function unitsOf(active: ActiveProfile): string[] {
  return active.profile.units.flatMap((unit) => perVersion(unit, active.versions));
}
