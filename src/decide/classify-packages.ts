/**
 * What dpkg's database says about a path. A packaged file is unchanged when its inode was last touched while its
 * package was unpacked (ctime), or when its digest is the recorded one; dpkg records neither size nor time. Later it
 * was changed; earlier it is older than the package, and came with a directory that was moved there.
 *
 * Modes and owners are not compared: dpkg records none, and maintainer scripts set many.
 */
import { parentOf, quote } from '../bytes.ts';
import type { Bytes, Entry, EntryType, Facts } from '../types.ts';
import { linksOnce } from './generated.ts';
import type { Ruling } from './ruling.ts';
import { switchedOff } from './switched-off.ts';
import { targetOf } from './witness.ts';

export interface Candidate {
  readonly kind: 'conffile' | 'file' | 'ucf' | 'template' | 'tmpfiles' | 'leftover' | 'link';
  /** Of a link: it leads to what no package brings, so that it is somebody's even where times tell nothing. */
  readonly stray?: true;
  readonly package: string;
  /** MD5 in hex; any of them means unchanged. */
  readonly digests: readonly string[];
  /** What it is when its digest is another, where that is no edit. */
  readonly otherwise?: Ruling;
}

function ruling(rule: string, reason: string, evidence: string): Ruling {
  return { class: 'immutable', carry: 'none', rule, reason, evidence };
}

export const packageRulings = {
  unchanged: ruling(
    'package.unchanged',
    'unchanged file of a package',
    'in the file list of a package, not changed since',
  ),
  directory: ruling('package.directory', 'directory of a package', 'in the file list of a package'),
  conffile: ruling(
    'package.conffile',
    'configuration as its package brought it',
    'its digest is the recorded one',
  ),
  /** No recipe makes it again: the package is not installed. */
  leftover: {
    class: 'mutable',
    carry: 'manifest',
    rule: 'package.leftover',
    reason: 'configuration that stayed when its package was removed',
    evidence: 'its digest is the recorded one',
    single: true,
  },
  ucf: ruling(
    'generated.ucf',
    'configuration as its package offered it',
    'its digest is in the registry of ucf',
  ),
  template: ruling(
    'generated.template',
    'copied from a template of its package',
    'its digest is that of the template',
  ),
  link: ruling('generated.enabled', 'switched on by a package', 'its package keeps a mark of it'),
} as const;

/** The ruling of a candidate whose digest differs. */
export function edited(candidate: Candidate): Ruling {
  const by: Readonly<Record<Candidate['kind'], readonly [rule: string, reason: string]>> = {
    conffile: ['package.edited', `edited configuration of ${candidate.package}`],
    leftover: ['package.leftover-edited', `edited configuration of ${candidate.package}, which was removed`],
    file: ['package.patched', `changed file of ${candidate.package}, which is no configuration`],
    ucf: ['ucf.edited', 'edited configuration that ucf looks after'],
    tmpfiles: ['tmpfiles.edited', 'edited since systemd-tmpfiles made it'],
    template: ['template.edited', 'edited since it was copied from a template'],
    link: ['package.relinked', `link of ${candidate.package} that leads elsewhere`],
  };
  const [rule, reason] = by[candidate.kind];
  return {
    class: 'edited',
    carry: 'manifest',
    rule,
    reason,
    evidence: evidenceOf(candidate),
    single: true,
  };
}

function evidenceOf({ kind, digests }: Candidate): string {
  if (kind === 'link') return 'made after its package was unpacked, and leads out of it';
  if (digests.length === 0) return 'changed after its package was unpacked, which recorded no digest';
  return `its digest is not ${digests.join(' or ')}`;
}

/** Directories that every Debian has empty, so that no file below them tells that they are directories. */
const emptyDirectories = new Set<Bytes>(
  ['/home', '/media', '/mnt', '/opt', '/root', '/srv', '/usr/games', '/usr/local', '/usr/src'].concat(
    ['backups', 'cache', 'lib', 'local', 'log', 'mail', 'opt', 'spool', 'tmp'].map((name) => `/var/${name}`),
  ),
);

/** How the note of such a link begins: only a person can say where its contents belong on another server's disks. */
export const directoryLinked = 'link in the place of a directory';

function linkedDirectory(owner: string, target: Bytes): Ruling {
  return {
    class: 'edited',
    carry: 'manifest',
    rule: 'package.directory-linked',
    reason: `${directoryLinked} of ${owner}`,
    evidence: `leads to ${quote(target)}; the package lists files below it`,
    single: true,
  };
}

/** Nothing that a package ships looks like this, and it cannot be carried as an edited file either. */
function replaced(owner: string, type: EntryType): Ruling {
  return {
    class: 'undecided',
    carry: 'none',
    rule: 'undecided.replaced',
    reason: `${type === 'd' ? 'directory' : 'pipe or device'} in the place of a file of ${owner}`,
    evidence: 'its package lists a file there',
    single: true,
  };
}

