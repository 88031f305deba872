/** The published schemas say what the program checks, and the profiles fit the published one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { schemas, schemaText, staleSchemas } from '../scripts/schemas.ts';

const root = join(import.meta.dirname, '..');

test('published schemas are not stale (npm run schemas)', () => {
  expect(staleSchemas()).toEqual([]);
});

test.each(schemas.map((one) => [one.file, one] as const))(
  '%s is a JSON Schema that names its keys',
  (_file, one) => {
    const text = schemaText(one);
    expect(new Ajv({ strict: true }).compile(JSON.parse(text) as object)).toBeInstanceOf(Function);
    expect(text).toContain('"description"');
  },
);

const directory = join(root, 'profiles');
const profiles = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
const profileSchema = JSON.parse(readFileSync(join(directory, 'profile.schema.json'), 'utf8')) as object;

test.each(profiles)('%s names its schema for editors and fits it', (name) => {
  const text = readFileSync(join(directory, name), 'utf8');
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=profile.schema.json');
  const fits = new Ajv({ strict: true, allErrors: true }).compile(profileSchema);
  fits(parse(text));
  expect(fits.errors).toBeNull();
});

test('the published schema refuses a misspelt key and an unknown class', () => {
  const fits = new Ajv().compile(profileSchema);
  const profile = parse(readFileSync(join(directory, 'redis.yaml'), 'utf8')) as Record<string, unknown>;
  expect(fits(profile)).toBe(true);
  expect(fits({ ...profile, titel: 'x' })).toBe(false);
  expect(fits({ ...profile, paths: [{ path: '/a', class: 'precious', kind: 'x' }] })).toBe(false);
  expect(
    fits({
      ...profile,
      settings: [{ name: 'x', files: ['/root/x'], pattern: 'x', take: 'all', default: [] }],
    }),
  ).toBe(false);
});
