import { expect, test } from '@jest/globals';
import { actionOf, bindings, keyName, keysOf, keysTopic } from '../../../src/show/wizard/keys.ts';

const screens = ['connect', 'scan', 'review', 'plan', 'apply', 'sync', 'verify'] as const;

test('on no screen does one key mean two things', () => {
  for (const screen of screens) {
    const keys = bindings
      .filter((binding) => binding.screens === 'all' || binding.screens.includes(screen))
      .flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  }
});

test('Ctrl-C, help and leaving are there on every screen', () => {
  for (const screen of screens) {
    expect(actionOf('ctrl-c', screen)).toBe('stop');
    expect(actionOf('?', screen)).toBe('help');
    expect(actionOf('q', screen)).toBe('leave');
    expect(actionOf('m', screen)).toBe(screen === 'review' ? 'mutable' : null);
  }
});

test('special keys have names, letters are themselves', () => {
  expect(keyName('', { upArrow: true })).toBe('up');
  expect(keyName('c', { ctrl: true })).toBe('ctrl-c');
  expect(keyName(' ', {})).toBe('space');
  expect(keyName('Z', {})).toBe('Z');
});

test('keys that arrive in one piece are taken one by one', () => {
  expect(keysOf('\rweb 1\r', {})).toEqual(['enter', 'w', 'e', 'b', 'space', '1', 'enter']);
  expect(keysOf('', { upArrow: true })).toEqual(['up']);
  expect(keysOf('', {})).toEqual([]);
  expect(keysOf('q', { meta: true })).toEqual(['escape', 'q']);
  expect(keysOf('', { escape: true, meta: true })).toEqual(['escape']);
  expect(keysOf('ab\x7f\x1b', {})).toEqual(['a', 'b', 'backspace']);
});

test('help keys tells every binding', () => {
  for (const binding of bindings) expect(keysTopic().paragraphs[0]).toContain(binding.means);
});
