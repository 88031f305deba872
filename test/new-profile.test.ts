/** The generator of profiles: what it writes is valid, and is no proof until somebody filled it in. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { writeNewProfile } from '../scripts/new-profile.ts';
import { readProfile } from '../src/decide/profile-schema.ts';
import {
  activateOn,
  classifierOf,
  type Fixture,
  fileNamed,
  readFixture,
  unfinished,
} from './support/profile-fixture.ts';

const root = mkdtempSync(join(tmpdir(), 'new-profile-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const repository = join(import.meta.dirname, '..');

test('a new profile is valid, says itself that it is not filled in, and is a test once it is', () => {
  const said = writeNewProfile(root, 'own-thing');
  expect(said).toContain('profiles/own-thing.yaml');
  const text = readFileSync(join(root, 'profiles/own-thing.yaml'), 'utf8');
  const profile = readProfile(text, 'profiles/own-thing.yaml');
  const schema = JSON.parse(readFileSync(join(repository, 'profiles/profile.schema.json'), 'utf8')) as object;
  const fits = new Ajv().compile(schema);
  fits(parse(text));
  expect(fits.errors).toBeNull();

  const directory = join(root, 'fixtures/profiles/own-thing');
  expect(unfinished('own-thing', readFixture(directory))).toBe(
    'fixtures/profiles/own-thing/expected.yaml is not filled in: look up the service’s configuration, then correct the profile, facts.yaml, etc/ and the lines below'.replace(
      '’',
      "'",
    ),
  );
  const expected = join(directory, 'expected.yaml');
  writeFileSync(expected, readFileSync(expected, 'utf8').replace(/^todo:.*\n/m, ''));
  const fixture = readFixture(directory) as Fixture;
  expect(unfinished('own-thing', fixture)).toBeNull();
  const active = activateOn([profile], fixture);
  expect(active[0]?.settings).toEqual(fixture.expected.settings);
  for (const [path, line] of Object.entries(fixture.expected.paths ?? {})) {
    const ruling = classifierOf(active, fixture.facts, fixture.etc.keys()).classify(fileNamed(path));
    expect(`${ruling.class} ${ruling.carry} ${ruling.rule}`).toBe(line);
  }
});

test('a profile without a fixture is named in words', () => {
  expect(unfinished('nowhere', readFixture(join(root, 'fixtures/profiles/nowhere')))).toBe(
    'fixtures/profiles/nowhere/ is missing: npm run new-profile -- NAME shows what belongs in it',
  );
});

test('what is there already is not written over, and a name is a name', () => {
  expect(() => writeNewProfile(root, 'own-thing')).toThrow('profiles/own-thing.yaml is there already');
  expect(() => writeNewProfile(root, '../own')).toThrow('../own is no name of a profile');
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(repository, 'scripts/new-profile.ts'), ...args], { encoding: 'utf8' });
  expect(run('redis')).toMatchObject({ status: 2, stderr: 'error: profiles/redis.yaml is there already\n' });
  expect(run()).toMatchObject({ status: 2, stderr: 'error: usage: npm run new-profile -- NAME\n' });
});
