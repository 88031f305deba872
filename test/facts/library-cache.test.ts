import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { abiOf, parseLibraryCache } from '../../src/facts/library-cache.ts';

function made(libraries: readonly (readonly [flags: number, soname: string, path: string])[]): Buffer {
  const head = Buffer.alloc(48 + 24 * libraries.length);
  head.write('glibc-ld.so.cache1.1', 0, 'latin1');
  head.writeUInt32LE(libraries.length, 20);
  head[28] = 2;
  let texts = '';
  for (const [index, [flags, soname, path]] of libraries.entries()) {
    const at = 48 + 24 * index;
    head.writeInt32LE(flags, at);
    head.writeUInt32LE(head.length + texts.length, at + 4);
    texts += `${soname}\0`;
    head.writeUInt32LE(head.length + texts.length, at + 8);
    texts += `${path}\0`;
  }
  return Buffer.concat([head, Buffer.from(texts, 'latin1')]);
}

test('libraries with their places', () => {
  const cache = made([
    [0x0303, 'libacme.so.1', '/usr/local/lib/libacme.so.1'],
    [0x0003, 'libacme.so.1', '/usr/lib/i386-linux-gnu/libacme.so.1'],
  ]);
  const expected = [
    { abi: 3, soname: 'libacme.so.1', path: '/usr/local/lib/libacme.so.1' },
    { abi: 0, soname: 'libacme.so.1', path: '/usr/lib/i386-linux-gnu/libacme.so.1' },
  ];
  expect(parseLibraryCache(cache)).toEqual(expected);
  // The older form in front of it, as up to Debian 11.
  const older = Buffer.alloc(32);
  older.write('ld.so-1.7.0', 0, 'latin1');
  expect(parseLibraryCache(Buffer.concat([older, cache]))).toEqual(expected);
});

test('the cache of this machine', () => {
  if (!existsSync('/etc/ld.so.cache') || process.arch !== 'x64') return;
  const found = parseLibraryCache(readFileSync('/etc/ld.so.cache'));
  expect(found.find((one) => one.soname === 'libc.so.6' && one.abi === abiOf(62, 64))?.path).toMatch(
    /^\/(usr\/)?lib/,
  );
});

test.each([
  ['no cache', Buffer.from('hello')],
  ['cut off', made([[0x0303, 'a', '/a']]).subarray(0, 60)],
  ['cut off in a text', made([[0x0303, 'a', '/a']]).subarray(0, -1)],
])('%s is an error', (_what, content) => {
  expect(() => parseLibraryCache(content)).toThrow('ld.so.cache is');
});
