import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connectDisk } from '../../src/host/disk.ts';
import type { Host } from '../../src/host/host.ts';
import { findBuilds } from '../../src/work/scan-builds.ts';
import { known, facts as madeFacts } from '../decide/plan-fixture.ts';
import { entryOf } from '../support/entry.ts';
import { goInformation, type MadeElf, makeElf } from '../support/made-elf.ts';

let root: string;
let disk: Host;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'builds-'));
  for (const directory of ['etc', 'usr', 'opt/acme/bin', 'opt/acme/lib', 'usr/local/bin'])
    mkdirSync(join(root, directory), { recursive: true });
  disk = await connectDisk({ kind: 'disk', text: `disk:${root}`, root }, { environment: process.env });
});
afterEach(async () => {
  await disk.close();
  rmSync(root, { recursive: true, force: true });
});

function put(path: string, made: MadeElf | string) {
  const content = typeof made === 'string' ? made : makeElf(made);
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content, { mode: 0o755 });
  return entryOf(root, path);
}

const facts = madeFacts({ owned: known(new Map([['/usr/lib/x86_64-linux-gnu/libpq.so.5', 'libpq5']])) });

test('a tree of programs on a disk', async () => {
  const programs = [
    put('/opt/acme/bin/served', {
      needed: ['libacme.so.1', 'libpq.so.5', 'libnear.so.2', 'libgone.so.3'],
      runpath: '$ORIGIN/../lib',
    }),
    put('/opt/acme/lib/libacme.so.1.0', { soname: 'libacme.so.1' }),
    put('/opt/acme/bin/start', '#!/bin/sh\nexec /opt/acme/bin/served\n'.padEnd(100, '#')),
    put('/usr/local/bin/tool', {
      section: { name: '.go.buildinfo', content: goInformation('go1.22.1', ['path\tacme']) },
    }),
  ];
  // What it leads to does not matter to us, and nothing there is opened.
  symlinkSync('/nowhere', join(root, 'opt/acme/lib/libnear.so.2'));
  const found = await findBuilds(disk, facts, programs);
  expect(found.unread).toEqual([]);
  expect(found.resources).toEqual([
    {
      build: '/opt/acme',
      programs: 2,
      libraries: [
        { name: 'libgone.so.3', missing: true },
        { name: 'libnear.so.2' },
        { name: 'libpq.so.5', package: 'libpq5' },
      ],
    },
    { build: '/usr/local/bin', programs: 1, libraries: [] },
  ]);
  expect(found.programs.get('/usr/local/bin/tool')?.go?.version).toBe('go1.22.1');
});

test('a damaged cache of the loader is said, and the packages answer', async () => {
  writeFileSync(join(root, 'etc/ld.so.cache'), 'rubbish');
  const found = await findBuilds(disk, facts, [put('/opt/acme/bin/x', { needed: ['libpq.so.5'] })]);
  expect(found.unread).toEqual([{ fact: 'libraries', reason: '/etc/ld.so.cache is no cache of glibc' }]);
  expect(found.resources).toMatchObject([{ libraries: [{ name: 'libpq.so.5', package: 'libpq5' }] }]);
});

const compiler = ['/usr/bin/cc', '/usr/bin/gcc'].find(existsSync);
(compiler === undefined ? test.skip : test)('what a compiler made', async () => {
  writeFileSync(join(root, 'a.c'), 'int acme(void) { return 1; }');
  writeFileSync(join(root, 'b.c'), 'int acme(void); int main(void) { return acme(); }');
  const lib = join(root, 'usr/local/lib');
  mkdirSync(lib, { recursive: true });
  const make = (...words: string[]) => execFileSync(compiler as string, words, { cwd: root });
  make('-shared', '-fPIC', '-Wl,-soname,libacme.so.7', '-o', `${lib}/libacme.so.7`, 'a.c');
  make('-o', 'usr/local/bin/served', 'b.c', `${lib}/libacme.so.7`);
  copyFileSync(join(root, 'usr/local/bin/served'), join(root, 'opt/acme/bin/served'));
  const served = entryOf(root, '/usr/local/bin/served');
  const found = await findBuilds(disk, facts, [served, entryOf(root, '/opt/acme/bin/served')]);
  expect(found.resources).toMatchObject([
    { build: '/usr/local/bin', libraries: expect.arrayContaining([{ name: 'libacme.so.7', missing: true }]) },
    { build: '/opt/acme' },
  ]);
  expect(statSync(join(root, 'usr/local/bin/served')).size).toBe(served.size);
});
