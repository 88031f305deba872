import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { AuthContext } from 'ssh2';
import { Failure } from '../../src/failure.ts';
import { connect } from '../../src/host/connect.ts';
import { parsePlace } from '../../src/host/place.ts';
import { FakeServer, newKeys, person } from './server.ts';
import { freePort } from './sshd.ts';

jest.setTimeout(60_000);

let server: FakeServer;
beforeEach(async () => {
  server = await FakeServer.start();
});
afterEach(() => server.stop());

const withPassword = (password: string) => (context: AuthContext) => {
  if (context.method === 'password' && context.password === password) context.accept();
  else context.reject(['publickey', 'password']);
};

test('an unknown host key goes to known_hosts, and is known from then on', async () => {
  await (await connect(server.place(), server.options({ sudo: false }))).close();
  const line = await server.knownHosts();
  expect(line).toMatch(new RegExp(`^\\[127\\.0\\.0\\.1\\]:${server.port} ssh-ed25519 [A-Za-z0-9+/=]+\n$`));
  const nobody = {
    ...person().asker,
    trustHostKey: () => Promise.reject(new Failure('needs-person', 'host-key', 'no one there')),
  };
  await (await connect(server.place(), server.options({ sudo: false, asker: nobody }))).close();
  expect(await server.knownHosts()).toBe(line);
});

test('an unknown host key without a person needs one', async () => {
  const nobody = {
    ...person().asker,
    trustHostKey: () => Promise.reject(new Failure('needs-person', 'host-key', 'no one there')),
  };
  await expect(connect(server.place(), server.options({ asker: nobody }))).rejects.toMatchObject({
    code: 'needs-person',
    topic: 'host-key',
  });
  expect(await server.knownHosts()).toBe('');
});

test('a password is asked for, again when it is wrong, and told to nobody', async () => {
  server.authenticate = withPassword('s3cret word');
  const { asker, asked } = person('wrong', 's3cret word');
  const notes: string[] = [];
  const host = await connect(
    server.place(),
    server.options({ asker, sudo: false, note: (text) => notes.push(text) }),
  );
  expect(asked).toEqual([
    { what: 'password', for: 'deploy@127.0.0.1' },
    { what: 'password', for: 'deploy@127.0.0.1' },
  ]);
  expect(host.reach.authentication).toBe('password');
  expect(JSON.stringify([host.reach, notes, server.commands])).not.toContain('s3cret');
  await host.close();
});

test('after three wrong passwords the login is refused', async () => {
  server.authenticate = withPassword('right');
  const { asker, asked } = person('a-wrong-one', 'b-wrong-one', 'c-wrong-one', 'never asked');
  const failure = (await connect(server.place(), server.options({ asker })).catch(
    (error) => error,
  )) as Failure;
  expect(failure).toMatchObject({ code: 'refused', topic: 'login-refused' });
  expect(asked).toHaveLength(3);
  expect(JSON.stringify([failure.message, failure.during, failure.hint])).not.toContain('wrong-one');
  expect(failure.hint).toContain(`ssh -p ${server.port} deploy@127.0.0.1`);
});

test('who gives up, or is not there, is refused with the reason', async () => {
  server.authenticate = withPassword('right');
  await expect(connect(server.place(), server.options({ asker: person(null).asker }))).rejects.toMatchObject({
    code: 'refused',
    topic: 'login-refused',
  });
  await expect(connect(server.place(), server.options())).rejects.toMatchObject({
    code: 'refused',
    during: expect.stringContaining('no password without a person') as unknown as string,
  });
});

test('questions of the server reach the person quoted', async () => {
  const heard: string[][] = [];
  server.authenticate = (context) => {
    if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
    context.prompt(
      [
        { prompt: 'Password: ', echo: false },
        { prompt: '\x1b[2JToken:', echo: false },
      ],
      (answers) => {
        heard.push([...answers]);
        context.accept();
      },
    );
  };
  const { asker, asked } = person('one', 'two');
  const host = await connect(server.place(), server.options({ asker, sudo: false }));
  expect(heard).toEqual([['one', 'two']]);
  expect(asked.map((question) => question.for)).toEqual([
    'deploy@127.0.0.1: Password:',
    'deploy@127.0.0.1: \\x1b[2JToken:',
  ]);
  await host.close();
});

test('a key and then a password, where the server wants both', async () => {
  const keys = newKeys();
  await mkdir(join(server.home, '.ssh'), { mode: 0o700 });
  await writeFile(join(server.home, '.ssh/id_ed25519'), keys.private, { mode: 0o600 });
  let keySeen = false;
  server.authenticate = (context) => {
    if (context.method === 'publickey') {
      if (context.signature === undefined) return context.accept();
      keySeen = true;
      return context.reject(['password'], true);
    }
    if (context.method === 'password' && keySeen && context.password === 'too') return context.accept();
    context.reject([keySeen ? 'password' : 'publickey']);
  };
  const { asker } = person('too');
  const host = await connect(server.place(), server.options({ asker, sudo: false }));
  expect(host.reach.authentication).toBe('password');
  await host.close();
});

test('time stands still while a person thinks', async () => {
  server.authenticate = withPassword('slow');
  const slow = {
    ...person().asker,
    secret: () => new Promise<string>((resolve) => setTimeout(() => resolve('slow'), 1500)),
  };
  const host = await connect(
    server.place(),
    server.options({ asker: slow, sudo: false, connectTimeoutSeconds: 1 }),
  );
  await host.close();
});

