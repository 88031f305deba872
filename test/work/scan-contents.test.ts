import { expect, test } from '@jest/globals';
import { smallestWithin } from '../../src/work/scan-contents.ts';

test('configuration is held in memory up to a limit, the smallest files first', () => {
  const files = [
    { path: '/etc/big', size: 60 },
    { path: '/etc/small', size: 10 },
    { path: '/etc/b', size: 20 },
    { path: '/etc/a', size: 20 },
  ];
  expect(smallestWithin(files, 50)).toEqual(['/etc/small', '/etc/a', '/etc/b']);
  expect(smallestWithin(files, 110)).toHaveLength(4);
  expect(smallestWithin(files, 5)).toEqual([]);
});
