import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { GitIgnore } from '../../src/decide/git-ignore.ts';

const paths = [
  'a',
  'b.o',
  'build/x',
  'build/deep/y.o',
  'src/build/w',
  'src/a',
  'src/keep.o',
  'src/deep/a',
  'src/deep/keep.o',
  'docs/a/b/c.txt',
  'docs/c.txt',
  'x/foo/bar',
  'x/foo/bar/baz',
  'foo/bar',
  ' lead',
  'hash#',
  '#hash',
  'b[1]',
  'q.log',
  'node_modules/p/index.js',
  'logs/debug.log',
  'logs/keep/debug.log',
];
const files: Readonly<Record<string, string>> = {
  '': [
    '# comment',
    '\\#hash',
    '*.o',
    '!keep.o',
    '/build/',
    'node_modules/',
    'docs/**/c.txt',
    'foo/bar/**',
    '**/foo/bar',
    'b\\[1\\]',
    '[!a-p].log',
    'logs/*',
    '!logs/keep',
    'trailing   ',
    '[z-a]',
    '',
  ].join('\n'),
  src: '/a\n!*.o\ndeep/*\n!deep/a\n',
  'src/deep': 'a\n',
};

test('as git itself says', () => {
  const top = mkdtempSync(join(tmpdir(), 'ignore-'));
  try {
    const git = (...words: string[]) =>
      execFileSync('git', words, {
        cwd: top,
        env: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
      }).toString('latin1');
    git('init', '-q');
    for (const path of paths.filter((one) => one !== 'x/foo/bar')) {
      mkdirSync(dirname(join(top, path)), { recursive: true });
      writeFileSync(join(top, path), '');
    }
    for (const [directory, content] of Object.entries(files))
      writeFileSync(join(top, directory, '.gitignore'), content);
    mkdirSync(join(top, '.git/info'), { recursive: true });
    writeFileSync(join(top, '.git/info/exclude'), 'q.log\n!b.o\n');
    const told = git('ls-files', '-z', '--others', '--exclude-standard')
      .split('\0')
      .filter((one) => one !== '');
    const ignore = new GitIgnore(new Map(Object.entries(files)), 'q.log\n!b.o\n');
    const all = git('ls-files', '-z', '--others')
      .split('\0')
      .filter((one) => one !== '');
    expect(all.filter((path) => !ignore.ignores(path)).sort()).toEqual(told.sort());
    expect(told.length).toBeGreaterThan(5);
    expect(told.length).toBeLessThan(all.length - 5);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});

test('patterns made to take for ever do not', () => {
  const ignore = new GitIgnore(new Map([['', `${'*a'.repeat(200)}b\n${'**/'.repeat(200)}x[\n`]]), '');
  const before = performance.now();
  for (let index = 0; index < 100; index += 1) ignore.ignores(`${'a'.repeat(200)}${index}`);
  expect(performance.now() - before).toBeLessThan(5000);
});
