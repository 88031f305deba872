import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import type { Host } from '../../src/host/host.ts';
import type { Carry, Class, Verdict } from '../../src/types.ts';
import { Folder } from '../../src/work/folder.ts';
import { measuredRate, type Sync, type SyncResult, sync } from '../../src/work/sync.ts';
import { finish } from '../../src/work/work.ts';
import { directoryHost } from '../support/directory-host.ts';
import { hostileTree, makeTree, portrait } from '../support/hostile-tree.ts';

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

function verdict(
  path: string,
  carry: Carry,
  scope: 'tree' | 'path' = 'tree',
  decided: Class = 'mutable',
): Verdict {
  return { path, scope, class: decided, carry, rule: 'test', reason: '', evidence: '', bytes: 0, files: 0 };
}

interface Scene {
  readonly source: string;
  readonly destination: string;
  readonly folder: Folder;
  /** Seconds that the source's clock is ahead of the stamps of its files. */
  clock: number;
  run(more?: Partial<Sync>): Promise<SyncResult>;
}

async function scene(
  verdicts: readonly Verdict[] = [verdict('/', 'none'), verdict('/srv', 'stream')],
): Promise<Scene> {
  const base = mkdtempSync(join(tmpdir(), 'sync-'));
  made.push(base);
  for (const side of ['old', 'new']) mkdirSync(join(base, side, 'srv'), { recursive: true });
  const folder = await Folder.create(join(base, 'web.move'));
  await folder.writeVerdicts(verdicts);
  const source = join(base, 'old');
  const destination = join(base, 'new');
  const self: Scene = {
    source,
    destination,
    folder,
    clock: 10,
    run: (more = {}) =>
      finish(
        sync({
          folder,
          source: withClock(directoryHost(source), () => self.clock),
          destination: directoryHost(destination),
          surroundings: { now: Date.now, by: 'me@here', signal: new AbortController().signal },
          ...more,
        }),
      ),
  };
  return self;
}

function withClock(host: Host, ahead: () => number): Host {
  return {
    ...host,
    run: async (argv, options) =>
      argv[0] === 'date'
        ? {
            code: 0,
            stdout: Buffer.from(`${Math.floor(Date.now() / 1000) + ahead()}\n`),
            stderr: Buffer.alloc(0),
          }
        : host.run(argv, options),
  };
}

const sides = async (at: Scene, roots = ['/srv']) => [
  await portrait(directoryHost(at.destination), roots),
  await portrait(directoryHost(at.source), roots),
];

test('hostile trees arrive whole, and a second pass sends nothing', async () => {
  await fc.assert(
    fc.asyncProperty(hostileTree, async (tree) => {
      const at = await scene();
      makeTree(join(at.source, 'srv'), tree);
      const first = await at.run();
      expect(first.failed).toEqual([]);
      expect(first.torn).toEqual([]);
      const [there, here] = await sides(at);
      expect(there).toEqual(here);
      expect(first.changed).toBe(first.entries);
      expect((await at.run()).changed).toBe(0);
      rmSync(join(at.source, '..'), { recursive: true, force: true });
    }),
    { numRuns: 10 },
  );
}, 120_000);

test('a rewrite of the same size with the old time back in place is seen, the file beside it left alone', async () => {
  const at = await scene();
  at.clock = 0;
  const file = join(at.source, 'srv/file');
  writeFileSync(file, 'before');
  writeFileSync(join(at.source, 'srv/quiet'), 'x');
  utimesSync(file, 1e9, 1e9);
  await new Promise((resolve) => setTimeout(resolve, 3100));
  await at.run();
  writeFileSync(file, 'after!');
  utimesSync(file, 1e9, 1e9);
  // The file, and its directory because its time moved on the destination.
  expect((await at.run()).changed).toBe(2);
  expect(readFileSync(join(at.destination, 'srv/file'), 'latin1')).toBe('after!');
});

test('what changes within two seconds of a pass is sent again', async () => {
  const at = await scene();
  at.clock = 1;
  writeFileSync(join(at.source, 'srv/file'), 'x');
  await at.run();
  expect((await at.run()).changed).toBeGreaterThan(0);
});

