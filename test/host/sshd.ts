/** A real sshd of its own on loopback: own configuration, keys and port; nothing of the system is touched. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../src/failure.ts';
import type { ConnectOptions } from '../../src/host/host.ts';

const program = '/usr/sbin/sshd';

/** Why there can be no sshd here; empty when there can. */
export function whyNoSshd(): string {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync(program)) return 'needs openssh-server';
  if (!existsSync('/usr/bin/ssh-keygen')) return 'needs openssh-client';
  const root = readFileSync('/etc/shadow', 'latin1')
    .split('\n')
    .find((line) => line.startsWith('root:'));
  if (root?.split(':')[1]?.startsWith('!')) return 'needs a root account that is not locked';
  return '';
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export function keygen(file: string, ...args: string[]): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file, ...args]);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export class Sshd {
  readonly directory: string;
  readonly port: number;
  #process: ChildProcess | null = null;
  log = '';

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
  }

  /** Starts one; `more` are further lines of sshd_config. The key `client` may log in as root. */
  static async start(more: readonly string[] = [], sftp = true): Promise<Sshd> {
    const directory = await mkdtemp(join(tmpdir(), 'sshd-'));
    const sshd = new Sshd(directory, await freePort());
    keygen(sshd.file('hostkey'));
    keygen(sshd.file('client'));
    await copyFile(sshd.file('client.pub'), sshd.file('authorized'));
    await writeFile(
      sshd.file('sshd_config'),
      [
        `Port ${sshd.port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${sshd.file('hostkey')}`,
        `AuthorizedKeysFile ${sshd.file('authorized')}`,
        `PidFile ${sshd.file('pid')}`,
        'UsePAM no',
        'StrictModes no',
        'MaxSessions 64',
        'PermitRootLogin prohibit-password',
        ...(sftp ? ['Subsystem sftp internal-sftp'] : []),
        ...more,
        '',
      ].join('\n'),
    );
    await sshd.trust();
    await sshd.configure([]);
    await sshd.run();
    return sshd;
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  async run(): Promise<void> {
    // Its own directory for the unprivileged part; the package makes it at boot.
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const child = spawn(program, ['-D', '-e', '-f', this.file('sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
    this.#process = child;
    for (let count = 0; count < 100 && child.exitCode === null; count += 1) {
      if (await answers(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`sshd did not start: ${this.log}`);
  }

  /** Ends the listening process; connections have processes of their own and live on. */
  async halt(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Writes known_hosts with this key (default: the right one). */
  async trust(publicKey = this.file('hostkey.pub')): Promise<void> {
    const [type, key] = readFileSync(publicKey, 'latin1').split(' ');
    await writeFile(this.file('known_hosts'), `[127.0.0.1]:${this.port} ${type} ${key}\n`);
  }

  /** Writes the client's ssh configuration: alias `server`, and more lines. */
  async configure(more: readonly string[], identity = 'client'): Promise<void> {
    await writeFile(
      this.file('ssh_config'),
      [
        'Host server',
        '  HostName 127.0.0.1',
        `  Port ${this.port}`,
        '  User root',
        ...more.map((line) => `  ${line}`),
        'Host *',
        '  IdentityAgent none',
        `  IdentityFile ${this.file(identity)}`,
        `  UserKnownHostsFile ${this.file('known_hosts')}`,
        '  GlobalKnownHostsFile /dev/null',
        '',
      ].join('\n'),
    );
    await chmod(this.file('ssh_config'), 0o600);
  }

  options(more: Partial<ConnectOptions> = {}): ConnectOptions {
    return {
      asker: {
        trustHostKey: () => Promise.reject(new Error('asked about a host key')),
        secret: ({ what }) =>
          Promise.reject(new Failure('needs-person', 'secret', `no ${what} without a person`)),
      },
      environment: { ...process.env, SSH_AUTH_SOCK: undefined },
      note: () => {},
      sshConfig: this.file('ssh_config'),
      connectTimeoutSeconds: 10,
      ...more,
    };
  }
}
