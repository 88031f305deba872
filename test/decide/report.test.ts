import { expect, test } from '@jest/globals';
import { compareObservations, type Observation, reportOf } from '../../src/decide/report.ts';

function one(key: string, value: string, compare: Observation['compare'] = 'equal'): Observation {
  return { subject: 'postgresql shop', group: 'tables', key, value, compare };
}

test('a group that agrees is one green line', () => {
  const side = [one('public.a', '3 rows'), one('public.b', '0 rows')];
  expect(compareObservations(side, side)).toEqual([
    { state: 'green', subject: 'postgresql shop', text: '2 tables equal' },
  ]);
});

test('a difference shows both values, a missing key shows the one', () => {
  expect(
    compareObservations([one('public.a', '3 rows'), one('public.b', '1 row')], [one('public.a', '2 rows')]),
  ).toEqual([
    {
      state: 'red',
      subject: 'postgresql shop',
      text: 'tables: public.a differs',
      source: '3 rows',
      destination: '2 rows',
    },
    {
      state: 'red',
      subject: 'postgresql shop',
      text: 'tables: public.b is missing on the destination',
      source: '1 row',
    },
  ]);
});

test('more than the source had is red only where exactness was asked for', () => {
  const extra = one('public.z', '9 rows');
  expect(compareObservations([one('public.a', '1')], [one('public.a', '1'), extra])[0]?.state).toBe('green');
  expect(
    compareObservations([one('public.a', '1', 'exact')], [one('public.a', '1'), extra]).map(
      (check) => check.text,
    ),
  ).toEqual(['tables: public.z is only on the destination']);
});

test('secrets are compared and never shown', () => {
  const checks = compareObservations([one('ada', 'hash-of-source', 'secret')], [one('ada', 'hash-of-other')]);
  expect(checks[0]?.state).toBe('red');
  expect(JSON.stringify(checks)).not.toContain('hash-of');
});

test('a version may grow and not shrink, an identity must not be the same', () => {
  const version = (value: string) => one('citext', value, 'not-lower');
  expect(compareObservations([version('1.9')], [version('1.10')])[0]?.state).toBe('green');
  expect(compareObservations([version('1.10')], [version('1.9')])[0]?.state).toBe('red');
  const machine = (value: string) => one('machine-id', value, 'differ');
  expect(compareObservations([machine('a')], [machine('b')])[0]?.state).toBe('green');
  expect(compareObservations([machine('a')], [machine('a')])[0]?.state).toBe('red');
});

test('a report counts and puts red first', () => {
  const report = reportOf([
    { state: 'green', subject: 'a', text: '' },
    { state: 'red', subject: 'b', text: '' },
    { state: 'by-hand', subject: 'c', text: '' },
  ]);
  expect(report).toMatchObject({ green: 1, red: 1, byHand: 1 });
  expect(report.checks.map((check) => check.subject)).toEqual(['b', 'c', 'a']);
});
