/** Secrets at rest, from a made root to a disk that shall be like it; the reference age(1) reads and writes the same. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { parseRecipients, sealedName } from '../../src/decide/recipients.ts';
import { Failure } from '../../src/failure.ts';
import { connect } from '../../src/host/connect.ts';
import type { Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { PathResource, Plan } from '../../src/types.ts';
import { apply } from '../../src/work/apply.ts';
import { Folder } from '../../src/work/folder.ts';
import { plan } from '../../src/work/plan.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import { addRecipients, makeKey, readRecipients, Sealed } from '../../src/work/sealed.ts';
import { finish, type Surroundings } from '../../src/work/work.ts';
import { makeDisk } from '../support/disk.ts';
import { makeRoot } from './made-root.ts';

const surroundings: Surroundings = { now: () => 0, by: 'anna@desk', signal: new AbortController().signal };
// Some scans in one test, on a machine that has other things to do.
jest.setTimeout(120_000);
const base = mkdtempSync(join(tmpdir(), 'sealed-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const root = join(base, 'root');
const key = join(base, 'key.txt');
const hasAge = spawnSync('age', ['--version']).status === 0;
let folder: Folder;
let recipient: string;

async function disk(directory: string): Promise<Host> {
  return connect(parsePlace(`disk:${directory}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
  });
}

async function scanInto(into: Folder) {
  const source = await disk(root);
  try {
    return await finish(scan({ source, folder: into, profiles: await loadProfiles(), surroundings }));
  } finally {
    await source.close();
  }
}

/** Content of every file of a folder by its name. */
async function whole(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(relative(directory, path), (await readFile(path)).toString('latin1'));
  }
  return found;
}

async function resource(path: string): Promise<PathResource | undefined> {
  return (await folder.readManifest()).resources.find(
    (one): one is PathResource => 'path' in one && 'kind' in one && one.path === path,
  );
}

beforeAll(async () => {
  await makeRoot(root);
  folder = await Folder.create(join(base, 'made.move'));
  for (const path of ['/data', '/usr/bin/unknown']) {
    await folder.appendDecision({
      path,
      class: 'ephemeral',
      by: 'anna',
      at: '2024-01-01T00:00:00Z',
      note: '',
    });
  }
  const first = await scanInto(folder);
  expect(first.secrets.sealed).toBe(0);
  expect(first.secrets.open).toBeGreaterThan(2);
  expect((await whole(folder.directory)).has('recipients.txt')).toBe(false);
  recipient = await makeKey(folder, key, 0);
  await addRecipients(folder, [recipient]);
  const { secrets } = await scanInto(folder);
  expect(secrets).toEqual({
    sealed: first.secrets.open,
    open: 0,
    recipients: 1,
    withData: first.secrets.withData,
  });
});

test('every secret file of the manifest is sealed and nothing of it is anywhere else', async () => {
  const files = await whole(folder.directory);
  for (const [name, content] of files) {
    expect(`${name} ${content.includes('hunter2') || content.includes('$6$x$y')}`).toBe(`${name} false`);
  }
  for (const path of ['/etc/redis.conf', '/etc/ssl/private/site.key', '/etc/tool/secret.conf']) {
    expect(await resource(path)).toMatchObject({ secret: true, sealed: sealedName(path) });
    expect((await stat(folder.path(sealedName(path)))).mode & 0o777).toBe(0o600);
  }
  expect((await resource('/etc/app.conf'))?.sealed).toBeUndefined();
});

test('a second scan of the same server gives the same bytes', async () => {
  const before = await whole(folder.directory);
  await scanInto(folder);
  expect(await whole(folder.directory)).toEqual(before);
});

test('what changed is sealed anew, for other recipients everything, and what is gone is not kept', async () => {
  const before = await whole(folder.directory);
  await writeFile(join(root, 'etc/redis.conf'), 'requirepass hunter2 \n');
  await writeFile(join(root, 'etc/extra.conf'), 'requirepass hunter2\n');
  await scanInto(folder);
  const changed = await whole(folder.directory);
  const differing = [...changed]
    .filter(([name, content]) => before.get(name) !== content)
    .map(([name]) => name);
  expect(differing.filter((name) => name.endsWith('.age')).sort()).toEqual(
    [sealedName('/etc/extra.conf'), sealedName('/etc/redis.conf')].sort(),
  );
  rmSync(join(root, 'etc/extra.conf'));
  await addRecipients(folder, [await makeKey(folder, join(base, 'other.txt'), 0)]);
  await scanInto(folder);
  const again = await whole(folder.directory);
  expect(again.has(sealedName('/etc/extra.conf'))).toBe(false);
  for (const [name, content] of again) {
    if (name.endsWith('.age')) expect(content).not.toBe(changed.get(name));
  }
  const other = await Sealed.open(folder, join(base, 'other.txt'));
  expect((await other.read(['/etc/redis.conf'])).get('/etc/redis.conf')?.toString()).toBe(
    'requirepass hunter2 \n',
  );
  await writeFile(join(root, 'etc/redis.conf'), 'requirepass hunter2\n');
  await scanInto(folder);
});

test('a file that becomes secret is in the open no more', async () => {
  const file = join(root, 'etc/later.conf');
  await writeFile(file, 'level = 1\n# an-older-form\n');
  await scanInto(folder);
  const { from } = (await resource('/etc/later.conf')) as PathResource;
  expect(await readFile(folder.path(from as string), 'utf8')).toContain('an-older-form');
  await writeFile(file, 'level = 1\n# an-older-form\npassword = hunter2\n');
  await scanInto(folder);
  expect(await resource('/etc/later.conf')).toMatchObject({ secret: true });
  expect((await whole(folder.directory)).has(from as string)).toBe(false);
  rmSync(file);
  await scanInto(folder);
});

