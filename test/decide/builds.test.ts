import { expect, test } from '@jest/globals';
import { type BuildContext, type BuiltProgram, openBuilds, treeOf } from '../../src/decide/builds.ts';
import { abiOf } from '../../src/facts/library-cache.ts';

function program(path: string, needed: readonly string[], more: Partial<BuiltProgram> = {}): BuiltProgram {
  return { path, machine: 62, bits: 64, interpreter: null, soname: null, needed, searched: [], ...more };
}
function builds(programs: readonly BuiltProgram[], more: Partial<BuildContext> = {}, there: string[] = []) {
  const open = openBuilds({
    programs,
    owned: new Map([
      ['/usr/lib/x86_64-linux-gnu/libc.so.6', 'libc6'],
      ['/usr/lib/x86_64-linux-gnu/libpq.so.5', 'libpq5:amd64'],
      ['/usr/lib/i386-linux-gnu/libonly32.so.1', 'libonly32:i386'],
      ['/usr/lib64/ld-linux-x86-64.so.2', 'libc6'],
      ['/usr/share/doc/libdoc.so.1', 'doc'],
    ]),
    cache: [
      { soname: 'libc.so.6', path: '/lib/x86_64-linux-gnu/libc.so.6', abi: 3 },
      { soname: 'libonly32.so.1', path: '/lib/i386-linux-gnu/libonly32.so.1', abi: 0 },
      { soname: 'liblocal.so.1', path: '/usr/local/lib/liblocal.so.1', abi: 3 },
    ],
    abiOf,
    architecture: 'amd64',
    ...more,
  });
  return open.finish(new Set(open.questions.filter((path) => there.includes(path))));
}

test.each([
  ['/usr/local/bin/served', '/usr/local/bin'],
  ['/usr/local/lib/acme/deep/liba.so', '/usr/local/lib'],
  ['/opt/acme/bin/served', '/opt/acme'],
  ['/opt/served', '/opt'],
  ['/home/anna/served', '/home/anna'],
  ['/home/anna/bin/tool', '/home/anna/bin'],
  ['/home/anna/app/a/b', '/home/anna/app'],
  ['/var/www/site/tool', '/var/www/site'],
  ['/srv/app/bin/x', '/srv/app'],
])('%s belongs to %s', (path, tree) => {
  expect(treeOf(path)).toBe(tree);
});

test('libraries with their packages, those of the tree left out, those that are nowhere missing', () => {
  expect(
    builds([
      program('/opt/acme/bin/served', [
        'libacme.so.1',
        'libc.so.6',
        'libpq.so.5',
        'libgone.so.3',
        'liblocal.so.1',
      ]),
      program('/opt/acme/lib/libacme.so.1.2.3', ['libc.so.6'], { soname: 'libacme.so.1' }),
      program('/usr/local/bin/tool', ['libacme.so.1']),
    ]),
  ).toEqual([
    {
      build: '/opt/acme',
      programs: 2,
      libraries: [
        { name: 'libc.so.6', package: 'libc6' },
        { name: 'libgone.so.3', missing: true },
        { name: 'liblocal.so.1' },
        { name: 'libpq.so.5', package: 'libpq5' },
      ],
    },
    { build: '/usr/local/bin', programs: 1, libraries: [{ name: 'libacme.so.1', missing: true }] },
  ]);
});

test('where the program itself says to look', () => {
  const searched = ['$ORIGIN/../lib', '/srv/shared', '$LIB/x', 'relative'];
  const one = program('/opt/acme/bin/served', ['libx.so.1'], { searched });
  expect(builds([one], {}, ['/opt/acme/lib/libx.so.1'])[0]?.libraries).toEqual([{ name: 'libx.so.1' }]);
  expect(builds([one])[0]?.libraries).toEqual([{ name: 'libx.so.1', missing: true }]);
});

test('a library for another machine does not do', () => {
  expect(builds([program('/opt/a/b', ['libonly32.so.1'])])[0]?.libraries).toEqual([
    { name: 'libonly32.so.1', missing: true },
  ]);
  expect(builds([program('/opt/a/b', ['libonly32.so.1'], { machine: 3, bits: 32 })])[0]?.libraries).toEqual([
    { name: 'libonly32.so.1', package: 'libonly32:i386' },
  ]);
});

test('a loader that is not there, and objects that are for other machines', () => {
  const loader = (interpreter: string) => program('/opt/a/b', [], { interpreter });
  expect(builds([loader('/lib64/ld-linux-x86-64.so.2')])[0]?.libraries).toEqual([]);
  expect(builds([loader('/lib/ld-musl-x86_64.so.1')])[0]?.libraries).toEqual([
    { name: '/lib/ld-musl-x86_64.so.1', missing: true },
  ]);
  const other = program('/srv/app/x.node', ['libgone.so'], { machine: 183 });
  const musl = program('/srv/app/node_modules/x/musl.node', ['libc.musl-x86_64.so.1']);
  expect(builds([other, musl])).toEqual([{ build: '/srv/app', programs: 2, libraries: [] }]);
});

test('without a cache the lists of packages answer, without lists the cache does', () => {
  const one = program('/opt/a/b', ['libpq.so.5', 'libgone.so.3']);
  const expected = [
    { name: 'libgone.so.3', missing: true },
    { name: 'libpq.so.5', package: 'libpq5' },
  ];
  expect(builds([one], { cache: null })[0]?.libraries).toEqual(expected);
  expect(builds([program('/opt/a/b', ['libc.so.6'])], { owned: null })[0]?.libraries).toEqual([
    { name: 'libc.so.6' },
  ]);
});

test('a hundred thousand programs', () => {
  const many = Array.from({ length: 100_000 }, (_, index) =>
    program(`/opt/t${index % 500}/bin/p${index}`, ['libc.so.6', 'libpq.so.5', `lib${index % 1000}.so`]),
  );
  const before = performance.now();
  expect(builds(many).length).toBe(500);
  expect(performance.now() - before).toBeLessThan(5000);
}, 20_000);
