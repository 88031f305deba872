/**
 * The nouns of opstimal-move. This file is the glossary: every folder speaks in these types, and no other
 * document restates them. It imports nothing and holds no behaviour.
 */

/**
 * A string in which every UTF-16 code unit is one byte (latin1). Paths and names on a server are bytes and
 * need not be UTF-8. ASCII literals are already byte strings; `bytes.ts` converts and quotes for display.
 */
export type Bytes = string;

/** Arguments of one process. Elements are byte strings; only `host/quote.ts` turns them into a shell line. */
export type Argv = readonly [Bytes, ...Bytes[]];

/** What a person decides about. The finer kinds (cache, log, config, checkout …) live in reason and rule. */
export type Class = 'immutable' | 'edited' | 'mutable' | 'secret' | 'identity' | 'ephemeral' | 'undecided';

/**
 * How a path reaches the destination: `manifest` = by a resource of the manifest (apply), `stream` = as data
 * (sync), `dump` = by its engine's logical dump (cutover), `none` = not at all.
 */
export type Carry = 'manifest' | 'stream' | 'dump' | 'none';

/** A place as a person writes it; see `host/place.ts` for the grammar. */
export type Place =
  | {
      readonly kind: 'ssh';
      readonly text: string;
      readonly user?: string;
      readonly host: string;
      readonly port?: number;
    }
  | { readonly kind: 'local'; readonly text: string }
  | { readonly kind: 'disk'; readonly text: string; readonly root: string };

// ---------------------------------------------------------------------------------------------- listing

/** find's letters: file, directory, link, fifo, socket, block, character. */
export type EntryType = 'f' | 'd' | 'l' | 'p' | 's' | 'b' | 'c';

/** One path with everything one listing pass knows about it. Times are nanoseconds since the epoch. */
export interface Entry {
  /** Absolute, as the server sees it (a disk host's root is taken off). */
  readonly path: Bytes;
  readonly type: EntryType;
  /** Permission bits with setuid, setgid and sticky; no file type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Name of the owner, or null where the number has no name. */
  readonly user: string | null;
  readonly group: string | null;
  readonly size: number;
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly device: number;
  readonly inode: number;
  readonly links: number;
  /** Allocated blocks of 512 bytes; blocks × 512 < size means holes. */
  readonly blocks: number;
  /** Target of a link. */
  readonly target?: Bytes;
}

// ------------------------------------------------------------------------------------------------ facts

/** An answer that could not be had says why; it is never an empty list. */
export type Answered<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly reason: string };

export interface OsFact {
  /** os-release ID, for example `debian`. */
  readonly id: string;
  /** os-release VERSION_ID, for example `12`; empty on rolling releases. */
  readonly version: string;
  readonly codename: string;
  readonly name: string;
  /** dpkg's word, for example `amd64`. */
  readonly architecture: string;
  readonly hostname: string;
  readonly machineId: string;
}

export interface Conffile {
  readonly path: Bytes;
  /** MD5 as hex, or `newconffile`. */
  readonly digest: string;
  readonly obsolete: boolean;
  readonly removeOnUpgrade: boolean;
}

export interface InstalledPackage {
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
  /** Third word of Status: `installed`, `config-files`, `half-installed` … */
  readonly status: string;
  readonly source: string;
  readonly priority: string;
  readonly section: string;
  readonly essential: boolean;
  readonly multiArchSame: boolean;
  readonly automatic: boolean;
  readonly held: boolean;
  readonly depends: string;
  readonly provides: string;
  readonly conffiles: readonly Conffile[];
}

/** Where apt would get the installed version from; `null` = from nowhere but the local database. */
export type PackageOrigins = ReadonlyMap<
  string,
  { readonly origin: string | null; readonly candidate: string | null }
>;

/** One file of a package as apt's lists have it. */
export interface PackageAddress {
  /** Without an architecture. */
  readonly package: string;
  readonly version: string;
  readonly architecture: string;
  readonly uri: string;
  /** Bytes. */
  readonly size: number;
  /** null = the lists give none that is worth something. */
  readonly digest: { readonly algorithm: 'sha256' | 'sha512'; readonly hex: string } | null;
}

/** Which package owns a path, with diversions applied and merged-usr spelled as on disk. */
export type OwnedPaths = ReadonlyMap<Bytes, string>;

/** MD5 as hex of packaged files that are not conffiles (`*.md5sums`), by absolute path. */
export type RecordedDigests = ReadonlyMap<Bytes, string>;

