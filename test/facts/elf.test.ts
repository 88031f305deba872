import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Elf, readElf } from '../../src/facts/elf.ts';
import { goInformation, makeElf } from '../support/made-elf.ts';

/** Feeds the parser as a host would; counts rounds and bytes, which must stay small for any file. */
function look(file: Buffer): { elf: Elf | null; rounds: number; bytes: number } {
  const reader = readElf();
  let rounds = 0;
  let bytes = 0;
  for (let step = reader.next(); ; ) {
    if (step.done) return { elf: step.value, rounds, bytes };
    rounds += 1;
    const pieces = step.value.map(({ offset, length }) => {
      if (!Number.isSafeInteger(offset) || offset < 0) throw new Error(`asked for ${offset}`);
      if (!Number.isSafeInteger(length) || length < 0) throw new Error(`asked for ${length} bytes`);
      bytes += length;
      return file.subarray(offset, offset + length);
    });
    step = reader.next(pieces);
  }
}

test.each([
  [64, true],
  [64, false],
  [32, true],
  [32, false],
] as const)('a program of %i bits, little endian: %s', (bits, little) => {
  const file = makeElf({
    bits,
    little,
    needed: ['libacme.so.1', 'libc.so.6'],
    runpath: '$ORIGIN/../lib:/opt/acme/lib',
    rpath: '/never',
    interpreter: '/lib64/ld-linux-x86-64.so.2',
  });
  expect(look(file).elf).toEqual({
    machine: 62,
    bits,
    isLibrary: false,
    interpreter: '/lib64/ld-linux-x86-64.so.2',
    soname: null,
    needed: ['libacme.so.1', 'libc.so.6'],
    searched: ['$ORIGIN/../lib', '/opt/acme/lib'],
    go: null,
  });
  expect(look(makeElf({ bits, little, soname: 'liba.so.1', rpath: '/a' })).elf).toMatchObject({
    isLibrary: true,
    soname: 'liba.so.1',
    searched: ['/a'],
  });
});

test('a real program and a real library of this machine', () => {
  const program = look(readFileSync('/bin/true')).elf;
  expect(program?.needed).toContain('libc.so.6');
  expect(program?.interpreter).toMatch(/ld-linux/);
  const library = ['/lib/x86_64-linux-gnu/libm.so.6', '/lib/aarch64-linux-gnu/libm.so.6'].find(existsSync);
  if (library === undefined) return;
  expect(look(readFileSync(library)).elf).toMatchObject({ soname: 'libm.so.6', isLibrary: true });
});

test('what Go wrote into a program', () => {
  const information = goInformation('go1.22.1', [
    'path\texample.org/acme/cmd/served',
    'mod\texample.org/acme\tv1.4.2\th1:abc=',
    'dep\texample.org/other\tv0.1.0\th1:def=',
    'build\tvcs.revision=0123456789abcdef0123456789abcdef01234567',
    'build\tvcs.modified=true',
  ]);
  expect(look(makeElf({ section: { name: '.go.buildinfo', content: information } })).elf?.go).toEqual({
    version: 'go1.22.1',
    path: 'example.org/acme/cmd/served',
    module: 'example.org/acme',
    moduleVersion: 'v1.4.2',
    revision: '0123456789abcdef0123456789abcdef01234567',
    modified: true,
  });
});

test('Go before 1.18 points at its texts', () => {
  const load = 0x10000;
  const lines = `${'<'.repeat(16)}path\tacme\nmod\tacme\t(devel)\t\n${'>'.repeat(16)}`;
  const content = Buffer.alloc(32);
  content.write('\xff Go buildinf:', 0, 'latin1');
  content[14] = 8;
  content.writeBigUInt64LE(BigInt(5000 + load), 16);
  content.writeBigUInt64LE(BigInt(5016 + load), 24);
  const file = makeElf({ section: { name: '.go.buildinfo', content } });
  file.writeBigUInt64LE(BigInt(5100 + load), 5000);
  file.writeBigUInt64LE(8n, 5008);
  file.write('go1.15.9', 5100, 'latin1');
  file.writeBigUInt64LE(BigInt(5200 + load), 5016);
  file.writeBigUInt64LE(BigInt(lines.length), 5024);
  file.write(lines, 5200, 'latin1');
  expect(look(file).elf?.go).toMatchObject({ version: 'go1.15.9', module: 'acme', moduleVersion: '(devel)' });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a script', Buffer.from('#!/bin/sh\n'.padEnd(100))],
  ['a head and no more', makeElf({}).subarray(0, 64)],
  ['a cut off table', makeElf({ needed: ['a'] }).subarray(0, 100)],
])('%s is no program', (_what, file) => {
  expect(look(file).elf).toBeNull();
});

test('any file is read in a few rounds and without an error', () => {
  const base = makeElf({
    needed: ['libacme.so.1'],
    interpreter: '/lib64/ld.so',
    section: { name: '.go.buildinfo', content: goInformation('go1.22.1', ['path\ta']) },
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(base.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 60 }),
      fc.array(fc.tuple(fc.nat(511), fc.constantFrom(0, 0xff, 0x7f, 0x80)), { maxLength: 30 }),
      (anywhere, inHead) => {
        const file = Buffer.from(base);
        for (const [at, value] of [...anywhere, ...inHead]) if (at > 5) file[at] = value;
        const { rounds, bytes } = look(file);
        expect(rounds).toBeLessThanOrEqual(8);
        expect(bytes).toBeLessThan(4 * 1024 ** 2);
      },
    ),
    { numRuns: 500 },
  );
});
