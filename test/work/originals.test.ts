import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { connect } from '../../src/host/connect.ts';
import type { Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import { explainText } from '../../src/show/explain-text.ts';
import type { Facts, PathResource } from '../../src/types.ts';
import { askAll } from '../../src/work/ask.ts';
import { explainPath } from '../../src/work/explain.ts';
import { Folder } from '../../src/work/folder.ts';
import { findOriginals } from '../../src/work/originals.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import { finish } from '../../src/work/work.ts';
import { debsCannotBeMade, makeDeb } from './made-deb.ts';
import { makeRoot } from './made-root.ts';

jest.setTimeout(60_000);
const reason = debsCannotBeMade();
const surroundings = { now: () => 0, by: 'anna@desk', signal: new AbortController().signal };
let base: string;
let root: string;

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
}

const toolFiles = {
  '/etc/tool/tool.conf': 'level = 1\n',
  '/usr/share/doc/tool/long': `${'x'.repeat(200)}\n`,
};
const md5 = (content: string): string => createHash('md5').update(content, 'latin1').digest('hex');
const cached = '/var/cache/apt/archives/tool_1.0_amd64.deb';

async function connectDisk(): Promise<Host> {
  return connect(parsePlace(`disk:${root}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
  });
}

interface Scanned {
  readonly folder: Folder;
  readonly paths: ReadonlyMap<string, PathResource>;
}

async function scanInto(name: string): Promise<Scanned> {
  const folder = await Folder.create(join(base, name));
  const source = await connectDisk();
  try {
    await finish(scan({ source, folder, profiles: await loadProfiles(), surroundings }));
  } finally {
    await source.close();
  }
  const resources = (await folder.readManifest()).resources.filter(
    (one): one is PathResource => 'path' in one && 'kind' in one,
  );
  return { folder, paths: new Map(resources.map((one) => [one.path, one])) };
}

async function patchOf({ folder, paths }: Scanned, path: string): Promise<string | undefined> {
  const from = paths.get(path)?.patch;
  return from === undefined ? undefined : (await folder.readAttachment(from)).toString('latin1');
}

const offered = 'password = from-a-script\nlevel = 1\n';

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'originals-'));
  root = join(base, 'root');
  await makeRoot(root);
  await put('/etc/motd', 'welcome\nto the shop\n');
  await put(
    '/var/lib/ucf/hashfile',
    `${md5('mode = 1\n')}  /etc/ucf-package.conf\n${md5('mode = 7\n')}  /etc/ucf-lost.conf\n${md5(offered)}  /etc/ucf-script.conf\n${md5('beside\n')}  /etc/ucf-beside.conf\n${md5('offered\n')}  /etc/ppp/chap-secrets\n`,
  );
  await put('/var/lib/ucf/registry', 'tool /etc/ucf-package.conf\ntool /etc/ucf-lost.conf\n');
  await put('/etc/ucf-package.conf', 'mode = 2\n');
  await put('/etc/ucf-lost.conf', 'mode = 8\n');
  await put('/etc/ucf-script.conf', 'level = 2\n');
  await put('/var/lib/ucf/cache/:etc:ucf-script.conf', offered);
  await put('/etc/ppp/chap-secrets', 'anna * hunter2 *\n');
  await put('/etc/ppp/chap-secrets.ucf-dist', 'offered\n');
  await put('/etc/ucf-beside.conf', 'changed\n');
  await put('/etc/ucf-beside.conf.ucf-dist', 'beside\n');
  if (reason !== null) return;
  await put(
    cached,
    await makeDeb({ files: { ...toolFiles, '/usr/share/tool/ucf-package.conf': 'mode = 1\n' } }),
  );
}, 60_000);
afterAll(() => rm(base, { recursive: true, force: true }));

if (reason !== null) test.skip(`originals of packages: not here, ${reason}`, () => {});
else {
  test('edits are kept as patches against what lies on the server, and the server is not touched', async () => {
    const look = () => execFileSync('find', [root, '-printf', '%p %s %m %U %T@ %C@\n']).toString('latin1');
    const before = look();
    const scanned = await scanInto('one.move');
    expect(look()).toBe(before);
    const { folder, paths } = scanned;
    expect(await patchOf(scanned, '/etc/tool/edited.conf')).toBe(
      '--- a/etc/tool/edited.conf\n+++ b/etc/tool/edited.conf\n@@ -1,1 +1,1 @@\n-level = 1\n+level = 2\n',
    );
    // The whole file stays: it is what apply needs.
    expect((await folder.readAttachment(paths.get('/etc/tool/edited.conf')?.from ?? '')).toString()).toBe(
      'level = 2\n',
    );
    expect(await patchOf(scanned, '/etc/tool/removed.conf')).toContain(
      '+++ /dev/null\n@@ -1,1 +0,0 @@\n-level = 1\n',
    );
    expect(await patchOf(scanned, '/etc/motd')).toContain(' welcome\n+to the shop\n');
    expect(paths.get('/etc/motd')?.base).toEqual({ package: 'base-files', md5: md5('welcome\n') });
    expect(await patchOf(scanned, '/etc/ucf-package.conf')).toContain('-mode = 1\n+mode = 2\n');
    expect(await patchOf(scanned, '/etc/ucf-beside.conf')).toContain('-beside\n+changed\n');
  });

  test('no value of a secret is in a patch, an original that is kept, or anything else of the folder', async () => {
    const scanned = await scanInto('secrets.move');
    const patch = await patchOf(scanned, '/etc/tool/secret.conf');
    expect(patch).toMatch(/^ level = 1\n\+password = \S+\n$/m);
    expect(scanned.paths.get('/etc/tool/secret.conf')).toMatchObject({
      secret: true,
      note: expect.stringContaining('; values of secrets are left out of the patch'),
    });
    expect(await patchOf(scanned, '/etc/ucf-script.conf')).toMatch(
      /^-password = \S+\n-level = 1\n\+level = 2\n$/m,
    );
    for (const name of await readdir(scanned.folder.directory, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const text = await readFile(join(name.parentPath, name.name), 'latin1');
      expect([name.name, /hunter2|from-a-script/.test(text)]).toEqual([name.name, false]);
    }
  });

  test('why there is no patch is kept and told', async () => {
    const { folder } = await scanInto('why.move');
    const nothing = 'it lies nowhere on the server, and nothing was downloaded';
    expect(Object.fromEntries(await folder.readUnpatched())).toEqual({
      '/etc/given.conf': 'no file of a package with its digest is there',
      '/etc/ppp/chap-secrets': 'all that stands there is secret',
      '/etc/gone-edited.conf': nothing,
      '/etc/ucf-lost.conf': nothing,
      '/usr/lib/late/patched': nothing,
    });
    const text = explainText(await explainPath(folder, '/usr/lib/late/patched'), 'why.move');
    expect(text).toContain(`  change    cannot be shown as a patch: ${nothing}\n`);
  });

  test('explain shows the patch, quoted for terminals and to be had back', async () => {
    const edit = 'level = \x1b[31m9\tc:\\x\nlast';
    await put('/etc/tool/edited.conf', edit);
    try {
      const { folder } = await scanInto('odd.move');
      const explained = await explainPath(folder, '/etc/tool/edited.conf');
      expect(explained.change).toEqual({
        package: 'tool',
        removed: false,
        linesAdded: 2,
        linesRemoved: 1,
        patch:
          '--- a/etc/tool/edited.conf\n+++ b/etc/tool/edited.conf\n@@ -1,1 +1,2 @@\n-level = 1\n' +
          '+level = \\x1b[31m9\\tc:\\\\x\n+last\n\\\\ No newline at end of file\n',
        missing: '',
        secret: false,
      });
      const plain = explainText(explained, 'odd.move');
      expect(plain).not.toContain('\x1b');
      expect(plain).toContain('  change    against the original of tool: 2 lines added, 1 removed\n');
      expect(plain).toContain('\n+level = \\x1b[31m9       c:\\x\n+last\n\\ No newline at end of file\n');
      const color = explainText(explained, 'odd.move', { color: true });
      expect(color).toContain('\x1b[31m-level = 1\x1b[39m\n\x1b[36m+level = \\x1b[31m9');
    } finally {
      await put('/etc/tool/edited.conf', 'level = 2\n');
    }
  });

  test('a removed file is told with its first lines', async () => {
    const { folder } = await scanInto('removed.move');
    const text = explainText(await explainPath(folder, '/etc/tool/removed.conf'), 'removed.move');
    expect(text).toContain('  change    removed; the original of tool had 1 line\n');
    expect(text).toContain('\n-level = 1\n');
  });

  test('scanned again without the package the folder is the same, byte for byte', async () => {
    const contents = async ({ folder }: Scanned) => {
      const names = (await readdir(folder.directory, { recursive: true, withFileTypes: true }))
        .filter((one) => one.isFile())
        .map((one) => join(one.parentPath, one.name).slice(folder.directory.length));
      return Promise.all(
        names.sort().map(async (name) => [name, await readFile(folder.path(name), 'latin1')]),
      );
    };
    const first = await contents(await scanInto('same.move'));
    const deb = await readFile(join(root, cached));
    const script = '/var/lib/ucf/cache/:etc:ucf-script.conf';
    await put(script, 'x'.repeat(offered.length));
    // As large as it was, so that only what is in it is missing.
    await put(cached, Buffer.alloc(deb.length));
    try {
      expect(await contents(await scanInto('same.move'))).toEqual(first);
    } finally {
      await put(cached, deb);
      await put(script, offered);
    }
  });
}

// ------------------------------------------------------------------------------------------- downloads

/** The made root as if it ran: apt says what it is told to say, everything else is asked for real. */
async function running(addresses: string): Promise<Host> {
  const disk = await connectDisk();
  const answers: Partial<Host> = {
    run: async (argv, options) =>
      argv.some((word) => word.includes('--print-uris'))
        ? { code: 0, stdout: Buffer.from(`${addresses}end\n`, 'latin1'), stderr: Buffer.alloc(0) }
        : disk.run(argv, options),
  };
  return new Proxy(disk, {
    get(target, name) {
      if (name === 'live') return live;
      const value = name in answers ? answers[name as keyof Host] : Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
let live = true;

if (reason === null) {
  const debs = new Map<string, Buffer>();
  const asked: string[] = [];
  let server: Server;
  let address: string;
  const line = (
    name: string,
    deb: Buffer,
    more: { uri?: string; version?: string; size?: number; hash?: string } = {},
  ) => {
    const { uri = `${address}/${name}`, version = '1.0', size = deb.length } = more;
    const hash = more.hash ?? createHash('sha256').update(deb).digest('hex');
    return `'${uri}' late_${version}_amd64.deb ${size} SHA256:${hash}\n`;
  };

  beforeAll(async () => {
    debs.set('late.deb', await makeDeb({ name: 'late', files: { '/usr/lib/late/patched': 'shipped' } }));
    debs.set(
      'other.deb',
      await makeDeb({ name: 'late', files: { '/usr/lib/late/patched': 'of another version' } }),
    );
    debs.set('page.deb', Buffer.from('<html>'));
    server = createServer((request, response) => {
      const name = (request.url ?? '').slice(1);
      asked.push(name);
      const deb = debs.get(name);
      if (deb === undefined) response.writeHead(404).end();
      else response.end(deb);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }, 60_000);
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const path = '/usr/lib/late/patched';
  const wanted = [{ path, md5: md5('shipped'), package: 'late' }];
  const get = (name: string) => debs.get(name) as Buffer;
  let facts: Facts;
  beforeAll(async () => {
    const disk = await connectDisk();
    facts = await finish(askAll(disk, () => 0));
    await disk.close();
  });

  /** The original of the one file, or why there is none, and what was said meanwhile. */
  async function findInto(name: string, addresses: string, download = true) {
    const folder = await Folder.create(join(base, name));
    const source = await running(addresses);
    const { signal } = surroundings;
    const notes: string[] = [];
    const found = await finish(
      findOriginals({ source, facts, folder, wanted, limitEach: 1e6, download, signal }),
      (event) => {
        if (event.kind === 'note') notes.push(event.text);
      },
    );
    await source.close();
    const original = found.found.get(md5('shipped'))?.toString('latin1');
    return { original, why: found.missing.get(md5('shipped')), notes };
  }

  test('a package is downloaded once, said so, and its file kept', async () => {
    const lines = line('late.deb', get('late.deb'));
    const { original, notes } = await findInto('download.move', lines);
    expect(original).toBe('shipped');
    expect(notes).toEqual([
      expect.stringMatching(/^downloading a package for its originals, 0\.0 MB from 127\.0\.0\.1:\d+$/),
    ]);
    const before = asked.length;
    expect(await findInto('download.move', lines)).toEqual({
      original: 'shipped',
      why: undefined,
      notes: [],
    });
    expect(asked.length).toBe(before);
  });

  test('what was kept and is no longer what its name says is not believed', async () => {
    await findInto('damaged.move', line('late.deb', get('late.deb')));
    await writeFile(join(base, 'damaged.move/originals', md5('shipped')), 'another');
    expect((await findInto('damaged.move', '')).original).toBeUndefined();
  });

  test('nothing is downloaded when nobody allowed it', async () => {
    const before = asked.length;
    expect(await findInto('forbidden.move', line('late.deb', get('late.deb')), false)).toMatchObject({
      original: undefined,
      why: 'it lies nowhere on the server, and nothing was downloaded',
    });
    expect(asked.length).toBe(before);
  });

  test('the version that is offered now serves where its file is the same, never where it is another', async () => {
    const gone = line('gone.deb', get('late.deb'));
    const now = (name: string) => line(name, get(name), { version: '2.0' });
    expect((await findInto('now.move', now('late.deb') + gone)).original).toBe('shipped');
    expect(await findInto('now-other.move', gone + now('other.deb'))).toMatchObject({
      original: undefined,
      why: 'its package holds no file with the recorded digest',
    });
  });

  test.each<[string, () => string, RegExp]>([
    ['nowhere', () => '', /^no repository of the server offers it any more$/],
    [
      'other content',
      () => line('other.deb', get('other.deb'), { hash: 'a'.repeat(64) }),
      /^it is not what the package lists say$/,
    ],
    ['a wrong size', () => line('late.deb', get('late.deb'), { size: 9 }), /^it is larger than/],
    ['not there', () => line('nothing.deb', get('late.deb')), /answered with 404$/],
    [
      'too large',
      () => line('late.deb', get('late.deb'), { size: 2 ** 40 }),
      /^its package is larger than 64 MiB$/,
    ],
    [
      'another scheme',
      () => line('', get('late.deb'), { uri: 'cdrom:[Debian]/late.deb' }),
      /^it comes from cdrom:, which is not spoken here$/,
    ],
    [
      'no digest',
      () => line('late.deb', get('late.deb'), { hash: '' }),
      /^the package lists give no digest of it$/,
    ],
    [
      'nobody listens',
      () => line('', get('late.deb'), { uri: 'http://127.0.0.1:1/late.deb' }),
      /cannot be reached/,
    ],
    ['no package', () => line('page.deb', get('page.deb')), /^its package cannot be read: it is no package$/],
    ['no sense', () => 'hello\n', /^apt of the server does not say/],
  ])('%s: nothing is thrown, and the reason is told once', async (name, lines, expected) => {
    const { original, why, notes } = await findInto(`bad-${name.replaceAll(' ', '-')}.move`, lines());
    expect(original).toBeUndefined();
    expect(why).toMatch(expected);
    expect(notes.filter((text) => !text.startsWith('downloading'))).toEqual([`no original of late: ${why}`]);
  });

  test('a repository on the server itself is read there', async () => {
    await put('/srv/repository/late_1.0 x.deb', get('late.deb'));
    const lines = line('', get('late.deb'), { uri: 'file:/srv/repository/late_1.0%20x.deb' });
    expect((await findInto('file.move', lines)).original).toBe('shipped');
  });

  test('a system that does not run says so', async () => {
    live = false;
    try {
      expect((await findInto('dead.move', line('late.deb', get('late.deb')))).why).toBe(
        'the system does not run, so its apt cannot be asked',
      );
    } finally {
      live = true;
    }
  });
}
