import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { markNames } from '../../src/decide/marks.ts';
import { readElf } from '../../src/facts/elf.ts';
import { connectDisk } from '../../src/host/disk.ts';
import type { Host } from '../../src/host/host.ts';
import { listSome } from '../../src/stream/listing.ts';
import type { Entry, Facts, StackResource } from '../../src/types.ts';
import { readPieces } from '../../src/work/read-pieces.ts';
import { findStacks, inPortions } from '../../src/work/scan-stacks.ts';
import { installed, known, facts as madeFacts, unit } from '../decide/plan-fixture.ts';
import { goInformation, makeElf } from '../support/made-elf.ts';

let root: string;
let disk: Host;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stacks-'));
  for (const directory of ['etc', 'usr', 'srv']) mkdirSync(join(root, directory));
  disk = await connectDisk({ kind: 'disk', text: `disk:${root}`, root }, { environment: process.env });
});
afterEach(async () => {
  await disk.close();
  rmSync(root, { recursive: true, force: true });
});

function put(path: string, content: string | Buffer = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
async function look(more: Partial<Facts> = {}): Promise<Record<string, StackResource>> {
  const all: Entry[] = [];
  for await (const some of listSome(disk, { roots: ['/'] })) all.push(...some);
  const names = new Set(markNames);
  const files = all.filter(({ type }) => type === 'f').map(({ path }) => path);
  const programs = await readPieces(disk, files, readElf);
  if (!programs.known) throw new Error(programs.reason);
  const packages = known([
    installed('nodejs', { version: '18.19.0+dfsg-6' }),
    installed('php8.2-fpm', { version: '8.2.7-1~deb12u1' }),
    installed('rustc', { version: '1.63.0+dfsg1-2' }),
  ]);
  const found = await findStacks({
    source: disk,
    facts: madeFacts({ packages, units: known([]), ...more }),
    marks: files.filter((path) => names.has(path.slice(path.lastIndexOf('/') + 1))).sort(),
    entries: new Map(all.map((entry) => [entry.path, entry])),
    programs: programs.value,
    listing: async function* () {
      yield all;
    },
  });
  expect(found.unread).toEqual([]);
  return Object.fromEntries(found.resources.map((one) => [one.stack, one]));
}

test('a site in two languages, with what its packages make of it', async () => {
  const lock = JSON.stringify({ packages: { 'node_modules/a': { integrity: 'sha512-x' } } });
  put('srv/site/package-lock.json', lock);
  put('srv/site/node_modules/a/package-lock.json', '{}');
  put('srv/site/composer.lock', JSON.stringify({ packages: [{ name: 'a/b', dist: { reference: 'abc' } }] }));
  put('srv/site/vendor/x/y/composer.lock', '{}');
  const found = await look();
  expect(found).toEqual({
    '/srv/site': {
      stack: '/srv/site',
      language: 'php',
      manager: 'composer',
      lockfile: '/srv/site/composer.lock',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      runtime: 'php 8.2.7',
      reproducible: true,
    },
    '/srv/site/package-lock.json': {
      stack: '/srv/site/package-lock.json',
      language: 'node',
      manager: 'npm',
      lockfile: '/srv/site/package-lock.json',
      sha256: createHash('sha256').update(lock).digest('hex'),
      runtime: 'node 18.19.0',
      reproducible: true,
    },
  });
});

test('which node a project wants', async () => {
  const lock = JSON.stringify({ packages: {} });
  for (const name of ['one', 'two', 'three', 'four']) put(`srv/${name}/package-lock.json`, lock);
  put('srv/one/.nvmrc', 'v20.11.1\n');
  put('srv/two/package.json', '{"volta":{"node":"16.3.0"},"engines":{"node":">=14"}}');
  put('srv/four/.nvmrc', 'lts/*\n');
  const units = known([
    unit('three.service', {
      workingDirectory: '/srv/three',
      execStart: ['/home/anna/.nvm/versions/node/v21.0.0/bin/node server.js'],
    }),
  ]);
  const found = await look({ units });
  expect(Object.values(found).map((one) => one.runtime)).toEqual([
    'node 18.19.0',
    'node 20.11.1',
    'node 21.0.0',
    'node 16.3.0',
  ]);
  const without = await look({ packages: known([]) });
  expect(without['/srv/four']).toMatchObject({
    reproducible: false,
    note: 'which runtime it was made for is not known',
  });
});

test('virtual environments with a lockfile, with half of one, and without', async () => {
  const site = 'lib/python3.11/site-packages';
  for (const name of ['whole', 'half', 'none']) {
    put(`srv/${name}/.venv/pyvenv.cfg`, 'home = /usr/bin\nversion = 3.11.2\n');
    for (const piece of ['Flask-3.0.0', 'zope.interface-6.1', 'pip-23.0.1', 'My_Piece-1.0'])
      put(`srv/${name}/.venv/${site}/${piece}.dist-info/METADATA`);
  }
  put('srv/whole/requirements.txt', 'flask==3.0.0\nzope-interface==6.1\nmy.piece==1.0\n');
  put('srv/half/requirements.txt', 'flask==3.0.0\n');
  put('home/anna/.local/share/pipx/venvs/httpie/pyvenv.cfg', 'version = 3.11.2\n');
  const found = await look();
  expect(found['/srv/whole/.venv']).toMatchObject({
    manager: 'pip',
    runtime: 'python 3.11.2',
    reproducible: true,
  });
  expect(found['/srv/half/.venv']).toMatchObject({
    lockfile: '/srv/half/requirements.txt',
    reproducible: false,
    note: expect.stringMatching(/^not in the lockfile: .*My_Piece 1.0/),
  });
  expect(found['/srv/none/.venv']).toEqual({
    stack: '/srv/none/.venv',
    language: 'python',
    manager: 'pip',
    runtime: 'python 3.11.2',
    reproducible: false,
    note: 'no lockfile; installed: Flask 3.0.0, My_Piece 1.0, zope.interface 6.1',
  });
  expect(found['/home/anna/.local/share/pipx/venvs/httpie']?.manager).toBe('pipx');
});

test('what was installed for everybody, and by cargo, and what Go built', async () => {
  put('usr/local/lib/python3.11/dist-packages/requests-2.31.0.dist-info/METADATA');
  put('usr/lib/python3/dist-packages/owned-1.0.egg-info');
  put('var/lib/gems/3.1.0/specifications/rack-test-2.2.4.gemspec');
  put('usr/local/lib/node_modules/pm2/package.json', '{"version":"5.3.0"}');
  put('usr/local/lib/node_modules/@acme/cli/package.json', '{"version":"1.0.0"}');
  put('usr/local/lib/node_modules/pm2/node_modules/deep/package.json', '{"version":"9"}');
  put(
    'root/.cargo/.crates2.json',
    JSON.stringify({
      installs: { 'ripgrep 14.1.0 (registry+https://github.com/rust-lang/crates.io-index)': {} },
    }),
  );
  put(
    'usr/local/bin/served',
    makeElf({
      section: {
        name: '.go.buildinfo',
        content: goInformation('go1.22.1', [
          'path\texample.org/acme/served',
          'mod\texample.org/acme\tv1.4.2\th1:x',
        ]),
      },
    }),
  );
  const owned = known(new Map([['/usr/lib/python3/dist-packages/owned-1.0.egg-info', 'python3-owned']]));
  const found = await look({ owned });
  expect(Object.values(found).map(({ stack, note, reproducible }) => [stack, reproducible, note])).toEqual(
    expect.arrayContaining([
      ['/usr/local/lib/python3.11/dist-packages', false, 'no lockfile; installed: requests 2.31.0'],
      ['/var/lib/gems/3.1.0', false, 'no lockfile; installed: rack-test 2.2.4'],
      ['/usr/local/lib/node_modules', false, 'no lockfile; installed: @acme/cli 1.0.0, pm2 5.3.0'],
      ['/root/.cargo', false, 'no lockfile; installed: ripgrep 14.1.0'],
      ['/usr/local/bin/served', true, 'built from example.org/acme/served@v1.4.2'],
    ]),
  );
  expect(Object.keys(found).length).toBe(5);
});

test('lockfiles are asked for in portions that fit in memory', () => {
  const size = 12 * 1024 ** 2;
  const entries = new Map(['/a', '/b', '/c'].map((path) => [path, { size }]));
  expect([...inPortions(['/a', '/b', '/c', '/unknown'], entries)]).toEqual([
    ['/a', '/b'],
    ['/c', '/unknown'],
  ]);
  const many = Array.from({ length: 12_000 }, (_, at) => `/${at}`);
  expect([...inPortions(many, new Map())].map((some) => some.length)).toEqual([5000, 5000, 2000]);
  expect([...inPortions([], entries)]).toEqual([]);
});
