/**
 * Marks in a tree: what somebody told tools to skip, and what a lockfile can make again. A tree that a unit runs
 * from always travels: the service must start on the other side before anybody rebuilds anything. Where units could not
 * be asked, any may be such a tree.
 */
import { parentOf } from '../bytes.ts';
import type { Bytes, Unit } from '../types.ts';
import { literally, PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';

/** Names to look for before the listing; everything here is the base name of a file or directory. */
export const markNames: readonly string[] = [
  'CACHEDIR.TAG',
  '.nobackup',
  '.opstimal-ignore',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'Cargo.lock',
  'pyvenv.cfg',
  'uv.lock',
  'poetry.lock',
  'Pipfile.lock',
  '.git',
  'HEAD',
  '.gitignore',
  'composer.lock',
  'Gemfile.lock',
  'gradle.lockfile',
  '.crates2.json',
];

export interface Marks {
  /** Paths with one of the names above. */
  readonly paths: readonly Bytes[];
  /** CACHEDIR.TAG files with the right signature (bford.info/cachedir). */
  readonly cacheTags: ReadonlySet<Bytes>;
  /** Where units run, behind links. */
  readonly places?: readonly Bytes[];
}

/** First bytes of a CACHEDIR.TAG that counts. */
export const cacheTagSignature = 'Signature: 8a477f597d28d172789f06886806bc55';

/** How deep a marked directory must be: a mark in /srv or /home says too much. */
const leastDepth = 2;
/** Directories of many services: as little as of one above them a mark can be meant for all that is in them. */
const shared =
  /^\/var\/(?:backups|cache|ftp|games|lib|local|log|mail|opt|spool|tmp|www)$|^\/usr\/(?:local\/)?[^/]+$|^\/var\/lib\/(?:docker|containerd|containers|lxd|incus)(?:\/(?:storage\/?)?(?:volumes)?)?$/s;

function ephemeral(rule: string, reason: string, evidence: string): Ruling {
  return { class: 'ephemeral', carry: 'none', rule, reason, evidence };
}

/** Directories in which units live: programs they start, and where they are started. */
export function unitPlaces(units: readonly Unit[]): readonly Bytes[] {
  return units.flatMap((unit) => [
    unit.workingDirectory,
    ...unit.execStart.flatMap((line) => line.match(/\/[^\s;'"]+/g) ?? []),
    ...unit.readWritePaths,
  ]);
}

/** `units`: null = not known. */
export function markRules(
  marks: Marks,
  units: readonly Unit[] | null,
): { readonly told: PathRules<Ruling>; readonly found: PathRules<Ruling> } {
  const told = new PathRules<Ruling>();
  const found = new PathRules<Ruling>();
  const used = [...unitPlaces(units ?? []), ...(marks.places ?? [])];
  /** Whether a unit runs from inside the tree, or from the project around it. */
  const runs = (tree: Bytes, around: Bytes): boolean =>
    units === null ||
    used.some(
      (place) =>
        place === around ||
        place.startsWith(`${tree}/`) ||
        (around !== tree && place.startsWith(`${around}/`)),
    );
  const names = new Set(marks.paths);
  const within = (directory: Bytes, name: string) => `${directory === '/' ? '' : directory}/${name}`;
  found.add('/**/__pycache__', ephemeral('mark.pycache', 'compiled Python', 'named __pycache__'));
  for (const path of marks.paths) {
    const directory = parentOf(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (directory.split('/').length - 1 < leastDepth) continue;
    // Programs for backups were told; configuration is what a service does not start without.
    const isForOthers = name !== '.opstimal-ignore' && directory.startsWith('/etc/');
    if (name === '.nobackup' || name === '.opstimal-ignore') {
      if (shared.test(directory) || isForOthers) continue;
      told.add(
        literally(directory),
        ephemeral('told.skip', 'somebody told tools to skip it', `holds ${name}`),
      );
    } else if (name === 'CACHEDIR.TAG') {
      // Tools call a virtual environment a cache, which holds what no lockfile may name.
      const isMade = names.has(within(directory, 'pyvenv.cfg'));
      if (!marks.cacheTags.has(path) || runs(directory, directory) || isMade) continue;
      if (shared.test(directory) || isForOthers) continue;
      told.add(
        literally(directory),
        ephemeral('told.cache', 'cache, says its own tag', 'holds CACHEDIR.TAG'),
      );
    } else if (/^(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml)$/.test(name)) {
      const tree = within(directory, 'node_modules');
      // A lockfile inside node_modules belongs to a dependency.
      if (!directory.includes('/node_modules') && !runs(tree, directory)) {
        found.add(
          literally(tree),
          ephemeral('mark.node-modules', `made again from ${name}`, `${name} beside it`),
        );
      }
    } else if (name === 'Cargo.lock') {
      const tree = within(directory, 'target');
      if (!runs(tree, tree)) {
        found.add(
          literally(tree),
          ephemeral('mark.cargo-target', 'made again by cargo build', 'Cargo.lock beside it'),
        );
      }
    } else if (name === 'pyvenv.cfg') {
      const project = parentOf(directory);
      const lock = ['uv.lock', 'poetry.lock', 'Pipfile.lock'].find((one) => names.has(within(project, one)));
      if (lock !== undefined && !runs(directory, project)) {
        found.add(
          literally(directory),
          ephemeral('mark.venv', `made again from ${lock}`, `${lock} beside it`),
        );
      }
    }
  }
  return { told, found };
}