test('only what a pass brought is deleted', async () => {
  const at = await scene();
  mkdirSync(join(at.source, 'srv/old/deep'), { recursive: true });
  writeFileSync(join(at.source, 'srv/old/deep/file'), 'x');
  writeFileSync(join(at.source, 'srv/old/new\nline'), 'x');
  writeFileSync(join(at.source, 'srv/keep'), 'x');
  await at.run();
  mkdirSync(join(at.destination, 'srv/its own'));
  writeFileSync(join(at.destination, 'srv/its own/file'), 'y');
  rmSync(join(at.source, 'srv/old'), { recursive: true });
  const second = await at.run();
  expect(second.deleted).toBe(4);
  expect(readdirSync(join(at.destination, 'srv')).sort()).toEqual(['its own', 'keep']);
  expect((await at.run()).deleted).toBe(0);
});

test('a directory that went away on the source stays while the destination has files of its own in it', async () => {
  const at = await scene();
  mkdirSync(join(at.source, 'srv/app'));
  writeFileSync(join(at.source, 'srv/app/file'), 'x');
  writeFileSync(join(at.source, 'srv/keep'), 'x');
  await at.run();
  writeFileSync(join(at.destination, 'srv/app/own'), 'y');
  rmSync(join(at.source, 'srv/app'), { recursive: true });
  const second = await at.run();
  expect(second.failed).toEqual([]);
  expect(readdirSync(join(at.destination, 'srv/app'))).toEqual(['own']);
});

test('a directory that became a file, a file that became a directory, a link that became a directory', async () => {
  const at = await scene();
  const srv = join(at.source, 'srv');
  mkdirSync(join(srv, 'a/b'), { recursive: true });
  writeFileSync(join(srv, 'a/b/c'), 'x');
  writeFileSync(join(srv, 'f'), 'x');
  mkdirSync(join(srv, 'target'));
  writeFileSync(join(srv, 'target/t'), 'x');
  symlinkSync('target', join(srv, 'link'));
  await at.run();
  rmSync(join(srv, 'a'), { recursive: true });
  writeFileSync(join(srv, 'a'), 'now a file');
  rmSync(join(srv, 'f'));
  mkdirSync(join(srv, 'f'));
  writeFileSync(join(srv, 'f/in'), 'x');
  rmSync(join(srv, 'link'));
  mkdirSync(join(srv, 'link'));
  writeFileSync(join(srv, 'link/own'), 'x');
  expect((await at.run()).failed).toEqual([]);
  const [there, here] = await sides(at);
  expect(there).toEqual(here);
  expect((await at.run()).changed).toBe(0);
});

test('hard links are made, broken and joined as on the source', async () => {
  const at = await scene();
  const srv = join(at.source, 'srv');
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(srv, name), 'same');
  linkSync(join(srv, 'a'), join(srv, 'a2'));
  await at.run();
  rmSync(join(srv, 'a2'));
  execFileSync('cp', ['-p', join(srv, 'a'), join(srv, 'a2')]);
  rmSync(join(srv, 'c'));
  linkSync(join(srv, 'b'), join(srv, 'c'));
  await at.run();
  const [there, here] = await sides(at);
  expect(there).toEqual(here);
  // Somebody broke the link on the destination by a copy that looks the same.
  rmSync(join(at.destination, 'srv/c'));
  execFileSync('cp', ['-p', join(at.destination, 'srv/b'), join(at.destination, 'srv/c')]);
  await at.run();
  expect(statSync(join(at.destination, 'srv/c')).ino).toBe(statSync(join(at.destination, 'srv/b')).ino);
});

test('a link on the destination in the place of a carried directory is not followed', async () => {
  const at = await scene();
  mkdirSync(join(at.source, 'srv/app'));
  writeFileSync(join(at.source, 'srv/app/passwd'), 'evil');
  mkdirSync(join(at.destination, 'secret'));
  writeFileSync(join(at.destination, 'secret/passwd'), 'good');
  symlinkSync(join(at.destination, 'secret'), join(at.destination, 'srv/app'));
  const result = await at.run();
  expect(result.failed).toEqual([
    { path: '/srv/app', reason: 'a directory on the source, a link on the destination' },
  ]);
  expect(readFileSync(join(at.destination, 'secret/passwd'), 'latin1')).toBe('good');
  expect(lstatSync(join(at.destination, 'srv/app')).isSymbolicLink()).toBe(true);
});

test('a link on the destination above what is carried is not followed on a disk', async () => {
  const at = await scene([verdict('/', 'none'), verdict('/var/lib/app', 'stream')]);
  mkdirSync(join(at.source, 'var/lib/app'), { recursive: true });
  writeFileSync(join(at.source, 'var/lib/app/file'), 'x');
  mkdirSync(join(at.destination, 'elsewhere/app'), { recursive: true });
  mkdirSync(join(at.destination, 'var'));
  symlinkSync(join(at.destination, 'elsewhere'), join(at.destination, 'var/lib'));
  expect((await at.run()).failed).toHaveLength(1);
  expect(readdirSync(join(at.destination, 'elsewhere/app'))).toEqual([]);
});

