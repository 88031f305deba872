import { expect, test } from '@jest/globals';
import { canonical, readManifest, writeManifest } from '../../src/decide/manifest-yaml.ts';
import { Failure } from '../../src/failure.ts';
import type { Manifest } from '../../src/types.ts';

const none = { files: 0, bytes: 0 };
const manifest: Manifest = {
  opstimal: 'manifest/2',
  host: { name: 'web1', os: 'debian', version: '12', codename: 'bookworm', architecture: 'amd64' },
  profiles: [
    { name: 'redis', version: null },
    { name: 'postgresql', version: '15' },
  ],
  resources: [
    {
      path: '/etc/motd \\x1b',
      kind: 'file',
      mode: '0644',
      owner: 'root',
      group: 'root',
      from: 'files/abc',
      sha256: 'a'.repeat(64),
    },
    {
      user: 'anna',
      uid: 1001,
      group: 'anna',
      groups: ['sudo'],
      gecos: 'Anna: "quoted", #1',
      home: '/home/anna',
      shell: '/bin/bash',
      system: false,
      password: 'set',
    },
    { group: 'anna', gid: 1001, system: false },
    { package: 'nginx', version: '1.22.1-9', held: true, note: 'no: really' },
    { package: 'acme', version: '1.0', local: true },
    { alternative: 'editor', path: '/usr/bin/vim' },
    { statoverride: '/usr/bin/x', user: 'root', group: 'adm', mode: '4750' },
    { diversion: '/usr/bin/y', to: '/usr/bin/y.real' },
    { unit: 'nginx.service', state: 'as-is', active: true },
    { database: 'postgresql', engine: 'postgresql', bytes: 12 },
    { data: '/srv', class: 'mutable', bytes: 3, files: 1, profile: 'nginx' },
    {
      repository: 'vendor',
      file: '/etc/apt/sources.list.d/vendor.list',
      from: 'files/ff',
      sha256: 'b'.repeat(64),
      uris: ['https://vendor.example/'],
      suites: ['stable'],
    },
  ],
  classes: {
    immutable: { files: 2, bytes: 4 },
    edited: none,
    mutable: none,
    secret: none,
    identity: none,
    ephemeral: none,
    undecided: none,
  },
  undecided: [
    { path: '/data', bytes: 5, files: 1 },
    { path: '/odd', bytes: 9, files: 1 },
  ],
  incomplete: [{ fact: 'ports', reason: 'the system does not run' }],
};

test('what was written reads back as the same manifest and writes as the same bytes', () => {
  const text = writeManifest(manifest);
  const again = readManifest(text, 'manifest.yaml');
  expect(again).toEqual(canonical(manifest));
  expect(writeManifest(again)).toBe(text);
});

test('the order in which resources were found does not show', () => {
  const turned = { ...manifest, resources: [...manifest.resources].reverse() };
  expect(writeManifest(turned)).toBe(writeManifest(manifest));
});

test('each kind of resource has its comment once', () => {
  const text = writeManifest(manifest);
  expect(text.match(/# Packages somebody asked for/g)).toHaveLength(1);
  expect(text).toContain('mode: "0644"');
});

function sentenceOf(text: string): string {
  try {
    readManifest(text, 'web1.move/manifest.yaml');
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.topic} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

/** Line and column at which a piece of text stands, as an editor counts. */
function spot(text: string, piece: string): string {
  const before = text.slice(0, text.indexOf(piece)).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

test.each([
  ['a misspelt key', '    held: true', '    helt: true', 'helt', 'nothing called helt is known here'],
  [
    'a version without quotes',
    '    version: "1.0"',
    '    version: 1.0',
    '1.0',
    'version must be text, not 1',
  ],
  [
    'a mode that is no mode',
    '    mode: "0644"',
    '    mode: "rw"',
    '"rw"',
    'mode must be four octal digits in quotes',
  ],
  ['a removed key', '    gid: 1001\n', '', 'group: anna\n    system', 'gid is missing'],
  [
    'a climb out of the tree',
    '/usr/bin/y.real',
    '/usr/../etc/x',
    '/usr/../etc/x',
    'to must not hold . or ..',
  ],
  ['a second of the same', 'package: acme', 'package: nginx', '', 'package nginx stands here twice'],
])('%s is answered with line and column', (_name, from, to, at, sentence) => {
  const text = writeManifest(manifest).replace(from, to);
  expect(text).not.toBe(writeManifest(manifest));
  const said = sentenceOf(text);
  expect(said).toContain(`: ${sentence}`);
  expect(said).toMatch(/^usage manifest web1\.move\/manifest\.yaml:\d+:\d+: /);
  if (at !== '') expect(said).toContain(`:${spot(text, at)}:`);
});

test('what is no YAML is answered with line and column', () => {
  expect(sentenceOf('opstimal: manifest/2\nhost: [\n')).toMatch(/manifest\.yaml:\d+:\d+: flow sequence/);
});

test('an alias cannot blow the file up', () => {
  expect(sentenceOf('a: &a [1]\nb: *a\n')).toContain('manifest.yaml:2:4: aliases like *a are not used here');
});
