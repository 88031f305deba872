import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { connectDisk } from '../../src/host/disk.ts';
import type { Channel, Host } from '../../src/host/host.ts';
import { connectLocal } from '../../src/host/local.ts';
import type { Argv } from '../../src/types.ts';

jest.setTimeout(60_000);

let host: Host;
let directory: string;

beforeAll(async () => {
  host = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
  directory = await mkdtemp(join(tmpdir(), 'host-'));
});
afterAll(async () => {
  await host.close();
  await rm(directory, { recursive: true });
});

async function readAll(channel: Channel): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of channel.stdout) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

test('stdout, stderr and exit code come apart, byte for byte', async () => {
  const answer = await host.run(['sh', '-c', 'printf "a\\000\\377\\n\\n"; printf "b\\r" >&2; exit 7']);
  expect(answer).toEqual({
    code: 7,
    stdout: Buffer.from([0x61, 0, 0xff, 0x0a, 0x0a]),
    stderr: Buffer.from('b\r'),
  });
});

test('arguments of any bytes arrive as they are, by run and by stream', async () => {
  const hostile = fc
    .uint8Array({ min: 1, max: 255, maxLength: 60 })
    .map((bytes) => Buffer.from(bytes).toString('latin1'));
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { maxLength: 5 }), fc.boolean(), async (args, streamed) => {
      const argv: Argv = ['printf', '%s\\0', ...args, 'last'];
      const expected = [...args, 'last'].map((word) => `${word}\0`).join('');
      if (streamed) {
        const channel = await host.stream(argv);
        expect((await readAll(channel)).toString('latin1')).toBe(expected);
      } else expect((await host.run(argv)).stdout.toString('latin1')).toBe(expected);
    }),
    { numRuns: 40 },
  );
});

test('input arrives whole and never leaks into the next question', async () => {
  const input = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) & 0xff));
  expect((await host.run(['cat'], { input })).stdout.equals(input)).toBe(true);
  // A command that reads nothing, and one that reads a little: the rest must not become shell program.
  expect((await host.run(['true'], { input: 'echo stolen\n'.repeat(50_000) })).code).toBe(0);
  expect((await host.run(['head', '-c', '4'], { input: 'onlymore' })).stdout.toString()).toBe('only');
  expect((await host.run(['cat'])).stdout.length).toBe(0);
  expect((await host.run(['cat'], { input: '' })).stdout.length).toBe(0);
  expect((await host.run(['sh', '-c', 'exec <&-; exit 3'], { input: 'x' })).code).toBe(3);
});

test('questions asked at once are answered each by its own answer', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => host.run(['echo', String(index)])),
  );
  expect(answers.map((answer) => Number(answer.stdout.toString()))).toEqual([...Array(20).keys()]);
});

test('a command cannot end, forge or disturb the shell', async () => {
  expect((await host.run(['sh', '-c', 'exit 9'])).code).toBe(9);
  expect((await host.run(['sh', '-c', 'kill -9 $$'])).code).toBe(137);
  const forged = `${'0'.repeat(32)}e0\n`;
  expect((await host.run(['printf', '%s', forged.repeat(3)])).stdout.toString()).toBe(forged.repeat(3));
  expect((await host.run(['no-such-command-anywhere'])).code).toBe(127);
  expect((await host.run(['sh', '-c', 'cd /usr; umask 0; LC_ALL=xx; export LC_ALL'])).code).toBe(0);
  expect((await host.run(['sh', '-c', 'pwd; umask; echo $LC_ALL $SHELL'])).stdout.toString()).toBe(
    '/\n0022\nC /bin/sh\n',
  );
});

test('words of a process left behind do not become part of a later answer', async () => {
  await host.run(['sh', '-c', '(sleep 0.2; echo late; echo late >&2) & exit 0']);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const answer = await host.run(['echo', 'mine']);
  expect([answer.stdout.toString(), answer.stderr.toString()]).toEqual(['mine\n', '']);
});

test('PATH holds the places of administration tools', async () => {
  const path = (await host.run(['sh', '-c', 'printf %s "$PATH"'])).stdout.toString().split(':');
  expect(path).toEqual(expect.arrayContaining(['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']));
});

test('an answer over the limit is a Failure and the host goes on', async () => {
  await expect(host.run(['cat', '/dev/zero'], { limit: 100_000 })).rejects.toMatchObject({
    code: 'failed',
    topic: 'answer-too-large',
  });
  expect((await host.run(['echo', 'on'])).stdout.toString()).toBe('on\n');
});

test('a command that takes too long is ended and told', async () => {
  await expect(host.run(['sleep', '30'], { timeoutSeconds: 1 })).rejects.toMatchObject({ topic: 'timeout' });
  expect((await host.run(['sh', '-c', 'exit 124'], { timeoutSeconds: 5 })).code).toBe(124);
  expect((await host.run(['echo', 'quick'], { timeoutSeconds: 5 })).stdout.toString()).toBe('quick\n');
});

test('50 MB pass through one answer', async () => {
  const answer = await host.run(['head', '-c', '50000000', '/dev/zero']);
  expect(answer.stdout.length).toBe(50_000_000);
}, 20_000);

test('a stream carries bulk both ways and tells its end', async () => {
  const channel = await host.stream(['sh', '-c', 'tr a b; echo problem >&2; exit 4']);
  const block = Buffer.alloc(1_000_000, 'a');
  const sent = pipeline(Readable.from([block, block, block]), channel.stdin);
  const received = await readAll(channel);
  await sent;
  expect(received.equals(Buffer.alloc(3_000_000, 'b'))).toBe(true);
  expect(await channel.done).toEqual({ code: 4, stderr: 'problem\n' });
});