export interface Repository {
  /** File that names it, for example `/etc/apt/sources.list.d/vendor.list`. */
  readonly file: Bytes;
  readonly format: 'one-line' | 'deb822';
  readonly enabled: boolean;
  readonly types: readonly string[];
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** Keyring file, when Signed-By names one; null = any trusted key. */
  readonly signedBy: Bytes | null;
}

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly gecos: string;
  readonly home: Bytes;
  readonly shell: Bytes;
  /** Whether a usable hash is set; the hash itself never leaves the fact. */
  readonly password: 'set' | 'locked' | 'none' | 'unknown';
}
export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}
export interface Accounts {
  readonly users: readonly User[];
  readonly groups: readonly Group[];
}

export interface Unit {
  readonly name: string;
  /** `list-unit-files` STATE: enabled, disabled, masked, static, generated, alias, indirect … */
  readonly state: string;
  /** PRESET column; empty where systemd prints none. STATE ≠ PRESET is somebody's decision. */
  readonly preset: string;
  /** active, inactive, failed …; `unknown` on a root that is not running. */
  readonly active: string;
  readonly fragment: Bytes;
  readonly dropIns: readonly Bytes[];
  readonly user: string;
  readonly type: string;
  readonly stateDirectories: readonly Bytes[];
  readonly cacheDirectories: readonly Bytes[];
  readonly logsDirectories: readonly Bytes[];
  readonly runtimeDirectories: readonly Bytes[];
  readonly readWritePaths: readonly Bytes[];
  readonly workingDirectory: Bytes;
  readonly execStart: readonly Bytes[];
  readonly environmentFiles: readonly Bytes[];
  readonly requires: readonly string[];
  readonly after: readonly string[];
}

/** What the unit files and drop-ins that somebody wrote for one unit say about paths. All paths are absolute. */
export interface UnitDirectives {
  readonly unit: string;
  /** Home of the user whose unit it is; null = the system's, or one for every user. */
  readonly home: Bytes | null;
  /** The unit file, or its first drop-in. */
  readonly file: Bytes;
  /** ReadWritePaths=, BindPaths= and RootDirectory=: the unit writes there. */
  readonly writes: readonly Bytes[];
  readonly workingDirectory: Bytes;
  /** Programs that the Exec lines start. */
  readonly programs: readonly Bytes[];
  /** Files that StandardOutput= and StandardError= go to. */
  readonly outputs: readonly Bytes[];
  readonly pidFile: Bytes;
  readonly environmentFiles: readonly Bytes[];
  /** Files and directories of LoadCredential= and LoadCredentialEncrypted=. */
  readonly credentials: readonly Bytes[];
}

export interface Alternative {
  readonly name: string;
  readonly mode: 'auto' | 'manual';
  readonly path: Bytes;
}
export interface Diversion {
  readonly path: Bytes;
  readonly divertedTo: Bytes;
  /** Package that diverts, or `local`. */
  readonly by: string;
}
export interface StatOverride {
  readonly path: Bytes;
  readonly user: string;
  readonly group: string;
  /** Octal text as dpkg-statoverride prints it. */
  readonly mode: string;
  /** Package whose maintainer script sets exactly this; null = somebody did. */
  readonly by: string | null;
}
/** A pattern of paths that dpkg leaves out when it unpacks, or unpacks after all. */
export interface PathFilter {
  readonly exclude: boolean;
  /** fnmatch(3); `*` also matches a slash. */
  readonly pattern: Bytes;
}
/** A line of tmpfiles.d(5) that is in force. */
export interface TmpfilesLine {
  readonly file: Bytes;
  /** Counted from 1. */
  readonly line: number;
  /** One letter. */
  readonly type: string;
  /** Signs after the letter: `+`, `!`, `-` … */
  readonly modifiers: string;
  /** A glob for the types that take one. */
  readonly path: Bytes;
  readonly mode: string;
  /** For example `10d`; empty where nothing is cleaned. */
  readonly age: string;
  /** Content, target, source …; null where the line does not hold it. */
  readonly argument: Bytes | null;
}
/** A line of sysusers.d(5) that is in force: a user, a group, or a user's membership in the group `id`. */
export interface SysusersLine {
  readonly file: Bytes;
  /** Counted from 1. */
  readonly line: number;
  readonly type: 'u' | 'g' | 'm';
  readonly name: string;
  readonly id: string;
  readonly gecos: Bytes;
  readonly home: Bytes;
  readonly shell: Bytes;
}
/** Files that one block of logrotate(8) speaks for. */
export interface RotatedLogs {
  readonly file: Bytes;
  /** Globs, absolute. */
  readonly patterns: readonly Bytes[];
  /** Where the rotated files go; null = beside the log. May be relative to the log. */
  readonly olddir: Bytes | null;
}
export interface Mount {
  readonly target: Bytes;
  /** What of the file system is mounted there: `/` is the whole, anything else a bind mount or a subvolume. */
  readonly root: Bytes;
  readonly source: Bytes;
  readonly type: string;
  readonly options: string;
  readonly device: string;
  /** Bytes, from df; 0 where unknown. */
  readonly size: number;
  readonly used: number;
  readonly available: number;
  readonly inodesAvailable: number;
}
export interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly process: string;
  readonly pid: number | null;
  /** systemd unit of the process; null = started by hand. */
  readonly unit: string | null;
}

