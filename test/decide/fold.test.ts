import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fold } from '../../src/decide/fold.ts';
import type { Ruling } from '../../src/decide/ruling.ts';
import { VerdictIndex } from '../../src/decide/verdicts.ts';
import type { Class, Entry } from '../../src/types.ts';

function ruling(rule: string, made: Class, carry: Ruling['carry'], single = false): Ruling {
  return { class: made, carry, rule, reason: rule, evidence: '', ...(single ? { single } : {}) };
}
const rulings = [
  ruling('package.unchanged', 'immutable', 'none'),
  ruling('place.state', 'mutable', 'stream'),
  ruling('place.cache', 'ephemeral', 'none'),
  ruling('undecided.rest', 'undecided', 'none'),
  ruling('profile.x.data', 'mutable', 'dump'),
  ruling('package.edited', 'edited', 'manifest', true),
];

function entry(path: string, type: 'f' | 'd', inode: number): Entry {
  return {
    path,
    type,
    mode: 0o644,
    uid: 0,
    gid: 0,
    user: 'root',
    group: 'root',
    size: 1,
    mtime: 0n,
    ctime: 0n,
    device: 1,
    inode,
    links: 1,
    blocks: 8,
  };
}

/** A tree in find's order: a directory before its contents, siblings in any order. */
interface Tree {
  readonly files: readonly number[];
  readonly directories: readonly Tree[];
  readonly own: number;
  readonly fresh: number;
}
function trees(depth: number): fc.Arbitrary<Tree> {
  return fc.record({
    files: fc.array(fc.nat(rulings.length - 1), { maxLength: 4 }),
    directories: depth === 0 ? fc.constant([]) : fc.array(trees(depth - 1), { maxLength: 3 }),
    own: fc.nat(4),
    fresh: fc.nat(4),
  });
}
const tree = trees(4);

interface Item {
  readonly entry: Entry;
  readonly ruling: Ruling;
}
function flatten(top: Tree): { items: Item[]; fresh: Map<string, Ruling> } {
  const items: Item[] = [];
  const fresh = new Map<string, Ruling>();
  const walk = (path: string, one: Tree) => {
    fresh.set(path || '/', rulings[one.fresh] as Ruling);
    items.push({ entry: entry(path || '/', 'd', items.length), ruling: rulings[one.own] as Ruling });
    // Files and directories mixed, as readdir gives them.
    one.files.forEach((which, at) => {
      items.push({ entry: entry(`${path}/f${at}`, 'f', items.length), ruling: rulings[which] as Ruling });
      const directory = one.directories[at];
      if (directory !== undefined) walk(`${path}/d${at}`, directory);
    });
    one.directories.forEach((directory, at) => {
      if (at >= one.files.length) walk(`${path}/d${at}`, directory);
    });
  };
  walk('', top);
  return { items, fresh };
}

function foldOf(
  items: readonly Item[],
  fresh: ReadonlyMap<string, Ruling>,
  packaged: (path: string) => boolean,
  roots: readonly string[] = [],
) {
  const fold = new Fold(
    { childRuling: (path) => fresh.get(path) as Ruling, isPackagedDirectory: packaged },
    roots,
  );
  for (const item of items) fold.add(item.entry, item.ruling);
  return fold.finish();
}

