/**
 * The ladder: which rule speaks for a path. First hit wins, in this order: run-time file systems and the
 * never-copy list; what a person marked; profiles; packages; files written by the system itself; directories of
 * units; marks of languages; homes; the place. What nothing explains yet is looked for in units and tmpfiles.d, and
 * is undecided when they do not name it.
 *
 * One pass: a path is classified when it is seen. Where only a digest can tell, the expected answer is given and
 * the path is kept in `candidates`; `resolve` says afterwards what it is.
 */
import type { Accounts, Bytes, Entry, Facts, OwnedPaths, Unit } from '../types.ts';
import { AddedRules } from './added-profiles.ts';
import { type Candidate, care, edited, PackageIndex, packageRulings } from './classify-packages.ts';
import { isDefault } from './defaults.ts';
import { LogEvidence } from './evidence-logs.ts';
import { TmpfilesEvidence } from './evidence-tmpfiles.ts';
import { UnitEvidence } from './evidence-units.ts';
import { Generated, generatedLink, isTopLink, templates } from './generated.ts';
import { type Marks, markRules } from './marks.ts';
import { type MissingFiles, MissingIndex } from './missing.ts';
import { neverCopy } from './never-copy.ts';
import { PathRules } from './path-rules.ts';
import { homes, isKeptDirectory, keptDirectory, places, unitDirectories } from './places.ts';
import { type ActiveProfile, pathsOf } from './profile.ts';
import type { Ruling } from './ruling.ts';
import { secretData, secretPlaces } from './secrets.ts';
import { type Evidence, Witness } from './witness.ts';

export interface ClassifyContext {
  readonly facts: Pick<
    Facts,
    | 'packages'
    | 'owned'
    | 'recordedDigests'
    | 'unpacked'
    | 'accounts'
    | 'units'
    | 'unitDirectives'
    | 'pathFilters'
    | 'tmpfiles'
    | 'logrotate'
    | 'diversions'
    | 'ucf'
    | 'openForWriting'
  >;
  readonly profiles: readonly ActiveProfile[];
  readonly marks: Marks;
  /** Swap files that fstab names. */
  readonly swapFiles: readonly Bytes[];
  /** Files of package sources that are not the distribution's own, and the keys they name. */
  readonly repositories: {
    readonly files: ReadonlySet<Bytes>;
    readonly keys: ReadonlySet<Bytes>;
    /** Every file that apt reads. */
    readonly distribution: ReadonlySet<Bytes>;
  };
  /** File systems that are mounted there and not entered. */
  readonly foreign: PathRules<Ruling>;
  /** Files that begin as SQLite databases do. */
  readonly databases: ReadonlySet<Bytes>;
  /** Environment files of units that hold a secret. */
  readonly secretEnvironments: ReadonlySet<Bytes>;
  /** What proves that a tool made a path. */
  readonly evidence: Evidence;
}

/** A file in /etc that is larger travels as data. Bytes. */
const bigConfiguration = 16 * 1024 ** 2;

const socket: Ruling = {
  class: 'ephemeral',
  carry: 'none',
  rule: 'runtime.socket',
  reason: 'socket of a running process',
  evidence: 'its type',
  single: true,
};
const big: Ruling = {
  class: 'mutable',
  carry: 'stream',
  rule: 'place.etc-big',
  reason: 'large file among the configuration',
  evidence: 'by its place and size',
  single: true,
};
const special: Ruling = {
  class: 'mutable',
  carry: 'stream',
  rule: 'place.etc-special',
  reason: 'pipe or device among the configuration',
  evidence: 'by its place and type',
  single: true,
};
const diverted: Ruling = {
  class: 'edited',
  carry: 'manifest',
  rule: 'diversion.replacement',
  reason: 'put in the place of a packaged file that was moved aside',
  evidence: 'local diversion',
  single: true,
};
const database: Ruling = {
  class: 'mutable',
  carry: 'stream',
  rule: 'magic.sqlite',
  reason: 'SQLite database',
  evidence: 'its first bytes',
  single: true,
};
const secretFile: Ruling = {
  class: 'secret',
  carry: 'stream',
  rule: 'secret.data',
  reason: 'keys and passwords of an application',
  evidence: 'by its name',
  single: true,
};
const distributionSource: Ruling = {
  class: 'immutable',
  carry: 'none',
  rule: 'repository.distribution',
  reason: 'package source of the distribution',
  evidence: 'its suites and components',
};
const repositorySource: Ruling = {
  class: 'mutable',
  carry: 'manifest',
  rule: 'repository.source',
  reason: 'package source that somebody added; a resource of its own',
  evidence: 'its suites and components',
};
const repositoryKey: Ruling = {
  class: 'mutable',
  carry: 'manifest',
  rule: 'repository.named-key',
  reason: 'key of a package source; travels with it',
  evidence: 'named by a package source',
};

