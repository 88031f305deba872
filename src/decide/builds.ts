/**
 * Programs that no package owns, by the tree somebody put them in, and the libraries they need from outside of it.
 * A library that lies anywhere in the tree counts as there: such trees are started by scripts that say where to look.
 */
import { parentOf, quote } from '../bytes.ts';
import type { BuildResource, Bytes, OwnedPaths } from '../types.ts';

/** What is known of one program; see `facts/elf.ts`. */
export interface BuiltProgram {
  readonly path: Bytes;
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly interpreter: Bytes | null;
  readonly soname: Bytes | null;
  readonly needed: readonly Bytes[];
  readonly searched: readonly Bytes[];
}

/** Where the loader finds a library by itself. */
export interface LoaderPlace {
  readonly soname: Bytes;
  readonly path: Bytes;
  readonly abi: number;
}

export interface BuildContext {
  readonly programs: readonly BuiltProgram[];
  /** null = the packages could not be asked. */
  readonly owned: OwnedPaths | null;
  /** null = there is no cache of the loader. */
  readonly cache: readonly LoaderPlace[] | null;
  /** ABI in that cache of a program, null where any will do. */
  readonly abiOf: (machine: number, bits: 32 | 64) => number | null;
  /** dpkg's word for the machine. */
  readonly architecture: string;
}

const machines: Readonly<Record<string, readonly number[]>> = {
  amd64: [62, 3],
  i386: [3],
  arm64: [183, 40],
  armhf: [40],
  armel: [40],
  ppc64el: [21],
  s390x: [22],
  riscv64: [243],
};

/** Tree that a program belongs to: the directory that somebody made in a place for such things. */
export function treeOf(path: Bytes): Bytes {
  const parts = path.split('/');
  const depth = /^\/(usr\/local|var\/www|var\/lib|home\/[^/]+)\//.test(path) ? 3 : 2;
  return parts.length <= depth + 1 ? parentOf(path) : parts.slice(0, depth + 1).join('/');
}

/** What is asked of the host between the two halves: whether paths are there that no list names. */
export interface OpenBuilds {
  readonly questions: readonly Bytes[];
  /** Resources once it is known which of the paths exist. */
  finish(there: ReadonlySet<Bytes>): BuildResource[];
}

interface Need {
  readonly name: Bytes;
  /** In a list of packages or in the loader's cache; the package may be unknown. */
  readonly found: { readonly package?: string } | null;
  readonly candidates: readonly Bytes[];
}

export function openBuilds(context: BuildContext): OpenBuilds {
  const trees = new Map<Bytes, BuiltProgram[]>();
  for (const program of context.programs) {
    const tree = treeOf(program.path);
    const list = trees.get(tree) ?? [];
    list.push(program);
    trees.set(tree, list);
  }
  const outside = new Outside(context);
  const fits = machines[context.architecture];
  const builds = [...trees].map(([tree, programs]) => {
    const inside = new Set(programs.flatMap(({ path, soname }) => [baseName(path), soname ?? '']));
    const needs = new Map<Bytes, Need>();
    for (const program of programs) {
      // Objects for other machines are kept for other machines, and node picks the one that fits.
      if (fits !== undefined && !fits.includes(program.machine)) continue;
      if (isForMusl(program) && program.path.includes('/node_modules/')) continue;
      for (const name of program.needed) {
        if (inside.has(baseName(name))) continue;
        const before = needs.get(name);
        if (before !== undefined && before.found !== null) continue;
        const found = outside.find(name, program);
        const candidates = found === null ? [...(before?.candidates ?? []), ...placesOf(name, program)] : [];
        needs.set(name, { name, found, candidates });
      }
      const loader = program.interpreter;
      if (loader !== null && /^\/(usr\/)?lib/.test(loader) && !inside.has(baseName(loader))) {
        const isOwned = outside.packageOf(loader) !== undefined;
        if (!isOwned && context.owned !== null)
          needs.set(loader, { name: loader, found: null, candidates: [loader] });
      }
    }
    return { tree, count: programs.length, needs: [...needs.values()] };
  });
  const questions = new Set(builds.flatMap(({ needs }) => needs.flatMap(({ candidates }) => candidates)));
  return {
    questions: [...questions],
    finish: (there) =>
      builds.map(({ tree, count, needs }) => ({
        build: quote(tree),
        programs: count,
        libraries: needs
          .flatMap((need) => {
            const path = need.candidates.find((one) => there.has(one));
            const found = need.found ?? (path === undefined ? null : packaged(outside.packageOf(path)));
            // Of a loader that is there, nothing has to be said.
            if (need.name.startsWith('/') && found !== null) return [];
            return found === null
              ? { name: quote(need.name), missing: true as const }
              : { name: quote(need.name), ...found };
          })
          .sort((left, right) => (left.name < right.name ? -1 : 1)),
      })),
  };
}

