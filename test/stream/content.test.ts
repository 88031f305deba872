import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Host } from '../../src/host/host.ts';
import { type CarryEnd, carry, Gate } from '../../src/stream/content.ts';
import { listSorted } from '../../src/stream/listing.ts';
import { tarFailures, unescapeTar } from '../../src/stream/tar-messages.ts';
import type { Bytes, Entry } from '../../src/types.ts';
import { directoryHost } from '../support/directory-host.ts';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'content-'));
  for (const side of ['old/srv', 'new/srv', 'made']) mkdirSync(join(base, side), { recursive: true });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const signal = new AbortController().signal;

async function carried(source: Host, entries: readonly Entry[]): Promise<CarryEnd> {
  const stream = carry({
    source,
    destination: directoryHost(join(base, 'new')),
    entries,
    signal,
    now: Date.now,
  });
  for (;;) {
    const step = await stream.next();
    if (step.done) return step.value;
  }
}

/** A source whose tar sends this archive, whatever it was asked for. */
function lying(archive: Buffer): Host {
  const host = directoryHost(join(base, 'old'));
  writeFileSync(join(base, 'archive'), archive);
  return {
    ...host,
    stream: (argv) =>
      host.stream(
        argv[0] === 'tar' ? ['sh', '-c', 'cat >/dev/null; cat "$1"', 'sh', join(base, 'archive')] : argv,
      ),
  };
}

const tar = (...words: string[]) =>
  execFileSync('tar', ['-C', join(base, 'made'), '--format=posix', '-cf', '-', ...words]);

async function listed(): Promise<Entry[]> {
  return (await listSorted(directoryHost(join(base, 'old')), { roots: ['/srv'] })).entries;
}

test('names that were not asked for are refused: absolute, upwards, beside', async () => {
  writeFileSync(join(base, 'old/srv/file'), 'x');
  writeFileSync(join(base, 'made/file'), 'evil');
  const entries = await listed();
  for (const name of ['../evil', '/evil', 'srv/../evil', 'evil', 'srv/./file', 'srv//file']) {
    const archive = tar('-P', `--transform=s,^file$,${name},`, 'file');
    await expect(carried(lying(archive), entries)).rejects.toMatchObject({ topic: 'hostile-stream' });
  }
  expect(existsSync(join(base, 'evil'))).toBe(false);
  expect(existsSync(join(base, 'new/evil'))).toBe(false);
});

test('a name sent twice is refused', async () => {
  writeFileSync(join(base, 'old/srv/file'), 'x');
  mkdirSync(join(base, 'made/srv'));
  writeFileSync(join(base, 'made/srv/file'), 'evil');
  const archive = tar('--hard-dereference', 'srv/file', 'srv/file');
  await expect(carried(lying(archive), await listed())).rejects.toThrow('twice');
});

test('a directory that has become a link is left out, and what is behind it too', async () => {
  mkdirSync(join(base, 'old/srv/app'));
  writeFileSync(join(base, 'old/srv/app/passwd'), 'x');
  const entries = await listed();
  mkdirSync(join(base, 'made/srv'));
  mkdirSync(join(base, 'made/etc'));
  writeFileSync(join(base, 'made/etc/passwd'), 'stolen');
  symlinkSync(join(base, 'made/etc'), join(base, 'made/srv/app'));
  const archive = tar('--no-recursion', 'srv', 'srv/app', 'srv/app/passwd');
  const end = await carried(lying(archive), entries);
  expect([...end.passed]).toEqual(['/srv']);
  expect(existsSync(join(base, 'new/srv/app'))).toBe(false);
});

test('a hard link to something that was not sent is left out', async () => {
  writeFileSync(join(base, 'old/srv/a'), 'x');
  execFileSync('ln', [join(base, 'old/srv/a'), join(base, 'old/srv/b')]);
  const entries = (await listed()).filter(({ path }) => path !== '/srv');
  const gate = new Gate(
    entries,
    (entry) => ({ uid: entry.uid, gid: entry.gid, user: '', group: '' }),
    'web1',
  );
  const link = {
    name: 'srv/b',
    type: '1' as const,
    linkName: 'srv/a',
    mode: 0,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    stored: 0,
    size: 0,
    mtime: '0',
    deviceMajor: 0,
    deviceMinor: 0,
    records: new Map(),
  };
  expect(gate.admit(link)).toBeNull();
  expect(() => gate.admit({ ...link, linkName: 'etc/shadow' })).toThrow('not asked for');
});

