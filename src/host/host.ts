/**
 * reach: what every machine looks like to the rest of the program.
 *
 * Rules of this folder:
 * - it knows how to run, stream, read and write on a machine; nothing about packages or services;
 * - everything runs as root (by itself, or through sudo that `connect` set up) or the host says why not;
 * - names are byte strings; only `quote.ts` makes a shell line; nothing from a server is ever part of one unquoted;
 * - one persistent shell per host answers questions; bulk data has a channel of its own;
 * - a host key that is unknown is asked about, one that changed is refused, always.
 */
import type { Readable, Writable } from 'node:stream';
import type { Argv, Bytes, Place } from '../types.ts';

/** What one finished process said. */
export interface Answer {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A running process with its streams. End `stdin` (or destroy it) when there is nothing to say. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process has ended and stdout is closed; stderr is kept to its last 64 KiB. Rejects with a Failure when the connection broke. */
  readonly done: Promise<{ readonly code: number; readonly stderr: string }>;
  kill(): void;
}

/** How a host was reached, for doctor and for the transcript. */
export interface Reach {
  /** `ssh2`, `ssh` (the system's client), `local`, `disk`, `recorded`. */
  readonly transport: 'ssh2' | 'ssh' | 'local' | 'disk' | 'recorded';
  /** Why this transport: empty for the default one. */
  readonly because: string;
  readonly address: string;
  /** `key from ssh-agent`, `key ~/.ssh/id_ed25519`, `password`; empty where nothing was asked. */
  readonly authentication: string;
  readonly hostKey: string;
  readonly cipher: string;
  /** Whether ssh2's native crypto is in use; null where ssh2 is not. */
  readonly nativeCrypto: boolean | null;
  /** `root`, `sudo without password`, `sudo with password`, or `none: <reason>`. */
  readonly privilege: string;
}

export interface Host {
  /** Short name for people: the alias or host name, or the path of a disk. */
  readonly name: string;
  readonly place: Place;
  /** Prefix of the server's `/` on the machine where commands run: empty, or `/mnt/old` for a disk. */
  readonly root: Bytes;
  /** Whether the system runs: a disk has files but no services. */
  readonly live: boolean;
  readonly reach: Reach;
  /** Whether commands run as root. Without it a host is degraded, and says so. */
  readonly privileged: boolean;

  /**
   * Runs one process in the persistent shell and waits for it; commands run with LC_ALL=C and PATH incl. sbin.
   * A non-zero exit is an answer, not an error. Output over `limit` bytes (64 MiB) throws a Failure.
   */
  run(
    argv: Argv,
    options?: { input?: Uint8Array | string; limit?: number; timeoutSeconds?: number },
  ): Promise<Answer>;
  /** Starts one process on a channel of its own, for bulk data. Same rights, LC_ALL=C and PATH as `run`. */
  stream(argv: Argv): Promise<Channel>;
  /** Content of one file by the server's path (root is added). Throws Failure `failed` when it cannot be read. */
  readFile(path: Bytes, limit?: number): Promise<Buffer>;
  /** Writes one file through a temporary name and a rename, with this mode, owned by root. */
  writeFile(path: Bytes, content: Uint8Array | string, mode: number): Promise<void>;
  close(): Promise<void>;
}

/** Questions that reaching a host may raise. A view answers them; without a person they throw `needs-person`. */
export interface Asker {
  /** True = trust this key from now on (it is written to known_hosts). */
  trustHostKey(question: { host: string; type: string; fingerprint: string }): Promise<boolean>;
  /** null = the person gave up. */
  secret(question: { what: 'password' | 'passphrase' | 'sudo'; for: string }): Promise<string | null>;
}

export interface ConnectOptions {
  readonly asker: Asker;
  /** Environment of the caller: HOME, SSH_AUTH_SOCK, USER. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Notes for the person, for example why the system's ssh was chosen. */
  readonly note: (text: string) => void;
  /** Use sudo on the host when the login is not root. Default true. */
  readonly sudo?: boolean;
  readonly connectTimeoutSeconds?: number;
  /** Configuration of ssh to use instead of ~/.ssh/config and /etc/ssh/ssh_config; default: OPSTIMAL_SSH_CONFIG. */
  readonly sshConfig?: string;
}

/** A command line of the host that spells `path` below its root. */
export function onHost(host: { readonly root: Bytes }, path: Bytes): Bytes {
  return host.root === '' ? path : path === '/' ? host.root : host.root + path;
}
