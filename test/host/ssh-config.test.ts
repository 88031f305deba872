import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ConnectOptions } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import { parseSettings, readSettings, type SshSettings } from '../../src/host/ssh-config.ts';
import type { Place } from '../../src/types.ts';
import { person } from './server.ts';

type SshPlace = Extract<Place, { kind: 'ssh' }>;
const place = (text: string): SshPlace => parsePlace(text) as SshPlace;
const environment = { HOME: '/home/me', USER: 'me', SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' };

/** ssh takes the home of the account, not HOME. */
const home = userInfo().homedir;

const withClient = existsSync('/usr/bin/ssh') ? test : test.skip;

async function settingsOf(config: string, text: string): Promise<SshSettings> {
  const directory = await mkdtemp(join(tmpdir(), 'config-'));
  try {
    await writeFile(join(directory, 'config'), config);
    const options: ConnectOptions = {
      asker: person().asker,
      environment: { ...process.env, ...environment },
      note: () => {},
      sshConfig: join(directory, 'config'),
    };
    return await readSettings(place(text), options);
  } finally {
    await rm(directory, { recursive: true });
  }
}

withClient('an alias is looked up as ssh does it', async () => {
  const config = `
Host web1
  HostName 192.0.2.7
  Port 2200
  User admin
  IdentityFile ~/.ssh/%r at %h
  IdentityFile "%d/keys/other one"
  IdentitiesOnly yes
  HostKeyAlias old-web1
  ConnectTimeout 7
  HashKnownHosts yes
  StrictHostKeyChecking no
  UserKnownHostsFile "~/known one" /etc/known%%two
Match host 192.0.2.7 exec "true"
  ProxyJump hop
`.replace(' at ', '@');
  const settings = await settingsOf(config, 'web1');
  expect(settings).toMatchObject({
    hasClient: true,
    hostname: '192.0.2.7',
    port: 2200,
    user: 'admin',
    identityFiles: [`${home}/.ssh/admin@192.0.2.7`, `${home}/keys/other one`],
    identitiesOnly: true,
    hostKeyAlias: 'old-web1',
    connectTimeoutSeconds: 7,
    hashKnownHosts: true,
    strictHostKeyChecking: 'no',
    proxyJump: 'hop',
    identityAgent: '/run/agent',
  });
});

withClient('what the place says wins over the configuration', async () => {
  const settings = await settingsOf('Host *\n Port 2200\n User admin\n', 'root@web1:22');
  expect(settings).toMatchObject({
    user: 'root',
    port: 22,
    hostname: 'web1',
    proxyJump: null,
    onlyClient: [],
  });
});

withClient.each([
  ['none', null],
  ['SSH_AUTH_SOCK', '/run/agent'],
  ['$OTHER', '/run/other'],
  ['~/agent', `${home}/agent`],
])('IdentityAgent %s', async (value, socket) => {
  expect((await settingsOf(`Host *\n IdentityAgent ${value}\n`, 'web1')).identityAgent).toBe(socket);
});

withClient.each([
  ['StrictHostKeyChecking yes', { strictHostKeyChecking: 'yes' }],
  ['StrictHostKeyChecking accept-new', { strictHostKeyChecking: 'accept-new' }],
  ['StrictHostKeyChecking off', { strictHostKeyChecking: 'no' }],
  ['BatchMode yes', { passwordAuthentication: false, keyboardInteractiveAuthentication: false }],
  ['PasswordAuthentication no', { passwordAuthentication: false, keyboardInteractiveAuthentication: true }],
  ['PubkeyAuthentication no', { publicKeyAuthentication: false }],
  ['ProxyCommand none', { proxyCommand: null }],
  ['ProxyCommand nc %h %p', { proxyCommand: 'nc %h %p' }],
  ['CertificateFile ~/c', { certificateFiles: [`${home}/c`] }],
  ['RevokedHostKeys /etc/revoked', { onlyClient: ['RevokedHostKeys'] }],
  ['AddressFamily inet6', { addressFamily: 'inet6' }],
  ['GlobalKnownHostsFile /dev/null', { globalKnownHostsFiles: ['/dev/null'] }],
])('%s', async (line, expected) => {
  expect(await settingsOf(`Host *\n ${line}\n`, 'web1')).toMatchObject(expected);
});

test('a user or host called none is no unset option', () => {
  const settings = parseSettings(
    'user none\nhostname none\nproxyjump none\n',
    place('none@none'),
    environment,
    home,
  );
  expect(settings).toMatchObject({ user: 'none', hostname: 'none', proxyJump: null });
});

test('without a client the usual files are used, and it is said', async () => {
  const notes: string[] = [];
  const settings = await readSettings(place('web1:2200'), {
    asker: person().asker,
    environment: { ...environment, PATH: '/nonexistent' },
    note: (text) => notes.push(text),
  });
  expect(settings).toMatchObject({
    hasClient: false,
    user: 'me',
    hostname: 'web1',
    port: 2200,
    identityFiles: ['/home/me/.ssh/id_rsa', '/home/me/.ssh/id_ecdsa', '/home/me/.ssh/id_ed25519'],
    userKnownHostsFiles: ['/home/me/.ssh/known_hosts', '/home/me/.ssh/known_hosts2'],
    strictHostKeyChecking: 'ask',
    identityAgent: '/run/agent',
  });
  expect(notes).toHaveLength(1);
});