test('many streams run while the shell answers', async () => {
  const channels = await Promise.all(Array.from({ length: 4 }, () => host.stream(['sleep', '0.2'])));
  expect((await host.run(['echo', 'meanwhile'])).stdout.toString()).toBe('meanwhile\n');
  for (const channel of channels) {
    channel.stdin.end();
    expect((await readAll(channel)).length).toBe(0);
    expect((await channel.done).code).toBe(0);
  }
});

test('who writes to a process that ended is told, and its code and words are there', async () => {
  const channel = await host.stream(['sh', '-c', 'echo disk full >&2; exit 2']);
  channel.stdout.resume();
  const forever = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(65536);
    })(),
  );
  await expect(pipeline(forever, channel.stdin)).rejects.toThrow();
  expect(await channel.done).toEqual({ code: 2, stderr: 'disk full\n' });
});

test('a killed stream ends', async () => {
  const channel = await host.stream(['sleep', '60']);
  channel.stdout.resume();
  channel.kill();
  expect((await channel.done).code).not.toBe(0);
});

test('stderr of a stream is kept to its last 64 KiB', async () => {
  const channel = await host.stream(['sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" x >&2; echo end >&2']);
  channel.stdout.resume();
  const { stderr } = await channel.done;
  expect(stderr.length).toBe(65536);
  expect(stderr.endsWith('xend\n')).toBe(true);
});

test('files are read and written whole, with hostile names', async () => {
  const name = `${Buffer.from(directory).toString('latin1')}/a'b\n\xff"$(id)`;
  const content = Buffer.from([0, 1, 2, 0xff, 0x0a]);
  await host.writeFile(name, content, 0o640);
  expect((await host.readFile(name)).equals(content)).toBe(true);
  const info = await stat(Buffer.from(name, 'latin1'));
  expect(info.mode & 0o7777).toBe(0o640);
  await host.writeFile(name, '', 0o4755);
  expect((await host.readFile(name)).length).toBe(0);
  expect((await stat(Buffer.from(name, 'latin1'))).mode & 0o7777).toBe(0o4755);
  expect(await readdir(directory)).toHaveLength(1);
  await rm(Buffer.from(name, 'latin1'));
});

test('what cannot be read or written says so', async () => {
  await expect(host.readFile(`${directory}/none`)).rejects.toMatchObject({ topic: 'read-missing' });
  await expect(host.readFile(directory)).rejects.toMatchObject({ topic: 'read-denied' });
  await writeFile(join(directory, 'big'), 'x'.repeat(101));
  await expect(host.readFile(`${directory}/big`, 100)).rejects.toMatchObject({ topic: 'answer-too-large' });
  expect((await host.readFile(`${directory}/big`, 101)).length).toBe(101);
  await expect(host.writeFile(`${directory}/none/x`, 'x', 0o600)).rejects.toMatchObject({
    topic: 'write-denied',
    message: expect.stringMatching(/no such file|nonexistent/i) as unknown as string,
  });
  await mkdir(join(directory, 'there'));
  await expect(host.writeFile(`${directory}/there`, 'x', 0o600)).rejects.toBeInstanceOf(Failure);
  expect((await readdir(directory)).sort()).toEqual(['big', 'there']);
});

test('a disk answers below its own root, links included', async () => {
  const root = join(directory, 'old');
  await mkdir(join(root, 'etc'), { recursive: true });
  await mkdir(join(root, 'usr/lib'), { recursive: true });
  await writeFile(join(root, 'usr/lib/os-release'), 'ID=old\n');
  await symlink('../usr/lib/os-release', join(root, 'etc/os-release'));
  await symlink('/usr/lib/os-release', join(root, 'etc/absolute'));
  await symlink('../../../../../../../../etc/hostname', join(root, 'etc/escape'));
  await symlink('loop', join(root, 'etc/loop'));
  const disk = await connectDisk({ kind: 'disk', text: `disk:${root}`, root }, { environment: process.env });
  try {
    expect(disk).toMatchObject({ root, live: false, reach: { transport: 'disk' } });
    expect((await disk.readFile('/etc/os-release')).toString()).toBe('ID=old\n');
    expect((await disk.readFile('/etc/absolute')).toString()).toBe('ID=old\n');
    await expect(disk.readFile('/etc/escape')).rejects.toMatchObject({ topic: 'read-missing' });
    await expect(disk.readFile('/etc/loop')).rejects.toBeInstanceOf(Failure);
    await disk.writeFile('/etc/new', 'x', 0o600);
    expect(await readFile(join(root, 'etc/new'), 'utf8')).toBe('x');
    expect((await disk.run(['cat', `${disk.root}/etc/new`])).stdout.toString()).toBe('x');
  } finally {
    await disk.close();
  }
});

test('a directory that is no root is refused with the next step', async () => {
  await chmod(directory, 0o755);
  for (const root of [directory, join(directory, 'nowhere')]) {
    await expect(
      connectDisk({ kind: 'disk', text: `disk:${root}`, root }, { environment: process.env }),
    ).rejects.toMatchObject({ code: 'usage', hint: expect.stringMatching(/mount/) as unknown as string });
  }
});

test('close ends the shell', async () => {
  const other = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
  await other.run(['true']);
  await other.close();
  await expect(other.run(['true'])).rejects.toThrow(/closed/);
});