test('sudo that asks nothing', async () => {
  await server.sudo(null);
  const { asker, asked } = person();
  const host = await connect(server.place(), server.options({ asker }));
  expect([host.privileged, host.reach.privilege]).toEqual([true, 'sudo without password']);
  expect((await host.run(['sh', '-c', 'echo $FAKE_ROOT; cat'], { input: 'in' })).stdout.toString()).toBe(
    '1\nin',
  );
  expect(asked).toEqual([]);
  await host.close();
});

test('sudo with a password: checked once, never on a command line, never taken for data', async () => {
  await server.sudo('let me in');
  const { asker, asked } = person('wrong', 'let me in');
  const host = await connect(server.place(), server.options({ asker }));
  expect(host.reach.privilege).toBe('sudo with password');
  expect(asked).toEqual([
    { what: 'sudo', for: 'deploy@127.0.0.1' },
    { what: 'sudo', for: 'deploy@127.0.0.1' },
  ]);
  expect((await host.run(['sh', '-c', 'echo $FAKE_ROOT; cat'], { input: 'data' })).stdout.toString()).toBe(
    '1\ndata',
  );
  for (const stamped of [false, true]) {
    // Should sudo not ask after all, the line with the password must not become the command's input.
    if (stamped)
      await server.program('sudo', 'while [ "$1" != -- ]; do shift; done; shift; FAKE_ROOT=1 exec "$@"');
    const channel = await host.stream(['cat']);
    channel.stdin.end('content');
    const pieces: Buffer[] = [];
    for await (const piece of channel.stdout) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).toString()).toBe('content');
    expect(await channel.done).toEqual({ code: 0, stderr: '' });
  }
  expect(server.commands.join('\n')).not.toContain('let me in');
  await host.close();
});

test.each([
  ['is not installed', 'sh: 1: sudo: not found', 127, 'not installed'],
  ['wants a terminal', 'sudo: sorry, you must have a tty to run sudo', 1, 'terminal'],
  ['forbids it', 'Sorry, user deploy may not run sudo on web1.', 1, 'may not run'],
])('sudo that %s is refused with the line for sudoers', async (_text, words, code, reason) => {
  await server.sudo(null);
  await server.program('sudo', `echo '${words}' >&2; exit ${code}`);
  const failure = await connect(server.place(), server.options()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'refused', topic: 'no-sudo' });
  expect((failure as Failure).message).toContain(reason);
  expect((failure as Failure).hint).toMatch(/sudoers on 127\.0\.0\.1: .*deploy/);
  const host = await connect(server.place(), server.options({ sudo: false }));
  expect([host.privileged, host.reach.privilege]).toEqual([
    false,
    'none: deploy is not root and sudo was not to be used',
  ]);
  await host.close();
});

test('three wrong passwords for sudo are enough; none without a person', async () => {
  await server.sudo('right');
  const { asker, asked } = person('a', 'b', 'c', 'd');
  await expect(connect(server.place(), server.options({ asker }))).rejects.toMatchObject({
    code: 'refused',
    topic: 'no-sudo',
    message: expect.stringContaining('password is wrong') as unknown as string,
  });
  expect(asked).toHaveLength(3);
  await expect(connect(server.place(), server.options())).rejects.toMatchObject({ code: 'needs-person' });
});

test('a connection that breaks is told everywhere', async () => {
  const host = await connect(server.place(), server.options({ sudo: false }));
  const channel = await host.stream(['sh', '-c', 'echo half; sleep 60']);
  await once(channel.stdout, 'readable');
  const question = host.run(['sleep', '60']);
  const told = expect(question).rejects.toMatchObject({ code: 'unreachable', topic: 'connection-lost' });
  setTimeout(() => server.cut(), 100);
  await told;
  channel.stdout.resume();
  await expect(channel.done).rejects.toMatchObject({ code: 'unreachable' });
  await expect(host.run(['true'])).rejects.toMatchObject({ code: 'unreachable' });
  await host.close();
});

function listening(greet: (socket: import('node:net').Socket) => void): Promise<Server> {
  const listener = createServer((socket) => {
    socket.on('error', () => {});
    greet(socket);
  });
  return new Promise((resolve) => listener.listen(0, '127.0.0.1', () => resolve(listener)));
}

test('what is not reached says why and what next', async () => {
  const open: import('node:net').Socket[] = [];
  const silent = await listening((socket) => open.push(socket));
  const web = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const port = (listener: Server): number => (listener.address() as AddressInfo).port;
  try {
    for (const [place, words] of [
      [`127.0.0.1:${await freePort()}`, 'nothing listens there'],
      ['no-such-host.invalid', /no such host name|could not be looked up/],
      [`127.0.0.1:${port(silent)}`, 'no answer within 1 seconds'],
      [`127.0.0.1:${port(web)}`, 'no ssh server'],
    ] as const) {
      const failure = (await connect(parsePlace(place), server.options({ connectTimeoutSeconds: 1 })).catch(
        (error) => error,
      )) as Failure;
      expect(failure).toMatchObject({ code: 'unreachable', topic: 'unreachable' });
      expect(failure.message).toMatch(words);
      expect(failure.hint).not.toBe('');
    }
  } finally {
    for (const socket of open) socket.destroy();
    silent.close();
    web.close();
  }
});

test('without an ssh client what needs one says so', async () => {
  const keys = newKeys();
  await mkdir(join(server.home, '.ssh'), { mode: 0o700 });
  await writeFile(join(server.home, '.ssh/known_hosts'), `@cert-authority * ${keys.public}\n`);
  await expect(connect(server.place(), server.options())).rejects.toMatchObject({
    code: 'refused',
    topic: 'no-ssh-client',
    hint: expect.stringContaining('openssh-client') as unknown as string,
  });
});
