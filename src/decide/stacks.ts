/**
 * What package managers of languages installed, told from lockfiles and from what lies in their trees. A stack is
 * called reproducible only where its lockfile names every piece exactly and it is known which runtime it was made for;
 * a wrong yes would let somebody throw away what cannot be had again.
 */
import { parentOf, quote } from '../bytes.ts';
import type { Bytes, InstalledPackage, StackResource, Unit } from '../types.ts';
import { objectOf, type Pins, parsed, pieceName, pinsOf } from './stack-locks.ts';

type Language = StackResource['language'];

interface LockRule {
  readonly name: string;
  readonly language: Language;
  readonly manager: string;
  /** Files beside it that name the runtime, best first. */
  readonly runtimes: readonly string[];
}

/** Lockfiles whose directory is a project; the first one of a language in a directory is the one that counts. */
export const lockRules: readonly LockRule[] = [
  { name: 'composer.lock', language: 'php', manager: 'composer', runtimes: [] },
  {
    name: 'Gemfile.lock',
    language: 'ruby',
    manager: 'bundler',
    runtimes: ['.ruby-version', '.tool-versions'],
  },
  ...['npm-shrinkwrap.json', 'package-lock.json', 'pnpm-lock.yaml', 'yarn.lock'].map(
    (name): LockRule => ({
      name,
      language: 'node',
      manager: name.startsWith('yarn') ? 'yarn' : name.startsWith('pnpm') ? 'pnpm' : 'npm',
      runtimes: ['.nvmrc', '.node-version', '.tool-versions', 'package.json'],
    }),
  ),
  {
    name: 'Cargo.lock',
    language: 'rust',
    manager: 'cargo',
    runtimes: ['rust-toolchain.toml', 'rust-toolchain', '.tool-versions'],
  },
  { name: 'gradle.lockfile', language: 'java', manager: 'gradle', runtimes: ['.tool-versions'] },
];

/** Lockfiles of a Python project, looked for beside its virtual environment, best first. */
const pythonLocks: readonly (readonly [name: string, manager: string])[] = [
  ['uv.lock', 'uv'],
  ['poetry.lock', 'poetry'],
  ['pdm.lock', 'pdm'],
  ['Pipfile.lock', 'pipenv'],
  ['requirements.txt', 'pip'],
];

/** Trees that a package manager filled: a lockfile in there belongs to what it installed. */
const withinInstalled =
  /\/(node_modules|site-packages|dist-packages|vendor|\.cargo|\.rustup|\.cache|\.npm|\.nvm|\.pnpm-store|\.composer|\.bundle|gems|go\/pkg|testdata)\//;

export interface GoProgram {
  readonly path: Bytes;
  readonly version: string;
  /** Import path. */
  readonly package: string;
  readonly module: string;
  readonly moduleVersion: string;
  readonly revision: string;
  readonly modified: boolean;
}

/** What lies in trees of installed pieces, by tree: `name version`. */
export interface Installed {
  /** site-packages and dist-packages. */
  readonly python: ReadonlyMap<Bytes, readonly string[]>;
  /** Directories `gems/<version>` with specifications in them. */
  readonly ruby: ReadonlyMap<Bytes, readonly string[]>;
  /** Global node_modules. */
  readonly node: ReadonlyMap<Bytes, readonly string[]>;
  /** `.cargo` directories of people. */
  readonly rust: ReadonlyMap<Bytes, readonly string[]>;
}

export interface StackInput {
  readonly marks: readonly Bytes[];
  /** Whether a package owns a path; its stack comes with it. */
  readonly isOwned: (path: Bytes) => boolean;
  /** Content of files that `filesForStacks` named. */
  readonly contents: ReadonlyMap<Bytes, Bytes>;
  /** SHA-256 of the lockfiles among them. */
  readonly sums: ReadonlyMap<Bytes, string>;
  readonly installed: Installed;
  readonly go: readonly GoProgram[];
  readonly packages: readonly InstalledPackage[];
  readonly units: readonly Unit[];
}