/** A file that a process holds open although nothing names it any more. */
export interface DeletedOpen {
  /** As stat(2) gives it. */
  readonly device: number;
  readonly inode: number;
  /** On disk. */
  readonly bytes: number;
  /** Where it was. */
  readonly path: Bytes;
  readonly process: string;
}

/** Everything that was asked of one host, before the listing. */
export interface Facts {
  readonly os: Answered<OsFact>;
  readonly packages: Answered<readonly InstalledPackage[]>;
  readonly origins: Answered<PackageOrigins>;
  readonly owned: Answered<OwnedPaths>;
  readonly recordedDigests: Answered<RecordedDigests>;
  /** Nanoseconds: when each package was unpacked last (mtime of its file list), by package name. */
  readonly unpacked: Answered<ReadonlyMap<string, bigint>>;
  readonly repositories: Answered<readonly Repository[]>;
  readonly accounts: Answered<Accounts>;
  readonly units: Answered<readonly Unit[]>;
  readonly unitDirectives: Answered<readonly UnitDirectives[]>;
  readonly alternatives: Answered<readonly Alternative[]>;
  readonly diversions: Answered<readonly Diversion[]>;
  readonly statOverrides: Answered<readonly StatOverride[]>;
  readonly pathFilters: Answered<readonly PathFilter[]>;
  readonly tmpfiles: Answered<readonly TmpfilesLine[]>;
  readonly sysusers: Answered<readonly SysusersLine[]>;
  readonly logrotate: Answered<readonly RotatedLogs[]>;
  readonly mounts: Answered<readonly Mount[]>;
  readonly ports: Answered<readonly Port[]>;
  /** ucf's registry: path → MD5 of the version the package offered last. */
  readonly ucf: Answered<ReadonlyMap<Bytes, string>>;
  /** Paths open for writing now → the process name. */
  readonly openForWriting: Answered<ReadonlyMap<Bytes, string>>;
  /** Files that are deleted and still open: their bytes are used, and no path names them. */
  readonly deletedOpen: Answered<readonly DeletedOpen[]>;
  /** Seconds the host's clock is ahead of ours. */
  readonly clockAhead: Answered<number>;
}

// ------------------------------------------------------------------------------------------- classifying

/**
 * One class with its reason, for a tree or one path. A `tree` speaks for everything below it that no deeper
 * verdict names; the deepest one wins.
 */
export interface Verdict {
  readonly path: Bytes;
  readonly scope: 'tree' | 'path';
  readonly class: Class;
  readonly carry: Carry;
  /** Stable id of the rule, for example `package.unchanged` or `profile.postgresql.data`. */
  readonly rule: string;
  /** One clause a person understands, for example `postgresql: data`. */
  readonly reason: string;
  /** What was seen: unit line, file list, config line. */
  readonly evidence: string;
  readonly bytes: number;
  readonly files: number;
}

/** A person's word on a path; appended to decisions.jsonl, never edited. The newest for a path wins. */
export interface Decision {
  readonly path: Bytes;
  /** null takes an earlier decision back. */
  readonly class: Class | null;
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly note: string;
}

// --------------------------------------------------------------------------------------------- profiles