test('a directory with files of its own on the destination never gives way to a file', async () => {
  const at = await scene();
  writeFileSync(join(at.source, 'srv/app'), 'a file');
  mkdirSync(join(at.destination, 'srv/app'));
  writeFileSync(join(at.destination, 'srv/app/own'), 'y');
  const result = await at.run();
  expect(result.failed.map(({ path }) => path)).toEqual(['/srv/app']);
  expect(readFileSync(join(at.destination, 'srv/app/own'), 'latin1')).toBe('y');
});

test('verdicts say what is carried; missing parents are made with the owner and mode of the source', async () => {
  const at = await scene([
    verdict('/', 'none'),
    verdict('/srv', 'stream'),
    verdict('/srv/app', 'none'),
    verdict('/srv/app/data', 'stream'),
    verdict('/srv/app/data/one', 'none', 'path'),
    verdict('/var/lib/x/file', 'stream', 'path'),
  ]);
  for (const name of ['srv/app/cache', 'srv/app/data/deep', 'var/lib/x']) {
    mkdirSync(join(at.source, name), { recursive: true, mode: 0o710 });
  }
  for (const name of [
    'srv/top',
    'srv/app/cache/c',
    'srv/app/data/one',
    'srv/app/data/two',
    'var/lib/x/file',
    'var/lib/x/no',
  ]) {
    writeFileSync(join(at.source, name), 'x');
  }
  expect((await at.run()).failed).toEqual([]);
  const there = execFileSync('find', ['.', '-printf', '%P %m\\n'], { cwd: at.destination, encoding: 'utf8' });
  expect(
    there
      .split('\n')
      .filter((line) => line !== '')
      .sort(),
  ).toEqual(
    [
      ' 755',
      'srv 755',
      'srv/app 710',
      'srv/app/data 710',
      'srv/app/data/deep 710',
      'srv/app/data/two 644',
      'srv/top 644',
      'var 710',
      'var/lib 710',
      'var/lib/x 710',
      'var/lib/x/file 644',
    ]
      .map((line) => (line === ' 755' ? (there.split('\n')[0] as string) : line))
      .sort(),
  );
  expect((await at.run()).changed).toBe(0);
});

test('--only touches and deletes nothing else, and what it leaves out is not forgotten', async () => {
  const at = await scene();
  for (const name of ['a', 'b']) {
    mkdirSync(join(at.source, 'srv', name));
    writeFileSync(join(at.source, 'srv', name, 'file'), 'x');
    writeFileSync(join(at.source, 'srv', name, 'stays'), 'x');
  }
  await at.run();
  for (const name of ['a', 'b']) rmSync(join(at.source, 'srv', name, 'file'));
  expect((await at.run({ only: ['/srv/a'] })).deleted).toBe(1);
  expect(existsSync(join(at.destination, 'srv/b/file'))).toBe(true);
  expect((await at.run()).deleted).toBe(1);
});

test('a dry run changes nothing and counts what the pass then does', async () => {
  const at = await scene();
  writeFileSync(join(at.source, 'srv/file'), 'x'.repeat(5000));
  const dry = await at.run({ dryRun: true });
  expect(readdirSync(join(at.destination, 'srv'))).toEqual([]);
  expect(existsSync(at.folder.path('sync'))).toBe(false);
  expect((await at.run()).changed).toBe(dry.changed);
});

test('an empty source root stops the pass until a person allows it', async () => {
  const at = await scene();
  writeFileSync(join(at.source, 'srv/file'), 'x');
  await at.run();
  rmSync(join(at.source, 'srv/file'));
  await expect(at.run()).rejects.toMatchObject({
    code: 'needs-person',
    hint: expect.stringContaining('--allow-deletions'),
  });
  expect(existsSync(join(at.destination, 'srv/file'))).toBe(true);
  expect((await at.run({ allowDeletions: true })).deleted).toBe(1);
});

