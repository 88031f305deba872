import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toBytes } from '../../src/bytes.ts';
import { connectDisk } from '../../src/host/disk.ts';
import type { Channel, Host } from '../../src/host/host.ts';
import { connectLocal } from '../../src/host/local.ts';
import { lengthLimit, type Range, readRanges } from '../../src/work/read-ranges.ts';

const names = [
  'plain',
  'new\nline',
  'back\\nslash',
  '0 1 5',
  'latin \xe4\xff',
  '-rf',
  `it's "quoted" $(x) @{[die]}`,
  '*',
  '| cat',
  '>x',
  ' space ',
  'n'.repeat(255),
  'end\n',
];

let top: string;
let root: string;
let disk: Host;
beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), 'ranges-'));
  root = join(top, "o'ld");
  for (const directory of ['etc', 'usr', 'd']) mkdirSync(join(root, directory), { recursive: true });
  for (const name of names) writeFileSync(onDisk(`d/${name}`), `content of ${name}`, 'latin1');
  disk = await connectDisk({ kind: 'disk', text: `disk:${root}`, root }, { environment: process.env });
});
afterEach(async () => {
  await disk.close();
  rmSync(top, { recursive: true, force: true });
});

function onDisk(path: string): Buffer {
  return Buffer.from(`${toBytes(root)}/${path}`, 'latin1');
}
function range(path: string, offset = 0, length = 1000): Range {
  return { path, offset, length };
}
async function contents(host: Host, ranges: readonly Range[]): Promise<(string | null)[]> {
  const answer = await readRanges(host, ranges);
  if (!answer.known) throw new Error(answer.reason);
  return ranges.map((one) => answer.value.get(one)?.toString('latin1') ?? null);
}

test('ranges of hostile names, on a disk and on a running host', async () => {
  const expected = names.map((name) => `content of ${name}`.slice(2, 2 + 300));
  expect(
    await contents(
      disk,
      names.map((name) => range(`/d/${name}`, 2, 300)),
    ),
  ).toEqual(expected);
  const local = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
  const live = names.map((name) => range(`${toBytes(root)}/d/${name}`, 2, 300));
  expect(await contents(local, live)).toEqual(expected);
  await local.close();
});

test('several ranges of one file, up to its end and beyond', async () => {
  writeFileSync(join(root, 'file'), '0123456789');
  const ranges = [
    range('/file', 0, 4),
    range('/file', 8, 4),
    range('/file', 10, 4),
    range('/file', 2 ** 40, 4),
    range('/file', Number.MAX_SAFE_INTEGER, 4),
    range('/file', 3, 0),
  ];
  expect(await contents(disk, ranges)).toEqual(['0123', '89', '', '', '', '']);
});

test('what is no regular file is not opened', async () => {
  spawnSync('sh', ['-c', 'mkfifo "$1"', 'test', join(root, 'fifo')]);
  symlinkSync('d/plain', join(root, 'link'));
  const device = process.getuid?.() === 0;
  if (device) spawnSync('mknod', [join(root, 'device'), 'c', '1', '5']);
  const odd = ['/fifo', '/link', '/d', '/gone', '/d/plain/under', '/device', '/d/plain'];
  expect(
    await contents(
      disk,
      odd.map((path) => range(path)),
    ),
  ).toEqual([...Array(6).fill(null), 'content of plain']);
});

test('a link in the place of a directory is not followed, wherever it leads', async () => {
  mkdirSync(join(top, 'outside'));
  writeFileSync(join(top, 'outside/plain'), 'of another machine');
  writeFileSync(join(top, 'plain'), 'of another machine');
  symlinkSync('../outside', join(root, 'out'));
  symlinkSync(join(top, 'outside'), join(root, 'absolute'));
  symlinkSync('d', join(root, 'within'));
  const led = ['/out/plain', '/absolute/plain', '/within/plain', '/d/../../plain', '/d/plain'];
  expect(
    await contents(
      disk,
      led.map((path) => range(path)),
    ),
  ).toEqual([null, null, null, null, 'content of plain']);
  // A directory that was exchanged between the listing and now.
  renameSync(join(root, 'd'), join(root, 'before'));
  symlinkSync(join(top, 'outside'), join(root, 'd'));
  expect(await contents(disk, [range('/d/plain')])).toEqual([null]);
});