test('the folded verdicts say of every file what its rule said, and count each once', () => {
  fc.assert(
    fc.property(tree, fc.boolean(), (top, isPackaged) => {
      const { items, fresh } = flatten(top);
      const { verdicts, classes } = foldOf(items, fresh, () => isPackaged);
      const index = new VerdictIndex(verdicts);
      const files = items.filter((item) => item.entry.type === 'f');
      for (const item of files) expect(index.of(item.entry.path)?.rule).toBe(item.ruling.rule);
      expect(verdicts.reduce((sum, one) => sum + one.files, 0)).toBe(files.length);
      expect(Object.values(classes).reduce((sum, one) => sum + one.files, 0)).toBe(files.length);
      for (const verdict of verdicts) expect(verdict.bytes).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 300 },
  );
});

test('a directory in which a new file would be data says so, whatever is in it now', () => {
  const [unchanged, state, cache] = rulings as [Ruling, Ruling, Ruling];
  const items: Item[] = ['/', '/var', '/var/lib', '/var/lib/app'].map((path, at) => ({
    entry: entry(path, 'd', at),
    ruling: unchanged,
  }));
  for (let at = 0; at < 50; at += 1) {
    items.push({ entry: entry(`/var/lib/app/${at}`, 'f', 100 + at), ruling: cache });
  }
  items.push({ entry: entry('/var/lib/app/db', 'f', 999), ruling: state });
  const fresh = new Map([
    ['/', rulings[3] as Ruling],
    ['/var', rulings[3] as Ruling],
    ['/var/lib', state],
    ['/var/lib/app', state],
  ]);
  const index = new VerdictIndex(foldOf(items, fresh, () => false).verdicts);
  expect(index.of('/var/lib/app/new')?.carry).toBe('stream');
  expect(index.of('/var/lib/app/7')?.carry).toBe('none');
});

test('the order of siblings in the listing does not show', () => {
  const turn = (one: Tree): Tree => ({ ...one, directories: one.directories.map(turn) });
  fc.assert(
    fc.property(tree, (top) => {
      const { items, fresh } = flatten(turn(top));
      const sorted = [...items].sort((left, right) => {
        const [a, b] = [left.entry.path.split('/'), right.entry.path.split('/')];
        if (left.entry.path === '/') return -1;
        if (right.entry.path === '/') return 1;
        for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
          if (a[at] !== b[at]) return (a[at] as string) < (b[at] as string) ? 1 : -1;
        }
        return a.length - b.length;
      });
      const one = foldOf(items, fresh, () => false);
      expect(foldOf(sorted, fresh, () => false)).toEqual(one);
    }),
  );
});

test('hard links count their content once', () => {
  const twice = { ...entry('/a', 'f', 7), links: 2 };
  const items: Item[] = [
    { entry: entry('/', 'd', 1), ruling: rulings[0] as Ruling },
    { entry: twice, ruling: rulings[1] as Ruling },
    { entry: { ...twice, path: '/b' }, ruling: rulings[1] as Ruling },
  ];
  const { classes } = foldOf(items, new Map([['/', rulings[1] as Ruling]]), () => false);
  expect(classes.mutable).toEqual({ files: 2, bytes: 4096 });
});

test('file systems that are listed after the one they are mounted in fold as if they were part of it', () => {
  fc.assert(
    fc.property(tree, fc.nat(), (top, which) => {
      const { items, fresh } = flatten(top);
      const directories = items.filter(({ entry: { type, path } }) => type === 'd' && path !== '/');
      const mounted = directories[which % Math.max(1, directories.length)]?.entry.path;
      if (mounted === undefined) return;
      const isMounted = ({ entry: { path } }: Item) => path === mounted || path.startsWith(`${mounted}/`);
      const later = [...items.filter((item) => !isMounted(item)), ...items.filter(isMounted)];
      expect(foldOf(later, fresh, () => false, ['/', mounted])).toEqual(foldOf(items, fresh, () => false));
    }),
  );
});

test('what was taken for granted is corrected also in a directory that was forgotten', () => {
  const [unchanged, state] = rulings as [Ruling, Ruling];
  const items: Item[] = [];
  const fresh = new Map<string, Ruling>();
  for (const [at, path] of ['/', '/srv', '/srv/a', '/srv/a/b'].entries()) {
    items.push({ entry: entry(path, 'd', at), ruling: state });
    fresh.set(path, state);
  }
  items.push({ entry: entry('/srv/a/b/file', 'f', 9), ruling: state });
  const fold = new Fold({
    childRuling: (path) => fresh.get(path) ?? state,
    isPackagedDirectory: () => false,
  });
  for (const item of items) fold.add(item.entry, item.ruling);
  fold.add(entry('/last', 'f', 99), state);
  expect(fold.has('/srv/a/b')).toBe(false);
  fold.amend('/srv/a/b/file', state, unchanged, 4096);
  const { verdicts, classes } = fold.finish();
  const index = new VerdictIndex(verdicts);
  expect(index.of('/srv/a/b/file')?.rule).toBe(unchanged.rule);
  expect(index.of('/srv/a/b/other')?.rule).toBe(state.rule);
  expect([classes[unchanged.class].files, classes[state.class].files]).toEqual([1, 1]);
  expect(verdicts.reduce((sum, one) => sum + one.files, 0)).toBe(2);
});
