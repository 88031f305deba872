import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { markNames } from '../../src/decide/marks.ts';
import { connectDisk } from '../../src/host/disk.ts';
import type { Host } from '../../src/host/host.ts';
import { connectLocal } from '../../src/host/local.ts';
import { listSome } from '../../src/stream/listing.ts';
import type { Bytes, CheckoutResource, Entry } from '../../src/types.ts';
import { findCheckouts } from '../../src/work/scan-checkouts.ts';
import { unfit } from '../../src/work/scan-git.ts';

let root: string;
let disk: Host;
let local: Host;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'checkouts-'));
  chmodSync(root, 0o755);
  for (const directory of ['etc', 'usr', 'srv']) mkdirSync(join(root, directory));
  disk = await connectDisk({ kind: 'disk', text: `disk:${root}`, root }, { environment: process.env });
  local = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
});
afterEach(async () => {
  await disk.close();
  await local.close();
  rmSync(root, { recursive: true, force: true });
});

function git(directory: string, ...words: string[]): string {
  return execFileSync('git', ['-c', 'protocol.file.allow=always', ...words], {
    cwd: join(root, directory),
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString('latin1');
}
function put(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

interface Looked {
  readonly found: Readonly<Record<string, CheckoutResource>>;
  readonly unread: readonly { fact: string; reason: string }[];
  readonly attached: Readonly<Record<string, string>>;
}
/** Paths are shown below the made root, also on the running host. */
async function look(host: Host): Promise<Looked> {
  const base = host === disk ? '' : root;
  const all: Entry[] = [];
  for await (const some of listSome(host, { roots: [base === '' ? '/' : base] })) all.push(...some);
  const names = new Set(markNames);
  const marked = all.filter(({ path }) => names.has(path.slice(path.lastIndexOf('/') + 1)));
  const attached: Record<string, string> = {};
  const { resources, unread } = await findCheckouts({
    source: host,
    marks: marked.map(({ path }) => path).sort(),
    entries: new Map(marked.map((entry): [Bytes, Entry] => [entry.path, entry])),
    listing: async function* () {
      for (let at = 0; at < all.length; at += 7) yield all.slice(at, at + 7);
    },
    attach(content) {
      const from = `files/${Object.keys(attached).length}`;
      attached[from] = Buffer.from(content).toString('latin1');
      return { from };
    },
  });
  const found = Object.fromEntries(resources.map((one) => [one.checkout.slice(base.length), one]));
  return { found, unread, attached };
}

function makeSite(): void {
  git('srv', 'init', '-q', '--bare', '-b', 'main', 'site.git');
  git('srv', 'clone', '-q', 'site.git', 'site');
  for (const name of ['a.txt', 'b.txt', 'c.txt', 'deep/d.txt', 'run.sh'])
    put(`srv/site/${name}`, `${name}\n`);
  symlinkSync('a.txt', join(root, 'srv/site/link'));
  put('srv/site/.gitignore', '*.log\nbuild/\n');
  git('srv/site', 'add', '-A');
  git('srv/site', 'commit', '-q', '-m', 'one');
  git('srv/site', 'push', '-q', 'origin', 'HEAD:main');
  git('srv/site', 'remote', 'set-url', 'origin', 'https://anna:ghp_secret@git.example.org/site.git');
}
/** Everything a person does to a checkout on a server. */
function workInIt(): void {
  put('srv/site/b.txt', 'other content\n');
  rmSync(join(root, 'srv/site/c.txt'));
  put('srv/site/deep/d.txt', 'deep/D.txt\n');
  chmodSync(join(root, 'srv/site/run.sh'), 0o755);
  utimesSync(join(root, 'srv/site/a.txt'), 1, 1);
  for (const name of ['new.txt', 'deep/new.txt', 'debug.log', 'build/x']) put(`srv/site/${name}`, 'x\n');
  put('srv/site/staged.txt', 'staged\n');
  git('srv/site', 'add', 'staged.txt');
}

test('a clean checkout', async () => {
  makeSite();
  for (const host of [disk, local]) {
    const { found, unread, attached } = await look(host);
    expect(unread).toEqual([]);
    expect(attached).toEqual({});
    const commit = git('srv/site', 'rev-parse', 'HEAD').trim();
    const { checkout, ...rest } = found['/srv/site'] as CheckoutResource;
    expect(checkout).toMatch(/\/srv\/site$/);
    expect(rest).toEqual({
      remotes: [{ name: 'origin', url: 'https://git.example.org/site.git' }],
      branch: 'main',
      commit,
      unpushed: 0,
      changed: 0,
      untracked: 0,
      stashes: 0,
    });
    expect(found['/srv/site.git']).toMatchObject({ branch: 'main', commit, remotes: [], changed: 0 });
    expect(found['/srv/site.git']?.note).toMatch(/^a bare repository/);
  }
});

const isRoot = process.getuid?.() === 0;
const runs = isRoot && existsSync('/usr/bin/git') ? test : test.skip;

test('what was done to it is counted from files alone', async () => {
  makeSite();
  workInIt();
  git('srv/site', 'stash', 'store', '-m', 'kept', 'HEAD');
  const { found } = await look(disk);
  // The file that was added is in the index and unchanged since; only git compares the index with the commit.
  expect(found['/srv/site']).toMatchObject({ changed: 4, untracked: 2, stashes: 1, unpushed: 0 });
  expect(found['/srv/site']?.note).toBe('the change itself is not kept: git is not run on a disk');
  git('srv/site', 'commit', '-q', '-am', 'two');
  const after = (await look(disk)).found['/srv/site'];
  expect(after).toMatchObject({ changed: 0, untracked: 2, unpushed: 1 });
  expect(after?.note).toBe('at least so many commits are not pushed: git is not run on a disk');
});

runs('on a running host git adds the commits and the text of the change, and writes nothing', async () => {
  makeSite();
  git('srv/site', 'commit', '-q', '--allow-empty', '-m', 'two');
  git('srv/site', 'commit', '-q', '--allow-empty', '-m', 'three');
  workInIt();
  const before = readFileSync(join(root, 'srv/site/.git/index'));
  const { found, attached } = await look(local);
  expect(found['/srv/site']).toMatchObject({ changed: 5, untracked: 2, unpushed: 2, patch: 'files/0' });
  expect(found['/srv/site']?.note).toBeUndefined();
  expect(attached['files/0']).toContain('-b.txt\n+other content\n');
  expect(attached['files/0']).toContain('new mode 100755');
  expect(readFileSync(join(root, 'srv/site/.git/index')).equals(before)).toBe(true);
  const status = git('srv/site', 'status', '--porcelain=v1', '--untracked-files=all').trimEnd().split('\n');
  expect(status.filter((line) => line.startsWith('??')).length).toBe(2);
  expect(status.filter((line) => !line.startsWith('??')).length).toBe(5);
});

runs('nothing that a configuration names is started', async () => {
  makeSite();
  const evil = join(root, 'evil');
  put('evil', '#!/bin/sh\ntouch "$0.ran"\ncat\n');
  chmodSync(evil, 0o755);
  appendFileSync(
    join(root, 'srv/site/.git/config'),
    `[core]\nfsmonitor = ${evil}\nhooksPath = ${root}\npager = ${evil}\nsshCommand = ${evil}\n` +
      `alternateRefsCommand = ${evil}\n[diff]\nexternal = ${evil}\n[diff "x"]\ntextconv = ${evil}\ncommand = ${evil}\n` +
      `[filter "x"]\nclean = ${evil}\nprocess = ${evil}\nrequired = true\n[gpg]\nprogram = ${evil}\n[log]\nshowSignature = true\n`,
  );
  put('srv/site/.git/info/attributes', '* diff=x filter=x\n');
  for (const name of ['post-index-change', 'fsmonitor-watchman', 'query-watchman']) {
    put(name, readFileSync(evil, 'latin1'));
    chmodSync(join(root, name), 0o755);
  }
  put('srv/site/b.txt', 'other content\n');
  const { found } = await look(local);
  expect(found['/srv/site']).toMatchObject({ changed: 1 });
  expect(found['/srv/site']?.note).toBe('the change itself is not kept: its configuration names filters');
  for (const name of ['evil', 'post-index-change', 'query-watchman'])
    expect(existsSync(join(root, `${name}.ran`))).toBe(false);
});

runs('a checkout of several owners, or that others may write into, is not asked about', async () => {
  makeSite();
  put('srv/site/b.txt', 'other content\n');
  chmodSync(join(root, 'srv/site/.git'), 0o777);
  expect((await look(local)).found['/srv/site']?.note).toMatch(/others than root may write into it/);
  chmodSync(join(root, 'srv/site/.git'), 0o755);
  execFileSync('chown', ['nobody', join(root, 'srv/site/.git/config')]);
  expect((await look(local)).found['/srv/site']?.note).toMatch(/its parts have several owners/);
});

runs('git runs as the owner', async () => {
  makeSite();
  put('srv/site/b.txt', 'other content\n');
  execFileSync('chown', ['-R', 'nobody:nogroup', join(root, 'srv/site')]);
  const { found, unread } = await look(local);
  expect(unread).toEqual([]);
  expect(found['/srv/site']).toMatchObject({ changed: 1, unpushed: 0, patch: 'files/0' });
});

test('linked work trees, submodules, versions of the index, names that break tools', async () => {
  makeSite();
  git('srv/site', 'remote', 'set-url', 'origin', '../site.git');
  git('srv/site', 'worktree', 'add', '-q', '-b', 'other', '../linked');
  git('srv/site', 'submodule', '--quiet', 'add', join(root, 'srv/site.git'), 'vendor/sub');
  git('srv/site', 'commit', '-q', '-m', 'sub');
  for (const name of ['new\nline', "it's", '-rf', ' end ']) put(`srv/site/${name}`, 'x\n');
  put('srv/linked/a.txt', 'longer than before\n');
  git('srv/linked', 'pack-refs', '--all');
  for (const version of ['2', '3', '4']) {
    git('srv/site', 'update-index', '--index-version', version);
    const { found } = await look(disk);
    // A link with an absolute path leads out of the disk, so the linked tree is found by the running host alone.
    expect(found['/srv/site']).toMatchObject({ changed: 0, untracked: 4, submodules: ['vendor/sub'] });
    expect(found['/srv/site/vendor/sub']).toMatchObject({ branch: 'main', changed: 0 });
  }
  expect((await look(local)).found['/srv/linked']).toMatchObject({
    branch: 'other',
    changed: 1,
    commit: git('srv/linked', 'rev-parse', 'HEAD').trim(),
  });
});

test('rubbish is no checkout, or says so', async () => {
  put('srv/a/.git', 'gitdir: ../../../../etc\n');
  put('srv/b/.git/HEAD', 'nonsense');
  put('srv/c/HEAD', 'ref: refs/heads/main\n');
  put('srv/d/.git/HEAD', 'ref: refs/heads/main\n');
  put('srv/d/.git/index', 'rubbish');
  put('srv/d/file', 'x');
  symlinkSync('/', join(root, 'srv/e'));
  const { found } = await look(disk);
  expect(Object.keys(found)).toEqual(['/srv/d']);
  expect(found['/srv/d']?.note).toBe('its index could not be read: it is no index');
});

test('a change with a secret in it, or too large, is not kept', () => {
  expect(unfit(Buffer.from('--- a/x\n+++ b/x\n+plain\n'), '/srv/app')).toBe('');
  expect(unfit(Buffer.from('--- a/x\n+++ b/x\n+password = Zx81-hunter\n'), '/srv/app')).toBe(
    'it holds a secret',
  );
  expect(unfit(Buffer.from('--- a/app/.env\n+++ b/app/.env\n+A=b\n'), '/srv/app')).toBe(
    'it touches a file of secrets',
  );
  expect(unfit(Buffer.alloc(1024 ** 2 + 1, 'a'), '/srv/app')).toBe('it is larger than 1 MiB');
  const touched = (name: string, top = '/srv/app', piece = '@@ -1 +1 @@\n+A=b') =>
    unfit(Buffer.from(`--- ${name}\n+++ ${name}\n${piece}\n`), top);
  expect(touched('"a/caf\\303\\251/.env"')).toBe('it touches a file of secrets');
  expect(touched('"a/\\"/.env"')).toBe('it touches a file of secrets');
  expect(touched('a/ppp/chap-secrets', '/etc')).toBe('it touches a file of secrets');
  expect(touched('a/x', '/srv/app', '@@ -9,7 +9,7 @@ requirepass Zx81-hunter\n plain')).toBe(
    'it holds a secret',
  );
  expect(touched('a/x', '/srv/app', '@@ -9,7 +9,7 @@ appendonly no\n plain')).toBe('');
});
