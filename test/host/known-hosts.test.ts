import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  addKnownHost,
  fingerprint,
  hostLabel,
  KnownHosts,
  keyType,
  knownHostsLine,
} from '../../src/host/known-hosts.ts';

jest.setTimeout(60_000);

let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'known-'));
  file = join(directory, 'known_hosts');
});
afterAll(() => rm(directory, { recursive: true }));

function makeKey(type = 'ssh-ed25519'): Buffer {
  const part = (data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, data]);
  };
  return Buffer.concat([part(Buffer.from(type)), part(randomBytes(32))]);
}
const one = makeKey();
const two = makeKey();
const line = (hosts: string, key = one, marker = ''): string =>
  `${marker}${marker === '' ? '' : ' '}${hosts} ${keyType(key)} ${key.toString('base64')} comment\n`;

async function known(...lines: string[]): Promise<KnownHosts> {
  await writeFile(file, lines.join(''));
  return KnownHosts.read([file]);
}

test.each([
  ['web1', 'web1', true],
  ['web1,192.0.2.1', '192.0.2.1', true],
  ['web1', 'web11', false],
  ['WEB1.example', 'web1.example', true],
  ['*.example', 'a.b.example', true],
  ['*.example', 'example', false],
  ['web?.example', 'web7.example', true],
  ['web?.example', 'web.example', false],
  ['*.example,!old.example', 'old.example', false],
  ['!old.example,*.example', 'new.example', true],
  ['[web1]:2222', '[web1]:2222', true],
  ['[web1]:2222', 'web1', false],
  ['web1', '[web1]:2222', false],
  ['[*.example]:*', '[a.example]:2200', true],
  ['[::1]:2222', '[::1]:2222', true],
])('%s for %s: %s, as ssh-keygen -F says', async (hosts, label, found) => {
  const hostsFile = await known(line(hosts));
  expect(hostsFile.judge(label, one).kind).toBe(found ? 'known' : 'unknown');
  if (existsSync('/usr/bin/ssh-keygen')) {
    const oracle = spawnSync('ssh-keygen', ['-F', label, '-f', file], { encoding: 'latin1' });
    // ssh-keygen takes a label with a port as it stands.
    expect(oracle.stdout.includes(one.toString('base64'))).toBe(found);
  }
});

test('hashed names of ssh-keygen -H are found, and ours by ssh-keygen -F', async () => {
  if (!existsSync('/usr/bin/ssh-keygen')) return;
  await writeFile(file, line('web1.example') + line('[10.0.0.1]:2200', two));
  execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
  expect(await readFile(file, 'latin1')).not.toContain('web1');
  const hosts = await KnownHosts.read([file]);
  expect(hosts.judge('web1.example', one).kind).toBe('known');
  expect(hosts.judge('[10.0.0.1]:2200', two).kind).toBe('known');
  expect(hosts.judge('10.0.0.1', two).kind).toBe('unknown');

  for (const hashed of [true, false]) {
    await writeFile(file, knownHostsLine('[web9]:2200', one, hashed));
    const oracle = spawnSync('ssh-keygen', ['-F', '[web9]:2200', '-f', file], { encoding: 'latin1' });
    expect(oracle.stdout).toContain(one.toString('base64'));
    expect((await readFile(file, 'latin1')).includes('web9')).toBe(!hashed);
  }
});

test('the fingerprint is that of ssh-keygen -l', async () => {
  if (!existsSync('/usr/bin/ssh-keygen')) return;
  await writeFile(file, `ssh-ed25519 ${one.toString('base64')}\n`);
  expect(execFileSync('ssh-keygen', ['-lf', file], { encoding: 'latin1' })).toContain(fingerprint(one));
});

test('a changed key tells what was known and where', async () => {
  const hosts = await known('# comment\n\n', line('other', two), line('web1'));
  expect(hosts.judge('web1', two)).toEqual({
    kind: 'changed',
    known: [{ type: 'ssh-ed25519', fingerprint: fingerprint(one), where: `${file}:4` }],
  });
});

test('another type of key than the known one counts as changed', async () => {
  const hosts = await known(line('web1'));
  expect(hosts.judge('web1', makeKey('ecdsa-sha2-nistp256')).kind).toBe('changed');
  expect(hosts.types('web1')).toEqual(['ssh-ed25519']);
});

test('one of several known keys is enough', async () => {
  const hosts = await known(line('web1'), line('web*', two));
  expect([hosts.judge('web1', one).kind, hosts.judge('web1', two).kind]).toEqual(['known', 'known']);
});

test('a revoked key is refused even where it is known', async () => {
  const hosts = await known(line('web1'), line('*', one, '@revoked'));
  expect(hosts.judge('web1', one)).toEqual({ kind: 'revoked', where: `${file}:2` });
  expect(hosts.judge('web1', two).kind).toBe('changed');
});

test('an authority does not make its own key a host key', async () => {
  const hosts = await known(line('*.example', one, '@cert-authority'));
  expect(hosts.hasAuthority('a.example')).toBe(true);
  expect(hosts.hasAuthority('a.test')).toBe(false);
  expect(hosts.judge('a.example', one).kind).toBe('unknown');
});

test('lines that are damaged or not understood trust nothing', async () => {
  const hosts = await known(
    'web1 ssh-ed25519\n',
    'web1 ssh-rsa AAAA\n',
    `web1 ssh-rsa ${one.toString('base64')}\n`,
    line('web1', one, '@something'),
    '|1|broken ssh-ed25519 AAAA\n',
  );
  expect(hosts.judge('web1', one).kind).toBe('unknown');
});

test('a file that is missing is empty, one that cannot be read refuses', async () => {
  const missing = await KnownHosts.read([join(directory, 'none'), join(file, 'below-a-file')]);
  expect(missing.judge('web1', one).kind).toBe('unknown');
  await mkdir(join(directory, 'a-directory'), { recursive: true });
  await expect(KnownHosts.read([join(directory, 'a-directory')])).rejects.toMatchObject({
    code: 'refused',
    topic: 'known-hosts',
  });
});

test('a key is added below what is there, with modes as ssh wants them', async () => {
  const fresh = join(directory, 'new', 'known_hosts');
  await addKnownHost(fresh, 'first\n');
  expect((await stat(fresh)).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700);
  await writeFile(fresh, 'without newline');
  await addKnownHost(fresh, 'second\n');
  await addKnownHost(fresh, 'third\n');
  expect(await readFile(fresh, 'latin1')).toBe('without newline\nsecond\nthird\n');
});

test('labels are spelled as ssh spells them', () => {
  expect(hostLabel('Web1.Example', 22)).toBe('web1.example');
  expect(hostLabel('2001:db8::1', 2222)).toBe('[2001:db8::1]:2222');
});
