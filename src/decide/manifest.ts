/** Puts the manifest together: resources from facts and verdicts, and what is left to decide. */
import { parentOf, quote } from '../bytes.ts';
import type {
  AlternativeResource,
  Bytes,
  Class,
  DatabaseResource,
  DataResource,
  DiversionResource,
  Entry,
  Facts,
  Manifest,
  PathResource,
  Resource,
  StatOverrideResource,
  Verdict,
} from '../types.ts';
import { accountResources, declaredByPackages, type UsedAccounts } from './manifest-accounts.ts';
import { type Attach, type Contents, packageResources, repositoryResources } from './manifest-packages.ts';
import { type SeenUnits, unitResources } from './manifest-units.ts';
import { canonical } from './manifest-yaml.ts';
import type { ActiveProfile } from './profile.ts';
import { redactText } from './redact-text.ts';
import type { Ruling } from './ruling.ts';
import type { VerdictIndex } from './verdicts.ts';

/** A path that the manifest carries by itself. */
export interface CarriedPath {
  readonly path: Bytes;
  /** null = it was removed on purpose. */
  readonly entry: Entry | null;
  readonly ruling: Ruling;
  readonly base: { readonly package: string; readonly md5: string } | null;
}

export interface ManifestInput {
  readonly facts: Facts;
  readonly profiles: readonly ActiveProfile[];
  readonly index: VerdictIndex;
  readonly classes: Manifest['classes'];
  readonly carried: readonly CarriedPath[];
  readonly contents: Contents;
  /** What was changed in files of packages, as patches. */
  readonly changes: ReadonlyMap<Bytes, Uint8Array>;
  readonly attach: Attach;
  readonly used: UsedAccounts;
  readonly seenUnits: SeenUnits;
  /** Checkouts, stacks, containers and builds. */
  readonly finds: readonly Resource[];
  /** What could not be read besides facts. */
  readonly unread: readonly { readonly fact: string; readonly reason: string }[];
}

/** Rules whose paths are other resources already. */
const otherResource = new Set(['unit.masked', 'unit.link', 'repository.source', 'repository.named-key']);

/**
 * A number rounded up to so many leading digits. A server writes while it is looked at; the manifest shall stay
 * the same for it. The exact numbers are in verdicts.jsonl.
 */
export function rounded(value: number, digits: number): number {
  if (value < 10 ** digits) return value;
  const unit = 10 ** (Math.floor(Math.log10(value)) + 1 - digits);
  return Math.ceil(value / unit) * unit;
}

export function makeManifest(input: ManifestInput): Manifest {
  const { facts } = input;
  const os = facts.os.known ? facts.os.value : null;
  const resources: Resource[] = [
    ...packageResources(facts),
    ...repositoryResources(facts, input.contents, input.attach),
    ...(facts.accounts.known
      ? accountResources(facts.accounts.value, input.used, declaredByPackages(facts))
      : []),
    ...overrides(facts),
    ...input.carried.flatMap((one) => pathResource(one, input)),
    ...unitResources(facts, input.profiles, input.seenUnits),
    ...databaseResources(input.profiles, input.index),
    ...dataResources(input.index),
    ...input.finds,
  ];
  return canonical({
    opstimal: 'manifest/2',
    host: {
      name: os?.hostname ?? '',
      os: os?.id ?? '',
      version: os?.version ?? '',
      codename: os?.codename ?? '',
      architecture: os?.architecture ?? '',
    },
    profiles: input.profiles.map(({ profile, version }) => ({ name: profile.name, version })),
    resources,
    classes: roundedClasses(input.classes),
    undecided: undecidedGroups(input.index),
    incomplete: [
      ...Object.entries(facts).flatMap(([fact, answered]) =>
        answered.known ? [] : [{ fact, reason: answered.reason as string }],
      ),
      ...input.unread,
      // The words of a program on the server, which may repeat a line of its configuration.
    ].map(({ fact, reason }) => ({ fact, reason: redactText(reason) })),
  });
}

function roundedClasses(classes: Manifest['classes']): Manifest['classes'] {
  const entries = Object.entries(classes) as [Class, { files: number; bytes: number }][];
  const result = entries.map(([name, { files, bytes }]) => {
    // Data, logs and run-time state grow while we look, our own login adds to them.
    const digits = ['mutable', 'ephemeral', 'identity'].includes(name) ? 1 : 2;
    return [name, { files: rounded(files, 1), bytes: rounded(bytes, digits) }];
  });
  return Object.fromEntries(result) as Manifest['classes'];
}