/** Knowledge about one service, as data: `profiles/<name>.yaml`. Validated by `decide/profile-schema.ts`. */
export interface Profile {
  readonly name: string;
  readonly title: string;
  /**
   * The profile is on when any of these is true and its version, where it has a rule for one, was found.
   * Package names may hold `*`.
   */
  readonly detect: {
    readonly packages?: readonly string[];
    readonly units?: readonly string[];
    readonly magic?: 'sqlite';
  };
  /**
   * Version of the service that paths, packages and rewrites call `{version}`: first group of the pattern on
   * an installed package's name or version, for example `{package: "php*-fpm", pattern: "^php([0-9.]+)-fpm$"}`.
   */
  readonly version?: { readonly package: string; readonly of: 'name' | 'version'; readonly pattern: string };
  /** Paths found in the service's own configuration. Each is `${name}` in `paths`. */
  readonly settings?: readonly {
    readonly name: string;
    /** Globs of files below /etc. */
    readonly files: readonly string[];
    /** RE2, tried on each line by itself; its group is the value. What is no absolute path is not taken. */
    readonly pattern: string;
    /** `all` = every match is a value (roots of web sites), `last` = the last one. */
    readonly take: 'last' | 'all';
    readonly default: readonly string[];
  }[];
  readonly paths: readonly {
    /** Absolute, picomatch glob; `{version}` and `${setting}` are filled in. A directory speaks for its tree. */
    readonly path: string;
    readonly class: Class;
    /** Fine kind: data, cache, log, secret, config, runtime, rebuilt … */
    readonly kind: string;
    readonly carry?: Carry;
    /** Rules that say more about what lies inside (packages, caches, lockfiles) come first. */
    readonly weak?: boolean;
    /** Below /etc: speaks only for a file beside which lies what it is made from, without the ending of its name. */
    readonly compiled?: boolean;
  }[];
  /** Which engine moves the data by logical dump (`work/engines/`). */
  readonly dump?: 'postgresql' | 'mariadb';
  /** Units that write the data, glob allowed; stopped in a freeze. */
  readonly units: readonly string[];
  /** Freeze goes actors → front → application → database; start goes the other way. */
  readonly tier: 'actor' | 'front' | 'application' | 'database';
  /**
   * Names of packages that change with the version. `{old}` and `{new}` are the versions on both sides; a `*`
   * stands for the same text in both.
   */
  readonly packages?: readonly { readonly from: string; readonly to: string }[];
  /** Text that changes with the version, in files that the manifest carries. */
  readonly rewrites?: readonly {
    readonly files: readonly string[];
    readonly from: string;
    readonly to: string;
  }[];
  /** Paths that change with the version, for example `/etc/php/{old}/` → `/etc/php/{new}/`. */
  readonly moves?: readonly { readonly from: string; readonly to: string }[];
  /** How edited configuration crosses to a newer version: `file` (whole), `settings` (a translator), `by-hand`. */
  readonly crossing?: readonly {
    readonly files: readonly string[];
    readonly how: 'file' | 'postgresql-settings' | 'dovecot-settings' | 'by-hand';
    readonly note?: string;
  }[];
  readonly probes?: readonly Probe[];
  readonly provenance: string;
  /** Not in the file: where a profile was read that did not come with this program, and whether it replaces ours. */
  readonly added?: { readonly file: string; readonly replaces: boolean };
}

// ---------------------------------------------------------------------------------- manifest and recipe