test('the password lines of people are sealed, and of nobody else', async () => {
  const sealed = await Sealed.open(folder, key);
  expect((await sealed.shadowText())?.toString()).toBe('anna:$6$x$y:19000::::::\n');
  expect((await sealed.shadow()).get('anna')?.hash).toBe('$6$x$y');
});

(hasAge ? test : test.skip)(
  'the reference age opens what is sealed, and what it seals is opened',
  async () => {
    const file = folder.path(sealedName('/etc/redis.conf'));
    expect(execFileSync('age', ['-d', '-i', key, file]).toString()).toBe('requirepass hunter2\n');
    expect(execFileSync('age-keygen', ['-y', key]).toString().trim()).toBe(recipient);
    const before = await readFile(file);
    await writeFile(file, execFileSync('age', ['-r', recipient], { input: 'by the reference\n' }));
    const sealed = await Sealed.open(folder, key);
    expect((await sealed.read(['/etc/redis.conf'])).get('/etc/redis.conf')?.toString()).toBe(
      'by the reference\n',
    );
    await writeFile(file, before);
  },
);

test('keys and recipients that are none, or the wrong ones, are named', async () => {
  const stranger = join(base, 'stranger.txt');
  await makeKey(folder, stranger, 0);
  const sealed = await Sealed.open(folder, stranger);
  await expect(sealed.read(['/etc/redis.conf'])).rejects.toMatchObject({
    code: 'refused',
    topic: 'age-identity',
  });
  await writeFile(join(base, 'none.txt'), 'hello\n');
  await expect(Sealed.open(folder, join(base, 'none.txt'))).rejects.toMatchObject({ code: 'usage' });
  await expect(makeKey(folder, key, 0)).rejects.toMatchObject({ code: 'usage' });
  await expect(makeKey(folder, folder.path('key.txt'), 0)).rejects.toMatchObject({ code: 'usage' });
  expect((await stat(key)).mode & 0o777).toBe(0o600);
  const mistyped = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`;
  await expect(addRecipients(folder, [mistyped])).rejects.toMatchObject({ topic: 'recipient' });
  expect(await readRecipients(folder)).not.toContain(mistyped);
  const identity = (await readFile(key, 'utf8')).split('\n').find((line) => line.startsWith('AGE')) as string;
  for (const text of [identity, 'ssh-ed25519 AAAA anna', 'age1xyz']) {
    let said = '';
    try {
      parseRecipients(`# friends\n${text}\n`, 'list');
    } catch (error) {
      said = (error as Failure).message;
      expect(error).toBeInstanceOf(Failure);
    }
    expect(said).toContain('list line 2');
    expect(said).not.toContain(identity.slice(0, 30));
  }
});

test('a damaged file is told, not taken', async () => {
  const file = folder.path(sealedName('/etc/redis.conf'));
  const before = await readFile(file);
  const damaged = Buffer.from(before);
  damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
  await writeFile(file, damaged);
  const sealed = await Sealed.open(folder, key);
  await expect(sealed.read(['/etc/redis.conf'])).rejects.toMatchObject({ topic: 'sealed' });
  await writeFile(file, before);
});

async function planAndApply(sealed: Sealed | null): Promise<{ made: Plan; root: string }> {
  const target = makeDisk('new', mkdtempSync(join(base, 'new-')));
  await mkdir(join(target, 'var/lib/opstimal-move'), { recursive: true });
  const destination = await disk(target);
  const options = {
    folder,
    source: null,
    sealed,
    destination,
    profiles: await loadProfiles(),
    surroundings,
  };
  try {
    const made = await finish(plan(options));
    const result = await finish(apply(options));
    expect(result.failures).toEqual([]);
    const again = await finish(plan(options));
    expect(again.steps.filter((one) => one.id === 'file:/etc/redis.conf')).toEqual([]);
    return { made, root: target };
  } finally {
    await destination.close();
  }
}

test('without the source and with a key, secrets arrive on a disk', async () => {
  const sealed = await Sealed.open(folder, key);
  const { made, root: target } = await planAndApply(sealed);
  expect(made.steps.map((one) => one.id)).toContain('file:/etc/redis.conf');
  expect(JSON.stringify(made)).not.toContain('hunter2');
  expect(await readFile(join(target, 'etc/redis.conf'), 'utf8')).toBe('requirepass hunter2\n');
  expect(await readFile(join(target, 'etc/ssl/private/site.key'), 'utf8')).toContain('hunter2');
  for (const [name, content] of await whole(folder.directory)) {
    expect(`${name} ${content.includes('hunter2')}`).toBe(`${name} false`);
  }
});

test('without the source and without a key they are left to the person', async () => {
  const { made } = await planAndApply(null);
  expect(made.steps.map((one) => one.id)).not.toContain('file:/etc/redis.conf');
  const notice = made.notices.find((one) => one.subject === '/etc/redis.conf');
  expect(notice).toMatchObject({ grade: 'by-hand' });
});

test('a secret that cannot be read this time keeps what was sealed of it', async () => {
  const file = join(root, 'etc/redis.conf');
  if (process.getuid?.() === 0) return;
  await chmod(file, 0);
  const before = await readFile(folder.path(sealedName('/etc/redis.conf')));
  await scanInto(folder);
  expect(await readFile(folder.path(sealedName('/etc/redis.conf')))).toEqual(before);
  await chmod(file, 0o644);
});
