import { expect, test } from '@jest/globals';
import { parsePatch } from 'diff';
import { type ContentPatch, contentPatch } from '../../src/decide/content-patch.ts';

const patch = (left: string | null, right: string | null, name = '/etc/a'): ContentPatch =>
  contentPatch(name, left, right);

test('a change is a unified diff that reads back', () => {
  const made = patch('a\nb\nc\n', 'a\nB\nc\nd\n');
  expect(made).toMatchObject({ added: 2, removed: 1, leftOut: '' });
  expect(made.patch).toBe('--- /etc/a\n+++ /etc/a\n@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d\n');
  expect(parsePatch(made.patch as string)[0]?.hunks).toHaveLength(1);
});

test('a file on one side only is told against nothing', () => {
  expect(patch(null, 'a\n').patch).toBe('--- /dev/null\n+++ /etc/a\n@@ -0,0 +1 @@\n+a\n');
  expect(patch('a\n', null)).toMatchObject({ added: 0, removed: 1 });
  expect(patch(null, '')).toEqual({ patch: null, added: 0, removed: 0, leftOut: 'empty' });
});

test('what differs only in a secret is told so, and the secret is not', () => {
  const made = patch('a = 1\npassword = hunter2\n', 'a = 1\npassword = hunter3\n');
  expect(made).toEqual({
    patch: null,
    added: 0,
    removed: 0,
    leftOut: 'they differ only in what is left out as a secret',
  });
  const more = patch('a = 1\npassword = hunter2\n', 'a = 2\npassword = hunter3\n');
  expect(more.patch).toContain('-a = 1\n+a = 2\n');
  expect(more.patch).not.toMatch(/hunter/);
});

test('what is no text, or has nothing in common, or never ends, is told in a sentence', () => {
  expect(patch('a\0b', 'a\n').leftOut).toBe('no text');
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`).join('');
  expect(patch(lines(0, 5000), lines(5000, 10_000)).leftOut).toContain('too little in common');
  const long = patch(null, lines(0, 3000));
  expect(long).toMatchObject({ added: 3000, leftOut: '2001 more lines' });
  expect(long.patch?.split('\n').length).toBeLessThan(1010);
});

test('UTF-8 is read as that, other bytes are kept one by one', () => {
  expect(patch(null, Buffer.from('ü\n').toString('latin1')).patch).toContain('+ü');
  expect(patch('\xfc\n', '\xf6\n').patch).toContain('-\u00fc\n+\u00f6');
});
