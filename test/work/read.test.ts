import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toBytes } from '../../src/bytes.ts';
import { connectDisk } from '../../src/host/disk.ts';
import type { Host } from '../../src/host/host.ts';
import { connectLocal } from '../../src/host/local.ts';
import { digestMd5, readSmallFiles, sha256 } from '../../src/work/read.ts';

/** Names that break tools: newline, backslash escapes, no UTF-8, leading dash, quotes, glob, 255 bytes, spaces. */
const names = [
  'plain',
  'new\nline',
  'back\\nslash',
  '\\123',
  'latin \xe4\xff',
  '-rf',
  `it's "quoted" $(x)`,
  '*',
  ' space ',
  '#comment',
  'n'.repeat(255),
  'end\n',
];

let top: string;
let root: string;
let disk: Host;
let local: Host;
beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), 'read-'));
  root = join(top, "o'ld");
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'usr'));
  mkdirSync(join(root, 'd'));
  for (const name of names) writeFileSync(onDisk(`d/${name}`), `content of ${name}`, 'latin1');
  disk = await connectDisk({ kind: 'disk', text: `disk:${root}`, root }, { environment: process.env });
  local = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
});
afterEach(async () => {
  await disk.close();
  await local.close();
  rmSync(top, { recursive: true, force: true });
});

function onDisk(path: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
}
function hash(algorithm: string, name: string): string {
  return createHash(algorithm)
    .update(Buffer.from(`content of ${name}`, 'latin1'))
    .digest('hex');
}

test('digests of hostile names, on a disk and on a running host', async () => {
  const paths = names.map((name) => `/d/${name}`);
  expect(await digestMd5(disk, paths)).toEqual(
    new Map(names.map((name) => [`/d/${name}`, hash('md5', name)])),
  );
  expect(await sha256(disk, paths)).toEqual(
    new Map(names.map((name) => [`/d/${name}`, hash('sha256', name)])),
  );
  const prefix = toBytes(root);
  const live = names.map((name) => `${prefix}/d/${name}`);
  expect(await digestMd5(local, live)).toEqual(
    new Map(names.map((name) => [`${prefix}/d/${name}`, hash('md5', name)])),
  );
  expect(await sha256(local, live)).toEqual(
    new Map(names.map((name) => [`${prefix}/d/${name}`, hash('sha256', name)])),
  );
});

test('what is no regular file is never opened and is missing in the map', async () => {
  spawnSync('sh', ['-c', 'mkfifo "$1"', 'test', join(root, 'fifo')]);
  symlinkSync('d/plain', join(root, 'link'));
  const odd = ['/fifo', '/link', '/d', '/gone', '/d/plain'];
  expect([...(await digestMd5(disk, odd)).keys()]).toEqual(['/d/plain']);
  expect([...(await sha256(disk, odd)).keys()]).toEqual(['/d/plain']);
  expect([...(await readSmallFiles(disk, odd, 1000)).keys()]).toEqual(['/d/plain']);
});

test('nothing asked is nothing answered', async () => {
  expect((await digestMd5(disk, [])).size).toBe(0);
  expect((await sha256(disk, [])).size).toBe(0);
  expect((await readSmallFiles(disk, [], 10)).size).toBe(0);
});

test('contents come byte for byte, without those above the limit', async () => {
  writeFileSync(join(root, 'at'), 'x'.repeat(1000));
  writeFileSync(join(root, 'above'), 'x'.repeat(1001));
  writeFileSync(join(root, 'empty'), '');
  truncateSync(join(root, 'above'), 1001);
  spawnSync('ln', [join(root, 'at'), join(root, 'same')]);
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  writeFileSync(join(root, 'bytes'), bytes);
  const paths = [...names.map((name) => `/d/${name}`), '/at', '/above', '/empty', '/bytes', '/same'];
  const contents = await readSmallFiles(disk, paths, 1000);
  expect(contents.size).toBe(names.length + 4);
  for (const name of names) expect(contents.get(`/d/${name}`)?.toString('latin1')).toBe(`content of ${name}`);
  expect(contents.get('/at')?.length).toBe(1000);
  expect(contents.get('/same')?.length).toBe(1000);
  expect(contents.get('/empty')?.length).toBe(0);
  expect(contents.get('/bytes')).toEqual(bytes);
});

test('more names than one command line holds, most of them gone', async () => {
  mkdirSync(join(root, 'many'));
  const many = Array.from({ length: 6000 }, (_, index) => `/many/${'x'.repeat(40)}${index}`);
  const there = many.filter((_, index) => index % 10 === 9);
  for (const path of there) writeFileSync(join(root, path), path);
  expect([...(await digestMd5(disk, many)).keys()].sort()).toEqual([...there].sort());
  const contents = await readSmallFiles(disk, many, 100);
  expect(new Map([...contents].map(([path, content]) => [path, content.toString()]))).toEqual(
    new Map(there.map((path) => [path, path])),
  );
}, 30_000);

(process.getuid?.() === 0 ? test.skip : test)('a file without permission is missing in the map', async () => {
  chmodSync(join(root, 'd/plain'), 0);
  expect((await digestMd5(disk, ['/d/plain'])).size).toBe(0);
  expect((await readSmallFiles(disk, ['/d/plain'], 100)).size).toBe(0);
});
