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
    const classifier = classifierOf(active, facts, fixture.etc.keys());
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

/** The deepest directory that a pattern names without a glob, and the one above it. */
function directoriesOf(pattern: string): string[] {
  const segments = pattern.split('/');
  const glob = segments.findIndex((segment) => /[*?[{$]/.test(segment));
  const plain = (glob < 0 ? segments : segments.slice(0, glob)).join('/');
  return [plain, plain.slice(0, plain.lastIndexOf('/'))].filter((directory) => directory !== '');
}

test('no profile of ours makes a file immutable that somebody made by hand', () => {
  for (const profile of profiles) {
    const fixture = readFixture(join(fixtures, profile.name)) as Fixture;
    for (const etc of [fixture.etc, new Map()]) {
      const active = activateOn([profile], { facts: fixture.facts, etc });
      const classifier = classifierOf(active, {});
      const values = Object.values(active[0]?.settings ?? {}).flat();
      const around = [...values, ...profile.paths.flatMap(({ path }) => directoriesOf(path))];
      for (const path of [...handmade, ...around.flatMap((one) => [`${one}/own`, `${one}/own/own`])]) {
        expect(`${profile.name} ${path} ${classifier.classify(fileNamed(path)).class}`).not.toMatch(
          / immutable$/,
        );
      }
    }
  }
});

test('immutable is said of marks of tools and of what a postinst writes over, and of nothing more', () => {
  const said = profiles.flatMap(({ name, paths }) =>
    paths.filter((rule) => rule.class === 'immutable').map((rule) => `${name} ${rule.path}`),
  );
  const marks = '{enabled_by_maint,disabled_by_maint}';
  expect(said).toEqual([
    `apache /var/lib/apache2/{conf,module,site}/${marks}`,
    'dovecot /usr/share/dovecot/protocols.d/{imapd,pop3d,lmtpd,managesieved,submissiond}.protocol',
    `php-fpm /var/lib/php/modules/*/*/${marks}`,
    'php-fpm /var/lib/php/modules/*/registry',
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
