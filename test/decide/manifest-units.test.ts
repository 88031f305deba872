import { expect, test } from '@jest/globals';
import { unitResources } from '../../src/decide/manifest-units.ts';
import type { Facts, InstalledPackage, Unit } from '../../src/types.ts';

function unit(name: string, state: string, more: Partial<Unit> = {}): Unit {
  return {
    name,
    state,
    preset: 'enabled',
    active: 'inactive',
    fragment: `/lib/systemd/system/${name}`,
    dropIns: [],
    user: '',
    type: '',
    stateDirectories: [],
    cacheDirectories: [],
    logsDirectories: [],
    runtimeDirectories: [],
    readWritePaths: [],
    workingDirectory: '',
    execStart: [],
    environmentFiles: [],
    requires: [],
    after: [],
    ...more,
  } as Unit;
}

function facts(units: readonly Unit[]): Pick<Facts, 'units' | 'owned' | 'packages'> {
  const absent = { known: false, reason: 'not asked' } as const;
  return { units: { known: true, value: units }, owned: absent, packages: absent };
}

test.each([
  ['a masked one', unit('a.service', 'masked'), 'masked', 'masked by hand'],
  [
    'one of the own',
    unit('app.service', 'enabled', { fragment: '/etc/systemd/system/app.service' }),
    'enabled',
    'made by hand',
  ],
  [
    'one switched off',
    unit('off.service', 'disabled'),
    'disabled',
    'switched off by hand: its package switches it on',
  ],
  ['one switched on', unit('on.service', 'enabled'), 'enabled', 'switched on by hand: its package does not'],
])('%s says why it is in the manifest', (_name, one, state, note) => {
  const seen = { byMaintainers: new Set(['off.service']), masked: new Set(['a.service']) };
  expect(unitResources(facts([one]), [], seen)).toEqual([{ unit: one.name, state, active: false, note }]);
});

test('one that ran as its package has it needs no words, one that did not is not there', () => {
  const [ran, idle] = [unit('app.service', 'static', { active: 'active' }), unit('idle.service', 'enabled')];
  const brought = { name: 'app', essential: false, priority: 'optional' } as InstalledPackage;
  const known = {
    ...facts([ran, idle]),
    owned: { known: true, value: new Map([[ran.fragment, 'app']]) },
    packages: { known: true, value: [brought] },
  } as const;
  const seen = { byMaintainers: new Set(['idle.service']), masked: new Set<string>() };
  expect(unitResources(known, [], seen)).toEqual([{ unit: 'app.service', state: 'as-is', active: true }]);
});
