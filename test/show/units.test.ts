import { expect, test } from '@jest/globals';
import { count, duration, plural, roughly, size, sizeOf } from '../../src/show/units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [48_000, '48.0 kB'],
  [312e6, '312.0 MB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [61.4e9, '61.4 GB'],
])('size %d is %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test.each([
  [0, '0 s'],
  [1.8, '1.8 s'],
  [45, '45 s'],
  [59.6, '1 min'],
  [164, '2 min 44 s'],
  [6000, '1 h 40 min'],
  [3599.9, '1 h'],
  [100_000, '1 d 4 h'],
])('duration %d s is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('a guess is told less exactly than a measurement', () => {
  expect(roughly(2183)).toBe('36 min');
  expect(roughly(0.2)).toBe('1 s');
});

test('counts have a space between thousands and words have a plural', () => {
  expect(count(48_210)).toBe('48 210');
  expect(count(1_234_567)).toBe('1 234 567');
  expect(plural(1, 'file')).toBe('1 file');
  expect(plural(2, 'entry', 'entries')).toBe('2 entries');
  expect(sizeOf(37.4e9, 61.4e9)).toBe('37.4 of 61.4 GB');
});
