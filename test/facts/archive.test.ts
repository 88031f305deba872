import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { archiveOf, optional, readArchive, required } from '../../src/facts/archive.ts';
import { archiveOfFiles, run, unpack } from './support.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'archive-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function onDisk(name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
}

const fileName = fc
  .uint8Array({ minLength: 1, maxLength: 200 })
  .map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll(/[\0/]/g, '_'))
  .filter((name) => name !== '.' && name !== '..');
const content = fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes));

test('any names and contents come back byte for byte', () => {
  fc.assert(
    fc.property(fc.dictionary(fileName, content, { maxKeys: 6 }), (files) => {
      rmSync(root, { recursive: true, force: true });
      mkdirSync(join(root, 'd'), { recursive: true });
      for (const [name, bytes] of Object.entries(files)) writeFileSync(onDisk(`d/${name}`), bytes);
      const { code, stdout } = run(archiveOf(root, { directories: [{ path: 'd', names: '*' }] }));
      expect(code).toBe(0);
      const archive = readArchive(stdout);
      expect(archive.size).toBe(Object.keys(files).length);
      for (const [name, bytes] of Object.entries(files))
        expect(required(archive, `/d/${name}`)).toEqual(bytes);
    }),
    { numRuns: 25 },
  );
});

test('content that is itself a tar archive stays content', () => {
  const forged = unpack(archiveOfFiles({ '/etc/passwd': 'forged\n' }));
  writeFileSync(join(root, 'a'), forged);
  const archive = readArchive(run(archiveOf(root, { paths: ['a'] })).stdout);
  expect([...archive.keys()]).toEqual(['/a']);
  expect(required(archive, '/a')).toEqual(forged);
});

test('an answer cut off at any byte is an error', () => {
  const whole = archiveOfFiles({ '/a': 'one', '/b': 'two' });
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => readArchive(whole.subarray(0, length))).toThrow(/cut off|empty|damaged/);
  }
  const tar = unpack(whole);
  for (const length of [100, 512, 700, 1024, 2048]) {
    expect(() => readArchive(gzipSync(tar.subarray(0, length)))).toThrow('cut off');
  }
});

test('an answer with a damaged header is an error', () => {
  const tar = unpack(archiveOfFiles({ '/a': 'one' }));
  for (let at = 0; at < 512; at += 1) {
    // The two bytes that end the checksum say nothing.
    if (at === 154 || at === 155) continue;
    const damaged = Buffer.from(tar);
    damaged[at] = (damaged[at] as number) ^ 1;
    expect(() => readArchive(gzipSync(damaged))).toThrow();
  }
});

test('a missing path is left out, a link and a directory are told apart from a file', () => {
  writeFileSync(join(root, 'file'), 'text');
  symlinkSync('usr/bin', join(root, 'bin'));
  mkdirSync(join(root, 'directory'));
  spawnSync('sh', ['-c', 'mkfifo "$1"', 'test', join(root, 'fifo')]);
  const { code, stdout } = run(
    archiveOf(root, {
      paths: ['file', 'bin', 'directory', 'fifo', 'missing'],
      directories: [{ path: 'nowhere', names: '*' }],
    }),
  );
  expect(code).toBe(0);
  const archive = readArchive(stdout);
  expect(archive.get('/bin')).toEqual({ type: 'link', target: 'usr/bin' });
  expect(archive.get('/directory')).toEqual({ type: 'other' });
  expect(archive.get('/fifo')).toEqual({ type: 'other' });
  expect(archive.has('/missing')).toBe(false);
  expect(optional(archive, '/missing')).toBeNull();
  expect(() => required(archive, '/missing')).toThrow('/missing does not exist');
  for (const path of ['/bin', '/directory', '/fifo']) {
    expect(() => optional(archive, path)).toThrow('no regular file');
  }
});

test('names longer than a tar header holds, and hard links, come whole', () => {
  const name = `${'n'.repeat(200)}`;
  writeFileSync(join(root, name), 'long');
  spawnSync('ln', [join(root, name), join(root, 'other')]);
  const archive = readArchive(run(archiveOf(root, { paths: [name, 'other'] })).stdout);
  expect(required(archive, `/${name}`).toString()).toBe('long');
  expect(required(archive, '/other').toString()).toBe('long');
});

test('a directory that leads out of the disk is refused by name', () => {
  const outside = mkdtempSync(join(tmpdir(), 'outside-'));
  try {
    mkdirSync(join(outside, 'lib'));
    writeFileSync(join(outside, 'lib/status'), 'not of this disk');
    symlinkSync(outside, join(root, 'var'));
    const file = run(archiveOf(root, { paths: ['var/lib/status'] }));
    expect(file.code).not.toBe(0);
    expect(file.stderr).toMatch(/^var\/lib leads out of the disk/);
    const directory = run(archiveOf(root, { directories: [{ path: 'var/lib', names: '*' }] }));
    expect(directory.code).not.toBe(0);
    expect(directory.stderr).toMatch(/^var\/lib leads out of the disk/);
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
});

test('a link within the disk is followed on the way, never at the end', () => {
  mkdirSync(join(root, 'data/lib'), { recursive: true });
  writeFileSync(join(root, 'data/lib/status'), 'mine');
  symlinkSync('data', join(root, 'var'));
  const archive = readArchive(run(archiveOf(root, { paths: ['var/lib/status'] })).stdout);
  expect(required(archive, '/var/lib/status').toString()).toBe('mine');
});

test('a root that is not there ends with an error', () => {
  expect(run(archiveOf(join(root, 'missing'), { paths: ['a'] })).code).not.toBe(0);
});
