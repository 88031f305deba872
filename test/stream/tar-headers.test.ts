import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  endOfArchive,
  headerOf,
  type Member,
  type Piece,
  paddingOf,
  TarReader,
} from '../../src/stream/tar-headers.ts';

const bytes = (minLength: number, maxLength: number) =>
  fc
    .uint8Array({ minLength, maxLength, min: 1 })
    .map((array) => Buffer.from(array).toString('latin1').replaceAll('/', '_'));

const member: fc.Arbitrary<Member> = fc
  .record({
    name: bytes(1, 300),
    type: fc.constantFrom('0' as const, '1' as const, '2' as const, '5' as const, '6' as const),
    linkName: bytes(0, 150),
    mode: fc.nat(0o7777),
    uid: fc.nat(2 ** 32 - 1),
    gid: fc.nat(2 ** 32 - 1),
    user: bytes(0, 40),
    group: bytes(0, 40),
    stored: fc.constantFrom(0, 1, 511, 512, 513, 3000),
    size: fc.constant(0),
    mtime: fc.oneof(fc.constantFrom('0', '-1.5', '4102444800.000000001', '1700000000'), fc.nat().map(String)),
    deviceMajor: fc.nat(255),
    deviceMinor: fc.nat(255),
    records: fc.constantFrom(
      new Map<string, string>(),
      new Map([['SCHILY.xattr.user.a', '\xff\0=\n7 x=y\n']]),
      new Map([['SCHILY.xattr.security.capability', 'x'.repeat(997)]]),
    ),
  })
  .map((made) => {
    const stored = made.type === '0' ? made.stored : 0;
    return { ...made, stored, size: stored };
  });

test('what is written is read again, in chunks of any size', () => {
  fc.assert(
    fc.property(fc.array(member, { maxLength: 5 }), fc.integer({ min: 1, max: 1500 }), (members, chunk) => {
      const archive = Buffer.concat([
        ...members.flatMap((one) => [headerOf(one), Buffer.alloc(one.stored, 7), paddingOf(one.stored)]),
        endOfArchive,
      ]);
      const reader = new TarReader();
      const read: Member[] = [];
      let content = 0;
      for (let at = 0; at < archive.length; at += chunk) {
        for (const piece of reader.push(archive.subarray(at, at + chunk))) {
          if (piece.kind === 'member') read.push(piece.member);
          if (piece.kind === 'content') content += piece.bytes.filter((byte) => byte === 7).length;
        }
      }
      expect(reader.ended).toBe(true);
      expect(content).toBe(members.reduce((sum, one) => sum + one.stored, 0));
      expect(read).toEqual(members);
    }),
  );
});

test('GNU tar lists what is written', () => {
  const one: Member = {
    name: `${'a/'.repeat(60)}long\xff\n`,
    type: '0',
    linkName: '',
    mode: 0o640,
    uid: 3_000_000,
    gid: 5,
    user: '',
    group: '',
    stored: 3,
    size: 3,
    mtime: '4102444800.000000001',
    deviceMajor: 0,
    deviceMinor: 0,
    records: new Map(),
  };
  const archive = Buffer.concat([headerOf(one), Buffer.from('abc'), paddingOf(3), endOfArchive]);
  const line = execFileSync('tar', ['--full-time', '--utc', '-tvf', '-'], {
    input: archive,
    encoding: 'latin1',
  });
  expect(line).toContain('-rw-r----- 3000000/5');
  expect(line).toContain('2100-01-01 00:00:00.000000001');
  expect(line).toContain(`${'a/'.repeat(60)}long\\377\\n`);
});

function pieces(archive: Buffer): Piece[] {
  return [...new TarReader().push(archive)];
}

test('archives of GNU tar in other forms are read', () => {
  const directory = mkdtempSync(join(tmpdir(), 'headers-'));
  try {
    mkdirSync(join(directory, 'd'.repeat(120)));
    writeFileSync(join(directory, 'd'.repeat(120), 'f'.repeat(120)), 'content');
    for (const format of ['gnu', 'posix']) {
      const archive = execFileSync('tar', ['-C', directory, `--format=${format}`, '-cf', '-', '.']);
      const names = pieces(archive).flatMap((piece) => (piece.kind === 'member' ? [piece.member.name] : []));
      expect(names).toEqual(['.', `./${'d'.repeat(120)}`, `./${'d'.repeat(120)}/${'f'.repeat(120)}`]);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const plain: Member = {
  name: 'a',
  type: '0',
  linkName: '',
  mode: 0o644,
  uid: 0,
  gid: 0,
  user: 'root',
  group: 'root',
  stored: 0,
  size: 0,
  mtime: '1',
  deviceMajor: 0,
  deviceMinor: 0,
  records: new Map(),
};

test('damage and forms that nobody asked for are refused', () => {
  const flipped = headerOf(plain);
  flipped[0] = 98;
  expect(() => pieces(flipped)).toThrow('a header is damaged');
  expect(() => pieces(Buffer.alloc(512, 65))).toThrow('not octal');
  const record = (keyword: string, value: string) =>
    headerOf({ ...plain, records: new Map([[keyword, value]]) });
  expect(() => pieces(record('GNU.volume.label', 'x'))).toThrow('unknown extended record');
  expect(() => pieces(record('GNU.sparse.major', '0'))).toThrow('old form');
  expect(() => pieces(record('size', '-1'))).toThrow('out of range');
  expect(() => pieces(record('size', '99999999999999999'))).toThrow('out of range');
  expect(() => pieces(record('mtime', 'soon'))).toThrow('a time is damaged');
  expect(() => pieces(headerOf({ ...plain, type: '7' as '0' }))).not.toThrow();
  expect(() => pieces(headerOf({ ...plain, type: 'D' as '0' }))).toThrow('unknown type');
  expect(() => pieces(headerOf({ ...plain, type: 'g' as '0' }))).toThrow('unknown type');
  expect(() => pieces(headerOf({ ...plain, type: '5', stored: 10 }))).toThrow('has content');
});

test('an archive that stops early is not taken for a whole one', () => {
  const reader = new TarReader();
  expect([...reader.push(headerOf({ ...plain, stored: 600 }))]).toHaveLength(1);
  expect(reader.ended).toBe(false);
});
