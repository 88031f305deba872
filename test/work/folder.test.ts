import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { readManifest } from '../../src/decide/manifest-yaml.ts';
import { writeFailure } from '../../src/failure.ts';
import { Folder } from '../../src/work/folder.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'folder-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

test('an editor finds the schema of a manifest beside it, also when an older one lay there', async () => {
  const frozen = join(import.meta.dirname, '../../fixtures/manifests/v1/every-kind.yaml');
  const folder = await Folder.create(join(base, 'a.move'));
  await writeFile(folder.path('manifest.schema.json'), '{}');
  await folder.writeManifest(readManifest(await readFile(frozen, 'utf8'), 'm.yaml'));
  const text = await readFile(folder.path('manifest.yaml'), 'utf8');
  const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] as string;
  const schema = await readFile(join(dirname(folder.path('manifest.yaml')), named), 'utf8');
  const accepts = new Ajv({ strictRequired: false }).compile(JSON.parse(schema) as object);
  expect(accepts(parse(text))).toBe(true);
});

test('a folder that cannot be made is said at once, and is no bug', async () => {
  await expect(Folder.create('/proc/a.move')).rejects.toMatchObject({ code: 'usage', topic: 'folder' });
  expect(writeFailure(Object.assign(new Error(), { code: 'EACCES' }), 'x.move')).toMatchObject({
    message: 'cannot write x.move: permission denied',
    topic: 'folder',
  });
  expect((await Folder.create(join(base, 'deep/er/b.move'))).name).toBe('b.move');
});
