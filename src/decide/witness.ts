/**
 * What proves that a tool made a path, so that a recipe makes exactly it again: dpkg's file lists, the databases of
 * tools, unit files. A name alone proves nothing: anybody may write a file into a directory where tools write theirs.
 */
import { parentOf } from '../bytes.ts';
import type { Bytes, Entry, Facts } from '../types.ts';
import { alternativeLinks, isEnablement } from './tool-links.ts';

/** What must be read and listed before paths are classified. */
export interface Evidence {
  /** Entries below /etc, by path. */
  readonly etc: ReadonlyMap<Bytes, Entry>;
  /** Marks that tools keep of what they did for packages: `enabled_by_maint`, deb-systemd-helper(1p). */
  readonly marks: ReadonlySet<Bytes>;
  /** Content of the files that `evidenceFiles` names and of all files in `alternativesDirectory`. */
  readonly said: ReadonlyMap<Bytes, Buffer>;
}

export const alternativesDirectory = '/var/lib/dpkg/alternatives';
/** Directories in which tools keep such marks. */
export const markDirectories: readonly Bytes[] = [
  '/var/lib/apache2',
  '/var/lib/php/modules',
  '/var/lib/systemd/deb-systemd-helper-enabled',
  '/var/lib/systemd/deb-systemd-helper-masked',
  '/var/lib/systemd/deb-systemd-user-helper-enabled',
];
const mimeTypes = '/usr/share/mime/types';
/** What nsswitch.conf(5) is copied from, before packages put words into it. */
export const nameServiceTemplates: readonly Bytes[] = [
  '/usr/share/libc-bin/nsswitch.conf',
  '/usr/share/base-files/nsswitch.conf',
];
export const shellsState = '/var/lib/shells.state';
const unitDirectory = /^\/etc\/systemd\/(?:system|user)\//;

