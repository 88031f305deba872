import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parentOf, quote, toBytes, toText, unquote } from '../src/bytes.ts';

const names = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

test('quoting any name can be taken back', () => {
  fc.assert(fc.property(names, (name) => unquote(quote(name)) === name));
});

test('two names never share a quoted form', () => {
  fc.assert(fc.property(names, names, (a, b) => (quote(a) === quote(b)) === (a === b)));
});

test('a quoted name has no control character and no invisible mark', () => {
  fc.assert(fc.property(names, (name) => !/[\p{Cc}\p{Cf}]/u.test(quote(name))));
});

test.each([
  ['/etc/passwd', '/etc/passwd'],
  [toBytes('/srv/Größe'), '/srv/Größe'],
  ['a\nb', 'a\\nb'],
  ['back\\slash', 'back\\\\slash'],
  ['\x1b[2J', '\\x1b[2J'],
  ['caf\xe9', 'caf\\xe9'],
  [toBytes('\u202e'), '\\xe2\\x80\\xae'],
])('%j is shown as %s', (name, shown) => {
  expect(quote(name)).toBe(shown);
});

test('an escape that quote never writes is refused', () => {
  expect(() => unquote('a\\q')).toThrow(RangeError);
  expect(() => unquote('a\\')).toThrow(RangeError);
});

test('content that is no UTF-8 still becomes text', () => {
  expect(toText('caf\xe9')).toBe('caf\ufffd');
  expect(toText(toBytes('Größe'))).toBe('Größe');
});

test('the parent of a top-level path is the root', () => {
  expect(parentOf('/etc')).toBe('/');
  expect(parentOf('/')).toBe('/');
  expect(parentOf('/etc/ssh/sshd_config')).toBe('/etc/ssh');
});
