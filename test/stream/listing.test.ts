import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  findArguments,
  findTime,
  ListingParser,
  listPaths,
  listSorted,
  sorted,
} from '../../src/stream/listing.ts';
import { comparePaths } from '../../src/stream/order.ts';
import { directoryHost } from '../support/directory-host.ts';

let root = '';
const raw = (name: string) => Buffer.from(`${root}/${name}`, 'latin1');
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'listing-'));
  for (const name of [
    'srv/a/deep',
    'srv/a.b',
    'srv/a/skip',
    'srv/a/s*ip/x',
    'srv/cut/keep/deeper',
    'other',
  ]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  writeFileSync(join(root, 'srv/a/file'), 'content');
  writeFileSync(join(root, 'srv/a/skip/gone'), '');
  writeFileSync(join(root, 'srv/cut/gone'), '');
  writeFileSync(join(root, 'srv/cut/keep/there'), '');
  writeFileSync(raw('srv/new\nline\xff\\'), '');
  writeFileSync(join(root, 'srv/-C'), '');
  linkSync(join(root, 'srv/a/file'), join(root, 'srv/second'));
  symlinkSync(Buffer.from('to\n\xfe', 'latin1'), raw('srv/link'));
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(root, 'srv/fifo')]);
  execFileSync('touch', ['-d', '@-1.5', join(root, 'srv/-C')]);
  execFileSync('touch', ['-d', '@4102444800.000000001', join(root, 'srv/a/file')]);
  chmodSync(join(root, 'srv/a.b'), 0o2750);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('lists hostile names, links, times before 1970 and after 2038 exactly', async () => {
  const { entries, errors } = await listSorted(directoryHost(root), { roots: ['/srv'] });
  expect(errors).toEqual([]);
  const by = new Map(entries.map((entry) => [entry.path, entry]));
  expect(by.get('/srv/new\nline\xff\\')?.type).toBe('f');
  expect(by.get('/srv/link')).toMatchObject({ type: 'l', target: 'to\n\xfe' });
  expect(by.get('/srv/fifo')?.type).toBe('p');
  expect(by.get('/srv/-C')?.mtime).toBe(-1_500_000_000n);
  expect(by.get('/srv/a/file')?.mtime).toBe(4_102_444_800_000_000_001n);
  expect(by.get('/srv/a/file')).toMatchObject({ size: 7, links: 2, inode: by.get('/srv/second')?.inode });
  expect(by.get('/srv/a.b')).toMatchObject({ type: 'd', mode: 0o2750 });
});

test('a directory is followed by its tree', async () => {
  const { entries } = await listSorted(directoryHost(root), { roots: ['/srv'] });
  const paths = entries.map((entry) => entry.path);
  expect(paths.indexOf('/srv/a/skip')).toBeLessThan(paths.indexOf('/srv/a.b'));
  expect(paths[0]).toBe('/srv');
  expect([...paths].sort(comparePaths)).toEqual(paths);
});

test('overlapping roots list every path once, below a pruned directory too', async () => {
  const { entries } = await listSorted(directoryHost(root), {
    roots: ['/srv', '/srv/a', '/srv/a/deep', '/srv', '/srv/cut/keep', '/missing', '/srv/a/s*ip'],
    prune: ['/srv/cut', '/srv/a/s*ip/x', '/elsewhere', '/srv/cut/keep/deeper'],
  });
  const paths = entries.map((entry) => entry.path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths).toContain('/srv/cut/keep/there');
  expect(paths).toContain('/srv/a/skip/gone');
  expect(paths).toContain('/srv/a/s*ip');
  expect(paths).not.toContain('/srv/a/s*ip/x');
  expect(paths).not.toContain('/srv/cut');
  expect(paths).not.toContain('/srv/cut/gone');
  expect(paths).not.toContain('/srv/cut/keep/deeper');
  expect(paths).toContain('/srv/a/deep');
});

test('the root of the server can be listed, and what is pruned in it', async () => {
  const { entries } = await listSorted(directoryHost(root), { roots: ['/', '/other'], prune: ['/srv'] });
  expect(entries.map((entry) => entry.path)).toEqual(['/', '/other']);
});

test('single paths come without their trees and missing ones are left out', async () => {
  const { entries, errors } = await sorted(listPaths(directoryHost(root), ['/srv', '/srv/-C', '/gone']));
  expect(entries.map((entry) => entry.path)).toEqual(['/srv', '/srv/-C']);
  expect(errors).toEqual([]);
});

test('names of owners on a disk come from its own files', async () => {
  const uid = process.getuid?.();
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), `app:x:${uid}:0::/:/bin/sh\nroot:x:${uid}:0::/:/bin/sh\n`);
  writeFileSync(join(root, 'etc/group'), `staff:x:${process.getgid?.()}:\n`);
  const { entries } = await listSorted(directoryHost(root), { roots: ['/other'] });
  expect(entries[0]).toMatchObject({ user: 'app', group: 'staff', uid });
  rmSync(join(root, 'etc'), { recursive: true });
});

test('a find without -printf is refused by name', async () => {
  const host = directoryHost(root, {
    stream: (argv) =>
      directoryHost(root).stream(['sh', '-c', 'echo "find: unrecognized: -printf" >&2; exit 1', argv[0]]),
  });
  await expect(listSorted(host, { roots: ['/srv'] })).rejects.toThrow('not supported yet');
});

test('what find could not read is told, what vanished is not', async () => {
  const program = `printf "find: '/srv/x': Permission denied\\nfind: '/srv/y': No such file or directory\\n" >&2; exit 123`;
  const host = directoryHost(root, {
    stream: () => directoryHost(root).stream(['sh', '-c', program]),
  });
  expect((await listSorted(host, { roots: ['/srv'] })).errors).toEqual([`'/srv/x': Permission denied`]);
});

test('output that is cut off is never a listing', async () => {
  const host = directoryHost(root, {
    stream: () => directoryHost(root).stream(['sh', '-c', 'printf "f\\000644\\0000"']),
  });
  await expect(listSorted(host, { roots: ['/srv'] })).rejects.toThrow('ended early');
});

test('chunks may end anywhere', () => {
  const fields = 'f 644 7 1000 app 1000 3 -2.5000000000 1.0000000010 1 2 1 8 /x\ny '.split(' ');
  const output = Buffer.from(`${fields.join('\0')}\0`.repeat(3), 'latin1');
  for (let size = 1; size < output.length; size += 7) {
    const parser = new ListingParser('');
    const entries = [];
    for (let at = 0; at < output.length; at += size)
      entries.push(...parser.push(output.subarray(at, at + size)));
    expect(parser.whole).toBe(true);
    expect(entries).toHaveLength(3);
    expect(entries[2]).toMatchObject({
      path: '/x\ny',
      user: 'app',
      group: null,
      mtime: -1_500_000_000n,
      ctime: 1_000_000_001n,
    });
  }
});

test('times of find', () => {
  expect(findTime('-1.7500000000')).toBe(-250_000_000n);
  expect(findTime('5')).toBe(5_000_000_000n);
  expect(findTime('0.0000000010')).toBe(1n);
});

test('a name that is a pattern is taken literally', () => {
  expect(findArguments('', { roots: ['/a'], prune: ['/a/[x]*?\\'] })).toContain('/a/\\[x\\]\\*\\?\\\\');
});
