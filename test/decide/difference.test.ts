import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { difference, type ReadContent } from '../../src/decide/difference.ts';
import type { Difference } from '../../src/decide/difference-form.ts';
import { kindOf, readManifest } from '../../src/decide/manifest-yaml.ts';
import type { Manifest, Resource } from '../../src/types.ts';

const file = join(import.meta.dirname, '../../fixtures/manifests/v2/every-kind.yaml');
const manifest: Manifest = { ...readManifest(readFileSync(file, 'utf8'), 'm.yaml'), incomplete: [] };

function compare(
  left: Manifest,
  right: Manifest,
  contents: Readonly<Record<string, string>> = {},
): Difference {
  const content = (_side: string, from: string): ReadContent | null => {
    const text = contents[from];
    return text === undefined ? null : { bytes: text.length, sha256: 'c'.repeat(64), content: text };
  };
  return difference({
    left: { name: 'one', kind: 'folder', manifest: left },
    right: { name: 'two', kind: 'place', manifest: right },
    content,
  });
}

function without(kind: string, more: Partial<Manifest> = {}): Manifest {
  return { ...manifest, ...more, resources: manifest.resources.filter((one) => kindOf(one) !== kind) };
}

function altered(find: (one: Resource) => boolean, change: object): Manifest {
  const resources = manifest.resources.map((one) => (find(one) ? ({ ...one, ...change } as Resource) : one));
  expect(resources).not.toEqual(manifest.resources);
  return { ...manifest, resources };
}

test('a manifest is the same as itself', () => {
  const found = compare(manifest, manifest);
  expect(found).toMatchObject({ same: true, changes: [], sizes: [], undecided: [] });
  expect(found.notCompared).toEqual([
    { kind: 'path', name: '/etc/app/secret.conf', reason: 'secret, its content is not kept' },
  ]);
});

test.each([...new Set(manifest.resources.map(kindOf))])(
  'a missing %s is removed, seen from there added',
  (kind) => {
    const [gone, come] = [compare(manifest, without(kind)), compare(without(kind), manifest)];
    const number = manifest.resources.filter((one) => kindOf(one) === kind).length;
    expect(gone.changes.map((change) => [change.kind, change.state])).toEqual(
      Array.from({ length: number }, () => [kind, 'removed']),
    );
    expect(come.counts).toEqual({ added: number, removed: 0, changed: 0, unknown: 0 });
    expect([gone.same, come.same]).toEqual([false, false]);
  },
);

test.each([
  ['alternatives', 'alternative'],
  ['accounts', 'user'],
  ['packages', 'package'],
  ['units', 'unit'],
  ['listing', 'data'],
  ['containers', 'container'],
  ['removed configuration', 'path'],
])('without an answer about %s no %s is called removed', (fact, kind) => {
  const incomplete = [{ fact, reason: 'permission denied' }];
  const found = compare(manifest, without(kind, { incomplete }));
  expect(found.changes.length).toBeGreaterThan(0);
  for (const change of found.changes) {
    expect(change).toMatchObject({ state: 'unknown', note: `${fact}: permission denied` });
  }
  expect(found.same).toBe(false);
  // What is there although much of it could not be asked is there.
  const turned = compare(manifest, { ...manifest, incomplete });
  expect(turned.changes).toEqual([]);
  expect(turned.incomplete).toContainEqual({ fact, left: null, right: 'permission denied' });
});

test('fields are told with both values, those inside others by both keys', () => {
  const right = altered((one) => 'path' in one && one.path === '/etc/nginx/nginx.conf', {
    mode: '0600',
    note: 'other words',
    patch: 'files/0000',
    base: { package: 'nginx-core', md5: 'd41d8cd98f00b204e9800998ecf8427e' },
  });
  expect(compare(manifest, right).changes).toEqual([
    {
      kind: 'path',
      name: '/etc/nginx/nginx.conf',
      state: 'changed',
      note: 'other words',
      fields: [
        { key: 'mode', left: '0644', right: '0600' },
        { key: 'base.package', left: 'nginx-common', right: 'nginx-core' },
      ],
    },
  ]);
});

test('content is told in lines, and a file that is missing in the folder is told so', () => {
  const right = altered((one) => 'path' in one && one.path === '/etc/nginx/nginx.conf', {
    from: 'files/new',
    sha256: 'd'.repeat(64),
  });
  const before = 'files/0123456789abcdef0123456789abcdef';
  const [change] = compare(manifest, right, { [before]: 'a\n', 'files/new': 'b\n' }).changes;
  expect(change?.patch).toContain('-a\n+b\n');
  expect(change?.content).toMatchObject({ added: 1, removed: 1, leftOut: '', left: { bytes: 2 } });
  const [missing] = compare(manifest, right, { 'files/new': 'b\n' }).changes;
  expect(missing?.patch).toBeUndefined();
  expect(missing?.content?.leftOut).toBe('the file of it is missing in the folder');
});

