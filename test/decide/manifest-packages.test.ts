import { expect, test } from '@jest/globals';
import { packageResources } from '../../src/decide/manifest-packages.ts';
import { facts, installed, known } from './plan-fixture.ts';

test('a library of another architecture is named even where something needs one of that name', () => {
  const found = packageResources(
    facts({
      packages: known([
        installed('tool', { depends: 'libfoo, libbar' }),
        installed('libfoo', { section: 'libs' }),
        installed('libfoo', { section: 'libs', architecture: 'i386' }),
        installed('libbar', { section: 'libs', architecture: 'i386', automatic: true }),
      ]),
    }),
  );
  expect(found.map((one) => one.package)).toEqual(['tool', 'libfoo:i386']);
});
