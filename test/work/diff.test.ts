import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Difference } from '../../src/decide/difference-form.ts';
import { connect } from '../../src/host/connect.ts';
import type { Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import { differenceHtml } from '../../src/show/difference-html.ts';
import { differenceText } from '../../src/show/difference-text.ts';
import { jsonLine } from '../../src/show/json.ts';
import { unicode } from '../../src/show/symbols.ts';
import { decidePath } from '../../src/work/decide-path.ts';
import { type DiffSide, diff } from '../../src/work/diff.ts';
import { Folder } from '../../src/work/folder.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import { finish, type Surroundings } from '../../src/work/work.ts';
import { makeRoot } from './made-root.ts';

const surroundings: Surroundings = { now: () => 0, by: 'anna@desk', signal: new AbortController().signal };
let base: string;
let temporary: string;
let folder: Folder;
const hosts: Host[] = [];

async function place(root: string): Promise<DiffSide & { kind: 'place' }> {
  const host = await connect(parsePlace(`disk:${root}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
  });
  hosts.push(host);
  return { kind: 'place', name: `disk:${root}`, host };
}

async function scanned(name: string, root: string): Promise<Folder> {
  const into = await Folder.create(join(base, name));
  const profiles = await loadProfiles();
  await finish(scan({ source: (await place(root)).host, folder: into, profiles, surroundings }));
  return into;
}

async function compare(left: DiffSide, right: DiffSide): Promise<Difference> {
  return finish(diff({ left, right, profiles: await loadProfiles(), surroundings, temporary }));
}

const side = (one: Folder): DiffSide => ({ kind: 'folder', name: one.name, folder: one });

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'diff-'));
  temporary = join(base, 'tmp');
  await mkdir(temporary);
  await makeRoot(join(base, 'root'));
  await makeRoot(join(base, 'other'));
  const change = (path: string, text: string) => writeFile(join(base, 'other', path), text);
  await change('etc/app.conf', 'interval = 6\n');
  await change('etc/new.conf', 'new = yes\n');
  await change('etc/tool/edited.conf', 'level = 2\npassword = canary-in-edited\n');
  await change('etc/redis.conf', 'requirepass canary-in-redis\n');
  await change('etc/ssl/private/site.key', '-----BEGIN PRIVATE KEY-----\ncanary-in-key\n');
  await change('data/site/.env', 'TOKEN=canary-in-env\n');
  await change('usr/lib/late/patched', 'a\0program');
  await rm(join(base, 'other/etc/nginx/sites-available/site'));
  await change('etc/<img onerror=alert(1)>\u001b[2J', 'odd\u001b[2J\u202e\n');
  folder = await scanned('one.move', join(base, 'root'));
}, 60_000);
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  expect(await readdir(temporary)).toEqual([]);
});
afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

test('a folder and the place it was made from are the same', async () => {
  const found = await compare(side(folder), await place(join(base, 'root')));
  expect(found).toMatchObject({ same: true, changes: [], undecided: [], sizes: [] });
  const turned = await compare(await place(join(base, 'root')), side(folder));
  expect(turned.same).toBe(true);
}, 60_000);

test('two folders, two places, and one of each say the same of two servers', async () => {
  const [root, other] = [join(base, 'root'), join(base, 'other')];
  const folders = await compare(side(folder), side(await scanned('other.move', other)));
  const places = await compare(await place(root), await place(other));
  const mixed = await compare(side(folder), await place(other));
  for (const found of [places, mixed]) {
    expect({ ...found, left: null, right: null }).toEqual({ ...folders, left: null, right: null });
  }
  const state = Object.fromEntries(folders.changes.map((one) => [one.name, one.state]));
  expect(state).toMatchObject({
    '/etc/app.conf': 'changed',
    '/etc/new.conf': 'added',
    '/etc/nginx/sites-available/site': 'removed',
    '/etc/tool/edited.conf': 'changed',
  });
  const named = (name: string) => folders.changes.find((one) => one.name === name);
  expect(named('/etc/app.conf')?.patch).toContain('-interval = 5\n+interval = 6\n');
  expect(named('/usr/lib/late/patched')).toMatchObject({ content: { leftOut: 'no text' } });
  // What is secret on either side has no lines.
  expect(named('/etc/tool/edited.conf')?.patch).toBeUndefined();
}, 60_000);

test('no secret of either server is in text, JSON or page', async () => {
  const found = await compare(side(folder), await place(join(base, 'other')));
  const options = { color: false, symbols: unicode, stat: false };
  for (const said of [differenceText(found, options), jsonLine(found), differenceHtml(found, 'now')]) {
    expect(said).toContain('/etc/new.conf');
    expect(said).not.toMatch(/hunter2|canary-in/);
    expect(said).not.toMatch(/\u202e/);
    expect(said.replaceAll(/[\t\n]/g, '')).not.toMatch(/\p{Cc}/u);
  }
  expect(differenceHtml(found, 'now')).not.toContain('<img');
}, 60_000);

test('a place is judged with the decisions of the folder beside it', async () => {
  const decided = await scanned('decided.move', join(base, 'root'));
  await decidePath(decided, '/data/mystery', 'mutable', 'the ledger', surroundings);
  expect((await compare(side(decided), await place(join(base, 'root')))).same).toBe(true);
  const found = await compare(side(folder), side(decided));
  expect(found.changes).toMatchObject([{ kind: 'data', name: '/data/mystery', state: 'added' }]);
}, 60_000);

test('the temporary folder is for its owner only, and gone also when a scan ends early', async () => {
  const stopped = new AbortController();
  const right = await place(join(base, 'root'));
  const work = diff({
    left: side(folder),
    right,
    profiles: await loadProfiles(),
    surroundings: { ...surroundings, signal: stopped.signal },
    temporary,
  });
  let seen = false;
  const running = (async () => {
    for (let step = await work.next(); !step.done; step = await work.next()) {
      const [name] = await readdir(temporary);
      if (name === undefined) continue;
      expect((await stat(join(temporary, name))).mode & 0o777).toBe(0o700);
      seen = true;
      stopped.abort();
    }
  })();
  await expect(running).rejects.toMatchObject({ code: 'interrupted' });
  expect(seen).toBe(true);
}, 60_000);

test('a link among the contents of a folder leads to nothing of this machine', async () => {
  const lying = await scanned('lying.move', join(base, 'other'));
  const manifest = await readFile(lying.path('manifest.yaml'), 'utf8');
  const from = /path: \/etc\/app\.conf[\s\S]*?from: (files\/\w+)/.exec(manifest)?.[1] as string;
  await writeFile(join(base, 'private'), 'of this machine\n');
  await rm(lying.path(from));
  await symlink(join(base, 'private'), lying.path(from));
  const found = await compare(side(folder), side(lying));
  expect(JSON.stringify(found)).not.toContain('of this machine');
  const change = found.changes.find((one) => one.name === '/etc/app.conf');
  expect(change?.content?.leftOut).toBe('the file of it is missing in the folder');
  // The same where the directory itself is the link.
  await mkdir(join(base, 'elsewhere'));
  await writeFile(join(base, 'elsewhere', from.slice('files/'.length)), 'of this machine\n');
  await rm(lying.path('files'), { recursive: true });
  await symlink(join(base, 'elsewhere'), lying.path('files'));
  expect(JSON.stringify(await compare(side(folder), side(lying)))).not.toContain('of this machine');
}, 60_000);
