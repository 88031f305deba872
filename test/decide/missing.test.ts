/** Which packaged files count as removed, and the many reasons for which one that is not there does not. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MissingIndex } from '../../src/decide/missing.ts';
import type { Entry, EntryType, PathFilter } from '../../src/types.ts';

const files = [
  '/usr/bin/one',
  '/usr/bin/two',
  '/usr/share/tree/a',
  '/usr/share/tree/deep/b',
  '/usr/share/tree/deep/c',
  '/usr/share/doc/tool/README',
  '/usr/share/locale/de/LC_MESSAGES/tool.mo',
  '/usr/share/man/man1/tool.1.gz',
  '/usr/lib/half/done',
  '/var/lib/tool/state',
  '/opt/vendor/bin/run',
];
function parents(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
const known = <T>(value: T) => ({ known: true as const, value });
function ownerOf(path: string): string {
  return path.startsWith('/usr/lib/half') ? 'half' : path.startsWith('/opt') ? 'vendor' : 'tool';
}
const packages = [
  { name: 'tool', status: 'installed' },
  { name: 'vendor', status: 'installed' },
  { name: 'half', status: 'half-configured' },
];

interface Case {
  /** What is there; all but these are seen. */
  readonly gone: readonly string[];
  readonly links?: readonly string[];
  readonly filters?: readonly PathFilter[] | null;
  readonly unsure?: readonly string[];
  readonly diversions?: readonly string[];
}

function missing({ gone, links = [], filters = [], unsure = [], diversions = [] }: Case): string[] {
  const all = [...new Set(files.flatMap((path) => [...parents(path), path]))];
  // The vendor's package does not name the directories of its files.
  const owned = new Map(
    all.filter((path) => !/^\/opt(\/vendor(\/bin)?)?$/.test(path)).map((path) => [path, ownerOf(path)]),
  );
  const index = new MissingIndex({
    packages: known(packages as never),
    owned: known(owned),
    recordedDigests: known(new Map(files.map((path) => [path, 'd']))),
    diversions: known(diversions.map((path) => ({ path, divertedTo: `${path}.real`, by: 'local' }))),
    pathFilters: filters === null ? { known: false, reason: 'no' } : known(filters),
  });
  const isGone = (path: string) => gone.some((one) => path === one || path.startsWith(`${one}/`));
  for (const path of all) {
    if (isGone(path)) continue;
    const type: EntryType = links.includes(path) ? 'l' : files.includes(path) ? 'f' : 'd';
    index.see({ path, type } as Entry, owned.get(path));
  }
  return index
    .found((directory) => unsure.includes(directory))
    .map(({ path, files: count }) => `${path} ${count}`);
}

test('nothing is missing on a system that is whole', () => {
  expect(missing({ gone: [] })).toEqual([]);
});

test('a file is named by itself, a directory once with everything in it', () => {
  expect(missing({ gone: ['/usr/bin/one', '/usr/share/tree'] })).toEqual([
    '/usr/bin/one 1',
    '/usr/share/tree 3',
  ]);
  expect(missing({ gone: ['/usr/share/tree/deep'] })).toEqual(['/usr/share/tree/deep 2']);
  expect(missing({ gone: ['/usr/share/tree/deep/c'] })).toEqual(['/usr/share/tree/deep/c 1']);
});

describe('does not count', () => {
  test('documentation, languages and manuals, which images leave out', () => {
    expect(missing({ gone: ['/usr/share/doc', '/usr/share/locale', '/usr/share/man'] })).toEqual([]);
  });
  test('what dpkg was told to leave out, unless a later pattern takes it back', () => {
    const exclude = (pattern: string) => ({ exclude: true, pattern });
    const gone = ['/usr/bin/one', '/usr/share/tree'];
    expect(missing({ gone, filters: [exclude('/usr/share/tree/*')] })).toEqual(['/usr/bin/one 1']);
    expect(missing({ gone, filters: [exclude('/usr/*')] })).toEqual([]);
    // The package has it as /bin/one.
    expect(missing({ gone, filters: [exclude('/bin/o?e'), exclude('/usr/share/t[a-s]ee/*')] })).toEqual([]);
    expect(
      missing({ gone, filters: [exclude('/usr/*'), { exclude: false, pattern: '/usr/share/tree/deep/*' }] }),
    ).toEqual(['/usr/share/tree 2']);
    expect(
      missing({ gone, filters: [exclude('/usr/share/tre\\e/[!x]*'), exclude('/usr/bin/[z-a]')] }),
    ).toEqual([]);
  });
  test('anything, where it is not known what dpkg was told', () => {
    expect(missing({ gone: ['/usr/bin/one'], filters: null })).toEqual([]);
  });
  test('what could not be read, a package in the middle of its installation, state, what was moved aside', () => {
    expect(
      missing({ gone: ['/usr/bin/one', '/usr/share/tree'], unsure: ['/usr/bin', '/usr/share'] }),
    ).toEqual([]);
    expect(missing({ gone: ['/usr/lib/half/done', '/var/lib/tool/state'] })).toEqual([]);
    expect(missing({ gone: ['/usr/bin/one'], diversions: ['/usr/bin/one'] })).toEqual([]);
  });
  test('what lies behind a link, or in directories that no package names', () => {
    expect(
      missing({ gone: ['/usr/share/tree/a', '/usr/share/tree/deep'], links: ['/usr/share/tree'] }),
    ).toEqual([]);
    expect(missing({ gone: ['/opt/vendor'] })).toEqual([]);
  });
});

test('any pattern is taken without an error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (pattern) => {
      expect(() => missing({ gone: ['/usr/bin/one'], filters: [{ exclude: true, pattern }] })).not.toThrow();
    }),
  );
});

test('a pattern made to be slow is answered at once', () => {
  const begin = performance.now();
  const filters = [{ exclude: true, pattern: `${'*'.repeat(60)}!` }];
  expect(missing({ gone: ['/usr/share/tree/deep'], filters })).toEqual(['/usr/share/tree/deep 2']);
  expect(performance.now() - begin).toBeLessThan(2000);
});