interface Common {
  readonly note?: string;
}
export interface PackageResource extends Common {
  readonly package: string;
  readonly version: string;
  readonly held?: true;
  /** No repository offers it: rebuilt from the installed files (`files/debs/`). */
  readonly local?: true;
}
export interface RepositoryResource extends Common {
  readonly repository: string;
  readonly file: string;
  /** Attachment with the source file's text, and the keyring it needs. */
  readonly from: string;
  readonly sha256: string;
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly key?: { readonly path: string; readonly from: string; readonly sha256: string };
}
export interface GroupResource extends Common {
  readonly group: string;
  readonly gid: number;
  readonly system: boolean;
}
export interface UserResource extends Common {
  readonly user: string;
  readonly uid: number;
  readonly group: string;
  readonly groups: readonly string[];
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
  readonly system: boolean;
  /** The hash is read from the source when it is applied; of ours only sealed/shadow.age holds it. */
  readonly password: 'set' | 'locked' | 'none' | 'unknown';
}
export interface PathResource extends Common {
  /** Quoted form of the path (see bytes.ts). */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link' | 'absent';
  /** Attachment in `files/`; absent for secrets, which are read from the source when applied. */
  readonly from?: string;
  readonly sha256?: string;
  readonly target?: string;
  readonly owner?: string;
  readonly group?: string;
  /** Four octal digits. */
  readonly mode?: string;
  readonly secret?: true;
  /** Attachment in `sealed/` with a secret's content, for the recipients of the folder; see `work/sealed.ts`. */
  readonly sealed?: string;
  /** Edited packaged file: the package and the MD5 it shipped. */
  readonly base?: { readonly package: string; readonly md5: string };
  /** What was changed against the package's original, as a unified diff in `files/`; values of secrets are left out. */
  readonly patch?: string;
}
export interface UnitResource extends Common {
  readonly unit: string;
  readonly state: 'enabled' | 'disabled' | 'masked' | 'as-is';
  readonly active: boolean;
}
export interface DatabaseResource extends Common {
  readonly database: string;
  readonly engine: 'postgresql' | 'mariadb';
  readonly bytes: number;
}
export interface DataResource extends Common {
  readonly data: string;
  readonly class: 'mutable' | 'secret';
  readonly bytes: number;
  readonly files: number;
  readonly profile?: string;
}
/** A git work tree: where it can be had again, and what stands only here. Its files travel as data as well. */
export interface CheckoutResource extends Common {
  readonly checkout: string;
  /** Addresses without user names, passwords and tokens. */
  readonly remotes: readonly { readonly name: string; readonly url: string }[];
  readonly branch?: string;
  readonly commit?: string;
  /** Commits that no remote branch has. */
  readonly unpushed: number;
  readonly changed: number;
  readonly untracked: number;
  readonly stashes: number;
  readonly submodules?: readonly string[];
  readonly lfs?: true;
  /** Attachment: the uncommitted change of tracked files, where it holds no secret. */
  readonly patch?: string;
}
/** What a language's own package manager installed: its lockfile and the runtime it was made for. */
export interface StackResource extends Common {
  /** Directory of the project, or the program itself (Go). */
  readonly stack: string;
  readonly language: 'python' | 'node' | 'php' | 'ruby' | 'rust' | 'go' | 'java';
  /** For example `npm`, `uv`, `composer`. */
  readonly manager: string;
  readonly lockfile?: string;
  /** SHA-256 of the lockfile. */
  readonly sha256?: string;
  /** For example `python 3.11.2`. */
  readonly runtime?: string;
  /** Whether lockfile and runtime are enough to make it again. */
  readonly reproducible: boolean;
}
export interface ContainerResource extends Common {
  readonly container: string;
  readonly engine: 'docker' | 'podman';
  /** Whose container it is where not root's. */
  readonly owner?: string;
  readonly image: string;
  /** Digest to pull by; absent = the image exists only here. */
  readonly digest?: string;
  /** Compose or quadlet file that made it; absent = it was made on a command line. */
  readonly definition?: string;
  readonly volumes: readonly { readonly source: string; readonly target: string; readonly name?: string }[];
  readonly ports: readonly string[];
  readonly networks: readonly string[];
  readonly restart?: string;
  readonly running: boolean;
}
/** Programs that were built or unpacked by hand, and the shared libraries they need from outside. */
export interface BuildResource extends Common {
  readonly build: string;
  readonly programs: number;
  /** Sonames, with the package that brings them on the source; `missing` = not there even now. */
  readonly libraries: readonly {
    readonly name: string;
    readonly package?: string;
    readonly missing?: true;
  }[];
}
export interface AlternativeResource extends Common {
  readonly alternative: string;
  readonly path: string;
}
export interface DiversionResource extends Common {
  readonly diversion: string;
  readonly to: string;
}
export interface StatOverrideResource extends Common {
  readonly statoverride: string;
  readonly user: string;
  readonly group: string;
  readonly mode: string;
}
export type Resource =
  | PackageResource
  | RepositoryResource
  | GroupResource
  | UserResource
  | PathResource
  | UnitResource
  | DatabaseResource
  | DataResource
  | CheckoutResource
  | StackResource
  | ContainerResource
  | BuildResource
  | AlternativeResource
  | DiversionResource
  | StatOverrideResource;

export interface Manifest {
  readonly opstimal: 'manifest/2';
  readonly host: {
    readonly name: string;
    readonly os: string;
    readonly version: string;
    readonly codename: string;
    readonly architecture: string;
  };
  /** Active profiles with the version found. */
  readonly profiles: readonly { readonly name: string; readonly version: string | null }[];
  readonly resources: readonly Resource[];
  readonly classes: Readonly<Record<Class, { readonly files: number; readonly bytes: number }>>;
  readonly undecided: readonly { readonly path: string; readonly bytes: number; readonly files: number }[];
  /** Parts that could not be asked, with the reason. */
  readonly incomplete: readonly { readonly fact: string; readonly reason: string }[];
}

// ------------------------------------------------------------------------------------------------- plan