test('deleting more than half of a large root stops the pass', async () => {
  const at = await scene();
  for (let count = 0; count < 120; count += 1) writeFileSync(join(at.source, `srv/${count}`), 'x');
  await at.run();
  for (let count = 0; count < 70; count += 1) rmSync(join(at.source, `srv/${count}`));
  await expect(at.run()).rejects.toMatchObject({ code: 'needs-person' });
  for (let count = 0; count < 20; count += 1) writeFileSync(join(at.source, `srv/${count}`), 'x');
  expect((await at.run()).deleted).toBe(50);
});

test('too little room is told with numbers before anything is sent', async () => {
  const at = await scene();
  writeFileSync(join(at.source, 'srv/file'), Buffer.alloc(3_000_000));
  const full = (words: string): Host => {
    const host = directoryHost(at.destination);
    return {
      ...host,
      run: async (argv, options) =>
        argv[0] === 'stat'
          ? { code: 0, stdout: Buffer.from(words), stderr: Buffer.alloc(0) }
          : host.run(argv, options),
    };
  };
  await expect(at.run({ destination: full('100 4096 1000 2000\n') })).rejects.toMatchObject({
    topic: 'space',
    message: expect.stringMatching(/3\.0 MB to write, 409\.6 kB free/),
  });
  await expect(at.run({ destination: full('100000 4096 0 2000\n') })).rejects.toMatchObject({
    topic: 'space',
  });
  expect(readdirSync(join(at.destination, 'srv'))).toEqual([]);
});

/** A source on which something happens each time tar is started. */
function whileReading(at: Scene, what: () => void): Host {
  const host = withClock(directoryHost(at.source), () => at.clock);
  return {
    ...host,
    stream: async (argv) => {
      if (argv[0] === 'tar') what();
      return host.stream(argv);
    },
  };
}

test('a file that changes every time it is read is torn, and sent again in the next pass', async () => {
  const at = await scene();
  const file = join(at.source, 'srv/log');
  writeFileSync(file, 'x');
  writeFileSync(join(at.source, 'srv/quiet'), 'x');
  let reads = 0;
  const source = whileReading(at, () => {
    reads += 1;
    appendFileSync(file, 'more');
  });
  expect((await at.run({ source })).torn).toEqual(['/srv/log']);
  expect(reads).toBe(3);
  const second = await at.run();
  expect(second.torn).toEqual([]);
  expect(readFileSync(join(at.destination, 'srv/log'), 'latin1')).toBe('xmoremoremore');
});

test('a file that changed once while it was read is read again', async () => {
  const at = await scene();
  const file = join(at.source, 'srv/file');
  writeFileSync(file, 'x');
  let reads = 0;
  const source = whileReading(at, () => {
    reads += 1;
    if (reads === 1) appendFileSync(file, 'more');
  });
  expect((await at.run({ source })).torn).toEqual([]);
  expect(reads).toBe(2);
  expect(readFileSync(join(at.destination, 'srv/file'), 'latin1')).toBe('xmore');
});

test('a file that vanished is no failure, and leaves the destination in the next pass', async () => {
  const at = await scene();
  writeFileSync(join(at.source, 'srv/a'), 'x');
  writeFileSync(join(at.source, 'srv/b'), 'x');
  const source = whileReading(at, () => rmSync(join(at.source, 'srv/b'), { force: true }));
  const result = await at.run({ source });
  expect(result.failed).toEqual([]);
  expect(result.torn).toEqual([]);
  await at.run();
  expect(readdirSync(join(at.destination, 'srv'))).toEqual(['a']);
});

test('what the source cannot read is told, and nothing is deleted for it', async () => {
  const at = await scene();
  writeFileSync(join(at.source, 'srv/a'), 'x');
  writeFileSync(join(at.source, 'srv/b'), 'x');
  await at.run();
  rmSync(join(at.source, 'srv/b'));
  const host = withClock(directoryHost(at.source), () => at.clock);
  const source: Host = {
    ...host,
    stream: (argv) =>
      host.stream(
        argv.includes('find') && argv[0] === 'xargs'
          ? ['sh', '-c', `"$@"; echo "find: '/srv/x': Permission denied" >&2; exit 123`, 'sh', ...argv]
          : argv,
      ),
  };
  const result = await at.run({ source });
  expect(result.failed.some(({ reason }) => reason.includes('Permission denied'))).toBe(true);
  expect(result.deleted).toBe(0);
  expect(existsSync(join(at.destination, 'srv/b'))).toBe(true);
});

