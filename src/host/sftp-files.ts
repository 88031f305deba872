import type { SFTPWrapper } from 'ssh2';
import type SftpClient from 'ssh2-sftp-client';
import { toText } from '../bytes.ts';
import type { Failure } from '../failure.ts';
import type { Argv, Bytes, Place } from '../types.ts';
import { readFailure, temporaryFor, writeFailure } from './command-host.ts';
import type { Answer, Channel, Host, Reach } from './host.ts';
import { answerLimit, type ShellOptions } from './shell.ts';

/** Status codes of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 7). */
const noSuchFile = 2;

const regularFile = 0o100000;
const typeBits = 0o170000;

/**
 * A host whose login is root: single files go by SFTP, beside the shell, so that they do not wait behind a long
 * question. Names that are no UTF-8 (ssh2 would spoil them) and servers without SFTP take the way through the shell.
 */
export class SftpFiles implements Host {
  readonly #host: Host;
  readonly #client: SftpClient;
  readonly #lost: (reason: string) => Failure;
  /** null = this server has none. */
  #session: Promise<SFTPWrapper | null> | undefined;

  constructor(host: Host, client: SftpClient, lost: (reason: string) => Failure) {
    this.#host = host;
    this.#client = client;
    this.#lost = lost;
  }

  get name(): string {
    return this.#host.name;
  }
  get place(): Place {
    return this.#host.place;
  }
  get root(): Bytes {
    return this.#host.root;
  }
  get live(): boolean {
    return this.#host.live;
  }
  get reach(): Reach {
    return this.#host.reach;
  }
  get privileged(): boolean {
    return this.#host.privileged;
  }
  run(argv: Argv, options?: ShellOptions): Promise<Answer> {
    return this.#host.run(argv, options);
  }
  stream(argv: Argv): Promise<Channel> {
    return this.#host.stream(argv);
  }
  close(): Promise<void> {
    return this.#host.close();
  }

  #open(path: Bytes): Promise<SFTPWrapper | null> {
    const spoiled = Buffer.from(toText(path), 'utf8').toString('latin1') !== path;
    if (spoiled) return Promise.resolve(null);
    this.#session ??= new Promise((resolve) => {
      const holder = this.#client as unknown as {
        client: { sftp(done: (error: Error | undefined, sftp: SFTPWrapper) => void): void };
        sftp: SFTPWrapper | undefined;
      };
      try {
        holder.client.sftp((error, sftp) => {
          // Errors of a session that breaks: each pending call gets its own.
          if (!error) sftp.on('error', () => {});
          holder.sftp = error ? undefined : sftp;
          resolve(error ? null : sftp);
        });
      } catch {
        resolve(null);
      }
    });
    return this.#session;
  }

  async readFile(path: Bytes, limit = answerLimit): Promise<Buffer> {
    const sftp = await this.#open(path);
    if (sftp === null) return this.#host.readFile(path, limit);
    const name = toText(path);
    try {
      const { mode } = await this.#client.stat(name);
      if ((mode & typeBits) !== regularFile) throw readFailure(this.name, path, 'no-file');
      const content = (await this.#client.get(name, undefined, {
        readStreamOptions: { end: limit } as never,
      })) as Buffer;
      if (content.length > limit) throw readFailure(this.name, path, 'large');
      return content;
    } catch (error) {
      throw this.#explain(error, (why) => readFailure(this.name, path, why));
    }
  }

  async writeFile(path: Bytes, content: Uint8Array | string, mode: number): Promise<void> {
    const sftp = await this.#open(path);
    if (sftp === null) return this.#host.writeFile(path, content, mode);
    const temporary = toText(temporaryFor(path));
    try {
      await this.#client.put(Buffer.from(content as Uint8Array), temporary, {
        writeStreamOptions: { flags: 'wx', mode: 0o600 },
      } as never);
      await this.#call((done) => sftp.chown(temporary, 0, 0, done));
      await this.#client.chmod(temporary, mode & 0o7777);
      // Plain rename refuses an existing name; OpenSSH's extension replaces it in one step.
      await this.#call((done) => sftp.ext_openssh_rename(temporary, toText(path), done));
    } catch (error) {
      await this.#client.delete(temporary, true).catch(() => {});
      throw this.#explain(error, (why) => writeFailure(this.name, path, why));
    }
  }

  #call(start: (done: (error: Error | null | undefined) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start((error) => (error ? reject(error) : resolve()));
    });
  }

  #explain(error: unknown, make: (why: string) => Failure): unknown {
    if ((error as Error).name === 'Failure') return error;
    const { code, message } = error as { code?: string | number; message: string };
    if (code === noSuchFile || code === 'ENOENT' || /No such file/i.test(message)) return make('missing');
    if (/Unexpected (end|close)|No response|Not connected|ECONNRESET/i.test(message))
      return this.#lost(message);
    const words = message.replace(/^.*->|^\w+: /, '');
    return make(/permission denied/i.test(words) ? 'permission denied' : words);
  }
}