function overrides(facts: Facts): Resource[] {
  const alternatives = facts.alternatives.known ? facts.alternatives.value : [];
  const diversions = facts.diversions.known ? facts.diversions.value : [];
  const statOverrides = facts.statOverrides.known ? facts.statOverrides.value : [];
  return [
    ...alternatives
      .filter((one) => one.mode === 'manual')
      .map((one): AlternativeResource => ({ alternative: one.name, path: quote(one.path) })),
    ...diversions
      .filter((one) => one.by === 'local')
      .map((one): DiversionResource => ({ diversion: quote(one.path), to: quote(one.divertedTo) })),
    ...statOverrides
      .filter((one) => one.by === null)
      .map(
        (one): StatOverrideResource => ({
          statoverride: quote(one.path),
          user: one.user,
          group: one.group,
          mode: one.mode,
        }),
      ),
  ];
}

function pathResource(one: CarriedPath, input: ManifestInput): PathResource[] {
  const { path, entry, ruling, base } = one;
  // A decision of a person may have taken it out, or made it data.
  const verdict = input.index.of(path);
  const isKeptToRead = ruling.class === 'identity';
  if (!isKeptToRead && verdict !== null && verdict.carry !== 'manifest') return [];
  if (otherResource.has(ruling.rule)) return [];
  const based = base === null || base.package === '' ? {} : { base };
  const noted = note(ruling);
  const change = input.changes.get(path);
  const patched = change === undefined ? {} : { patch: input.attach(change).from };
  if (entry === null) return [{ path: quote(path), kind: 'absent', ...based, ...patched, ...noted }];
  const owners = {
    owner: entry.user ?? String(entry.uid),
    group: entry.group ?? String(entry.gid),
    mode: entry.mode.toString(8).padStart(4, '0'),
  };
  if (entry.type === 'd') return [{ path: quote(path), kind: 'directory', ...owners, ...noted }];
  if (entry.type === 'l') {
    return [
      {
        path: quote(path),
        kind: 'link',
        target: quote(entry.target ?? ''),
        owner: owners.owner,
        group: owners.group,
        ...based,
        ...noted,
      },
    ];
  }
  if (entry.type !== 'f') return [];
  if (ruling.class === 'secret') {
    const said = change === undefined ? noted : leftOut(noted.note);
    return [{ path: quote(path), kind: 'file', ...owners, secret: true, ...based, ...patched, ...said }];
  }
  const content = input.contents.get(path);
  if (content === undefined) return [];
  return [
    { path: quote(path), kind: 'file', ...input.attach(content), ...owners, ...based, ...patched, ...noted },
  ];
}

const explained: Readonly<Record<string, string>> = {
  'package.patched': 'changed although it is no configuration: a patched program, or an intrusion',
  'package.patched-unread': 'could not be read; it is no configuration, and may have been changed',
  'package.leftover-edited': 'its package was removed; the configuration stayed',
  'diversion.replacement': 'stands in the place of a packaged file that was moved aside',
  'merge.root-keys': 'merged with the keys that are there, never overwritten',
  'identity.name': 'kept to be read: the own lines belong to the machine',
  'identity.disks': 'kept to be read: the disks belong to the machine',
};

/** Why a path is in the manifest. What is there only because no package owns it needs no words: the heading has them. */
function note(ruling: Ruling): { note?: string } {
  const text = explained[ruling.rule];
  if (text !== undefined) return { note: text };
  if (ruling.class === 'secret' || ruling.rule.startsWith('package.')) {
    return { note: withEvidence(quote(ruling.reason), ruling.class === 'secret' ? ruling.evidence : '') };
  }
  return {};
}

function leftOut(note: string | undefined): { note: string } {
  const told = 'values of secrets are left out of the patch';
  return { note: note === undefined ? told : `${note}; ${told}` };
}

/** What was seen, where it says more than the reason and is the same at every scan. */
function withEvidence(reason: string, evidence: Bytes): string {
  const saysNothing = /^$|^by its (place|name|type)$|^open for writing|^decided /.test(evidence);
  return saysNothing ? reason : `${reason} (${quote(evidence)})`;
}

function databaseResources(profiles: readonly ActiveProfile[], index: VerdictIndex): DatabaseResource[] {
  return profiles.flatMap(({ profile }) => {
    const engine = profile.dump;
    if (engine === undefined) return [];
    let bytes = 0;
    for (const verdict of index.all()) {
      if (verdict.carry === 'dump' && verdict.rule.startsWith(`profile.${profile.name}.`))
        bytes += verdict.bytes;
    }
    return [{ database: engine, engine, bytes: rounded(bytes, 1) }];
  });
}

/** Rules of profiles, to say which service a tree belongs to. */
function profileOf(rule: string): string | undefined {
  return /^profile\.([a-z0-9-]+)\./.exec(rule)?.[1];
}

