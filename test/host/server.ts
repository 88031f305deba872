/** An ssh server in this process: what it accepts and runs is the test's to say. Needs neither root nor sshd. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection, type Server } from 'ssh2';
import { Failure } from '../../src/failure.ts';
import type { Asker, ConnectOptions } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { Place } from '../../src/types.ts';

export interface Question {
  readonly what: string;
  readonly for: string;
}

/** A person who answers from a list, and remembers what was asked. `null` = gives up; an empty list = nobody there. */
export function person(...answers: (string | null)[]): { asker: Asker; asked: Question[] } {
  const asked: Question[] = [];
  return {
    asked,
    asker: {
      trustHostKey: () => Promise.resolve(true),
      secret: (question) => {
        asked.push(question);
        const answer = answers.shift();
        if (answer === undefined)
          throw new Failure('needs-person', 'secret', `no ${question.what} without a person`);
        return Promise.resolve(answer);
      },
    },
  };
}

/** A new key pair. ssh2 writes one in some hundreds so that it cannot read it again; such a one is made anew. */
export function newKeys(): ReturnType<typeof ssh2.utils.generateKeyPairSync> {
  for (;;) {
    const keys = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(keys.private) instanceof Error)) return keys;
  }
}

export class FakeServer {
  readonly home: string;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #children = new Set<ReturnType<typeof spawn>>();
  #environment: Record<string, string> = {};
  /** Decides on each attempt to log in. */
  authenticate: (context: AuthContext) => void = (context) => context.accept();
  /** Lines the login shell was told to run. */
  readonly commands: string[] = [];

  private constructor(home: string, hostKey: string) {
    this.home = home;
    this.#server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => this.#serve(connection));
  }

  static async start(): Promise<FakeServer> {
    const home = await mkdtemp(join(tmpdir(), 'fake-'));
    const server = new FakeServer(home, newKeys().private);
    await mkdir(join(home, 'bin'));
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  place(user = 'deploy'): Place {
    return parsePlace(`${user}@127.0.0.1:${this.port}`);
  }

  #serve(connection: Connection): void {
    this.#connections.add(connection);
    connection.on('error', () => {});
    connection.on('close', () => this.#connections.delete(connection));
    connection.on('authentication', (context) => this.authenticate(context));
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        this.commands.push(command);
        const channel = acceptExec();
        const child = spawn('sh', ['-c', command], {
          detached: true,
          env: { ...process.env, PATH: `${this.home}/bin:${process.env.PATH}`, ...this.#environment },
        });
        this.#children.add(child);
        channel.on('error', () => {});
        child.stdin.on('error', () => {});
        channel.pipe(child.stdin);
        child.stdout.pipe(channel, { end: false });
        child.stderr.pipe(channel.stderr, { end: false });
        child.on('close', (code) => {
          this.#children.delete(child);
          channel.exit(code ?? 1);
          channel.end();
        });
      });
    });
  }

  /** A program that is found before the system's. */
  async program(name: string, text: string): Promise<void> {
    await writeFile(join(this.home, 'bin', name), `#!/bin/sh\n${text}\n`);
    await chmod(join(this.home, 'bin', name), 0o755);
  }

  /**
   * A login that is not root, and a sudo that wants `password` (null = none). It behaves as the real one: -n fails
   * instead of asking, -S reads one line from stdin byte by byte, -k forgets.
   */
  async sudo(password: string | null): Promise<void> {
    await this.program('id', 'if [ "$FAKE_ROOT" = 1 ]; then echo 0; else echo 1000; fi');
    await this.program(
      'sudo',
      [
        'stamp="$HOME/stamp"; ask=stdin',
        'while [ $# -gt 0 ]; do case $1 in -n) ask=never ;; -k) rm -f "$stamp" ;; -p) shift ;; --) shift; break ;; -*) ;; *) break ;; esac; shift; done',
        `if [ "$FAKE_PASSWORD" != - ] && [ ! -e "$stamp" ]; then`,
        '  if [ $ask = never ]; then echo "sudo: a password is required" >&2; exit 1; fi',
        '  IFS= read -r given || { echo "sudo: no password was provided" >&2; exit 1; }',
        '  if [ "$given" != "$FAKE_PASSWORD" ]; then echo "Sorry, try again." >&2; exit 1; fi',
        '  : >"$stamp"',
        'fi',
        'FAKE_ROOT=1 exec "$@"',
      ].join('\n'),
    );
    this.#environment = { HOME: this.home, FAKE_PASSWORD: password ?? '-' };
  }

  /** Cuts every connection, as a network does. */
  cut(): void {
    for (const connection of this.#connections) {
      (connection as unknown as { _sock: { destroy(): void } })._sock.destroy();
    }
  }

  /** Options of a caller that has no ssh client and no configuration, and its own home. */
  options(more: Partial<ConnectOptions> = {}): ConnectOptions {
    return {
      asker: person().asker,
      environment: { HOME: this.home, USER: 'me', PATH: '/nonexistent' },
      note: () => {},
      connectTimeoutSeconds: 5,
      ...more,
    };
  }

  async knownHosts(): Promise<string> {
    return readFile(join(this.home, '.ssh/known_hosts'), 'latin1').catch(() => '');
  }

  async stop(): Promise<void> {
    this.cut();
    for (const child of this.#children) process.kill(-(child.pid as number));
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.home, { recursive: true, force: true });
  }
}