test('a file that became secret has no lines that went away', () => {
  const right = altered((one) => 'path' in one && one.path === '/etc/motd \\x1b', {
    from: undefined,
    sha256: undefined,
    secret: true,
  });
  const found = compare(manifest, right, { 'files/abc': 'a\n' });
  expect(found.changes).toHaveLength(1);
  expect(found.changes[0]?.fields).toEqual([{ key: 'secret', left: null, right: true }]);
  expect(found.changes[0]?.patch).toBeUndefined();
  expect(found.notCompared.map(({ name }) => name)).toContain('/etc/motd \\x1b');
});

test('growth is told by sizes, not as a change', () => {
  const right = altered((one) => 'data' in one && one.data === '/srv', { bytes: 30, files: 2 });
  const found = compare(manifest, {
    ...right,
    classes: { ...right.classes, mutable: { files: 2, bytes: 30 } },
  });
  expect(found).toMatchObject({ same: false, changes: [], counts: { changed: 0 } });
  expect(found.sizes).toEqual([
    { kind: 'data', name: '/srv', left: { files: 1, bytes: 3 }, right: { files: 2, bytes: 30 } },
    { kind: 'class', name: 'mutable', left: { files: 0, bytes: 0 }, right: { files: 2, bytes: 30 } },
  ]);
});

test('what belongs to two machines stands apart, on one machine it is drift', () => {
  const hosts: Resource = {
    path: '/etc/hosts',
    kind: 'file',
    from: 'files/h',
    sha256: 'e'.repeat(64),
    note: 'kept to be read: the own lines belong to the machine',
  };
  const drifted = { ...manifest, resources: [...manifest.resources, hosts] };
  const other = { ...drifted, host: { ...manifest.host, name: 'web2' } };
  const apart = compare(manifest, other);
  expect(apart.identity.host).toEqual([{ key: 'name', left: 'web1', right: 'web2' }]);
  expect(apart.identity.changes).toHaveLength(1);
  expect(apart).toMatchObject({ same: true, changes: [] });
  expect(compare(manifest, drifted)).toMatchObject({ same: false, counts: { added: 1 } });
  const upgraded = { ...manifest, host: { ...manifest.host, version: '13' } };
  expect(compare(manifest, upgraded)).toMatchObject({ same: false, changes: [] });
});

test('undecided places are differences of their own', () => {
  const right = { ...manifest, undecided: [{ path: '/data', bytes: 50, files: 1 }] };
  expect(compare(manifest, right).undecided).toEqual([
    {
      path: '/data',
      state: 'changed',
      note: '',
      left: { files: 1, bytes: 5 },
      right: { files: 1, bytes: 50 },
    },
    { path: '/odd', state: 'removed', note: '', left: { files: 1, bytes: 9 }, right: null },
  ]);
});

test('what a system at rest cannot know is not compared', () => {
  const rest = { incomplete: [{ fact: 'ports', reason: 'the system does not run' }] };
  const running = altered((one) => 'unit' in one, { active: false });
  expect(compare(manifest, running).counts.changed).toBe(1);
  const found = compare(manifest, { ...running, ...rest });
  expect(found.changes).toEqual([]);
  expect(found.notCompared).toContainEqual({
    kind: 'unit',
    name: 'nginx.service: active',
    reason: 'the system does not run',
  });
});

test.each([
  ['package', 'origins', { local: true }],
  ['build', 'libraries', { libraries: [] }],
] as const)('a %s is not compared in what %s would say', (kind, fact, change) => {
  const other = altered((one) => kindOf(one) === kind, change);
  expect(compare(manifest, other).counts.changed).toBeGreaterThan(0);
  const found = compare(manifest, { ...other, incomplete: [{ fact, reason: 'permission denied' }] });
  expect(found.changes).toEqual([]);
  expect(found.notCompared).toContainEqual(expect.objectContaining({ kind, reason: 'permission denied' }));
});

test('an address loses its password before it is told', () => {
  const right = altered((one) => 'repository' in one, { uris: ['https://anna:hunter2@vendor.example/'] });
  const said = JSON.stringify(compare(manifest, right));
  expect(said).not.toContain('hunter2');
  expect(said).toContain('vendor.example');
});
