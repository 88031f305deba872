import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { newestManifest } from '../../src/decide/manifest-migrations.ts';
import { examineManifest, readManifest, writeManifest } from '../../src/decide/manifest-yaml.ts';

const frozen = join(import.meta.dirname, '../../fixtures/manifests');
const files = readdirSync(frozen, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);

test('there is a frozen manifest of every version', () => {
  const newest = Number(newestManifest.split('/')[1]);
  const versions = new Set(files.map((name) => name.split('/')[0]));
  expect([...versions].sort()).toEqual(Array.from({ length: newest }, (_, index) => `v${index + 1}`));
});

test.each(files)('%s reads as it was meant, and is written in the newest form', (name) => {
  const text = readFileSync(join(frozen, name), 'utf8');
  const version = `manifest/${name.split('/')[0]?.slice(1)}`;
  expect(text).toContain(`\nopstimal: ${version}\n`);
  const manifest = readManifest(text, name);
  expect(manifest.opstimal).toBe(newestManifest);
  expect(manifest.resources.length).toBeGreaterThan(10);
  const written = writeManifest(manifest);
  expect(written).toContain(`\nopstimal: ${newestManifest}\n`);
  expect(readManifest(written, name)).toEqual(manifest);
  // From version 1 to 2 nothing but the number changed.
  expect(parse(written)).toEqual({ ...parse(text), opstimal: newestManifest });
});

test.each([
  ['opstimal: manifest/99\n', 1, 11, 'this manifest is of version 99; newest known here is 2'],
  ['# old\nopstimal: manifesto\n', 2, 11, 'manifesto is no version of a manifest'],
  ['opstimal: 2\n', 1, 11, 'that is no version of a manifest'],
  ['host: {}\n', 1, 1, 'opstimal is missing: the version of the manifest'],
  ['- opstimal\n', 1, 1, 'this is no manifest'],
])('%j is refused with a place and a sentence', (text, line, column, sentence) => {
  const { manifest, problems } = examineManifest(text, 'manifest.yaml');
  expect(manifest).toBeNull();
  expect(problems).toEqual([{ line, column, sentence, hint: expect.stringMatching(/./) }]);
  expect(() => readManifest(text, 'manifest.yaml')).toThrow(`manifest.yaml:${line}:${column}: ${sentence}`);
});

test('a mistake in an old manifest is told at its own line', () => {
  const text = readFileSync(join(frozen, 'v1/made-root.yaml'), 'utf8').replace('gid: 1001', 'gidd: 1001');
  const line = text.slice(0, text.indexOf('gidd')).split('\n').length;
  expect(() => readManifest(text, 'm.yaml')).toThrow(`m.yaml:${line}:5: nothing called gidd is known here`);
});

test('every mistake is told, not the first only', () => {
  const text = readFileSync(join(frozen, 'v1/made-root.yaml'), 'utf8')
    .replace('gid: 1001', 'gidd: 1001')
    .replace('password: set', 'password: hunter2')
    .replace('- package: tool', '- package: nginx')
    .replace('name: made', 'nom: made');
  const { problems } = examineManifest(text, 'm.yaml');
  expect(problems.map(({ sentence }) => sentence)).toEqual([
    'nothing called nom is known here',
    'name is missing',
    'package nginx stands here twice',
    'nothing called gidd is known here',
    'gid is missing',
    'password must be "set" or "locked" or "none" or "unknown", not "hunter2"',
  ]);
});
