import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { quote, toBytes } from '../../src/bytes.ts';
import type { PlannedFile, Step } from '../../src/types.ts';
import { keepOldForms, placeFiles, unionOfLines } from '../../src/work/apply-files.ts';
import { Folder } from '../../src/work/folder.ts';
import { directoryHost } from '../support/directory-host.ts';
import { local } from '../support/local-shell.ts';

const accounts = {
  users: [
    { name: 'root', uid: 0, gid: 0, gecos: '', home: '/root', shell: '/bin/sh', password: 'locked' as const },
    {
      name: 'app',
      uid: 4242,
      gid: 4243,
      gecos: '',
      home: '/',
      shell: '/bin/sh',
      password: 'locked' as const,
    },
  ],
  groups: [
    { name: 'root', gid: 0, members: [] },
    { name: 'app', gid: 4243, members: [] },
  ],
};
const root = process.getuid?.() === 0;

function planned(path: string, more: Partial<PlannedFile> = {}): PlannedFile {
  return {
    path,
    owner: 'root',
    group: 'root',
    mode: '0640',
    content: { text: 'new\n' },
    rewrites: [],
    ...more,
  };
}
function step(file: PlannedFile, id = `file:${file.path}`): Step {
  return { id, kind: 'file', symbol: '+', title: file.path, detail: '', check: '', apply: '', files: [file] };
}

let number = 0;
async function place(steps: readonly Step[], source: string | null = null, prepare = (_root: string) => {}) {
  number += 1;
  const target = join(local().scratch, `root${number}`);
  mkdirSync(join(target, 'etc'), { recursive: true });
  prepare(target);
  const folder = await Folder.create(join(local().scratch, `folder${number}.move`));
  const destination = directoryHost(target);
  const context = { folder, source: source === null ? null : directoryHost(source), destination, accounts };
  const run = async () => {
    const found = [];
    for await (const one of placeFiles(
      context,
      steps.map((one, at) => [at + 1, one] as const),
    ))
      found.push(one);
    return found;
  };
  return { target, folder, destination, run };
}

test('files arrive with owner, group and mode, and a second time nothing is done', async () => {
  const { target, run } = await place([
    step(planned('/etc/app/a', { owner: 'app', group: 'app' })),
    step(
      planned('/etc/b', {
        mode: '0600',
        content: { text: 'x 7.4 x' },
        rewrites: [{ from: '7.4', to: '8.4' }],
      }),
    ),
  ]);
  expect((await run()).map((one) => one.state)).toEqual(['changed', 'changed']);
  const a = lstatSync(join(target, 'etc/app/a'));
  expect(a.mode & 0o7777).toBe(0o640);
  if (root) expect([a.uid, a.gid]).toEqual([4242, 4243]);
  expect(readFileSync(join(target, 'etc/b'), 'utf8')).toBe('x 8.4 x');
  expect((await run()).map((one) => one.state)).toEqual(['ok', 'ok']);
});

test('a link in the place of a file is replaced, not followed', async () => {
  const { target, run } = await place([step(planned('/etc/a'))], null, (at) => {
    writeFileSync(join(at, 'victim'), 'old');
    symlinkSync('../victim', join(at, 'etc/a'));
  });
  expect((await run())[0]?.state).toBe('changed');
  expect(readFileSync(join(target, 'victim'), 'utf8')).toBe('old');
  expect(lstatSync(join(target, 'etc/a')).isFile()).toBe(true);
});

test('a directory in the place of a file is a failure of that file alone', async () => {
  const { run } = await place([step(planned('/etc/a')), step(planned('/etc/b'))], null, (at) => {
    mkdirSync(join(at, 'etc/a/full'), { recursive: true });
  });
  const [a, b] = await run();
  expect(a).toMatchObject({ state: 'failed', reason: expect.stringContaining('directory in its place') });
  expect(b?.state).toBe('changed');
});

test('an owner that does not exist is told', async () => {
  if (!root) return;
  const { run } = await place([step(planned('/etc/a', { owner: 'nobody-here' }))]);
  expect((await run())[0]).toMatchObject({ state: 'failed', reason: expect.stringContaining('nobody-here') });
});

test('secrets come from the source and never touch the folder', async () => {
  const source = join(local().scratch, 'source');
  mkdirSync(join(source, 'etc'), { recursive: true });
  writeFileSync(join(source, 'etc/key'), 'canary-8472');
  const secret = step(planned('/etc/new-key', { content: { source: '/etc/key' } }));
  const { target, folder, run } = await place([secret], source);
  expect((await run())[0]?.state).toBe('changed');
  expect(readFileSync(join(target, 'etc/new-key'), 'utf8')).toBe('canary-8472');
  expect(spawnSync('grep', ['-r', 'canary-8472', folder.directory]).status).toBe(1);
});

test('a secret without a source is a failure', async () => {
  const { run } = await place([step(planned('/etc/key', { content: { source: '/etc/key' } }))]);
  expect((await run())[0]).toMatchObject({ state: 'failed', reason: 'it cannot be read on the source' });
});

test('names that are UTF-8 and names that are not arrive', async () => {
  const names = [toBytes('/etc/grüße'), '/etc/caf\xe9', '/etc/a b\n'];
  const { target, run } = await place(names.map((name) => step(planned(quote(name)))));
  expect((await run()).map((one) => one.state)).toEqual(['changed', 'changed', 'changed']);
  for (const name of names) expect(readFileSync(Buffer.from(target + name, 'latin1'), 'utf8')).toBe('new\n');
});

test('lines of both sides are joined, each once', async () => {
  const file = planned('/etc/keys', { content: { text: 'b\nc\n' } });
  const { target, run } = await place([step(file, 'union:/etc/keys')], null, (at) => {
    writeFileSync(join(at, 'etc/keys'), 'a\nb');
  });
  expect((await run())[0]?.state).toBe('changed');
  expect(readFileSync(join(target, 'etc/keys'), 'utf8')).toBe('a\nb\nc\n');
  expect((await run())[0]?.state).toBe('ok');
  expect(unionOfLines(Buffer.from(''), Buffer.from('x')).toString()).toBe('x\n');
});

test('old forms are kept before, with what did not exist by name', async () => {
  const steps = [step(planned('/etc/a')), step(planned('/etc/none'))];
  const { folder, destination } = await place(steps, null, (at) => {
    writeFileSync(join(at, 'etc/a'), 'before');
    chmodSync(join(at, 'etc/a'), 0o751);
  });
  const run = await folder.startRun('apply', 0);
  const old = await keepOldForms(destination, run, steps, 'x');
  expect(old).toEqual({ kept: ['/etc/a'], absent: ['/etc/none'] });
  const listed = spawnSync('tar', ['-tvf', run.path('undo.tar')]).stdout.toString();
  expect(listed).toMatch(/^-rwxr-x--x .* \.\/etc\/a$/m);
  expect(spawnSync('tar', ['-xOf', run.path('undo.tar'), './etc/a']).stdout.toString()).toBe('before');
});