function known<T>(
  answered: { readonly known: true; readonly value: T } | { readonly known: false },
): T | null {
  return answered.known ? answered.value : null;
}

/** A file of somebody's data is secret by its name and place, whichever rule calls its tree data. */
function secretIn(entry: Entry, ruling: Ruling): Ruling {
  if (ruling.carry !== 'stream' || ruling.class !== 'mutable' || entry.type !== 'f') return ruling;
  return secretData(entry.path) ? secretFile : ruling;
}

export class Classifier {
  /** Paths whose digest must be asked before their class is certain. */
  readonly candidates = new Map<Bytes, Candidate>();
  readonly #never = neverCopy();
  readonly #secrets = secretPlaces();
  readonly #strong = new PathRules<Ruling>();
  readonly #weak = new PathRules<Ruling>();
  /** Of the strong ones: those that need the source of a file beside it. */
  readonly #compiled = new Set<Ruling>();
  readonly #added = new AddedRules();
  readonly #units: PathRules<Ruling>;
  readonly #marks: { readonly told: PathRules<Ruling>; readonly found: PathRules<Ruling> };
  readonly #homes: PathRules<Ruling>;
  readonly #places: PathRules<Ruling>;
  readonly #packages: PackageIndex;
  readonly #witness: Witness;
  readonly #generated: Generated;
  readonly #owned: OwnedPaths;
  readonly #ucf: ReadonlyMap<Bytes, string>;
  readonly #writers: ReadonlyMap<Bytes, string>;
  readonly #replaced: ReadonlySet<Bytes>;
  readonly #repositories: ClassifyContext['repositories'];
  readonly #missing: MissingIndex;
  readonly #unitEvidence: UnitEvidence;
  readonly #tmpfiles: TmpfilesEvidence;
  readonly #logs: LogEvidence;
  readonly #foreign: PathRules<Ruling>;
  readonly #etc: Evidence['etc'];
  readonly #databases: ReadonlySet<Bytes>;
  readonly #templates = new Map(templates.map((template) => [template.path, template]));