/** A packaged file that cannot be judged: carried, and said so. */
export function care(candidate: Candidate, why: string): Ruling {
  return { ...edited(candidate), rule: `${edited(candidate).rule}-unread`, evidence: why };
}

const removed: Omit<Ruling, 'reason'> = {
  class: 'edited',
  carry: 'manifest',
  rule: 'package.conffile-removed',
  evidence: 'in the list of configuration files of its package, and not there',
  single: true,
};

/** dpkg renames the files of a package and then writes its list, after all else is done. Nanoseconds. */
const unpackingTakes = 5_000_000_000n;

interface KnownConffile {
  readonly package: string;
  readonly digest: string;
  readonly obsolete: boolean;
  readonly gone: boolean;
}

/** Marks that tools of Debian keep of links they made by themselves: a2enmod(8), phpenmod(8). */
const enabledMarks: readonly (readonly [link: RegExp, mark: (match: RegExpExecArray) => Bytes])[] = [
  [
    /^\/etc\/apache2\/(mod|conf|site)s?-enabled\/([^/]+)\.(?:load|conf)$/,
    ([, kind, name]) => `/var/lib/apache2/${kind === 'mod' ? 'module' : kind}/enabled_by_maint/${name}`,
  ],
  [
    /^\/etc\/php\/([^/]+)\/([^/]+)\/conf\.d\/\d+-([^/]+)\.ini$/,
    ([, version, program, name]) => `/var/lib/php/modules/${version}/${program}/enabled_by_maint/${name}`,
  ],
];