/** Virtual environments and the directories of projects, from the marks. */
function placesOf(marks: readonly Bytes[], isOwned: (path: Bytes) => boolean) {
  const names = new Map(lockRules.map((rule) => [rule.name, rule]));
  const locks: { path: Bytes; rule: LockRule }[] = [];
  const environments: Bytes[] = [];
  for (const path of marks) {
    if (isOwned(path)) continue;
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name === 'pyvenv.cfg') environments.push(parentOf(path));
    const rule = names.get(name);
    if (rule !== undefined && !withinInstalled.test(path)) locks.push({ path, rule });
  }
  return { locks, environments };
}

const join = (directory: Bytes, name: string): Bytes => `${directory === '/' ? '' : directory}/${name}`;

/** Files that say more about the marks. */
export function filesForStacks(marks: readonly Bytes[], isOwned: (path: Bytes) => boolean): Bytes[] {
  const { locks, environments } = placesOf(marks, isOwned);
  return [
    ...new Set([
      ...locks.flatMap(({ path, rule }) => [
        path,
        ...rule.runtimes.map((name) => join(parentOf(path), name)),
      ]),
      ...environments.flatMap((directory) => [
        join(directory, 'pyvenv.cfg'),
        ...pythonLocks.flatMap(([name]) => [join(parentOf(directory), name), join(directory, name)]),
      ]),
    ]),
  ];
}

export function stackResources(input: StackInput): StackResource[] {
  const { locks, environments } = placesOf(input.marks, input.isOwned);
  const found: StackResource[] = [];
  const taken = new Set<Bytes>();
  /** A project in two languages has two stacks; the second is called by its lockfile. */
  const named = (path: Bytes, otherwise: Bytes): string => {
    const name = taken.has(path) ? otherwise : path;
    taken.add(name);
    return quote(name);
  };
  const seen = new Set<string>();
  const order = (name: string) => lockRules.findIndex((rule) => rule.name === name);
  const sorted = [...locks].sort((one, other) => order(one.rule.name) - order(other.rule.name));
  for (const { path, rule } of sorted) {
    const directory = parentOf(path);
    if (seen.has(`${rule.language} ${directory}`)) continue;
    const content = input.contents.get(path);
    if (content === undefined) continue;
    seen.add(`${rule.language} ${directory}`);
    const pins = pinsOf(rule.name, content);
    const runtime = pins.runtime ?? runtimeOf(rule, directory, input);
    found.push({
      stack: named(directory, path),
      language: rule.language,
      manager: rule.manager,
      ...lockOf(path, input),
      ...(runtime === undefined ? {} : { runtime }),
      reproducible: pins.isExact && runtime !== undefined,
      ...noted([pins.why, runtime === undefined ? 'which runtime it was made for is not known' : '']),
    });
  }
  for (const directory of environments) found.push(environmentStack(directory, input, named));
  found.push(...trees(input, environments, named));
  for (const one of input.go) found.push(goStack(one, named));
  found.push(...jars(input, named));
  return found;
}

function noted(parts: readonly string[]): { note?: string } {
  const text = parts.filter((part) => part !== '').join('; ');
  return text === '' ? {} : { note: text };
}

function lockOf(path: Bytes, input: StackInput): { lockfile: string; sha256?: string } {
  const sum = input.sums.get(path);
  return { lockfile: quote(path), ...(sum === undefined ? {} : { sha256: sum }) };
}

/** Which program runs a project: what the project says, what its unit starts, or the package that is installed. */
function runtimeOf(rule: LockRule, directory: Bytes, input: StackInput): string | undefined {
  for (const name of rule.runtimes) {
    const version = pinnedVersion(rule.language, name, input.contents.get(join(directory, name)) ?? '');
    if (version !== null) return `${rule.language} ${version}`;
  }
  return startedBy(rule.language, directory, input.units) ?? packagedRuntime(rule.language, input.packages);
}

const version = /^v?(\d+(?:\.\d+){0,3}(?:[.-]?[A-Za-z0-9]{1,20})?)$/;
const toolNames: Readonly<Record<Language, string>> = {
  node: 'nodejs',
  python: 'python',
  ruby: 'ruby',
  php: 'php',
  rust: 'rust',
  go: 'golang',
  java: 'java',
};