/** Something a person must know: `blocker` stops apply, `care` hurts, `by-hand` is left to the person. */
export interface Notice {
  readonly grade: 'blocker' | 'care' | 'by-hand';
  readonly subject: string;
  readonly text: string;
  readonly hint: string;
}

export type StepKind =
  | 'repository'
  | 'package'
  | 'group'
  | 'user'
  | 'diversion'
  | 'statoverride'
  | 'alternative'
  | 'file'
  | 'removal'
  | 'unit'
  | 'refresh';

/** One thing apply does. `check` and `apply` are POSIX sh; a check exits 0 when there is nothing to do. */
export interface Step {
  readonly id: string;
  readonly kind: StepKind;
  readonly symbol: '+' | '~' | '-' | '!';
  readonly title: string;
  readonly detail: string;
  readonly check: string;
  readonly apply: string;
  /** Files that travel with the step, by path on the destination. */
  readonly files: readonly PlannedFile[];
}
export interface PlannedFile {
  readonly path: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: string;
  /** Content: an attachment of the folder, the source's own path (secrets), or text made by the plan. */
  readonly content: { readonly from: string } | { readonly source: string } | { readonly text: string };
  /** Replacements of text to make in it. */
  readonly rewrites: readonly { readonly from: string; readonly to: string }[];
}

/** The published form of a plan; the human text is drawn from it and apply does exactly it. */
export interface Plan {
  readonly opstimal: 'plan/1';
  readonly source: { readonly name: string; readonly os: string };
  readonly destination: { readonly name: string; readonly os: string; readonly machineId: string };
  /** SHA-256 of manifest.yaml and decisions.jsonl, and of what was read from the destination. */
  readonly manifestDigest: string;
  readonly destinationDigest: string;
  /** Quoted paths of the destination that were looked at; part of what the digest covers. */
  readonly looked?: readonly string[];
  readonly counts: {
    readonly ok: number;
    readonly change: number;
    readonly extra: number;
    readonly unknown: number;
  };
  readonly notices: readonly Notice[];
  readonly steps: readonly Step[];
  /**
   * Units that run on one side only: stopped on the source by cutover under `source`, held on the destination
   * until then under `unit` (the names differ where they carry a version).
   */
  readonly holds: readonly {
    readonly source: string;
    readonly unit: string;
    readonly tier: Profile['tier'];
  }[];
  /** Things on the destination that no recipe names. */
  readonly extra: readonly string[];
  readonly data: { readonly files: number; readonly bytes: number; readonly databases: readonly string[] };
}

// ------------------------------------------------------------------------------------------ verification

export type Probe =
  | { readonly probe: 'unit'; readonly unit: string }
  | { readonly probe: 'port'; readonly port: number }
  | { readonly probe: 'http'; readonly url: string }
  | {
      readonly probe: 'command';
      readonly name: string;
      readonly argv: readonly string[];
      readonly compare: 'equal' | 'zero';
    };

export interface Check {
  readonly state: 'green' | 'red' | 'by-hand';
  readonly subject: string;
  readonly text: string;
  /** What each side said, when they differ. */
  readonly source?: string;
  readonly destination?: string;
}
export interface Report {
  readonly green: number;
  readonly red: number;
  readonly byHand: number;
  readonly checks: readonly Check[];
}

// ------------------------------------------------------------------------------------------------ events

/** What work yields while it goes on; views fold them. Exhaustive: add a case, and every view must show it. */
export type Event =
  | { readonly kind: 'phase'; readonly name: string; readonly text: string }
  | {
      readonly kind: 'fact';
      readonly name: string;
      readonly state: 'asking' | 'answered' | 'absent';
      readonly text: string;
      readonly seconds: number;
    }
  | {
      readonly kind: 'progress';
      readonly label: string;
      readonly unit: 'bytes' | 'entries';
      readonly done: number;
      /** null until it is known. */
      readonly total: number | null;
      readonly same: number;
      readonly sent: number;
      readonly left: number;
      readonly errors: number;
      /** Quoted path or name of what is going on now. */
      readonly current: string;
    }
  | {
      readonly kind: 'step';
      readonly index: number;
      readonly of: number;
      readonly title: string;
      readonly state: 'begun' | 'ok' | 'changed' | 'failed' | 'skipped';
      readonly text: string;
    }
  | { readonly kind: 'note'; readonly grade: 'info' | 'care'; readonly text: string };

/** Long work: yields events, returns its result, throws Failure. Never prints, never asks. */
export type Work<T> = AsyncGenerator<Event, T, void>;