/** Where the link leads that the tool makes. */
function availableOf(link: Bytes): Bytes {
  return link
    .replace(/^(\/etc\/apache2\/[a-z]+)-enabled\//, '$1-available/')
    .replace(/^(\/etc\/php\/[^/]+)\/[^/]+\/conf\.d\/\d+-/, '$1/mods-available/');
}

/** Directories of which the package that lists them also lists something below. */
function directoriesIn(owned: ReadonlyMap<Bytes, string>): ReadonlySet<Bytes> {
  const found = new Set<Bytes>();
  let before = '';
  for (const [path, owner] of owned) {
    let at = parentOf(path);
    if (`${owner}${at}` === before) continue;
    before = `${owner}${at}`;
    for (; at !== '/'; at = parentOf(at)) if (owned.get(at) === owner) found.add(at);
  }
  return found;
}

export class PackageIndex {
  readonly #owned: ReadonlyMap<Bytes, string>;
  readonly #digests: ReadonlyMap<Bytes, string>;
  readonly #unpacked: ReadonlyMap<string, bigint>;
  readonly #conffiles = new Map<Bytes, KnownConffile>();
  readonly #marks: ReadonlySet<Bytes>;
  readonly #installed = new Set<string>();
  /** Paths that their package has as directories: it lists something below them. */
  readonly #directories: ReadonlySet<Bytes>;
  /** By package: files with a recorded digest, and those whose inode was touched at another time. */
  readonly #touched = new Map<string, { all: number; touched: number }>();

  constructor(
    facts: Pick<Facts, 'packages' | 'owned' | 'recordedDigests' | 'unpacked' | 'diversions'>,
    enabledMarks: ReadonlySet<Bytes>,
  ) {
    this.#marks = enabledMarks;
    this.#owned = facts.owned.known ? facts.owned.value : new Map();
    this.#digests = facts.recordedDigests.known ? facts.recordedDigests.value : new Map();
    this.#unpacked = facts.unpacked.known ? facts.unpacked.value : new Map();
    this.#directories = directoriesIn(this.#owned);
    const diverted = new Map(
      (facts.diversions.known ? facts.diversions.value : []).map((one) => [one.path, one] as const),
    );
    for (const one of facts.packages.known ? facts.packages.value : []) {
      const gone = one.status === 'config-files';
      if (one.status === 'not-installed') continue;
      if (!gone) this.#installed.add(one.name);
      for (const conffile of one.conffiles) {
        if (conffile.removeOnUpgrade) continue;
        const diversion = diverted.get(conffile.path);
        const path =
          diversion !== undefined && diversion.by !== one.name ? diversion.divertedTo : conffile.path;
        const next = { package: one.name, digest: conffile.digest, obsolete: conffile.obsolete, gone };
        const before = this.#conffiles.get(path);
        // A configuration file that moved to another package is obsolete in the old one.
        if (before === undefined || before.gone || (before.obsolete && !next.gone))
          this.#conffiles.set(path, next);
      }
    }
  }

  digestOf(path: Bytes): string | undefined {
    return this.#digests.get(path);
  }

  isEnabledByPackage(entry: Entry): boolean {
    for (const [link, mark] of enabledMarks) {
      const match = link.exec(entry.path);
      if (match !== null) return this.#marks.has(mark(match)) && targetOf(entry) === availableOf(entry.path);
    }
    return false;
  }

  /** null = dpkg has nothing to say; a directory is answered by its contents. */
  classify(entry: Entry, owner: string | undefined, candidates: Map<Bytes, Candidate>): Ruling | null {
    const { path, type } = entry;
    const conffile = this.#conffiles.get(path);
    if (conffile !== undefined) {
      const kind = conffile.gone ? 'leftover' : 'conffile';
      const candidate: Candidate = { kind, package: conffile.package, digests: [conffile.digest] };
      if (type === 'l') return edited(candidate);
      if (type !== 'f') return replaced(conffile.package, type);
      candidates.set(path, candidate);
      return conffile.gone ? packageRulings.leftover : packageRulings.conffile;
    }
    if (owner === undefined) return null;
    const digest = this.#digests.get(path);
    if (type === 'd') return digest === undefined ? null : replaced(owner, type);
    const unpacked = this.#unpacked.get(owner);
    const isTouched =
      unpacked === undefined || entry.ctime > unpacked || entry.ctime < unpacked - unpackingTakes;
    if (type === 'l') return this.#link(entry, owner, digest, candidates);
    if (type !== 'f') return replaced(owner, type);
    const candidate: Candidate = {
      kind: 'file',
      package: owner,
      digests: digest === undefined ? [] : [digest],
    };
    const known = this.#touched.get(owner) ?? { all: 0, touched: 0 };
    this.#touched.set(owner, { all: known.all + 1, touched: known.touched + (isTouched ? 1 : 0) });
    if (isTouched) candidates.set(path, candidate);
    return packageRulings.unchanged;
  }

  /**
   * dpkg records no targets. A link where its package has a file or a directory is somebody's; one that was made
   * after its package was unpacked and leads out of it is suspect.
   */
  #link(entry: Entry, owner: string, digest: string | undefined, candidates: Map<Bytes, Candidate>): Ruling {
    const { path } = entry;
    if (digest !== undefined) return edited({ kind: 'file', package: owner, digests: [digest] });
    if (this.#directories.has(path) || emptyDirectories.has(path))
      return linkedDirectory(owner, entry.target ?? '');
    const target = targetOf(entry);
    const within = this.#owned.get(target) ?? this.#owned.get(`/usr${target}`);
    const unpacked = this.#unpacked.get(owner);
    const isLate = unpacked === undefined || entry.ctime > unpacked;
    if (isLate && within !== owner) {
      const isStray = within === undefined;
      candidates.set(path, { kind: 'link', package: owner, digests: [], ...(isStray && { stray: true }) });
    }
    return packageRulings.unchanged;
  }

  /**
   * Whether everything of a package was touched after it was unpacked, as on a server that was copied: then times
   * tell nothing.
   */
  isCopied(name: string): boolean {
    const known = this.#touched.get(name);
    return known !== undefined && known.touched * 2 > known.all;
  }

  /** What is known about a configuration file, for the manifest's `base`. */
  baseOf(path: Bytes): { package: string; md5: string } | null {
    const conffile = this.#conffiles.get(path);
    if (conffile !== undefined) return { package: conffile.package, md5: conffile.digest };
    const owner = this.#owned.get(path);
    const digest = this.#digests.get(path);
    return owner !== undefined && digest !== undefined ? { package: owner, md5: digest } : null;
  }

  /** `etc`: what lies below /etc. */
  removedConffiles(
    seen: (path: Bytes) => boolean,
    etc: Iterable<Bytes>,
  ): { path: Bytes; package: string; md5: string; ruling: Ruling }[] {
    const found = [];
    for (const [path, conffile] of this.#conffiles) {
      if (conffile.gone || conffile.obsolete || !/^[0-9a-f]{32}$/.test(conffile.digest) || seen(path))
        continue;
      found.push({
        path,
        package: conffile.package,
        md5: conffile.digest,
        ruling: { ...removed, reason: `configuration of ${conffile.package} that was removed` },
      });
    }
    for (const { path, package: name } of linksOnce) {
      if (!this.#installed.has(name) || seen(path)) continue;
      const ruling = {
        ...removed,
        rule: 'package.link-removed',
        reason: `switched off after ${name} was installed`,
      };
      found.push({
        path,
        package: name,
        md5: '',
        ruling: { ...ruling, evidence: 'the package makes it once' },
      });
    }
    for (const { path, package: name } of switchedOff(this.#marks, etc, (one) => this.#owned.get(one))) {
      if (seen(path)) continue;
      const reason = `part of ${name} that was switched off`;
      const ruling = { ...removed, rule: 'package.link-removed', reason };
      found.push({
        path,
        package: name,
        md5: '',
        ruling: { ...ruling, evidence: 'its tool keeps a mark of it' },
      });
    }
    return found.sort((left, right) => (left.path < right.path ? -1 : 1));
  }
}