function pinnedVersion(language: Language, name: string, content: Bytes): string | null {
  const text = content.slice(0, 256 * 1024);
  let said: string | undefined;
  if (name === '.tool-versions')
    said = new RegExp(`^${toolNames[language]}[ \\t]+(\\S+)`, 'm').exec(text)?.[1];
  else if (name === 'package.json') {
    const volta = objectOf(objectOf(parsed(text)).volta);
    said = typeof volta.node === 'string' ? volta.node : undefined;
  } else if (name === 'rust-toolchain.toml') said = /^\s*channel\s*=\s*"([^"\n]+)"/m.exec(text)?.[1];
  else said = text.trim().replace(/^ruby-/, '');
  return version.exec(said ?? '')?.[1] ?? null;
}

/** Version managers keep the version in the path of the program that a unit starts. */
function startedBy(language: Language, directory: Bytes, units: readonly Unit[]): string | undefined {
  const patterns: Partial<Record<Language, RegExp>> = {
    node: /\/(?:\.nvm\/versions\/node|\.fnm\/node-versions|installs\/nodejs|n\/versions\/node)\/v?(\d+\.\d+\.\d+)\//,
    ruby: /\/(?:\.rbenv\/versions|installs\/ruby|\.rubies)\/(?:ruby-)?(\d+\.\d+\.\d+)\//,
  };
  const pattern = patterns[language];
  if (pattern === undefined) return undefined;
  for (const unit of units) {
    const isOf =
      unit.workingDirectory === directory || unit.execStart.some((line) => line.includes(`${directory}/`));
    const found = isOf ? unit.execStart.map((line) => pattern.exec(line)?.[1]).find(Boolean) : undefined;
    if (found !== undefined) return `${language} ${found}`;
  }
  return undefined;
}

const runtimePackages: Readonly<Record<Language, RegExp>> = {
  node: /^nodejs$/,
  python: /^python3\.\d+$/,
  ruby: /^ruby\d+\.\d+$/,
  php: /^php\d+\.\d+-(fpm|cli)$/,
  rust: /^rustc$/,
  go: /^golang-\d+\.\d+-go$/,
  java: /^(openjdk|temurin)-\d+-(jre|jdk)(-headless)?$/,
};

/** The newest packaged runtime, without epoch and Debian's part of the version. */
function packagedRuntime(language: Language, packages: readonly InstalledPackage[]): string | undefined {
  const found = packages
    .filter((one) => one.status === 'installed' && runtimePackages[language].test(one.name))
    .map((one) => /^(?:\d+:)?(\d[0-9.]*)/.exec(one.version)?.[1]?.replace(/\.$/, '') ?? '')
    .filter((one) => one !== '')
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  const newest = found.at(-1);
  return newest === undefined ? undefined : `${language} ${newest}`;
}

/** Pieces that every virtual environment has. */
const withPython = /^(pip|setuptools|wheel|pkg[-_]resources|distribute) /i;

function environmentStack(
  directory: Bytes,
  input: StackInput,
  named: (path: Bytes, otherwise: Bytes) => string,
): StackResource {
  const config = input.contents.get(join(directory, 'pyvenv.cfg')) ?? '';
  const said = /^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)/m.exec(config)?.[1];
  const runtime = said === undefined ? undefined : `python ${said}`;
  const tool = /\/(pipx\/venvs|uv\/tools)\/[^/]+$/.exec(directory)?.[1];
  const isUv = /^uv\s*=/m.test(config);
  const inside = [...input.installed.python]
    .filter(([tree]) => tree.startsWith(`${directory}/`))
    .flatMap(([, pieces]) => pieces)
    .filter((piece) => !withPython.test(piece));
  const lock =
    tool === undefined
      ? pythonLocks
          .flatMap(([name, manager]) =>
            [parentOf(directory), directory].map((one) => ({ path: join(one, name), manager })),
          )
          .find(({ path }) => input.contents.has(path))
      : undefined;
  const name = named(directory, join(directory, 'pyvenv.cfg'));
  const base = { stack: name, language: 'python' as const, ...(runtime === undefined ? {} : { runtime }) };
  if (lock === undefined) {
    const manager = tool === undefined ? (isUv ? 'uv' : 'pip') : tool === 'uv/tools' ? 'uv tool' : 'pipx';
    return { ...base, manager, reproducible: false, ...noted([`no lockfile; ${listed(inside)}`]) };
  }
  const content = input.contents.get(lock.path) as Bytes;
  const pins: Pins = pinsOf(lock.path.slice(lock.path.lastIndexOf('/') + 1), content);
  const unnamed = pins.names === null ? [] : inside.filter((piece) => !pins.names?.has(pieceName(piece)));
  const isWhole = pins.isExact && unnamed.length === 0;
  return {
    ...base,
    manager: lock.manager,
    ...lockOf(lock.path, input),
    reproducible: isWhole && runtime !== undefined,
    ...noted([
      pins.why,
      unnamed.length === 0
        ? ''
        : `not in the lockfile: ${unnamed.slice(0, 20).join(', ')}${more(unnamed, 20)}`,
      runtime === undefined ? 'which runtime it was made for is not known' : '',
    ]),
  };
}

