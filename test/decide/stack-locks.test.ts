import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pinsOf } from '../../src/decide/stack-locks.ts';

const sum = 'a'.repeat(40);
const json = (value: unknown) => JSON.stringify(value);

test.each<[string, string, string]>([
  [
    'package-lock.json',
    json({ lockfileVersion: 3, packages: { '': {}, 'node_modules/a': { integrity: 'sha512-x' } } }),
    'exact',
  ],
  [
    'package-lock.json',
    json({ packages: { 'node_modules/a': { resolved: `git+ssh://git@h/a.git#${sum}` } } }),
    'exact',
  ],
  [
    'package-lock.json',
    json({ packages: { 'node_modules/a': { resolved: 'https://h/a.tgz' } } }),
    'node_modules/a is named without a digest',
  ],
  [
    'package-lock.json',
    json({ packages: { 'node_modules/a': { link: true, resolved: '../a' } } }),
    'node_modules/a comes from a directory of this machine',
  ],
  [
    'package-lock.json',
    json({ lockfileVersion: 1, dependencies: { a: { version: '1.0.0', integrity: 'sha1-x' } } }),
    'exact',
  ],
  ['package-lock.json', '{', 'its lockfile makes no sense'],
  [
    'yarn.lock',
    '# yarn lockfile v1\n\n\na@^1:\n  version "1.0.0"\n  resolved "https://h/a.tgz#x"\n  integrity sha512-x\n',
    'exact',
  ],
  [
    'yarn.lock',
    '# yarn lockfile v1\n\n\na@^1:\n  version "1.0.0"\n  resolved "https://h/a.tgz"\n',
    'a is named without a digest',
  ],
  [
    'yarn.lock',
    '__metadata:\n  version: 6\n\n"a@npm:^1":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n  checksum: 0ab\n',
    'exact',
  ],
  [
    'pnpm-lock.yaml',
    "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0:\n    resolution: {integrity: sha512-x}\n",
    'exact',
  ],
  [
    'pnpm-lock.yaml',
    "lockfileVersion: '6.0'\npackages:\n  a:\n    resolution: {directory: ../a, type: directory}\n",
    'a piece comes from a directory of this machine',
  ],
  [
    'composer.lock',
    json({ packages: [{ name: 'a/b', dist: { type: 'zip', reference: sum } }], 'packages-dev': [] }),
    'exact',
  ],
  [
    'composer.lock',
    json({ packages: [{ name: 'a/b', dist: { type: 'path', reference: sum } }] }),
    'a/b comes from a directory of this machine',
  ],
  [
    'Gemfile.lock',
    'GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (2.2.4)\n\nRUBY VERSION\n   ruby 3.1.2p20\n',
    'exact',
  ],
  [
    'Gemfile.lock',
    'PATH\n  remote: ../own\n  specs:\n    own (1)\n\nGEM\n',
    'a gem comes from a directory of this machine',
  ],
  [
    'Cargo.lock',
    `version = 3\n\n[[package]]\nname = "own"\n\n[[package]]\nname = "a"\nsource = "registry+https://x"\nchecksum = "${'a'.repeat(64)}"\n`,
    'exact',
  ],
  [
    'Cargo.lock',
    'version = 3\n\n[[package]]\nname = "a"\nsource = "registry+https://x"\n',
    'a crate is named without a digest',
  ],
  [
    'uv.lock',
    'version = 1\n\n[[package]]\nname = "own"\nsource = { virtual = "." }\n\n[[package]]\nname = "a"\nwheels = [\n { url = "x", hash = "sha256:x" },\n]\n',
    'exact',
  ],
  [
    'poetry.lock',
    '[[package]]\nname = "a"\nfiles = [\n {file = "a", hash = "sha256:x"},\n]\n\n[metadata]\ncontent-hash = "x"\n',
    'exact',
  ],
  [
    'poetry.lock',
    '[[package]]\nname = "a"\nfiles = []\n\n[package.source]\ntype = "directory"\nurl = "../a"\n',
    'a comes from a directory of this machine',
  ],
  [
    'Pipfile.lock',
    json({
      _meta: { requires: { python_version: '3.11' } },
      default: { a: { version: '==1', hashes: ['sha256:x'] } },
    }),
    'exact',
  ],
  [
    'requirements.txt',
    '# all\nFlask==3.0.0 \\\n  --hash=sha256:x\nuvicorn[standard]==0.23 ; python_version > "3"\n',
    'exact',
  ],
  ['requirements.txt', 'Flask>=3\n', 'Flask is named without an exact version'],
  ['requirements.txt', 'a==1.*\n', 'a is named without an exact version'],
  ['requirements.txt', 'a==1\n-r other.txt\n', 'its requirements.txt names other files or places'],
  ['requirements.txt', 'git+https://h/a.git\n', 'its requirements.txt names other files or places'],
  ['gradle.lockfile', '# x\norg.a:b:1.2=compileClasspath\n', 'exact'],
])('%s: %#', (name, content, expected) => {
  const pins = pinsOf(name, content);
  expect(pins.isExact ? 'exact' : pins.why).toBe(expected);
});

test('a runtime that the lockfile names', () => {
  expect(pinsOf('Gemfile.lock', 'GEM\n\nRUBY VERSION\n   ruby 3.1.2p20\n').runtime).toBe('ruby 3.1.2');
});

test('rubbish pins nothing and breaks nothing', () => {
  const names = [
    'package-lock.json',
    'yarn.lock',
    'pnpm-lock.yaml',
    'composer.lock',
    'Gemfile.lock',
    'Cargo.lock',
    'uv.lock',
    'Pipfile.lock',
    'gradle.lockfile',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.oneof(fc.string(), fc.json()), (name, content) => {
      expect(typeof pinsOf(name, content).isExact).toBe('boolean');
    }),
  );
  for (const name of names) expect(pinsOf(name, '').isExact).toBe(false);
  expect(pinsOf('requirements.txt', '').isExact).toBe(false);
});

test('a lockfile made to take for ever does not', () => {
  const before = performance.now();
  for (const name of [
    'yarn.lock',
    'pnpm-lock.yaml',
    'requirements.txt',
    'uv.lock',
    'Cargo.lock',
    'Gemfile.lock',
    'gradle.lockfile',
  ]) {
    for (const piece of [' ', '\n', 'a', '\\\n', '[[package]]\n', '  version \n', 'a@', ':', '[', '#'])
      pinsOf(name, piece.repeat(200_000));
  }
  expect(performance.now() - before).toBeLessThan(10_000);
}, 60_000);