function packaged(name: string | undefined): { package?: string } {
  return name === undefined ? {} : { package: name };
}

function baseName(path: Bytes): Bytes {
  return path.slice(path.lastIndexOf('/') + 1);
}

function isForMusl(program: BuiltProgram): boolean {
  return (
    program.needed.some((name) => name.includes('musl')) || program.interpreter?.includes('musl') === true
  );
}

/** Where the program itself says that the library is. */
function placesOf(name: Bytes, program: BuiltProgram): Bytes[] {
  if (name.startsWith('/')) return isClean(name) ? [name] : [];
  const origin = parentOf(program.path);
  return program.searched
    .slice(0, 50)
    .map((one) => `${one.replaceAll(/\$(ORIGIN|\{ORIGIN\})/g, () => origin)}/${name}`)
    .map(normal)
    .filter(isClean);
}

function isClean(path: Bytes): boolean {
  return path.startsWith('/') && !path.includes('$') && path.length < 4096;
}

function normal(path: Bytes): Bytes {
  const parts: Bytes[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return path.startsWith('/') ? `/${parts.join('/')}` : path;
}

/** Directories in which the loader looks without a cache. */
const systemDirectory = /^\/(usr\/)?lib(32|64|x32)?\/([a-z0-9_]+-linux-[a-z0-9]+\/)?[^/]+\.so[^/]*$/;

/** Libraries of the system: by the loader's cache, and by the lists of packages. */
class Outside {
  readonly #context: BuildContext;
  readonly #cached = new Map<Bytes, LoaderPlace[]>();
  readonly #owned = new Map<Bytes, string>();

  constructor(context: BuildContext) {
    this.#context = context;
    for (const one of context.cache ?? []) {
      const list = this.#cached.get(one.soname) ?? [];
      list.push(one);
      this.#cached.set(one.soname, list);
    }
    for (const [path, name] of context.owned ?? []) {
      if (systemDirectory.test(path)) this.#owned.set(baseName(path), name);
    }
  }

  /** Merged and unmerged spellings are the same place. */
  packageOf(path: Bytes): string | undefined {
    const { owned } = this.#context;
    return this.#plain(
      owned?.get(path) ?? owned?.get(`/usr${path}`) ?? owned?.get(path.replace(/^\/usr/, '')),
    );
  }

  /** Lists of packages that can stand beside themselves are named with the architecture; the own one is not said. */
  #plain(name: string | undefined): string | undefined {
    const own = `:${this.#context.architecture}`;
    return name?.endsWith(own) ? name.slice(0, -own.length) : name;
  }

  find(name: Bytes, program: BuiltProgram): { readonly package?: string } | null {
    const abi = this.#context.abiOf(program.machine, program.bits);
    const cached = this.#cached.get(name)?.filter((one) => abi === null || one.abi === abi) ?? [];
    const first = cached[0];
    if (first !== undefined)
      return packaged(this.packageOf(first.path) ?? this.#plain(this.#owned.get(name)));
    // With a cache, what is not in it may still be in a package for another machine.
    const owner = this.#owned.get(name);
    if (owner !== undefined && (this.#context.cache === null || !this.#cached.has(name)))
      return packaged(this.#plain(owner));
    return null;
  }
}