function more(list: readonly string[], shown: number): string {
  return list.length > shown ? ` and ${list.length - shown} more` : '';
}

function listed(pieces: readonly string[]): string {
  const sorted = [...new Set(pieces)].sort();
  if (sorted.length === 0) return 'nothing is installed in it';
  return `installed: ${sorted.slice(0, 100).join(', ')}${more(sorted, 100)}`;
}

/** What was installed for everybody, or for one person, without a project. */
function trees(
  input: StackInput,
  environments: readonly Bytes[],
  named: (path: Bytes, otherwise: Bytes) => string,
): StackResource[] {
  const kinds = [
    ['python', 'pip', input.installed.python],
    ['ruby', 'gem', input.installed.ruby],
    ['node', 'npm', input.installed.node],
    ['rust', 'cargo', input.installed.rust],
  ] as const;
  return kinds.flatMap(([language, manager, all]) =>
    [...all].flatMap(([tree, pieces]): StackResource[] => {
      if (environments.some((directory) => tree.startsWith(`${directory}/`)) || pieces.length === 0)
        return [];
      const said = language === 'python' ? /\/python(\d+\.\d+)\//.exec(tree)?.[1] : undefined;
      const runtime = said === undefined ? packagedRuntime(language, input.packages) : `python ${said}`;
      return [
        {
          stack: named(tree, tree),
          language,
          manager,
          ...(runtime === undefined ? {} : { runtime }),
          reproducible: false,
          ...noted([`no lockfile; ${listed(pieces)}`]),
        },
      ];
    }),
  );
}

function goStack(one: GoProgram, named: (path: Bytes, otherwise: Bytes) => string): StackResource {
  const isReleased = /^v\d/.test(one.moduleVersion) && !one.moduleVersion.endsWith('+dirty');
  const isCommitted = one.revision !== '' && !one.modified;
  const from = one.package === '' ? one.module : one.package;
  const at = isReleased ? `@${one.moduleVersion}` : one.revision === '' ? '' : ` at commit ${one.revision}`;
  return {
    stack: named(one.path, one.path),
    language: 'go',
    manager: 'go',
    runtime: `go ${one.version.replace(/^go/, '')}`,
    reproducible: from !== '' && (isReleased || isCommitted),
    ...noted([
      from === '' ? 'what it was built from is not in it' : `built from ${from}${at}`,
      one.modified ? 'with changes that were not committed' : '',
    ]),
  };
}

/** Programs in Java that units start; what is in the archive is not told apart. */
function jars(input: StackInput, named: (path: Bytes, otherwise: Bytes) => string): StackResource[] {
  const paths = new Set(
    input.units.flatMap((unit) =>
      unit.execStart.flatMap((line) => / -jar[ =]+"?(\/[^\s";]+\.[jw]ar)/.exec(line)?.[1] ?? []),
    ),
  );
  const runtime = packagedRuntime('java', input.packages);
  return [...paths]
    .filter((path) => !input.isOwned(path))
    .map((path) => ({
      stack: named(path, path),
      language: 'java' as const,
      manager: 'jar',
      ...(runtime === undefined ? {} : { runtime }),
      reproducible: false,
      note: 'an archive that a unit starts',
    }));
}