  constructor(context: ClassifyContext) {
    const { facts } = context;
    const units: readonly Unit[] = known(facts.units) ?? [];
    const accounts: Accounts | null = known(facts.accounts);
    for (const path of context.profiles.flatMap(pathsOf)) {
      if (path.added) this.#added.add(path);
      else (path.weak ? this.#weak : this.#strong).add(path.pattern, path.ruling);
      if (path.compiled) this.#compiled.add(path.ruling);
    }
    this.#units = unitDirectories(units);
    this.#marks = markRules(context.marks, known(facts.units));
    this.#homes = homes(accounts);
    this.#places = places(context.swapFiles);
    this.#packages = new PackageIndex(facts, context.evidence.marks);
    this.#witness = new Witness(facts, context.evidence);
    this.#generated = new Generated(this.#witness);
    this.#owned = known(facts.owned) ?? new Map();
    this.#ucf = known(facts.ucf) ?? new Map();
    this.#writers = known(facts.openForWriting) ?? new Map();
    this.#replaced = new Set(
      (known(facts.diversions) ?? []).filter((one) => one.by === 'local').map((one) => one.path),
    );
    this.#missing = new MissingIndex(facts);
    this.#unitEvidence = new UnitEvidence(
      known(facts.unitDirectives) ?? [],
      units,
      context.secretEnvironments,
    );
    this.#tmpfiles = new TmpfilesEvidence(known(facts.tmpfiles) ?? [], (file) => this.#owned.has(file));
    this.#logs = new LogEvidence(known(facts.logrotate) ?? []);
    this.#repositories = context.repositories;
    this.#foreign = context.foreign;
    this.#etc = context.evidence.etc;
    this.#databases = context.databases;
  }

  /** The ruling for one entry of the listing. */
  classify(entry: Entry): Ruling {
    const { path, type } = entry;
    const owner = this.#owned.get(path);
    this.#missing.see(entry, owner);
    const never = this.#never.of(path);
    // A process notes its number in a few bytes; anything larger has only the name.
    const isNote = never?.rule !== 'runtime.process' || (type === 'f' && entry.size <= 64) || type === 's';
    if (never !== null && isNote) return never;
    const foreign = this.#foreign.of(path);
    if (foreign !== null) return foreign;
    if (type === 's') return socket;
    const isPackaged = owner !== undefined && type !== 'd';
    const told = this.#marks.told.of(path);
    if (told !== null && !isPackaged) return told;
    const profile = this.#profileOf(path);
    if (profile !== null && (!isPackaged || profile.class === 'secret')) return secretIn(entry, profile);
    if (this.#replaced.has(path) && type !== 'd') return diverted;
    if (type === 'l' && isTopLink(entry)) return generatedLink(entry, this.#witness) as Ruling;
    const packaged = this.#packages.classify(entry, owner, this.candidates);
    if (packaged !== null) return packaged;
    return this.#unowned(entry, owner);
  }

  /** A rule about what is made from a file says nothing where that file is not there. */
  #profileOf(path: Bytes): Ruling | null {
    const said = this.#strong.of(path);
    if (said === null || !this.#compiled.has(said)) return said;
    const source = this.#etc.get(path.replace(/\.[^./]+$/, ''));
    return source?.type === 'f' || source?.type === 'l' ? said : null;
  }

  #unowned(entry: Entry, owner: string | undefined): Ruling {
    const { path, type } = entry;
    const offered = this.#ucf.get(path);
    if (offered !== undefined && type === 'f') {
      this.candidates.set(path, { kind: 'ucf', package: 'ucf', digests: [offered] });
      return packageRulings.ucf;
    }
    const template = this.#templates.get(path);
    if (template !== undefined && type === 'f') {
      if (template.empty === true && entry.size === 0) return packageRulings.template;
      const digests = template.from.flatMap((from) => this.#packages.digestOf(from) ?? []);
      if (digests.length > 0) {
        const brings = template.from.flatMap((from) => this.#owned.get(from) ?? [])[0] ?? '';
        this.candidates.set(path, { kind: 'template', package: brings, digests });
        return packageRulings.template;
      }
    }
    if (type === 'l') {
      const link =
        generatedLink(entry, this.#witness) ??
        (this.#packages.isEnabledByPackage(entry) ? packageRulings.link : null);
      if (link !== null) return link;
    }
    const made = this.#generated.of(entry);
    if (made !== null) return made;
    if (type === 'd' && owner !== undefined) return this.#directory(path);
    if (this.#repositories.keys.has(path)) return repositoryKey;
    return this.#addedOf(path) ?? this.#byPlace(path, entry);
  }

  /** Profiles that were added leave nothing behind that homes or our own profiles carry. */
  #addedOf(path: Bytes): Ruling | null {
    const said = this.#added.of(path, 'strong');
    if (said === null || said.carry !== 'none') return said;
    const ours = this.#homes.of(path) ?? this.#weak.of(path);
    return ours === null || ours.carry === 'none' ? said : null;
  }

  /** A directory of a package: what lies in it decides; by itself it says only that it will be there again. */
  #directory(path: Bytes): Ruling {
    const place = this.#byPlace(path, null);
    return place.carry === 'stream' || place.class === 'ephemeral' ? place : packageRulings.directory;
  }

  #byPlace(path: Bytes, entry: Entry | null): Ruling {
    const marked = this.#base(path);
    // Python keeps nothing there but what it compiled.
    const isCompiled = entry?.type === 'd' ? path.endsWith('/__pycache__') : /\.py[co]$/.test(path);
    const isStray = marked.rule === 'mark.pycache' && entry !== null && !isCompiled;
    const base = isStray ? this.#base(path.replaceAll(/\/__pycache__(?=\/|$)/g, '/-')) : marked;
    if (entry === null) return base;
    const made = this.#madeByTmpfiles(entry, base);
    if (made !== null) return made;
    if (path.startsWith('/etc/')) {
      if (/^\/etc\/apt\/sources\.list(\.d\/.*)?$/s.test(path)) {
        if (entry.type === 'f' && this.#repositories.files.has(path)) return repositorySource;
        if (entry.type === 'f' && this.#repositories.distribution.has(path)) return distributionSource;
      }
      const secret = entry.type === 'd' ? null : this.#secrets.of(path);
      const named = entry.type === 'f' ? this.#unitEvidence.file(path, entry.size, base) : null;
      if (named?.class === 'secret') return named;
      if (secret !== null && base.carry === 'manifest') return { ...secret, single: true };
      if (base.carry === 'manifest' && entry.type === 'f' && entry.size > bigConfiguration) return big;
      if (base.carry === 'manifest' && /[pbc]/.test(entry.type)) return special;
      return base;
    }
    if (entry.type === 'd' && base.class === 'ephemeral' && isKeptDirectory(path)) return keptDirectory;
    const place = secretIn(entry, base);
    if (entry.type === 'f') {
      const named = this.#unitEvidence.file(path, entry.size, place) ?? this.#log(path, place);
      if (named !== null) return named;
    }
    return this.#raised(path, place);
  }

  /** A log outside the places for logs, where it lies among data or nobody knows what. */
  #log(path: Bytes, base: Ruling): Ruling | null {
    const isOpen = base.class === 'undecided' || (base.class === 'mutable' && base.carry === 'stream');
    return isOpen && !this.#databases.has(path) ? this.#logs.of(path) : null;
  }

  /** What lies among data travels, even where something would make it again: it may change before the move ends. */
  #madeByTmpfiles(entry: Entry, base: Ruling): Ruling | null {
    const isKept = entry.type === 'd' && base.class === 'ephemeral';
    if (!isKept && base.class !== 'undecided' && base.rule !== 'place.etc') return null;
    const made = this.#tmpfiles.made(entry, (path) => this.#packages.digestOf(path));
    if (made === null) return null;
    if (made.candidate !== null) {
      const otherwise = base.carry === 'manifest' ? {} : { otherwise: { ...base, single: true } };
      this.candidates.set(entry.path, { ...made.candidate, ...otherwise });
    }
    return made.ruling;
  }

  /** What a running service writes to right now is state, whatever its place suggests. */
  #raised(path: Bytes, base: Ruling): Ruling {
    const writer = this.#writers.get(path);
    if (writer === undefined) {
      return base.class === 'undecided' && this.#databases.has(path) ? database : base;
    }
    const raisable =
      base.class === 'undecided' || base.rule === 'place.cache' || base.rule.startsWith('mark.');
    if (!raisable) return base;
    return {
      class: 'mutable',
      carry: 'stream',
      rule: 'open.writing',
      reason: `${writer} writes it`,
      evidence: `open for writing by ${writer} while it was scanned`,
      single: true,
    };
  }

  #base(path: Bytes): Ruling {
    const place =
      this.#units.of(path) ??
      this.#marks.found.of(path) ??
      this.#homes.of(path) ??
      this.#weak.of(path) ??
      this.#added.of(path, 'weak') ??
      (this.#places.of(path) as Ruling);
    if (place.class === 'undecided') {
      const state = this.#unitEvidence.tree(path);
      if (state !== null) return state;
    }
    return this.#tmpfiles.tree(path, place) ?? place;
  }

  /** What a new file in a directory would be, that no package owns. */
  childRuling(directory: Bytes): Ruling {
    const path = directory === '/' ? '/\0' : `${directory}/\0`;
    return (
      this.#never.of(path) ??
      this.#foreign.of(path) ??
      this.#marks.told.of(path) ??
      this.#strong.of(path) ??
      this.#generated.ofNew(directory) ??
      this.#addedOf(path) ??
      this.#base(path)
    );
  }

  /** Package and MD5 of what was shipped at a path, for edited files. */
  baseOf(path: Bytes): { package: string; md5: string } | null {
    const candidate = this.candidates.get(path);
    return (
      this.#packages.baseOf(path) ??
      (candidate === undefined ? null : { package: candidate.package, md5: candidate.digests[0] ?? '' })
    );
  }

  /** Whether a package brings this directory. */
  isPackagedDirectory(path: Bytes): boolean {
    return this.#owned.has(path);
  }

  /**
   * What a candidate is, now that its digest is known (null = it could not be read). null = as it was taken to be.
   */
  resolve(path: Bytes, digest: string | null): Ruling | null {
    const candidate = this.candidates.get(path);
    if (candidate === undefined) return null;
    if (digest !== null && candidate.digests.includes(digest))
      return candidate.kind === 'leftover' ? packageRulings.leftover : null;
    if (candidate.otherwise !== undefined) return candidate.otherwise;
    if (candidate.kind === 'link') {
      const isTold = candidate.stray === true || !this.#packages.isCopied(candidate.package);
      return isTold ? edited(candidate) : null;
    }
    const secret = this.#secrets.of(path);
    if (secret !== null) return { ...secret, single: true };
    // What a package brings there is a beginning; its service writes on.
    if (candidate.kind === 'file' && path.startsWith('/var/'))
      return { ...(this.#generated.of({ path, type: 'f' }) ?? this.#base(path)), single: true };
    if (digest === null)
      return care(candidate, 'could not be read, so it is not known whether it was changed');
    return edited(candidate);
  }

  /** Whether a file is as a maintainer script or a tool writes it. */
  isDefault(path: Bytes, content: Bytes): boolean {
    return isDefault(path, content, this.#witness);
  }

  /** Configuration files of installed packages that nobody saw: somebody removed them on purpose. */
  removed(seen: (path: Bytes) => boolean): { path: Bytes; package: string; md5: string; ruling: Ruling }[] {
    return this.#packages
      .removedConffiles(seen, this.#etc.keys())
      .filter(({ path }) => this.#never.of(path) === null && this.#foreign.of(path) === null);
  }

  /**
   * Files of packages that nobody saw, besides configuration. `isUnsure` says of a directory that the listing cannot
   * tell what is in it.
   */
  missing(isUnsure: (directory: Bytes) => boolean): MissingFiles[] {
    return this.#missing
      .found((directory) => isUnsure(directory) || this.#foreign.of(directory) !== null)
      .filter(({ path }) => this.#never.of(path) === null);
  }
}
