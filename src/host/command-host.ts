import { randomBytes } from 'node:crypto';
import { parentOf, quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Argv, Bytes, Place } from '../types.ts';
import { startChannel } from './channel.ts';
import type { Answer, Channel, Host, Reach } from './host.ts';
import type { OpenPipe } from './pipe.ts';
import { answerLimit, Shell, type ShellOptions } from './shell.ts';

/** What a transport brings; everything else about a host is the same for all of them. */
export interface Parts {
  readonly name: string;
  readonly place: Place;
  readonly root: Bytes;
  readonly live: boolean;
  readonly reach: Reach;
  readonly privileged: boolean;
  /** Starts a program with the rights of the host. */
  readonly open: OpenPipe;
  /** Failure for a connection that broke. */
  readonly lost: (reason: string) => Failure;
  /** Ends the connection. */
  readonly end: () => Promise<void>;
  /**
   * Where the server's path lies on the machine that runs the commands, links resolved below the root; with
   * `keepLast` the last name is not followed.
   */
  readonly locate: (path: Bytes, keepLast: boolean) => Promise<Bytes>;
}

export function readFailure(
  name: string,
  path: Bytes,
  why: 'missing' | 'no-file' | 'large' | string,
): Failure {
  const what = `${quote(path)} on ${name}`;
  if (why === 'missing') return new Failure('failed', 'read-missing', `${what} does not exist`);
  if (why === 'no-file') return new Failure('failed', 'read-denied', `${what} is no regular file`);
  if (why === 'large')
    return new Failure('failed', 'answer-too-large', `${what} is larger than was asked for`);
  return new Failure('failed', 'read-denied', `cannot read ${what}: ${why}`);
}

export function writeFailure(name: string, path: Bytes, why: string): Failure {
  return new Failure('failed', 'write-denied', `cannot write ${quote(path)} on ${name}: ${why}`);
}

/** A name beside `path` for the half-written file; the name itself may already have 255 bytes. */
export function temporaryFor(path: Bytes): Bytes {
  const parent = parentOf(path);
  return `${parent === '/' ? '' : parent}/.opstimal-move.${randomBytes(8).toString('hex')}`;
}

/** Last words of a program: the part of its message after the path, or all of it. */
export function lastWords(stderr: Buffer): string {
  const line = stderr.toString('latin1').trimEnd().split('\n').at(-1) ?? '';
  const known = /: ([A-Z][A-Za-z ,()-]+)$/.exec(line);
  return known ? (known[1] as string).toLowerCase() : quote(line) || 'no reason given';
}

// A FIFO or a device would never end: only regular files are read.
const readProgram =
  'if [ -f "$1" ]; then exec head -c "$2" -- "$1"; fi; if [ -e "$1" ]; then exit 92; fi; exit 91';

const writeProgram = [
  'umask 077; set -C',
  'trap \'rm -f -- "$2"\' EXIT',
  'cat >"$2" || exit 1',
  'if [ "$4" = root ]; then chown 0:0 -- "$2" || exit 1; fi',
  'chmod "$3" -- "$2" && mv -fT -- "$2" "$1" || exit 1',
  'trap - EXIT',
].join('\n');

/** A machine on which programs run through `sh`: over ssh, here, or here with a disk mounted. */
export class CommandHost implements Host {
  readonly name: string;
  readonly place: Place;
  readonly root: Bytes;
  readonly live: boolean;
  readonly reach: Reach;
  readonly privileged: boolean;
  readonly #parts: Parts;
  readonly #shell: Shell;

  constructor(parts: Parts) {
    this.name = parts.name;
    this.place = parts.place;
    this.root = parts.root;
    this.live = parts.live;
    this.reach = parts.reach;
    this.privileged = parts.privileged;
    this.#parts = parts;
    this.#shell = new Shell(parts.open, parts.name, parts.lost);
  }

  run(argv: Argv, options?: ShellOptions): Promise<Answer> {
    return this.#shell.run(argv, options);
  }

  stream(argv: Argv): Promise<Channel> {
    return startChannel(this.#parts.open, argv, this.#parts.lost);
  }

  async readFile(path: Bytes, limit = answerLimit): Promise<Buffer> {
    const at = await this.#parts.locate(path, false);
    const answer = await this.run(['sh', '-c', readProgram, 'read', at, String(limit + 1)], {
      limit: limit + 65536,
    });
    if (answer.code === 91) throw readFailure(this.name, path, 'missing');
    if (answer.code === 92) throw readFailure(this.name, path, 'no-file');
    if (answer.code !== 0) throw readFailure(this.name, path, lastWords(answer.stderr));
    if (answer.stdout.length > limit) throw readFailure(this.name, path, 'large');
    return answer.stdout;
  }

  async writeFile(path: Bytes, content: Uint8Array | string, mode: number): Promise<void> {
    const at = await this.#parts.locate(path, true);
    const octal = (mode & 0o7777).toString(8).padStart(4, '0');
    const answer = await this.run(
      ['sh', '-c', writeProgram, 'write', at, temporaryFor(at), octal, this.privileged ? 'root' : 'user'],
      { input: content },
    );
    if (answer.code !== 0) throw writeFailure(this.name, path, lastWords(answer.stderr));
  }

  async close(): Promise<void> {
    await this.#shell.close();
    await this.#parts.end();
  }
}
