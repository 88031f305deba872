import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { parse } from 'yaml';
import {
  examineManifest,
  kindOf,
  kinds,
  readManifest,
  writeManifest,
} from '../../src/decide/manifest-yaml.ts';

const root = join(import.meta.dirname, '../..');
const accepts = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile(
  JSON.parse(readFileSync(join(root, 'profiles/manifest.schema.json'), 'utf8')) as object,
);
const frozen = join(root, 'fixtures/manifests');
const whole = readFileSync(join(frozen, 'v2/every-kind.yaml'), 'utf8');

test.each(
  readdirSync(frozen, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml')),
)('a manifest as written from %s fits the schema', (name) => {
  const manifest = readManifest(readFileSync(join(frozen, name), 'utf8'), name);
  accepts(parse(writeManifest(manifest)));
  expect(accepts.errors).toBeNull();
});

test('the frozen manifest of this version has every kind', () => {
  const found = readManifest(whole, 'm.yaml').resources.map(kindOf);
  expect([...new Set(found)].sort()).toEqual(Object.keys(kinds).sort());
});

test.each([
  ['an unknown key', 'held: true', 'helt: true'],
  ['a missing key', '    gid: 1001\n', ''],
  ['a number for text', 'version: "1.0"', 'version: 1.0'],
  ['a mode that is none', 'mode: "0644"', 'mode: "rw"'],
  ['a relative path', 'to: /usr/bin/y.real', 'to: usr/bin/y.real'],
  ['a climb', 'to: /usr/bin/y.real', 'to: /usr/bin/../y.real'],
  ['an unknown escape', 'path: /etc/motd \\x1b', 'path: /etc/motd \\q'],
  ['a class that is none', 'class: mutable', 'class: precious'],
  ['an attachment elsewhere', 'from: files/', 'from: /etc/'],
  ['an older version', 'opstimal: manifest/2', 'opstimal: manifest/1'],
  ['an unknown part', 'undecided:\n', 'unfinished:\n'],
])('%s does not fit it', (_name, from, to) => {
  const text = whole.replace(from, to);
  expect(text).not.toBe(whole);
  expect(accepts(parse(text))).toBe(false);
});

type Node = Record<string, unknown> | unknown[];

/** Every place in a value that can be taken away or replaced. */
function places(
  value: unknown,
  found: { parent: Node; key: string }[] = [],
): { parent: Node; key: string }[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ parent: value as Node, key });
    places((value as Record<string, unknown>)[key], found);
  }
  return found;
}

test('an editor and the program agree about every change of a manifest', () => {
  const values = [
    0,
    -1,
    1.5,
    '',
    '/',
    '/a/../b',
    '/\\q',
    '/\\x1b',
    'x',
    true,
    null,
    [],
    {},
    ['a'],
    'files/a',
    '0644',
  ];
  fc.assert(
    fc.property(
      fc.nat(),
      fc.oneof(
        fc.constant('remove'),
        fc.constant('rename'),
        fc.constantFrom(...values.map((value) => ({ value }))),
      ),
      (at, change) => {
        const manifest = parse(whole) as Record<string, unknown>;
        const all = places(manifest);
        const { parent, key } = all[at % all.length] as (typeof all)[number];
        const fields = parent as Record<string, unknown>;
        if (typeof change === 'object') fields[key] = change.value;
        else if (Array.isArray(parent)) parent.splice(Number(key), 1);
        else {
          if (change === 'rename') fields[`${key}x`] = fields[key];
          delete fields[key];
        }
        const { problems } = examineManifest(JSON.stringify(manifest), 'm.yaml');
        // Two of the same name are more than a schema can see.
        const seen = problems.filter(({ sentence }) => !sentence.endsWith('stands here twice'));
        expect([accepts(manifest), JSON.stringify(manifest)]).toEqual([
          seen.length === 0,
          JSON.stringify(manifest),
        ]);
      },
    ),
    { numRuns: 600 },
  );
});
