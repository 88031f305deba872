/**
 * Secrets of every form and place go through every command that shows or stores something. Afterwards none is in
 * the folder, but sealed, and none was said, neither for people nor for programs.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { main, type Outside } from '../../src/show/main.ts';
import type { Manifest } from '../../src/types.ts';
import { Folder } from '../../src/work/folder.ts';
import { makeDisk } from '../support/disk.ts';
import { makeRoot } from './made-root.ts';

jest.setTimeout(240_000);
const base = mkdtempSync(join(tmpdir(), 'canaries-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const root = join(base, 'root');
const folder = join(base, 'made.move');
const key = join(base, 'key.txt');

/** `§` is the secret. */
const planted: readonly (readonly [path: string, content: string])[] = [
  ['/etc/redis/redis.conf', 'port 6379\nrequirepass §\n'],
  ['/etc/redis/old.conf', 'port 6379\n#requirepass §\n'],
  ['/etc/redis/users.acl', 'user worker on >§ ~* +@all\n'],
  ['/etc/default/app', 'DATABASE_URL=postgres://app:§@db/app\n'],
  ['/etc/wireguard/wg0.conf', '[Interface]\nPrivateKey = §\n'],
  ['/etc/vpn/peer.conf', '[Peer]\nPresharedKey = §\n'],
  ['/etc/nginx/users', 'anna:$apr1$abcdefgh$§\n'],
  ['/etc/nginx/sites-available/proxy', 'server {\n  proxy_set_header Authorization "Bearer §";\n}\n'],
  ['/etc/postfix/relay', '[smtp.example.com]:587 anna@example.com:§\n'],
  ['/etc/postfix/sasl_passwd', '§\n'],
  ['/etc/webmail/config.inc.php', "<?php\n$config['default_pw'] = '§';\n"],
  ['/etc/wordpress/config.php', "<?php\ndefine('AUTH_KEY', '§');\n"],
  ['/etc/app.json', '{"apiKey": "§", "port": 1}\n'],
  ['/etc/app.yaml', 'key:\n  secret_key: |\n    §\n    §\nport: 1\n'],
  ['/etc/app.toml', 'secret = """\n§\n"""\n'],
  ['/etc/app.ini', '[db]\npassword = two words §\n'],
  ['/etc/app.xml', '<password>§</password>\n'],
  ['/etc/ssl/private/other.key', '-----BEGIN PRIVATE KEY-----\n§\n-----END PRIVATE KEY-----\n'],
  ['/etc/inside.conf', 'a = 1\n  -----BEGIN RSA PRIVATE KEY-----\n  §\n'],
  [
    '/etc/systemd/system/app.service',
    '[Service]\nEnvironment="DB_PASSWORD=§"\nExecStart=/opt/own/app --token §\n',
  ],
  ['/etc/cron.d/backup', '0 1 * * * root mysqldump -u root -p§ app\n'],
  ['/etc/cron.d/upload', '0 1 * * * root curl -u anna:§ https://example.com\n'],
  ['/etc/apt/auth.conf', 'machine deb.example.com login anna password §\n'],
  ['/etc/apt/sources.list.d/paid.list', 'deb https://anna:§@deb.example.com/debian stable vendor\n'],
  ['/etc/apt/sources.list.d/token.list', 'deb https://§@deb.example.org/debian stable vendor\n'],
  ['/etc/tool/tool.conf', 'level = 3\npassword = §\n'],
  ['/etc/gone.conf', 'secret = §\n'],
  ['/srv/app/.env', 'ANYTHING=§\n'],
  ['/srv/wordpress/wp-config.php', "<?php define('DB_PASSWORD', '§');\n"],
  ['/home/anna/.pgpass', 'db:5432:app:app:§\n'],
  ['/root/.my.cnf', '[client]\npassword=§\n'],
  ['/usr/local/bin/backup', '#!/bin/sh\nexport RESTIC_PASSWORD=§\n'],
];

/** Letters and digits, so that it may stand in every form; none is a part of another. */
function canary(index: number): string {
  return `Zq${String(index).padStart(3, '0')}Canary${'x7Kd'.repeat(4)}${index}`;
}
const canaries = planted.map((_, index) => canary(index));
const hash = '$6$saltsalt$CanaryOfTheHash0123456789';
const needles = [...canaries.map((one) => one.slice(0, 11)), 'CanaryOfTheHash'];