test('a disk that is named through a link is read', async () => {
  symlinkSync(root, join(top, 'old'));
  const named = join(top, 'old');
  const host = await connectDisk(
    { kind: 'disk', text: `disk:${named}`, root: named },
    { environment: process.env },
  );
  expect(await contents(host, [range('/d/plain')])).toEqual(['content of plain']);
  await host.close();
});

test('the end of a sparse terabyte', async () => {
  truncateSync(join(root, 'd/plain'), 2 ** 40);
  const file = openSync(join(root, 'd/plain'), 'r+');
  writeSync(file, 'end', 2 ** 40 - 3);
  closeSync(file);
  expect(await contents(disk, [range('/d/plain', 2 ** 40 - 3, 100)])).toEqual(['end']);
});

test('content that looks like an answer is content', async () => {
  const forged = '0 1 5\nxxxxx1 1 3\nabc2 0 0\n';
  writeFileSync(join(root, 'one'), forged);
  writeFileSync(join(root, 'two'), forged);
  expect(await contents(disk, [range('/one'), range('/gone'), range('/two')])).toEqual([
    forged,
    null,
    forged,
  ]);
});

test('large ranges and many of them', async () => {
  const large = Buffer.alloc(5_000_000, 'abcdefg');
  writeFileSync(join(root, 'large'), large);
  const ranges = Array.from({ length: 20_000 }, (_, index) => range('/large', index * 7, 7));
  const answer = await readRanges(disk, [range('/large', 1, lengthLimit), ...ranges]);
  if (!answer.known) throw new Error(answer.reason);
  const all = [...answer.value.values()];
  expect(all[0]?.equals(large.subarray(1))).toBe(true);
  expect(all.slice(1).every((one) => one.toString() === 'abcdefg')).toBe(true);
  expect(all.length).toBe(20_001);
}, 30_000);

test('access times stay', async () => {
  const long = new Date('2001-02-03T04:05:06Z');
  utimesSync(join(root, 'd/plain'), long, new Date());
  expect(await contents(disk, [range('/d/plain')])).toEqual(['content of plain']);
  expect(statSync(join(root, 'd/plain')).atime).toEqual(long);
});

test('numbers that no file has are refused before anything runs', async () => {
  await expect(readRanges(disk, [range('/d/plain', -1)])).rejects.toThrow(RangeError);
  await expect(readRanges(disk, [range('/d/plain', 0, lengthLimit + 1)])).rejects.toThrow(RangeError);
  await expect(readRanges(disk, [range('/d/a\0b')])).rejects.toThrow(RangeError);
  expect(await readRanges(disk, [])).toEqual({ known: true, value: new Map() });
});

function answering(output: string, code: number, stderr = ''): Host {
  const channel = (): Channel => {
    const stdout = new PassThrough();
    stdout.end(Buffer.from(output, 'latin1'));
    return {
      stdin: new PassThrough(),
      stdout,
      done: Promise.resolve({ code, stderr }),
      kill: () => {},
    };
  };
  return { name: 'web1', root: '', stream: async () => channel() } as unknown as Host;
}

test('a host without perl says so', async () => {
  expect(await readRanges(answering('', 127), [range('/a')])).toEqual({
    known: false,
    reason: 'perl is not installed on web1',
  });
  expect(await readRanges(answering('', 2, 'there is no /proc\n'), [range('/a')])).toEqual({
    known: false,
    reason: 'perl did not work on web1: there is no /proc',
  });
});

test.each([
  ['cut off', '0 1 9\nabc', 0],
  ['without a head', 'x'.repeat(100), 0],
  ['of another number', '1 1 0\n', 0],
  ['longer than asked for', '0 1 1001\n', 0],
  ['too many', '0 1 0\n1 1 0\n', 0],
  ['too few', '', 0],
  ['ended by a signal', '0 1 3\nabc', 137],
])('an answer that is %s is none', async (_what, output, code) => {
  await expect(readRanges(answering(output, code), [range('/a')])).rejects.toThrow('is cut off');
});

(process.getuid?.() === 0 ? test.skip : test)('a file without permission is missing', async () => {
  chmodSync(join(root, 'd/plain'), 0);
  expect(await contents(disk, [range('/d/plain')])).toEqual([null]);
});
