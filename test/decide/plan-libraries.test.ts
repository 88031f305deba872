import { expect, test } from '@jest/globals';
import { makePlan } from '../../src/decide/plan.ts';
import type { PlanInput } from '../../src/decide/plan-input.ts';
import type { BuildResource, Notice, Resource } from '../../src/types.ts';
import { facts, input, installed, known, manifest } from './plan-fixture.ts';

function build(libraries: BuildResource['libraries']): BuildResource {
  return { build: '/opt/acme', programs: 1, libraries };
}
function notices(resources: readonly Resource[], more: Partial<PlanInput> = {}): Notice[] {
  const plan = makePlan(input(manifest(resources, { profiles: [] }), more));
  return plan.notices.filter(({ subject }) => /librar|programs in/.test(subject));
}
const offers = (...names: string[]) =>
  known(new Map(names.map((name) => [name, { candidate: '1', provides: [] as string[] }])));
const needsPq = build([{ name: 'libpq.so.5', package: 'libpq5' }]);

test('a library that is missing on the source already', () => {
  expect(notices([build([{ name: 'libgone.so.3', missing: true }])])).toMatchObject([
    {
      grade: 'care',
      subject: 'programs in /opt/acme',
      text: 'libgone.so.3 is missing on the source already, and programs in /opt/acme need it',
    },
  ]);
});

test('a library whose package the destination does not offer', () => {
  expect(notices([needsPq], { available: offers('libpq6') })).toMatchObject([
    {
      grade: 'care',
      subject: 'library libpq5',
      text: 'the destination offers no libpq5, and programs in /opt/acme need libpq.so.5 from it',
    },
  ]);
});

test('a library that nothing brings along', () => {
  expect(notices([needsPq], { available: offers('libpq5') })).toMatchObject([
    { grade: 'by-hand', subject: 'libraries', hint: 'on the destination: apt-get install libpq5' },
  ]);
});

test('nothing is said of libraries that are there, come along or are not known', () => {
  const there = facts({ packages: known([installed('libpq5')]) });
  expect(notices([needsPq], { destination: there, available: offers() })).toEqual([]);
  const later = facts({ packages: known([installed('libpq5t64')]) });
  expect(notices([needsPq], { destination: later, available: offers() })).toEqual([]);
  const source = facts({
    packages: known([installed('postgresql-client', { depends: 'libc6, libpq5 (>= 13) | other' })]),
  });
  const client = { package: 'postgresql-client', version: '1' };
  expect(notices([needsPq, client], { source, available: offers('libpq5', 'postgresql-client') })).toEqual(
    [],
  );
  expect(notices([needsPq], { available: { known: false, reason: 'no lists' } })).toEqual([]);
  expect(notices([build([{ name: 'liblocal.so' }])])).toEqual([]);
});

test('a package that provides the old name brings the same library', () => {
  const available = known(new Map([['libpq5t64', { candidate: '1', provides: ['libpq5'] }]]));
  expect(notices([needsPq], { available })).toMatchObject([
    { hint: 'on the destination: apt-get install libpq5t64' },
  ]);
});