test('stopped anywhere and run again, it ends in the same state and sends nothing twice', async () => {
  const at = await scene();
  for (let count = 0; count < 60; count += 1) {
    mkdirSync(join(at.source, `srv/d${count % 7}`), { recursive: true });
    writeFileSync(join(at.source, `srv/d${count % 7}/f${count}`), Buffer.alloc(20_000, count));
  }
  let sent = 0;
  for (const stopAt of [1, 3, 6]) {
    const abort = new AbortController();
    const host = withClock(directoryHost(at.source), () => at.clock);
    const source: Host = {
      ...host,
      stream: async (argv) => {
        const channel = await host.stream(argv);
        let chunks = 0;
        if (argv[0] === 'tar') {
          channel.stdout.on('data', () => {
            chunks += 1;
            if (chunks === stopAt) abort.abort();
          });
        }
        return channel;
      },
    };
    const stopped = at.run({
      source,
      surroundings: { now: Date.now, by: 'me@here', signal: abort.signal },
    });
    const failure = await stopped.then(
      () => null,
      (error) => error,
    );
    expect(failure).toMatchObject({ code: 'interrupted' });
    sent += Number(/^(\d+) of/.exec(failure.during)?.[1]);
  }
  const last = await at.run();
  const [there, here] = await sides(at);
  expect(there).toEqual(here);
  // Directories are told again, files are not.
  expect(sent + last.changed).toBeLessThanOrEqual(68 + 4 * 8);
  expect((await at.run()).changed).toBe(0);
});

test('after tar was killed on either side the next run completes the work', async () => {
  const at = await scene();
  for (let count = 0; count < 40; count += 1)
    writeFileSync(join(at.source, `srv/f${count}`), Buffer.alloc(30_000, count));
  const killing = (host: Host): Host => ({
    ...host,
    stream: async (argv) => {
      const channel = await host.stream(argv);
      if (argv[0] === 'tar') {
        if (argv.includes('-x')) setTimeout(() => channel.kill(), 1);
        else channel.stdout.once('data', () => channel.kill());
      }
      return channel;
    },
  });
  await expect(
    at.run({ source: killing(withClock(directoryHost(at.source), () => at.clock)) }),
  ).rejects.toMatchObject({
    code: 'failed',
  });
  await expect(at.run({ destination: killing(directoryHost(at.destination)) })).rejects.toMatchObject({
    code: 'failed',
  });
  expect((await at.run()).failed).toEqual([]);
  const [there, here] = await sides(at);
  expect(there).toEqual(here);
});

test('a broken connection says how to go on', async () => {
  const at = await scene();
  writeFileSync(join(at.source, 'srv/file'), 'x');
  const host = withClock(directoryHost(at.source), () => at.clock);
  const source: Host = {
    ...host,
    stream: async (argv) => {
      const channel = await host.stream(argv);
      if (argv[0] !== 'tar') return channel;
      channel.kill();
      const lost = new Failure('unreachable', 'connection-lost', 'the connection to web1 broke');
      setTimeout(() => channel.stdout.destroy(lost), 5);
      const done = Promise.reject(lost);
      done.catch(() => {});
      return { ...channel, done };
    },
  };
  await expect(at.run({ source })).rejects.toMatchObject({
    code: 'unreachable',
    hint: 'run the same command again; finished files are not sent again',
  });
  expect((await at.run()).changed).toBe(2);
});

test('old forms of what a first pass replaces are kept, except secrets', async () => {
  const at = await scene([
    verdict('/', 'none'),
    verdict('/srv', 'stream'),
    verdict('/srv/key', 'stream', 'path', 'secret'),
  ]);
  for (const name of ['index.html', 'key']) {
    writeFileSync(join(at.source, 'srv', name), 'new');
    writeFileSync(join(at.destination, 'srv', name), 'old');
  }
  await at.run();
  const [run] = readdirSync(at.folder.path('runs'));
  const kept = execFileSync('tar', ['-tf', at.folder.path('runs', run as string, 'undo', 'replaced.tar')], {
    encoding: 'utf8',
  });
  expect(kept.trim()).toBe('srv/index.html');
});

test('passes are measured', async () => {
  const at = await scene();
  writeFileSync(join(at.source, 'srv/file'), Buffer.alloc(100_000, 1));
  const result = await at.run({ untilQuiet: true });
  expect(result.bytes).toBe(100_000);
  const [id] = readdirSync(at.folder.path('sync'));
  const rate = await measuredRate(at.folder, id as string);
  expect(rate?.bytesPerSecond).toBeGreaterThan(0);
  expect(rate?.listSeconds).toBeGreaterThan(0);
  expect(await measuredRate(at.folder, 'another')).toBeNull();
});