let said = '';
async function run(...args: readonly string[]): Promise<number> {
  const outside: Outside = {
    args,
    environment: { ...process.env, TERM: 'dumb' },
    out: (text) => {
      said += text;
    },
    outBytes: () => {},
    err: (text) => {
      said += text;
    },
    stdinIsTerminal: false,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    columns: () => 200,
    now: () => Date.now(),
    by: () => 'anna@desk',
    signal: new AbortController().signal,
    onStatusAsked: () => {},
    onBug: () => {},
    prepareForInk: () => {},
  };
  return main(outside);
}

function leaks(text: string): string[] {
  return needles.filter((needle) => text.includes(needle));
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

beforeAll(async () => {
  await makeRoot(root);
  for (const [index, [path, content]] of planted.entries()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(
      join(root, path),
      content.replaceAll('§', () => canary(index)),
    );
  }
  await writeFile(join(root, 'etc/shadow'), `root:*:19000::::::\nanna:${hash}:19000::::::\n`);
  expect(await run('scan', `disk:${root}`, folder, '--verbose')).toBeLessThan(4);
  expect(await run('seal', folder, '--new-key', key)).toBe(0);
  for (const path of ['/data', '/usr/bin/unknown']) await run('decide', folder, path, 'ephemeral');
  expect(await run('scan', `disk:${root}`, folder, '--json')).toBeLessThan(4);
});

test('everything that is said and stored on the way holds none of them', async () => {
  const made = makeDisk('new', base, 'target');
  // What stands on the destination is nobody's to publish either.
  await mkdir(join(made, 'etc/nginx'), { recursive: true });
  await writeFile(join(made, 'etc/app.conf'), `password = ${canary(0)}\n`);
  const target = `disk:${made}`;
  for (const [path] of planted) {
    await run('explain', folder, path);
    await run('explain', folder, path, '--json');
  }
  for (const more of [['--all'], ['--json']]) {
    expect(await run('plan', folder, target, ...more)).toBeLessThan(4);
  }
  expect(await run('apply', folder, target, '--yes', '--json')).toBeLessThan(4);
  expect(await run('apply', folder, target, '--yes', '--verbose')).toBeLessThan(4);
  for (const more of [['--all'], ['--json']]) await run('verify', folder, target, ...more);
  await run('manifest', folder);
  await run('manifest', folder, '--json');
  await run('unseal', folder, '/etc/redis/redis.conf', '--identity', join(base, 'none'));
  // The secrets did arrive, and what stood there is kept there and nowhere else.
  const kept = filesOf(join(made, 'var/lib/opstimal-move'));
  expect(kept.some((file) => readFileSync(file, 'latin1').includes(canary(0)))).toBe(true);
  expect(readFileSync(join(made, 'etc/redis/redis.conf'), 'utf8')).toContain(canary(0));
  expect(said.length).toBeGreaterThan(10_000);
  expect(leaks(said)).toEqual([]);
  for (const file of filesOf(folder)) {
    expect([file, leaks(readFileSync(file, 'latin1'))]).toEqual([file, []]);
  }
});

test('no file is left out because of its secret', async () => {
  const manifest: Manifest = await (await Folder.open(folder)).readManifest();
  const carried = new Map(
    manifest.resources.flatMap((one) => ('path' in one && 'kind' in one ? [[one.path, one]] : [])),
  );
  for (const [path] of planted.filter(([path]) => path.startsWith('/etc/'))) {
    expect([path, carried.get(path)?.secret, carried.get(path)?.sealed?.slice(0, 7)]).toEqual([
      path,
      true,
      'sealed/',
    ]);
  }
  for (const [path] of planted.filter(([path]) => !path.startsWith('/etc/'))) {
    const verdict = (await (await Folder.open(folder)).verdictIndex()).of(path);
    expect([path, verdict?.carry]).toEqual([path, 'stream']);
    if (!path.startsWith('/usr/local/')) expect([path, verdict?.class]).toEqual([path, 'secret']);
  }
});

test('each comes back from the folder with the key, and with nothing else', async () => {
  const { Sealed } = await import('../../src/work/sealed.ts');
  const sealed = await Sealed.open(await Folder.open(folder), key);
  for (const [index, [path, content]] of planted.entries()) {
    if (!path.startsWith('/etc/')) continue;
    const found = (await sealed.read([path])).get(path)?.toString();
    expect(found).toBe(content.replaceAll('§', () => canary(index)));
  }
  expect((await sealed.shadowText())?.toString()).toContain(hash);
});
