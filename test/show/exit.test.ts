import { expect, test } from '@jest/globals';
import type { FailureCode } from '../../src/failure.ts';
import { exitCode, exitMeanings } from '../../src/show/exit.ts';
import { helpOn } from '../../src/show/help.ts';

const expected: Record<FailureCode, number> = {
  failed: 1,
  usage: 2,
  partial: 3,
  'needs-person': 4,
  differences: 5,
  'no-repository': 10,
  locked: 11,
  refused: 12,
  unreachable: 13,
  interrupted: 130,
};

test('the switch answers the documented numbers', () => {
  for (const [code, number] of Object.entries(expected)) expect(exitCode(code as FailureCode)).toBe(number);
});

test('help exit-codes prints every number of the switch with its meaning', () => {
  const text = helpOn('exit-codes');
  const lines = text.split('\n').flatMap((line) => {
    const match = /^ *(\d+) {2}(.+)$/.exec(line);
    return match === null ? [] : [[Number(match[1]), match[2]]];
  });
  expect(lines.map(([number]) => number)).toEqual([0, ...Object.values(expected)]);
  expect(lines.map(([, meaning]) => meaning)).toEqual(exitMeanings.map(({ meaning }) => meaning));
});
