import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { VerdictIndex } from '../../src/decide/verdicts.ts';
import { Failure } from '../../src/failure.ts';
import { connect } from '../../src/host/connect.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { Manifest, PathResource } from '../../src/types.ts';
import { decidePath } from '../../src/work/decide-path.ts';
import { explainPath } from '../../src/work/explain.ts';
import { Folder } from '../../src/work/folder.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { type ScanResult, scan } from '../../src/work/scan.ts';
import { finish, type Surroundings } from '../../src/work/work.ts';
import { makeRoot } from './made-root.ts';

const surroundings: Surroundings = { now: () => 0, by: 'anna@desk', signal: new AbortController().signal };
let base: string;
let root: string;
let folder: Folder;
let result: ScanResult;
let index: VerdictIndex;
let manifest: Manifest;

async function scanInto(name: string): Promise<{ folder: Folder; result: ScanResult }> {
  const into = await Folder.create(join(base, name));
  const source = await connect(parsePlace(`disk:${root}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
  });
  try {
    return {
      folder: into,
      result: await finish(scan({ source, folder: into, profiles: await loadProfiles(), surroundings })),
    };
  } finally {
    await source.close();
  }
}

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'scan-'));
  root = join(base, 'root');
  await makeRoot(root);
  ({ folder, result } = await scanInto('one.move'));
  index = await folder.verdictIndex();
  manifest = await folder.readManifest();
}, 60_000);
afterAll(() => rm(base, { recursive: true, force: true }));

test.each([
  ['/usr/bin/tool', 'immutable', 'none', 'package.unchanged'],
  ['/usr/lib/late/same', 'immutable', 'none', 'package.unchanged'],
  ['/usr/lib/late/patched', 'edited', 'manifest', 'package.patched'],
  ['/opt/vendor/bin/run', 'immutable', 'none', 'package.unchanged'],
  ['/etc/tool/tool.conf', 'immutable', 'none', 'package.conffile'],
  ['/etc/tool/edited.conf', 'edited', 'manifest', 'package.edited'],
  ['/etc/tool/removed.conf', 'edited', 'manifest', 'package.conffile-removed'],
  ['/etc/tool/secret.conf', 'secret', 'manifest', 'secret.format'],
  ['/etc/gone.conf', 'mutable', 'manifest', 'package.leftover'],
  ['/etc/gone-edited.conf', 'edited', 'manifest', 'package.leftover-edited'],
  ['/usr/bin/true', 'edited', 'manifest', 'diversion.replacement'],
  ['/usr/bin/true.real', 'immutable', 'none', 'package.unchanged'],
  ['/etc/motd', 'immutable', 'none', 'generated.template'],
  ['/etc/passwd', 'immutable', 'none', 'generated.accounts'],
  ['/etc/app.conf', 'mutable', 'manifest', 'place.etc'],
  ['/etc/redis.conf', 'secret', 'manifest', 'secret.format'],
  ['/etc/ssl/private/site.key', 'secret', 'manifest', 'secret.place'],
  ['/etc/ssh/ssh_host_ed25519_key', 'identity', 'none', 'identity.host-key'],
  ['/etc/machine-id', 'identity', 'none', 'identity.machine-id'],
  ['/etc/fstab', 'identity', 'none', 'identity.disks'],
  ['/var/lib/dpkg/status', 'identity', 'none', 'identity.package-database'],
  ['/etc/apt/sources.list', 'immutable', 'none', 'repository.distribution'],
  ['/etc/apt/sources.list.d/vendor.list', 'mutable', 'manifest', 'repository.source'],
  ['/usr/bin/unknown', 'undecided', 'none', 'undecided.system'],
  ['/usr/local/bin/own', 'mutable', 'stream', 'place.local'],
  ['/opt/own/app', 'mutable', 'stream', 'place.local'],
  ['/data/site/index.html', 'mutable', 'stream', 'profile.nginx.site'],
  ['/data/site/.env', 'secret', 'stream', 'secret.data'],
  ['/data/mystery/file', 'undecided', 'none', 'undecided.rest'],
  ['/depot/given/link', 'immutable', 'none', 'tmpfiles.made'],
  ['/depot/given/same', 'immutable', 'none', 'tmpfiles.made'],
  ['/etc/given.conf', 'edited', 'manifest', 'tmpfiles.edited'],
  ['/depot/shop/orders', 'mutable', 'stream', 'unit.writes'],
  ['/depot/shop/new', 'mutable', 'stream', 'unit.writes'],
  ['/depot/shop/shop.pid', 'ephemeral', 'none', 'unit.pid'],
  ['/depot/shop/keys.conf', 'secret', 'stream', 'unit.environment'],
  ['/depot/shop/out.log', 'mutable', 'stream', 'unit.writes'],
  ['/depot/credential', 'secret', 'stream', 'unit.credential'],
  ['/srv/logged/app.log', 'ephemeral', 'none', 'log.rotated'],
  ['/srv/logged/app.log.1.gz', 'ephemeral', 'none', 'log.rotated'],
  ['/srv/logged/dump.sql', 'mutable', 'stream', 'place.data'],
  ['/srv/logged/dump.sql.1', 'mutable', 'stream', 'place.data'],
  ['/usr/share/given/kept', 'immutable', 'none', 'package.unchanged'],
  ['/usr/share/given/removed.bin', 'edited', 'none', 'package.file-removed'],
  ['/usr/share/doc/given/removed.bin', 'immutable', 'none', 'package.unchanged'],
  ['/srv/app/app.db', 'mutable', 'stream', 'place.data'],
  ['/srv/deployed/releases/2/node_modules/left-pad/index.js', 'mutable', 'stream', 'place.data'],
  ['/srv/linked/venv/bin/app', 'mutable', 'stream', 'place.data'],
  ['/srv/app/node_modules/left-pad/index.js', 'ephemeral', 'none', 'mark.node-modules'],
  ['/srv/other/node_modules/vendored/index.js', 'mutable', 'stream', 'place.data'],
  ['/srv/tagged/cache/thing', 'ephemeral', 'none', 'told.cache'],
  ['/srv/liar/thing', 'mutable', 'stream', 'place.data'],
  ['/srv/skipped/thing', 'ephemeral', 'none', 'told.skip'],
  ['/srv/odd/-rf \n\u001b[31m', 'mutable', 'stream', 'place.data'],
  ['/home/anna/notes', 'mutable', 'stream', 'place.home'],
  ['/home/anna/.cache/thumbnails/1.png', 'ephemeral', 'none', 'home.cache'],
  ['/home/anna/.ssh/id_ed25519', 'secret', 'stream', 'home.secret'],
  ['/home/anna/.ssh/id_ed25519.pub', 'mutable', 'stream', 'place.home'],
  ['/root/.ssh/authorized_keys', 'mutable', 'manifest', 'merge.root-keys'],
  ['/var/log/app/app.log', 'ephemeral', 'none', 'place.log'],
  ['/var/log/app', 'mutable', 'stream', 'place.kept-directory'],
  ['/var/cache/app/thing', 'ephemeral', 'none', 'place.cache'],
  ['/var/lib/app/state.json', 'mutable', 'stream', 'place.state'],
  ['/var/lib/nginx/body/1', 'ephemeral', 'none', 'profile.nginx.temporary-bodies'],
  ['/swapfile', 'ephemeral', 'none', 'place.swap'],
  ['/mnt/nas', 'mutable', 'stream', 'place.empty'],
  // What was not there when it was scanned takes after the place it appears in.
  ['/srv/app/uploads/new.jpg', 'mutable', 'stream', 'place.data'],
  ['/home/anna/.cache/new', 'ephemeral', 'none', 'home.cache'],
  ['/new-at-the-top', 'undecided', 'none', 'undecided.unseen'],
])('%s is %s', (path, made, carry, rule) => {
  const verdict = index.of(path);
  expect([verdict?.class, verdict?.carry, verdict?.rule]).toEqual([made, carry, rule]);
});

test('profiles are recognised with what their configuration says', () => {
  expect(manifest.profiles).toEqual([
    { name: 'nginx', version: null },
    { name: 'sqlite', version: null },
  ]);
});

test('packages are those somebody asked for', () => {
  const names = manifest.resources.flatMap((one) => ('package' in one ? [one.package] : []));
  expect(names).toEqual(['given', 'late', 'nginx', 'nginx-common', 'tool']);
});

test('a vendor’s repository travels with its key, the distribution’s does not', () => {
  const found = manifest.resources.filter((one) => 'repository' in one);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({
    repository: 'vendor',
    file: '/etc/apt/sources.list.d/vendor.list',
    key: { path: '/etc/apt/keyrings/vendor.gpg' },
  });
});

test('people travel with their groups and without their hash', () => {
  const text = JSON.stringify(manifest.resources.filter((one) => 'user' in one && 'uid' in one));
  expect(JSON.parse(text)).toEqual([
    expect.objectContaining({ user: 'anna', uid: 1001, groups: ['adm'], password: 'set', system: false }),
  ]);
  expect(text).not.toContain('$6$');
});

function pathNamed(path: string): PathResource | undefined {
  return manifest.resources.find(
    (one): one is PathResource => 'path' in one && 'kind' in one && one.path === path,
  );
}

test('edits, removals, links and keys are paths of the manifest', () => {
  expect(pathNamed('/etc/tool/edited.conf')).toMatchObject({ kind: 'file', base: { package: 'tool' } });
  expect(pathNamed('/etc/tool/removed.conf')).toMatchObject({ kind: 'absent', base: { package: 'tool' } });
  expect(pathNamed('/etc/nginx/sites-enabled/default')).toMatchObject({ kind: 'absent' });
  expect(pathNamed('/etc/nginx/sites-enabled/site')).toMatchObject({
    kind: 'link',
    target: '../sites-available/site',
  });
  expect(pathNamed('/etc/letsencrypt/live/a')).toMatchObject({ kind: 'directory' });
  expect(pathNamed('/usr/lib/late/patched')?.note).toContain('intrusion');
  expect(pathNamed('/etc/hosts')?.note).toContain('kept to be read');
  expect(pathNamed('/etc/tool/edited.conf')?.note).toBe('edited configuration of tool');
  expect(pathNamed('/etc/tool/removed.conf')?.note).toBe('configuration of tool that was removed');
  expect(pathNamed('/etc/redis.conf')?.note).toContain('(line 1: the value of requirepass)');
  // What no package owns is explained once, by the heading.
  expect(pathNamed('/etc/app.conf')?.note).toBeUndefined();
  expect(manifest.resources).toContainEqual(
    expect.objectContaining({ data: '/data/site', note: expect.stringContaining('sites-enabled/site') }),
  );
  expect(pathNamed('/etc/fstab')).toBeUndefined();
  expect(pathNamed('/etc/tool/tool.conf')).toBeUndefined();
});

test('no secret is in the folder, not even in an edited file', async () => {
  expect(pathNamed('/etc/tool/secret.conf')).toMatchObject({ secret: true, base: { package: 'tool' } });
  expect(pathNamed('/etc/tool/secret.conf')?.from).toBeUndefined();
  const names = await readdir(folder.directory, { recursive: true, withFileTypes: true });
  let read = 0;
  for (const name of names) {
    if (!name.isFile()) continue;
    read += 1;
    expect(await readFile(join(name.parentPath, name.name), 'latin1')).not.toContain('hunter2');
  }
  expect(read).toBeGreaterThan(8);
});

test('what nothing explains is listed by its own directory', () => {
  expect(manifest.undecided.map(({ path }) => path).sort()).toEqual(['/data', '/usr/bin/unknown']);
  expect(result.undecidedGroups).toBe(2);
});

test('facts that only a running system has are incomplete, not empty', () => {
  const facts = result.incomplete.map(({ fact }) => fact);
  expect(facts).toContain('ports');
  expect(facts).not.toContain('packages');
});

test('every file is counted in one class', () => {
  const files = Object.values(result.classes).reduce((sum, one) => sum + one.files, 0);
  expect(result.classes.undecided.files).toBe(2);
  expect(result.classes.edited.files).toBe(5);
  expect(files).toBeGreaterThan(70);
});

/** Every file of a folder by its name in it. */
async function contentsOf(one: Folder): Promise<Map<string, string>> {
  const names = await readdir(one.directory, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
  const read = files.sort().map(async (file) => {
    return [relative(one.directory, file), await readFile(file, 'latin1')] as const;
  });
  return new Map(await Promise.all(read));
}

test('the same server scanned twice gives the same bytes', async () => {
  const again = await scanInto('two.move');
  const [first, second] = [await contentsOf(folder), await contentsOf(again.folder)];
  expect([...second.keys()]).toEqual([...first.keys()]);
  expect([...first.keys()]).toEqual(
    expect.arrayContaining(['hosts.yaml', 'manifest.yaml', 'verdicts.jsonl']),
  );
  expect([...first.keys()].filter((name) => name.startsWith('files/')).length).toBeGreaterThan(8);
  for (const [name, content] of first) expect([name, second.get(name)]).toEqual([name, content]);
  expect(again.result.manifestDigest).toBe(result.manifestDigest);
}, 60_000);

test('explain names the rule, the directory that speaks, and how to say otherwise', async () => {
  expect(await explainPath(folder, '/srv/odd/-rf \n\u001b[31m')).toEqual({
    path: '/srv/odd/-rf \\n\\x1b[31m',
    class: 'mutable',
    carry: 'stream',
    rule: 'place.data',
    reason: 'data',
    evidence: 'by its place',
    decidedBy: '/srv',
    override: "opstimal-move decide one.move '/srv/odd/-rf \\n\\x1b[31m' CLASS",
  });
  await expect(explainPath(folder, 'srv')).rejects.toThrow('no absolute path');
  await expect(explainPath(folder, '/')).rejects.toThrow('no class as a whole');
});

test('a decision changes the manifest, and can be taken back', async () => {
  const copy = (await scanInto('decided.move')).folder;
  await decidePath(copy, '/data/mystery', 'mutable', 'it is the ledger', surroundings);
  await decidePath(copy, '/etc/app.conf', 'ephemeral', '', surroundings);
  const after = await copy.readManifest();
  expect(after.undecided.map(({ path }) => path)).toEqual(['/usr/bin/unknown']);
  expect(after.resources).toContainEqual(
    expect.objectContaining({ data: '/data/mystery', note: 'it is the ledger', files: 1 }),
  );
  expect(JSON.stringify(after.resources)).not.toContain('/etc/app.conf');
  expect((await copy.verdictIndex()).of('/data/mystery/file')).toMatchObject({ carry: 'stream' });
  expect((await copy.decisions())[0]).toEqual({
    path: '/data/mystery',
    class: 'mutable',
    by: 'anna@desk',
    at: '1970-01-01T00:00:00.000Z',
    note: 'it is the ledger',
  });
  await decidePath(copy, '/data/mystery', null, '', surroundings);
  expect((await copy.readManifest()).undecided.map(({ path }) => path)).toContain('/data');
  const lost = {
    fact: '/etc/app.conf',
    reason: 'its content went when it was decided otherwise; scan again',
  };
  await decidePath(copy, '/etc/app.conf', null, '', surroundings);
  expect((await copy.readManifest()).incomplete).toContainEqual(lost);
  expect(await explainPath(copy, '/etc/app.conf')).toMatchObject({ carry: 'manifest', missing: lost.reason });
  await decidePath(copy, '/etc/app.conf', 'mutable', '', surroundings);
  expect((await copy.readManifest()).incomplete).not.toContainEqual(lost);
}, 60_000);

test('a decision about a whole tree counts all that is in it', async () => {
  const copy = (await scanInto('whole.move')).folder;
  await decidePath(copy, '/data', 'mutable', '', surroundings);
  const after = await copy.readManifest();
  expect(after.resources).toContainEqual(expect.objectContaining({ data: '/data', files: 3 }));
  expect(after.undecided.map(({ path }) => path)).toEqual(['/usr/bin/unknown']);
}, 60_000);

test('a decision that comes before the scan is kept by it', async () => {
  const again = await Folder.create(join(base, 'again.move'));
  await again.appendDecision({ path: '/data/mystery', class: 'mutable', by: 'anna', at: '', note: 'ledger' });
  const scanned = (await scanInto('again.move')).folder;
  expect((await scanned.readManifest()).undecided.map(({ path }) => path)).toEqual(['/usr/bin/unknown']);
}, 60_000);

test.each([
  ['/etc/machine-id', 'mutable', 'belongs to its machine'],
  ['/', 'mutable', 'cannot be decided as a whole'],
  ['/srv/../etc', 'mutable', 'holds ..'],
] as const)('%s cannot be decided as %s', async (path, chosen, sentence) => {
  await expect(decidePath(folder, path, chosen, '', surroundings)).rejects.toThrow(sentence);
});

test('a distribution without dpkg is refused with a sentence', async () => {
  const other = join(base, 'other');
  await makeRoot(other);
  await rm(join(other, 'var/lib/dpkg'), { recursive: true });
  await writeFile(join(other, 'etc/os-release'), 'ID=fedora\nVERSION_ID=43\nPRETTY_NAME="Fedora Linux 43"\n');
  const before = root;
  root = other;
  try {
    const refused = await scanInto('other.move').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Failure);
    expect(refused).toMatchObject({ code: 'refused', message: 'Fedora Linux 43 is not supported yet' });
  } finally {
    root = before;
  }
}, 60_000);
