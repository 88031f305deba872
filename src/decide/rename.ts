/** Which version of a service the destination has, and what packages, units and paths are called there. */
import type { Facts, Manifest, Profile } from '../types.ts';
import { matchLine } from './line-pattern.ts';
import type { Available } from './plan-input.ts';
import { type Renames, successors } from './renames.ts';

/** One service that has another version, or the same, on the destination. */
export interface VersionPair {
  readonly profile: string;
  readonly old: string;
  readonly new: string;
}

/** Whether a package name fits a pattern in which `*` stands for anything; in time linear in the name. */
export function fitsName(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() as string;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

/** Order of versions of services such as 7.4 and 8.4, number by number. */
function compareNumbers(left: string, right: string): number {
  const [a, b] = [left.split('.').map(Number), right.split('.').map(Number)];
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

/** Versions that a set of packages gives a service, by the profile's pattern. */
export function versionsOf(
  rule: NonNullable<Profile['version']>,
  packages: Iterable<readonly [name: string, version: string]>,
): string[] {
  const found = new Set<string>();
  for (const [name, version] of packages) {
    if (!fitsName(rule.package, name)) continue;
    const match = matchLine(rule.pattern, rule.of === 'name' ? name : version);
    if (match !== null) found.add(match);
  }
  return [...found].sort(compareNumbers);
}

/**
 * Version pairs of the manifest's profiles. The destination's version is the one that is installed there; else
 * the source's own where it is offered; else the newest one offered. A profile that the destination has no
 * version for gets no pair.
 */
export function versionPairs(
  manifest: Manifest,
  destination: Pick<Facts, 'packages'>,
  profiles: readonly Profile[],
  available: Available = new Map(),
): VersionPair[] {
  const installed = destination.packages.known
    ? destination.packages.value
        .filter((one) => one.status === 'installed')
        .map((one) => [one.name, one.version] as const)
    : [];
  const offered = [...available].map(([name, offer]) => [name, offer.candidate] as const);
  return manifest.profiles.flatMap(({ name, version: old }) => {
    const rule = profiles.find((profile) => profile.name === name)?.version;
    if (rule === undefined || old === null) return [];
    const there = versionsOf(rule, installed);
    const offers = versionsOf(rule, offered);
    const chosen = there.includes(old) ? old : (there.at(-1) ?? (offers.includes(old) ? old : offers.at(-1)));
    return chosen === undefined ? [] : [{ profile: name, old, new: chosen }];
  });
}

/** `{old}` and `{new}` filled in. */
export function fill(text: string, pair: VersionPair): string {
  return text.replaceAll('{old}', pair.old).replaceAll('{new}', pair.new);
}

/** Whether a version stands in the text by itself: 7.4 in `php7.4-fpm`, not in `17.4` or `7.40`. */
function versionPattern(version: string): RegExp {
  return new RegExp(`(?<![0-9.])${version.replaceAll('.', '\\.')}(?!\\.?[0-9])`, 'g');
}

/** What a unit of a profile with a pair is called on the destination; the same name where no pair speaks. */
export function renameUnit(
  unit: string,
  pairs: readonly VersionPair[],
  profiles: readonly Profile[],
): string {
  for (const pair of pairs) {
    const profile = profiles.find((one) => one.name === pair.profile);
    if (profile === undefined || pair.old === pair.new) continue;
    const fits = profile.units.some((pattern) =>
      fitsName(fill(pattern.replaceAll('{version}', pair.old), pair), unit),
    );
    if (fits) return unit.replaceAll(versionPattern(pair.old), pair.new);
  }
  return unit;
}

/** Beginnings of names that carry a version, for example `php{old}`: they rename programs, too. */
function stems(profile: Profile): string[] {
  return (profile.packages ?? []).flatMap(({ from }) => {
    const at = from.indexOf('{old}');
    return at <= 0 ? [] : [from.slice(0, at + '{old}'.length)];
  });
}

/** A program's path on the destination, for alternatives: `/usr/bin/php7.4` becomes `/usr/bin/php8.4`. */
export function renameProgram(
  path: string,
  pairs: readonly VersionPair[],
  profiles: readonly Profile[],
): string {
  let renamed = path;
  for (const pair of pairs) {
    const profile = profiles.find((one) => one.name === pair.profile);
    for (const stem of new Set(profile === undefined ? [] : stems(profile))) {
      const [from, to] = [fill(stem, pair), fill(stem.replaceAll('{old}', '{new}'), pair)];
      const pattern = new RegExp(`${from.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\.?[0-9])`, 'g');
      renamed = renamed.replaceAll(pattern, to);
    }
  }
  return renamed;
}

/** What becomes of a package. `names` is empty when nothing takes its place. */
export interface Counterpart {
  readonly names: readonly string[];
  readonly by: 'same' | 'version' | 'table' | 'provides' | 'gone' | 'none';
  readonly note: string;
}

/** The package's name by the rules of profiles for a version pair, or null. */
function byProfile(name: string, pairs: readonly VersionPair[], profiles: readonly Profile[]): string | null {
  for (const pair of pairs) {
    if (pair.old === pair.new) continue;
    const profile = profiles.find((one) => one.name === pair.profile);
    for (const rule of profile?.packages ?? []) {
      const from = fill(rule.from, pair);
      if (!fitsName(from, name)) continue;
      const star = from.indexOf('*');
      const rest = star < 0 ? '' : name.slice(star, name.length - (from.length - star - 1));
      return fill(rule.to, pair).replace('*', () => rest);
    }
  }
  return null;
}

/**
 * The counterpart of a package among what the destination offers: by a profile's version rule, under its own
 * name, by the table, or as the one package that provides the name.
 */
export function counterpart(
  name: string,
  context: {
    readonly pairs: readonly VersionPair[];
    readonly profiles: readonly Profile[];
    readonly renames: Renames;
    readonly available: Available;
    readonly providers: ReadonlyMap<string, readonly string[]>;
  },
): Counterpart {
  const versioned = byProfile(name, context.pairs, context.profiles);
  if (versioned !== null && context.available.has(versioned)) {
    return { names: [versioned], by: 'version', note: '' };
  }
  if (context.available.has(name)) return { names: [name], by: 'same', note: '' };
  for (const proposal of successors(context.renames, name)) {
    if (proposal.to.length === 0) return { names: [], by: 'gone', note: proposal.note };
    if (proposal.to.every((one) => context.available.has(one))) {
      return { names: proposal.to, by: 'table', note: proposal.note };
    }
  }
  const providers = context.providers.get(name) ?? [];
  if (providers.length === 1) return { names: providers, by: 'provides', note: '' };
  return { names: [], by: 'none', note: '' };
}

/** Who provides a name that is no package of its own. */
export function providersOf(available: Available): Map<string, string[]> {
  const providers = new Map<string, string[]>();
  for (const [name, offer] of available) {
    for (const provided of offer.provides) {
      const list = providers.get(provided);
      if (list === undefined) providers.set(provided, [name]);
      else list.push(name);
    }
  }
  return providers;
}
