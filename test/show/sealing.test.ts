import { expect, test } from '@jest/globals';
import { isText } from '../../src/show/commands/sealing.ts';

test.each([
  ['password=geheim\n', true],
  ['größe\tx\r\n', true],
  ['日本語 🗝\n', true],
  ['a\x1b[31m', false],
  ['a\u009b31m', false],
  ['a\u202eb', false],
  ['a\x7f', false],
])('%j is text for a terminal: %s', (text, isOne) => {
  expect(isText(Buffer.from(text))).toBe(isOne);
});

test('bytes are looked at as well', () => {
  expect(isText(Buffer.from('gr\xf6\xdfe', 'latin1'))).toBe(true);
  expect(isText(Buffer.from('a\x9b31m', 'latin1'))).toBe(false);
});
