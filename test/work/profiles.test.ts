/** Profiles from a directory of one's own: what they replace, and how their mistakes are told. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadProfiles } from '../../src/work/profiles.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'profiles-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function profile(name: string, paths: string, more = ''): string {
  return `name: ${name}\ntitle: Own\ndetect: { packages: [own] }\npaths:\n${paths}units: []\ntier: application\n${more}provenance: x\n`;
}
const data = '  - { path: /data/own, class: mutable, kind: data }\n';

async function holding(files: Readonly<Record<string, string>>): Promise<string> {
  const made = await mkdtemp(join(directory, 'd-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(made, name), text);
  return made;
}

test('a profile of one’s own is known besides ours, and takes the place of ours of the same name', async () => {
  const own = await holding({ 'own.yaml': profile('own', data), 'redis.yaml': profile('redis', data) });
  const later = await holding({ 'own.yaml': profile('own', data) });
  const [ours, all] = [await loadProfiles(), await loadProfiles([own, later])];
  expect(all.map(({ name }) => name)).toEqual([...ours.map(({ name }) => name), 'own'].sort());
  const named = (name: string) => all.find((one) => one.name === name);
  expect(named('redis')).toMatchObject({
    title: 'Own',
    added: { file: join(own, 'redis.yaml'), replaces: true },
  });
  expect(named('own')?.added).toEqual({ file: join(later, 'own.yaml'), replaces: true });
  expect(ours.every((one) => one.added === undefined)).toBe(true);
});

test.each([
  ['class: mutable', 'class: immutable', ':5:31: a profile of your own cannot call something immutable'],
  ['class: mutable', 'class: edited', ':5:31: a profile of your own cannot call something edited'],
  ['kind: data', 'kind: data, carry: dump', ' a profile of your own cannot dump'],
  ['units: []', 'dump: postgresql\nunits: []', ':6:7: a profile of your own cannot name an engine'],
  ['title: Own', 'titel: Own', ':2:1: nothing called titel is known here'],
  ['name: own', 'name: other', ' calls itself other'],
  [
    'provenance: x',
    'provenance: x\nadded: { file: x, replaces: false }',
    'nothing called added is known here',
  ],
  ['title: Own', 'title: &a Own\n', 'detect: *a'],
])('%s → %s is refused, with the file', async (from, to, sentence) => {
  const text = profile('own', data).replace(from, to);
  const own = await holding({
    'own.yaml': sentence.startsWith('detect') ? text.replace('provenance: x', 'provenance: *a') : text,
  });
  const message = await loadProfiles([own]).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(message.startsWith(join(own, 'own.yaml'))).toBe(true);
  expect(message).toContain(sentence.startsWith('detect') ? 'aliases like *a are not used here' : sentence);
});

test('a directory that is not there, a huge file and a deep one are refused in words', async () => {
  await expect(loadProfiles([join(directory, 'nowhere')])).rejects.toThrow(
    /cannot read profiles from .*: it does not exist/,
  );
  const huge = await holding({ 'own.yaml': `${profile('own', data)}# ${'x'.repeat(300 * 1024)}\n` });
  await expect(loadProfiles([huge])).rejects.toThrow(/larger than 256 KiB/);
  const deep = await holding({ 'own.yaml': `${'['.repeat(100_000)}\n` });
  await expect(loadProfiles([deep])).rejects.toMatchObject({ code: 'usage', topic: 'profile' });
});
