/**
 * A server made of a profile's fixture: `facts.yaml` (packages and units as dpkg and systemd name them), `etc/` (the
 * service's configuration) and `expected.yaml` (what must come of it), all in `fixtures/profiles/<name>/`.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { toBytes } from '../../src/bytes.ts';
import { Classifier, type ClassifyContext } from '../../src/decide/classify.ts';
import { PathRules } from '../../src/decide/path-rules.ts';
import { type ActiveProfile, activate, filesWanted, mayRead } from '../../src/decide/profile.ts';
import type { Bytes, Entry, InstalledPackage, Profile, Unit } from '../../src/types.ts';

/** `packages`: name → version; `packaged`: paths that dpkg’s lists hold; `sqlite`: a database was seen. */
export interface FixtureFacts {
  readonly packages?: Readonly<Record<string, string>>;
  readonly units?: readonly string[];
  readonly packaged?: readonly string[];
  readonly sqlite?: boolean;
}

/** `paths`: path → `CLASS CARRY RULE`. A `todo` says what nobody filled in yet. */
export interface Expected {
  readonly todo?: string;
  readonly settings?: Readonly<Record<string, readonly string[]>>;
  readonly paths?: Readonly<Record<string, string>>;
  readonly units?: readonly string[];
  readonly tier?: Profile['tier'];
}

export interface Fixture {
  readonly facts: FixtureFacts;
  readonly expected: Expected;
  readonly etc: ReadonlyMap<Bytes, Buffer>;
}

/** null = there is no fixture. */
export function readFixture(directory: string): Fixture | null {
  const read = (name: string): unknown =>
    existsSync(join(directory, name)) ? (parse(readFileSync(join(directory, name), 'utf8')) ?? {}) : null;
  const [facts, expected] = [read('facts.yaml'), read('expected.yaml')];
  if (facts === null || expected === null) return null;
  return { facts: facts as FixtureFacts, expected: expected as Expected, etc: filesBelow(directory) };
}

/** What keeps a fixture from being a test, in a sentence; null = nothing. */
export function unfinished(name: string, fixture: Fixture | null): string | null {
  if (fixture === null)
    return `fixtures/profiles/${name}/ is missing: npm run new-profile -- NAME shows what belongs in it`;
  const { todo } = fixture.expected;
  return todo === undefined ? null : `fixtures/profiles/${name}/expected.yaml is not filled in: ${todo}`;
}

function filesBelow(directory: string): Map<Bytes, Buffer> {
  const files = new Map<Bytes, Buffer>();
  if (!existsSync(join(directory, 'etc'))) return files;
  for (const name of readdirSync(join(directory, 'etc'), { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(directory, 'etc', name);
    if (statSync(file).isFile()) files.set(toBytes(`/etc/${name}`), readFileSync(file));
  }
  return files;
}

const notAsked = { known: false, reason: 'not asked' } as const;

function packageOf(name: string, version: string): InstalledPackage {
  return {
    name,
    version,
    architecture: 'amd64',
    status: 'installed',
    source: name,
    priority: 'optional',
    section: '',
    essential: false,
    multiArchSame: false,
    automatic: false,
    held: false,
    depends: '',
    provides: '',
    conffiles: [],
  };
}

function unitOf(name: string): Unit {
  return {
    name,
    state: 'enabled',
    preset: 'enabled',
    active: 'active',
    fragment: toBytes(`/lib/systemd/system/${name}`),
    dropIns: [],
    user: '',
    type: 'simple',
    stateDirectories: [],
    cacheDirectories: [],
    logsDirectories: [],
    runtimeDirectories: [],
    readWritePaths: [],
    workingDirectory: '',
    execStart: [],
    environmentFiles: [],
    requires: [],
    after: [],
  };
}

export function factsOf(facts: FixtureFacts): ClassifyContext['facts'] {
  const packages = Object.entries(facts.packages ?? {}).map(([name, version]) => packageOf(name, version));
  const owner = packages[0]?.name ?? '';
  return {
    packages: { known: true, value: packages },
    units: { known: true, value: (facts.units ?? []).map(unitOf) },
    owned: { known: true, value: new Map((facts.packaged ?? []).map((path) => [toBytes(path), owner])) },
    recordedDigests: notAsked,
    unpacked: notAsked,
    accounts: notAsked,
    diversions: notAsked,
    ucf: notAsked,
    unitDirectives: notAsked,
    pathFilters: notAsked,
    tmpfiles: notAsked,
    logrotate: notAsked,
    openForWriting: notAsked,
  };
}

/** The profiles that are on, with only those files read that a scan would read. */
export function activateOn(
  profiles: readonly Profile[],
  fixture: Omit<Fixture, 'expected'>,
): ActiveProfile[] {
  const facts = factsOf(fixture.facts);
  const wanted = mayRead(filesWanted(profiles, facts));
  const files = new Map([...fixture.etc].filter(([path]) => wanted(path, path)));
  return activate(profiles, facts, files, fixture.facts.sqlite === true);
}

/** `etc`: paths of files below /etc. */
export function classifierOf(
  active: readonly ActiveProfile[],
  facts: FixtureFacts,
  etc: Iterable<Bytes> = [],
): Classifier {
  return new Classifier({
    facts: factsOf(facts),
    profiles: active,
    marks: { paths: [], cacheTags: new Set() },
    swapFiles: [],
    foreign: new PathRules(),
    databases: new Set(),
    secretEnvironments: new Set(),
    repositories: { files: new Set(), keys: new Set(), distribution: new Set() },
    evidence: {
      etc: new Map([...etc].map((path) => [path, fileNamed(path)])),
      marks: new Set(),
      said: new Map(),
    },
  });
}

/** A plain file at a path, as a listing would give it. */
export function fileNamed(path: string): Entry {
  return {
    path: toBytes(path),
    type: 'f',
    mode: 0o644,
    uid: 0,
    gid: 0,
    user: 'root',
    group: 'root',
    size: 1,
    mtime: 0n,
    ctime: 0n,
    device: 1,
    inode: 1,
    links: 1,
    blocks: 8,
  };
}