/** A service's own data is named by itself, even inside a larger tree. */
function isPartOf(verdict: Verdict, top: Verdict | undefined): boolean {
  const profile = profileOf(verdict.rule);
  return profile === undefined || (top !== undefined && profile === profileOf(top.rule));
}

/** The top trees of what is carried as data, with everything below that travels too. */
export function dataResources(index: VerdictIndex): DataResource[] {
  const tops = new Map<Bytes, { verdict: Verdict; files: number; bytes: number }>();
  const inside = (path: Bytes) => index.of(path === '/' ? '/\0' : `${path}/\0`);
  const streams = [...index.all()]
    .filter((verdict) => verdict.carry === 'stream')
    .sort((left, right) => (left.path < right.path ? -1 : 1));
  const topOf = (path: Bytes): Bytes | null => {
    for (let at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1)) {
      const above = at === 0 ? '/' : path.slice(0, at);
      if (tops.has(above)) return above;
      if (at === 0) break;
    }
    return null;
  };
  for (const verdict of streams) {
    const top = topOf(verdict.path);
    const isInside =
      top !== null && (inside(top)?.carry === 'stream' || tops.get(top)?.verdict.scope === 'tree');
    const isSame = top !== null && isPartOf(verdict, tops.get(top)?.verdict);
    const group = isInside && isSame ? tops.get(top) : undefined;
    if (group === undefined) {
      const before = tops.get(verdict.path);
      tops.set(verdict.path, {
        verdict: before?.verdict ?? verdict,
        files: (before?.files ?? 0) + verdict.files,
        bytes: (before?.bytes ?? 0) + verdict.bytes,
      });
    } else {
      group.files += verdict.files;
      group.bytes += verdict.bytes;
    }
  }
  const filled = [...tops].filter(([, { files }]) => files > 0);
  return filled.map(([path, { verdict, files, bytes }]) => {
    const profile = profileOf(verdict.rule);
    return {
      data: quote(path),
      class: verdict.class === 'secret' ? ('secret' as const) : ('mutable' as const),
      bytes: rounded(bytes, 1),
      files: rounded(files, 1),
      ...(profile === undefined ? {} : { profile }),
      note: withEvidence(verdict.reason, verdict.evidence),
    };
  });
}

/**
 * What nothing explains and nobody has decided, largest trees first by their top. The directories in a tree are
 * named one by one only once a person has said something about one of them.
 */
export function undecidedGroups(index: VerdictIndex): Manifest['undecided'] {
  const all = [...index.all()];
  const open = all.filter((verdict) => verdict.class === 'undecided' && verdict.rule !== 'undecided.unseen');
  const trees = new Map(open.filter(({ scope }) => scope === 'tree').map((one) => [one.path, one] as const));
  const touched = new Set<Bytes>();
  for (const verdict of all) {
    if (verdict.rule !== 'decision') continue;
    for (let at = parentOf(verdict.path); at !== '/'; at = parentOf(at)) touched.add(at);
  }
  const groups = new Map<Bytes, { bytes: number; files: number }>();
  const unentered = new Set<Bytes>();
  for (const verdict of open) {
    // Nothing was counted in a file system that was not entered, and still somebody must say what it is.
    if (verdict.rule.startsWith('mount.')) unentered.add(verdict.path);
    const above = parentOf(verdict.path);
    const isPart = verdict.scope === 'tree' && trees.get(above)?.rule === verdict.rule && !touched.has(above);
    const path = isPart ? above : verdict.path;
    const group = groups.get(path) ?? { bytes: 0, files: 0 };
    groups.set(path, { bytes: group.bytes + verdict.bytes, files: group.files + verdict.files });
  }
  return [...groups]
    .filter(([path, { files }]) => files > 0 || unentered.has(path))
    .map(([path, { bytes, files }]) => ({
      path: quote(path),
      bytes: rounded(bytes, 1),
      files: rounded(files, 1),
    }));
}

/** The manifest after a person has decided: data and groups anew, paths that no longer travel left out. */
export function decided(
  manifest: Manifest,
  index: VerdictIndex,
  unquoted: (path: string) => Bytes,
): Manifest {
  const kept = manifest.resources.filter((resource) => {
    if ('data' in resource) return false;
    if (!('path' in resource) || !('kind' in resource)) return true;
    const verdict = index.of(unquoted(resource.path));
    return (
      verdict === null ||
      verdict.carry === 'manifest' ||
      resource.note?.startsWith('kept to be read') === true
    );
  });
  return canonical({
    ...manifest,
    resources: [...kept, ...dataResources(index)],
    undecided: undecidedGroups(index),
  });
}