/** A path without `.`, `..` and double slashes, as the letters say; links on the way are not followed. */
export function resolved(path: Bytes): Bytes {
  const parts: Bytes[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Where a link leads. */
export function targetOf(entry: Pick<Entry, 'path' | 'target'>): Bytes {
  const target = entry.target ?? '';
  return resolved(target.startsWith('/') ? target : `${parentOf(entry.path)}/${target}`);
}

/** Files whose content proves something, given the entries of /etc. */
export function evidenceFiles(etc: ReadonlyMap<Bytes, Entry>): Bytes[] {
  const pam = ['account', 'auth', 'password', 'session', 'session-noninteractive'];
  const units = [...etc.values()].filter(({ path, type }) => type === 'l' && unitDirectory.test(path));
  return [
    mimeTypes,
    shellsState,
    ...nameServiceTemplates,
    ...pam.flatMap((name) => [`/usr/share/pam/common-${name}`, `/var/lib/pam/${name}`]),
    ...new Set(units.map(targetOf).filter((path) => path !== '/dev/null')),
  ];
}

/** `bin` for `/bin/x`: the directories that a merged /usr has as links. */
function topOf(path: Bytes): string | undefined {
  return /^\/(bin|sbin|lib(?:32|64|x32|o32)?)\//.exec(path)?.[1];
}

export class Witness {
  readonly #owned: ReadonlyMap<Bytes, string>;
  readonly #installed: ReadonlySet<string>;
  readonly #configuration: ReadonlySet<Bytes>;
  readonly #evidence: Evidence;
  /** Top directories that are no links into /usr: the lists name files in them. */
  readonly #unmerged: ReadonlySet<string>;
  readonly #alternatives = new Map<Bytes, Set<Bytes>>();
  readonly #mimeTypes: ReadonlySet<Bytes>;
  /** Names and numbers of users. */
  readonly #users: ReadonlySet<string>;

  constructor(facts: Pick<Facts, 'packages' | 'owned' | 'ucf' | 'accounts'>, evidence: Evidence) {
    this.#owned = facts.owned.known ? facts.owned.value : new Map();
    const packages = facts.packages.known ? facts.packages.value : [];
    this.#installed = new Set(packages.filter((one) => one.status === 'installed').map(({ name }) => name));
    this.#configuration = new Set([
      ...packages.flatMap((one) => one.conffiles.map(({ path }) => path)),
      ...(facts.ucf.known ? facts.ucf.value.keys() : []),
    ]);
    this.#unmerged = new Set([...this.#owned.keys()].flatMap((path) => topOf(path) ?? []));
    this.#evidence = evidence;
    for (const [path, content] of evidence.said) {
      if (parentOf(path) !== alternativesDirectory) continue;
      const name = path.slice(alternativesDirectory.length + 1);
      for (const [link, targets] of alternativeLinks(name, content.toString('latin1')))
        this.#alternatives.set(this.#spelled(link), targets);
    }
    this.#users = new Set(
      (facts.accounts.known ? facts.accounts.value.users : []).flatMap(({ name, uid }) => [
        name,
        String(uid),
      ]),
    );
    // The files are named in small letters, whatever the type's own.
    this.#mimeTypes = new Set(this.said(mimeTypes)?.toLowerCase().split('\n') ?? []);
  }

  said(path: Bytes): Bytes | null {
    return this.#evidence.said.get(path)?.toString('latin1') ?? null;
  }

  isInstalled(name: string): boolean {
    return this.#installed.has(name);
  }

  /** As the file lists spell it on this disk: with a merged /usr `/lib/x` is `/usr/lib/x`. */
  #spelled(path: Bytes): Bytes {
    const top = topOf(path);
    return top === undefined || this.#unmerged.has(top) ? path : `/usr${path}`;
  }

  isPackaged(path: Bytes): boolean {
    return this.#owned.has(this.#spelled(path));
  }

  isUser(nameOrNumber: Bytes): boolean {
    return this.#users.has(nameOrNumber);
  }

  /** A link to a path of a package. */
  leadsToPackage(entry: Pick<Entry, 'path' | 'target'>): boolean {
    return this.isPackaged(targetOf(entry));
  }

  /** A configuration file that dpkg or ucf(1) looks after. */
  isConfiguration(path: Bytes): boolean {
    return this.#configuration.has(path);
  }

  isMarked(path: Bytes): boolean {
    return this.#evidence.marks.has(path);
  }

  /** A link exactly as the database of update-alternatives says. */
  isAlternative(entry: Entry): boolean {
    return this.#alternatives.get(entry.path)?.has(entry.target ?? '') === true;
  }

  /** `application/x-thing` that update-mime-database(1) found in the descriptions of packages. */
  isMimeType(type: Bytes): boolean {
    return this.#mimeTypes.has(type);
  }

  /** A link below /etc/systemd that `systemctl enable` makes again, or that a maintainer script made. */
  isEnablement(entry: Entry): boolean {
    const target = targetOf(entry);
    const content = this.said(target);
    if (content !== null && isEnablement(entry.path, target, content)) return true;
    const kind = /^\/etc\/systemd\/(system|user)\/(.+)$/s.exec(entry.path);
    // A removed package leaves its links and marks.
    if (kind === null || !/^\/(usr\/)?lib\/systemd\/(system|user)\//.test(target)) return false;
    const helper = kind[1] === 'system' ? 'helper' : 'user-helper';
    return this.isMarked(`/var/lib/systemd/deb-systemd-${helper}-enabled/${kind[2]}`);
  }

  /** A certificate's link as update-ca-certificates(8) and c_rehash make it. */
  isTrusted(entry: Entry): boolean {
    const { path } = entry;
    const target = targetOf(entry);
    if (/^\/usr\/local\/share\/ca-certificates\/.+\.crt$/s.test(target)) return path.endsWith('.pem');
    if (target.startsWith('/usr/share/ca-certificates/')) return this.isPackaged(target);
    if (!/\/[0-9a-f]{8}\.\d+$/.test(path) || parentOf(target) !== '/etc/ssl/certs') return false;
    if (target === '/etc/ssl/certs/ssl-cert-snakeoil.pem') return true;
    const certificate = this.#evidence.etc.get(target);
    return certificate?.type === 'l' && target.endsWith('.pem') && this.isTrusted(certificate);
  }
}