test('an archive that is cut off is a failure', async () => {
  writeFileSync(join(base, 'old/srv/file'), 'x'.repeat(5000));
  mkdirSync(join(base, 'made/srv'));
  writeFileSync(join(base, 'made/srv/file'), 'x'.repeat(5000));
  const archive = tar('srv/file');
  for (const length of [0, 512, 1600, 3000]) {
    await expect(carried(lying(archive.subarray(0, length)), await listed())).rejects.toThrow(
      'ended too early',
    );
  }
});

test('what the destination cannot write is told by name, and the rest arrives', async () => {
  writeFileSync(join(base, 'old/srv/a'), 'x');
  writeFileSync(join(base, 'old/srv/in the way: \n'), 'x');
  writeFileSync(join(base, 'old/srv/z'), 'x');
  const entries = await listed();
  mkdirSync(join(base, 'new/srv/in the way: \n/full'), { recursive: true });
  const end = await carried(directoryHost(join(base, 'old')), entries);
  expect(end.failed.map(({ path }) => path)).toEqual(['/srv/in the way: \n']);
  expect(readFileSync(join(base, 'new/srv/z'), 'latin1')).toBe('x');
});

test('sockets are not asked for', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(base, 'old/srv/s'), resolve));
  try {
    const entries = await listed();
    expect(entries.map(({ type }) => type)).toContain('s');
    const end = await carried(directoryHost(join(base, 'old')), entries);
    expect([...end.passed]).toEqual(['/srv']);
    expect(end.failed).toEqual([]);
  } finally {
    server.close();
  }
});

test('a stream is as large as it likes: content passes in bounded memory and both ways wait', async () => {
  execFileSync('sh', [
    '-c',
    'head -c 60000000 /dev/zero | tr "\\0" x > "$1"',
    'sh',
    join(base, 'old/srv/big'),
  ]);
  const end = await carried(directoryHost(join(base, 'old')), await listed());
  expect(end.bytes).toBe(60_000_000);
  execFileSync('cmp', [join(base, 'old/srv/big'), join(base, 'new/srv/big')]);
});

test("tar's messages become failures by path", () => {
  const asked = new Set<Bytes>(['/srv/a', '/srv/b: c', '/srv/n\new\xff', '/srv/x']);
  const words = [
    'tar: srv/a: Cannot open: Operation not permitted',
    'tar: srv/b: c: Cannot change ownership to uid 0, gid 0: Operation not permitted',
    'tar: srv/n\\new\\377: Cannot unlink: Operation not permitted',
    "tar: setxattrat: Cannot set 'user.a' extended attribute for file 'srv/x': Operation not supported",
    'tar: srv/a: Cannot utime: again',
    'tar: Exiting with failure status due to previous errors',
  ];
  expect(tarFailures(words.join('\n'), asked, false)).toEqual([
    { path: '/srv/a', reason: 'cannot open: Operation not permitted' },
    { path: '/srv/b: c', reason: 'cannot change ownership to uid 0, gid 0: Operation not permitted' },
    { path: '/srv/n\new\xff', reason: 'cannot unlink: Operation not permitted' },
    { path: '/srv/x', reason: 'extended attribute: Operation not supported' },
  ]);
  expect(
    tarFailures(
      'tar: srv/a: file changed as we read it\ntar: srv/a: Warning: Cannot stat: No such file or directory',
      asked,
      true,
    ),
  ).toEqual([]);
  expect(tarFailures('tar: srv/a: Warning: Cannot open: Permission denied', asked, true)).toEqual([
    { path: '/srv/a', reason: 'cannot open: Permission denied' },
  ]);
  expect(unescapeTar('a\\n\\\\\\303\\251')).toBe('a\n\\\xc3\xa9');
});
