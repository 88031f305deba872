/**
 * Packaged files that are not there, although nothing says that they should not be. Installing the package brings
 * them back, which a newer release may need, so nothing is removed anywhere because of it; it is told. Only what is
 * certain counts: a directory that could not be read, a link on the way, a pattern of dpkg, an image that was made
 * small, or a package in the middle of its installation explain it otherwise.
 */
import { RE2JS } from 're2js';
import { parentOf } from '../bytes.ts';
import type { Bytes, Entry, Facts, PathFilter } from '../types.ts';
import type { Ruling } from './ruling.ts';

export interface MissingFiles {
  /** The file, or the directory that is gone with everything in it. */
  readonly path: Bytes;
  readonly files: number;
  readonly packages: readonly string[];
  readonly ruling: Ruling;
}

/** Where packages keep programs and what they need. Elsewhere files come and go while a service runs. */
const lasting = /^\/(?:usr|opt|bin|sbin|lib\w*)\//;
/** What tools that make a system smaller take away: documentation, languages, cached byte code. */
const trimmed =
  /^\/usr\/share\/(?:doc|doc-base|man|info|help|locale|locale-langpack|gtk-doc|gnome\/help|omf|lintian|linda|bug|groff|zoneinfo|i18n\/locales|calendar|cups\/doc-root)\/|^\/usr\/(?:lib|share)\/(?:python3?[^/]*\/.*)?(?:__pycache__|\.build-id)\/|\.py[co]$/;

export class MissingIndex {
  readonly #left: Set<Bytes>;
  /** Packaged directories that are there. */
  readonly #directories = new Set<Bytes>();
  readonly #links = new Set<Bytes>();
  readonly #owned: ReadonlyMap<Bytes, string>;
  readonly #installed: ReadonlySet<string>;
  readonly #diverted: ReadonlySet<Bytes>;
  readonly #filters: readonly { readonly exclude: boolean; readonly matches: Matches }[] | null;

  constructor(facts: Pick<Facts, 'packages' | 'owned' | 'recordedDigests' | 'diversions' | 'pathFilters'>) {
    // Only files have digests, and only they are looked for: directories and links may be anything.
    this.#left = new Set(facts.recordedDigests.known ? facts.recordedDigests.value.keys() : []);
    this.#owned = facts.owned.known ? facts.owned.value : new Map();
    const status = new Map<string, boolean>();
    for (const one of facts.packages.known ? facts.packages.value : [])
      status.set(one.name, (status.get(one.name) ?? true) && one.status === 'installed');
    this.#installed = new Set([...status].flatMap(([name, whole]) => (whole ? name : [])));
    const diversions = facts.diversions.known ? facts.diversions.value : [];
    this.#diverted = new Set(diversions.flatMap(({ path, divertedTo }) => [path, divertedTo]));
    this.#filters = facts.pathFilters.known ? facts.pathFilters.value.map(compiled) : null;
  }

  /** Takes note of an entry of the listing. */
  see(entry: Entry, owner: string | undefined): void {
    if (owner === undefined) return;
    if (entry.type === 'd') this.#directories.add(entry.path);
    else if (entry.type === 'l') this.#links.add(entry.path);
    if (entry.type !== 'd') this.#left.delete(entry.path);
  }

  /**
   * What is missing, sorted by path. `isUnsure` says of a directory that the listing cannot tell what is in it. Empty
   * where it is not known what dpkg was told to leave out.
   */
  found(isUnsure: (directory: Bytes) => boolean): MissingFiles[] {
    if (this.#filters === null) return [];
    const tops = new Map<Bytes, { files: number; packages: Set<string> }>();
    for (const path of this.#left) {
      const owner = this.#owned.get(path);
      if (owner === undefined || !this.#installed.has(owner)) continue;
      if (!lasting.test(path) || trimmed.test(path) || this.#diverted.has(path) || this.#isExcluded(path))
        continue;
      const top = this.#top(path);
      if (top === null || isUnsure(parentOf(top))) continue;
      const group = tops.get(top) ?? { files: 0, packages: new Set() };
      group.files += 1;
      group.packages.add(owner);
      tops.set(top, group);
    }
    return [...tops]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([path, { files, packages }]) => told(path, files, [...packages].sort(), this.#left.has(path)));
  }

  /**
   * The highest path that is missing with this one. null where a link on the way leads elsewhere, or the package does
   * not name the directories of its files, as some made without Debian's tools do.
   */
  #top(path: Bytes): Bytes | null {
    let top = path;
    for (let at = parentOf(path); at !== '/'; at = parentOf(at)) {
      if (this.#links.has(at) || !this.#owned.has(at)) return null;
      if (!this.#directories.has(at)) top = at;
    }
    return top;
  }

  /** A filter speaks of the path as its package has it, which a merged /usr spells otherwise. */
  #isExcluded(path: Bytes): boolean {
    const spelled = /^\/usr\/(?:bin|sbin|lib\w*)\//.test(path) ? [path, path.slice('/usr'.length)] : [path];
    return spelled.some((one) => {
      let excluded = false;
      for (const { exclude, matches } of this.#filters ?? []) if (matches(one)) excluded = exclude;
      return excluded;
    });
  }
}

function told(path: Bytes, files: number, packages: readonly string[], isFile: boolean): MissingFiles {
  const of = packages.length > 3 ? `${packages.slice(0, 3).join(', ')} and others` : packages.join(' and ');
  const what = isFile
    ? `file of ${of}`
    : `directory with ${files} ${files === 1 ? 'file' : 'files'} of ${of}`;
  return {
    path,
    files,
    packages,
    ruling: {
      class: 'edited',
      carry: 'none',
      rule: 'package.file-removed',
      reason: `${what} that was removed; the package brings it back`,
      evidence: 'in the file list of its package, and not there',
      single: true,
    },
  };
}

type Matches = (path: Bytes) => boolean;

/** fnmatch(3) without flags: `*` and `?` also match a slash. In linear time, because a server says the pattern. */
function compiled({ exclude, pattern }: PathFilter): { exclude: boolean; matches: Matches } {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern[at] as string;
    const set = sign === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(pattern.slice(at)) : null;
    if (set !== null) {
      const [whole, not, members] = set as unknown as [string, string, string];
      const safe = members.replaceAll(/[\\\]^[]/g, '\\$&');
      source += `[${not === '' ? '' : '^'}${/[^-]-[^-]/.test(safe) ? safe : safe.replaceAll('-', '\\-')}]`;
      at += whole.length - 1;
    } else if (sign === '*') {
      source += '.*';
    } else if (sign === '?') {
      source += '.';
    } else {
      if (sign === '\\' && at + 1 < pattern.length) at += 1;
      source += (pattern[at] as string).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
    }
  }
  try {
    const expression = RE2JS.compile(source, RE2JS.DOTALL);
    return { exclude, matches: (path) => expression.matches(path) };
  } catch {
    // A range the wrong way round: what it excludes cannot be told, so everything may be.
    return { exclude, matches: () => exclude };
  }
}
