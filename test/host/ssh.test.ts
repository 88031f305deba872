import { execFileSync, spawn } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { connect } from '../../src/host/connect.ts';
import type { ConnectOptions, Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import { keygen, Sshd, whyNoSshd } from './sshd.ts';

jest.setTimeout(60_000);

const reason = whyNoSshd();
const server = parsePlace('server');

(reason === '' ? describe : describe.skip)(`over a real sshd${reason === '' ? '' : ` (${reason})`}`, () => {
  let sshd: Sshd;
  let directory: string;
  beforeAll(async () => {
    sshd = await Sshd.start();
    directory = await mkdtemp(join(tmpdir(), 'ssh-'));
  });
  afterAll(async () => {
    await sshd.stop();
    await rm(directory, { recursive: true });
  });

  async function using<T>(use: (host: Host) => Promise<T>, more: Partial<ConnectOptions> = {}): Promise<T> {
    const host = await connect(server, sshd.options(more));
    try {
      return await use(host);
    } finally {
      await host.close();
    }
  }

  describe.each(['ssh2', 'ssh'] as const)('by %s', (transport) => {
    let host: Host;
    const notes: string[] = [];
    beforeAll(async () => {
      // Any proxy makes the system's client the one to use; this one only connects.
      const proxy = `ProxyCommand ${process.execPath} -e 'const s=require("net").connect(${sshd.port},"127.0.0.1");process.stdin.pipe(s).pipe(process.stdout)'`;
      await sshd.configure(transport === 'ssh' ? [proxy] : []);
      host = await connect(server, sshd.options({ note: (text) => notes.push(text) }));
    });
    afterAll(() => host.close());

    test('it says how it got there', () => {
      expect(host.name).toBe('server');
      expect([host.live, host.root, host.privileged]).toEqual([true, '', true]);
      expect(host.reach).toMatchObject({
        transport,
        because: transport === 'ssh' ? 'ProxyCommand' : '',
        address: `root@127.0.0.1:${sshd.port}`,
        cipher: 'aes128-gcm@openssh.com',
        privilege: 'root',
        authentication: `key ${sshd.file('client')}`,
      });
      const print = execFileSync('ssh-keygen', ['-lf', sshd.file('hostkey.pub')], { encoding: 'latin1' });
      expect(print).toContain(host.reach.hostKey.split(' ')[1]);
      expect(notes.length).toBe(transport === 'ssh' ? 1 : 0);
    });

    test('questions, hostile arguments and input', async () => {
      const all = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join('');
      expect((await host.run(['printf', '%s', all])).stdout.toString('latin1')).toBe(all);
      const input = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31) & 0xff));
      const answer = await host.run(['sh', '-c', 'cat; echo words >&2; exit 3'], { input });
      expect([answer.code, answer.stderr.toString(), answer.stdout.equals(input)]).toEqual([
        3,
        'words\n',
        true,
      ]);
      expect((await host.run(['sh', '-c', 'exit 255'])).code).toBe(255);
    });

    test('a stream of 30 MB both ways', async () => {
      const channel = await host.stream(['cat']);
      const block = Buffer.alloc(1_000_000, 7);
      const sending = (async () => {
        for (let count = 0; count < 30; count += 1) {
          if (!channel.stdin.write(block))
            await new Promise((resolve) => channel.stdin.once('drain', resolve));
        }
        channel.stdin.end();
      })();
      let size = 0;
      for await (const piece of channel.stdout) size += (piece as Buffer).length;
      await sending;
      expect(size).toBe(30_000_000);
      expect(await channel.done).toEqual({ code: 0, stderr: '' });
    }, 30_000);

    test('eight streams at once, beside the shell', async () => {
      const sizes = await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const channel = await host.stream(['head', '-c', String(100_000 * (index + 1)), '/dev/zero']);
          channel.stdin.end();
          let size = 0;
          for await (const piece of channel.stdout) size += (piece as Buffer).length;
          return size;
        }),
      );
      expect(sizes).toEqual(Array.from({ length: 8 }, (_, index) => 100_000 * (index + 1)));
      expect((await host.run(['echo', 'still'])).stdout.toString()).toBe('still\n');
    });

    test('a killed stream ends, 255 of a command is its own', async () => {
      const channel = await host.stream(['sh', '-c', 'echo begun; exec cat']);
      await new Promise((resolve) => channel.stdout.once('data', resolve));
      channel.kill();
      channel.stdout.resume();
      expect((await channel.done).code).not.toBe(0);
      const other = await host.stream(['sh', '-c', 'exit 255']);
      other.stdout.resume();
      expect((await other.done).code).toBe(255);
    });

    test('files are read and written whole', async () => {
      for (const name of ['plain', 'gr\xc3\xbc\xc3\x9fe', "not utf8 \xff 'quoted'\n"]) {
        const path = `${directory}/${name}`;
        const content = Buffer.from([0, 255, 10, 13]);
        await host.writeFile(path, content, 0o640);
        await host.writeFile(path, content, 0o600);
        const info = await stat(Buffer.from(path, 'latin1'));
        expect([info.mode & 0o7777, info.uid, info.gid]).toEqual([0o600, 0, 0]);
        expect((await host.readFile(path)).equals(content)).toBe(true);
        await rm(Buffer.from(path, 'latin1'));
      }
      expect((await host.readFile('/proc/self/status')).toString()).toMatch(/^Name:/);
      await host.writeFile(`${directory}/link-target`, 'old', 0o644);
      expect((await host.readFile(`${directory}/link-target`, 3)).toString()).toBe('old');
      await expect(host.readFile(`${directory}/link-target`, 2)).rejects.toMatchObject({
        topic: 'answer-too-large',
      });
      await expect(host.readFile(`${directory}/none`)).rejects.toMatchObject({ topic: 'read-missing' });
      await expect(host.readFile(directory)).rejects.toMatchObject({ topic: 'read-denied' });
      await expect(host.readFile('/dev/zero')).rejects.toMatchObject({ topic: 'read-denied' });
      await expect(host.writeFile(`${directory}/none/x`, '', 0o600)).rejects.toMatchObject({
        topic: 'write-denied',
      });
      await rm(join(directory, 'link-target'));
      expect(await readdir(directory)).toEqual([]);
    });
  });

  test.each(['ssh2', 'ssh'])(
    'a connection that breaks is told by %s, and never looks like an end',
    async (transport) => {
      // A proxy of our own in the middle, which can cut the line.
      const sockets = new Set<import('node:net').Socket>();
      const { connect: dial } = await import('node:net');
      const middle = createServer((near) => {
        const far = dial(sshd.port, '127.0.0.1');
        for (const socket of [near, far]) {
          sockets.add(socket);
          socket.on('error', () => {});
        }
        near.pipe(far).pipe(near);
      });
      await new Promise<void>((resolve) => middle.listen(0, '127.0.0.1', resolve));
      const { port } = middle.address() as { port: number };
      const [type, key] = (await readFile(sshd.file('hostkey.pub'), 'latin1')).split(' ');
      await sshd.configure([
        `HostKeyAlias middle`,
        ...(transport === 'ssh' ? ['CertificateFile /nonexistent'] : []),
      ]);
      const config = await readFile(sshd.file('ssh_config'), 'latin1');
      await writeFile(sshd.file('ssh_config'), config.replace(`Port ${sshd.port}`, `Port ${port}`));
      await writeFile(sshd.file('known_hosts'), `middle ${type} ${key}\n`);
      try {
        const host = await connect(server, sshd.options());
        expect(host.reach.transport).toBe(transport);
        const channel = await host.stream(['cat', '/dev/zero']);
        const question = host.run(['sleep', '30']);
        question.catch(() => {});
        let size = 0;
        const reading = (async () => {
          for await (const piece of channel.stdout) {
            size += (piece as Buffer).length;
            if (size > 5_000_000) for (const socket of sockets) socket.destroy();
          }
        })();
        await expect(reading).rejects.toMatchObject({ code: 'unreachable', topic: 'connection-lost' });
        await expect(channel.done).rejects.toMatchObject({ code: 'unreachable' });
        await expect(question).rejects.toMatchObject({
          code: 'unreachable',
          hint: expect.stringMatching(/again/) as unknown as string,
        });
        await expect(host.run(['true'])).rejects.toMatchObject({ code: 'unreachable' });
        await expect(host.stream(['true'])).rejects.toMatchObject({ code: 'unreachable' });
        await host.close();
      } finally {
        middle.close();
        await sshd.configure([]);
        await sshd.trust();
      }
    },
    20_000,
  );

  test.each(['ssh2', 'ssh'])(
    'a changed host key is refused by %s, even with StrictHostKeyChecking no',
    async (transport) => {
      keygen(sshd.file(`wrong-${transport}`));
      await sshd.trust(sshd.file(`wrong-${transport}.pub`));
      await sshd.configure([
        'StrictHostKeyChecking no',
        ...(transport === 'ssh' ? ['CertificateFile /none'] : []),
      ]);
      const print = (file: string): string =>
        execFileSync('ssh-keygen', ['-lf', sshd.file(file)], { encoding: 'latin1' }).split(' ')[1] as string;
      try {
        const failure = await connect(server, sshd.options()).catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: 'refused', topic: 'host-key-changed' });
        const { during, hint } = failure as { during: string; hint: string };
        expect(during).toContain(print('hostkey.pub'));
        if (transport === 'ssh2') expect(during).toContain(print(`wrong-${transport}.pub`));
        expect(hint).toMatch(/ssh-keygen .*-R '\[127\.0\.0\.1\]:\d+'/);
      } finally {
        await sshd.configure([]);
        await sshd.trust();
      }
    },
  );

  test('an unknown key is asked about once, then known', async () => {
    await rm(sshd.file('known_hosts'));
    const asked: unknown[] = [];
    const asker = {
      ...sshd.options().asker,
      trustHostKey: (question: unknown) => {
        asked.push(question);
        return Promise.resolve(true);
      },
    };
    await sshd.configure(['HashKnownHosts yes']);
    await using(async () => {}, { asker });
    await using(async () => {});
    expect(asked).toEqual([
      {
        host: `[127.0.0.1]:${sshd.port}`,
        type: 'ssh-ed25519',
        fingerprint: expect.stringMatching(/^SHA256:/) as unknown as string,
      },
    ]);
    const text = await readFile(sshd.file('known_hosts'), 'latin1');
    expect(text).toMatch(/^\|1\|/);
    expect(
      execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', sshd.file('known_hosts')]).length,
    ).toBeGreaterThan(0);
    await sshd.configure([]);
    await sshd.trust();
  });

  test('an unknown key that is not accepted is refused and not remembered', async () => {
    await rm(sshd.file('known_hosts'));
    const asker = { ...sshd.options().asker, trustHostKey: () => Promise.resolve(false) };
    try {
      await expect(connect(server, sshd.options({ asker }))).rejects.toMatchObject({
        code: 'refused',
        topic: 'host-key-unknown',
      });
      await expect(stat(sshd.file('known_hosts'))).rejects.toThrow();
      await sshd.configure(['StrictHostKeyChecking yes']);
      await expect(connect(server, sshd.options())).rejects.toMatchObject({ topic: 'host-key-unknown' });
      await sshd.configure(['CertificateFile /none']);
      await expect(connect(server, sshd.options())).rejects.toMatchObject({
        topic: 'host-key-unknown',
        hint: expect.stringContaining('accept it once with: ssh server') as unknown as string,
      });
    } finally {
      await sshd.configure([]);
      await sshd.trust();
    }
  });

  test('a revoked key is refused', async () => {
    const text = await readFile(sshd.file('known_hosts'), 'latin1');
    await writeFile(sshd.file('known_hosts'), `${text}@revoked * ${text.split(' ').slice(1).join(' ')}`);
    await expect(connect(server, sshd.options())).rejects.toMatchObject({
      code: 'refused',
      topic: 'host-key-revoked',
    });
    await sshd.trust();
  });

  test.each(['ed25519', 'ecdsa', 'rsa'])('a %s key works', async (type) => {
    const file = sshd.file(`key-${type}`);
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      type,
      ...(type === 'rsa' ? ['-b', '2048'] : []),
      '-N',
      '',
      '-f',
      file,
    ]);
    await writeFile(sshd.file('authorized'), await readFile(`${file}.pub`));
    await sshd.configure([], `key-${type}`);
    await using(async (host) => expect(host.reach.authentication).toBe(`key ${file}`));
    await copyFile(sshd.file('client.pub'), sshd.file('authorized'));
    await sshd.configure([]);
  });

  test.each([
    ['with its public part beside it', true],
    ['alone', false],
  ])('an encrypted key %s asks for its passphrase, again when it is wrong', async (_text, beside) => {
    const file = sshd.file(`locked-${beside}`);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'right one', '-f', file]);
    await writeFile(sshd.file('authorized'), await readFile(`${file}.pub`));
    if (!beside) await rm(`${file}.pub`);
    await sshd.configure([], `locked-${beside}`);
    const answers = ['wrong', 'right one'];
    const asked: unknown[] = [];
    const asker = {
      ...sshd.options().asker,
      secret: (question: unknown) => {
        asked.push(question);
        return Promise.resolve(answers.shift() ?? null);
      },
    };
    try {
      await using(async (host) => expect(host.reach.authentication).toBe(`key ${file}`), { asker });
      expect(asked).toEqual([
        { what: 'passphrase', for: file },
        { what: 'passphrase', for: file },
      ]);
      const always = { ...asker, secret: () => Promise.resolve('wrong') };
      await expect(connect(server, sshd.options({ asker: always }))).rejects.toMatchObject({
        code: 'refused',
        during: expect.stringContaining('wrong passphrase') as unknown as string,
      });
      // A key that the server does not want is not asked about at all.
      await copyFile(sshd.file('client.pub'), sshd.file('authorized'));
      await expect(connect(server, sshd.options())).rejects.toMatchObject({
        code: 'refused',
        topic: 'login-refused',
        during: expect.stringContaining('no password without a person') as unknown as string,
      });
    } finally {
      await copyFile(sshd.file('client.pub'), sshd.file('authorized'));
      await sshd.configure([]);
    }
  });

  test('keys of an agent come first; a dead agent is no obstacle', async () => {
    const socket = join(directory, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      for (let count = 0; count < 100 && !(await stat(socket).catch(() => null)); count += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const environment = { ...process.env, SSH_AUTH_SOCK: socket };
      execFileSync('ssh-add', ['-q', sshd.file('client')], {
        env: environment as NodeJS.ProcessEnv,
        stdio: 'ignore',
      });
      await sshd.configure(['IdentityAgent SSH_AUTH_SOCK']);
      await using(async (host) => expect(host.reach.authentication).toMatch(/^key from ssh-agent/), {
        environment,
      });
      // Only its public part on disk: the agent holds the rest.
      await copyFile(sshd.file('client.pub'), sshd.file('public-only'));
      await sshd.configure(['IdentityAgent SSH_AUTH_SOCK', 'IdentitiesOnly yes'], 'public-only');
      await using(async (host) => expect(host.reach.authentication).toMatch(/^key from ssh-agent/), {
        environment,
      });
      keygen(sshd.file('unrelated'));
      await sshd.configure(['IdentityAgent SSH_AUTH_SOCK', 'IdentitiesOnly yes'], 'unrelated');
      await expect(connect(server, sshd.options({ environment }))).rejects.toMatchObject({
        topic: 'login-refused',
      });
    } finally {
      const gone = new Promise((resolve) => agent.once('exit', resolve));
      agent.kill();
      await gone;
    }
    await sshd.configure(['IdentityAgent SSH_AUTH_SOCK']);
    await using(async (host) => expect(host.reach.authentication).toBe(`key ${sshd.file('client')}`), {
      environment: { ...process.env, SSH_AUTH_SOCK: socket },
    });
    await rm(socket, { force: true });
    await sshd.configure([]);
  });

  test.each(['ssh2', 'ssh'])(
    'a login that is not wanted is refused by %s with the next step',
    async (transport) => {
      keygen(sshd.file(`stranger-${transport}`));
      await sshd.configure(
        transport === 'ssh' ? ['ProxyJump none', 'CertificateFile /none'] : [],
        `stranger-${transport}`,
      );
      await expect(connect(server, sshd.options())).rejects.toMatchObject({
        code: 'refused',
        topic: 'login-refused',
        hint: expect.stringMatching(/ssh/) as unknown as string,
      });
      await sshd.configure([]);
    },
  );

  test('a noisy login shell does not spoil answers or contents', async () => {
    const noisy = await Sshd.start([
      `ForceCommand echo welcome; echo beware >&2; eval "$SSH_ORIGINAL_COMMAND"`,
    ]);
    try {
      const host = await connect(server, noisy.options());
      expect((await host.run(['echo', 'a'])).stdout.toString()).toBe('a\n');
      const channel = await host.stream(['sh', '-c', 'cat; echo e >&2']);
      channel.stdin.end('content');
      const pieces: Buffer[] = [];
      for await (const piece of channel.stdout) pieces.push(piece as Buffer);
      expect(Buffer.concat(pieces).toString()).toBe('content');
      expect(await channel.done).toEqual({ code: 0, stderr: 'e\n' });
      await host.close();
    } finally {
      await noisy.stop();
    }
  });

  test('a server without SFTP serves files through the shell', async () => {
    const bare = await Sshd.start([], false);
    try {
      const host = await connect(server, bare.options());
      await host.writeFile(`${directory}/x`, 'content', 0o600);
      expect((await host.readFile(`${directory}/x`)).toString()).toBe('content');
      await rm(join(directory, 'x'));
      await host.close();
    } finally {
      await bare.stop();
    }
  });

  test('a login without shell says so', async () => {
    const closed = await Sshd.start(['ForceCommand echo this account is not available; exit 1']);
    try {
      await expect(connect(server, closed.options())).rejects.toMatchObject({
        code: 'refused',
        topic: 'no-shell',
      });
    } finally {
      await closed.stop();
    }
  });

  test('by ProxyJump through another sshd', async () => {
    const jump = await Sshd.start();
    try {
      // The jump host is named in the same configuration, with its own key.
      await sshd.configure(['ProxyJump hop']);
      const config = await readFile(sshd.file('ssh_config'), 'latin1');
      await writeFile(
        sshd.file('ssh_config'),
        `Host hop\n HostName 127.0.0.1\n Port ${jump.port}\n User root\n IdentityFile ${jump.file('client')}\n UserKnownHostsFile ${jump.file('known_hosts')}\n${config}`,
      );
      await using(async (host) => {
        expect(host.reach).toMatchObject({ transport: 'ssh', because: 'ProxyJump hop' });
        expect((await host.run(['echo', 'far'])).stdout.toString()).toBe('far\n');
      });
    } finally {
      await jump.stop();
      await sshd.configure([]);
    }
  });

  test("an algorithm only the system's client knows makes it the one to use", async () => {
    const modern = await Sshd.start(['KexAlgorithms sntrup761x25519-sha512@openssh.com']);
    const notes: string[] = [];
    try {
      const host = await connect(server, modern.options({ note: (text) => notes.push(text) }));
      expect(host.reach.transport).toBe('ssh');
      expect(notes.join()).toContain("using the system's ssh");
      expect((await host.run(['echo', 'in'])).stdout.toString()).toBe('in\n');
      await host.close();
    } finally {
      await modern.stop();
    }
  });

  test('behind a jump host it is said which machine was not reached', async () => {
    await sshd.configure(['ProxyJump nowhere.invalid']);
    await expect(connect(server, sshd.options())).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('nowhere.invalid') as unknown as string,
    });
    await sshd.configure([]);
  });

  test('a wrong configuration file is named', async () => {
    await writeFile(join(directory, 'bad'), 'Host *\n  NoSuchOption yes\n');
    await expect(connect(server, sshd.options({ sshConfig: join(directory, 'bad') }))).rejects.toMatchObject({
      code: 'usage',
      topic: 'ssh-config',
    });
    await rm(join(directory, 'bad'));
  });
});
