/** Every profile by its fixture: found, read from configuration that is not the default, and judged path by path. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { unitsOf } from '../src/decide/profile.ts';
import { loadProfiles } from '../src/work/profiles.ts';
import {
  activateOn,
  classifierOf,
  type Fixture,
  fileNamed,
  readFixture,
  unfinished,
} from './support/profile-fixture.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'profiles');
const profiles = await loadProfiles();
const empty = { facts: {}, etc: new Map() };

test('there are at least 32 profiles, and no fixture without one', () => {
  expect(profiles.length).toBeGreaterThanOrEqual(32);
  const named = profiles.map(({ name }) => name);
  expect(readdirSync(fixtures).filter((name) => !named.includes(name))).toEqual([]);
});

test('no profile is on on a server without services', () => {
  expect(activateOn(profiles, empty).map(({ profile }) => profile.name)).toEqual([]);
});

describe.each(profiles.map((profile) => [profile.name, profile] as const))('%s', (name, profile) => {
  const fixture = readFixture(join(fixtures, name));
  const missing = unfinished(name, fixture);

  test('has a fixture that is filled in', () => {
    if (missing !== null) throw new Error(missing);
  });
  if (fixture === null || missing !== null) return;

  const { facts, expected } = fixture;
  const active = activateOn(profiles, fixture);
  const own = active.find((one) => one.profile.name === name);
  const paths = Object.entries(expected.paths ?? {});

  test('is found by the packages or units of its fixture, and alone', () => {
    expect(active.map((one) => one.profile.name)).toEqual([name]);
  });

  test('reads its settings from configuration that is not the default', () => {
    const settings = profile.settings ?? [];
    expect(own?.settings).toEqual(expected.settings ?? {});
    for (const { name: setting, default: usual } of settings) {
      expect(own?.origins[setting]).toMatch(/^\/etc\//);
      for (const value of own?.settings[setting] ?? []) expect(usual).not.toContain(value);
    }
  });

  test('without configuration it takes the defaults', () => {
    const [bare] = activateOn([profile], { facts, etc: new Map() });
    const version = bare?.version ?? '';
    for (const { name: setting, default: usual } of profile.settings ?? []) {
      expect(bare?.settings[setting]).toEqual(usual.map((value) => value.replaceAll('{version}', version)));
    }
  });

  test('says something that travels and something that stays', () => {
    const carries = paths.map(([, line]) => line.split(' ')[1]);
    expect(carries.some((carry) => carry !== 'none')).toBe(true);
    expect(carries.some((carry) => carry === 'none')).toBe(true);
    // The first column of evidence: what is expected must be of the profile itself, not of places alone.
    if (profile.paths.length > 0)
      expect(paths.some(([, line]) => line.includes(` profile.${name}.`))).toBe(true);
  });

  test.each(paths)('%s: %s', (path, line) => {
    const classifier = classifierOf(active, facts);
    const ruling = classifier.classify(fileNamed(path));
    expect(`${ruling.class} ${ruling.carry} ${ruling.rule}`).toBe(line);
  });

  test('names its units and how early they stop', () => {
    expect(own === undefined ? null : unitsOf(own)).toEqual(expected.units ?? []);
    expect(profile.tier).toBe(expected.tier);
  });
});

/** Files that somebody made by hand, in the places where people make them. */
const handmade = [
  '/etc/own.conf',
  '/etc/own/own.conf',
  '/etc/systemd/system/own.service',
  '/srv/app/main.py',
  '/opt/app/run',
  '/usr/local/bin/own',
  '/home/anna/notes',
  '/root/notes',
  '/var/www/html/index.php',
  '/var/lib/own/state',
  '/data/own',
];

test('no profile of ours makes a file immutable that somebody made by hand', () => {
  for (const profile of profiles) {
    const fixture = readFixture(join(fixtures, profile.name)) as Fixture;
    for (const etc of [fixture.etc, new Map()]) {
      const active = activateOn([profile], { facts: fixture.facts, etc });
      const classifier = classifierOf(active, {});
      const values = Object.values(active[0]?.settings ?? {}).flat();
      const own = profile.paths.map(({ path }) => path).filter((path) => !/[*?{[]/.test(path));
      for (const path of [
        ...handmade,
        ...values.map((value) => `${value}/own`),
        ...own.map((one) => `${one}/own`),
      ]) {
        const { class: made } = classifier.classify(fileNamed(path));
        const allowed = marks.some((mark) => path.startsWith(`${mark}/`) || path === mark);
        if (made === 'immutable' && !allowed) throw new Error(`${profile.name}: ${path} would not travel`);
      }
    }
  }
});

/** Where only tools of packages write: what lies there is made again by them, whoever else is around. */
const marks = [
  '/var/lib/apache2',
  '/var/lib/php/modules',
  '/usr/share/dovecot/protocols.d',
  '/etc/postgresql-common/root.crt',
  '/etc/postfix/dynamicmaps.cf',
  '/etc/postfix/makedefs.out',
];

test('immutable is said of marks and copies of packages, and of nothing more', () => {
  const said = profiles.flatMap(({ name, paths }) =>
    paths.filter((rule) => rule.class === 'immutable').map((rule) => `${name} ${rule.path}`),
  );
  expect(said).toEqual([
    'apache /var/lib/apache2',
    'dovecot /usr/share/dovecot/protocols.d',
    'php-fpm /var/lib/php/modules',
    'postfix /etc/postfix/dynamicmaps.cf',
    'postfix /etc/postfix/{main,master}.cf.proto',
    'postfix /etc/postfix/makedefs.out',
    'postgresql /etc/postgresql-common/root.crt',
    'postgresql /etc/apt/apt.conf.d/0?autoremove-postgresql',
  ]);
});

test('what leaves data behind is never named by a setting that could be a whole disk or a home', () => {
  for (const profile of profiles) {
    const settings = profile.settings ?? [];
    if (settings.length === 0) continue;
    for (const value of ['/data', '/home/anna', '/srv/www']) {
      const active = activateOn([profile], readFixture(join(fixtures, profile.name)) as Fixture).map(
        (one) => ({
          ...one,
          settings: Object.fromEntries(settings.map(({ name }) => [name, [value]])),
        }),
      );
      const { carry } = classifierOf(active, {}).classify(fileNamed(`${value}/own`));
      if (value !== '/srv/www' && carry === 'none' && !['docker', 'podman'].includes(profile.name)) {
        const { class: made } = classifierOf(active, {}).classify(fileNamed(`${value}/own`));
        expect(`${profile.name} ${value} ${made}`).toBe(`${profile.name} ${value} undecided`);
      }
    }
  }
});
