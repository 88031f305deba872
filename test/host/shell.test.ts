import { existsSync } from 'node:fs';
import { expect, jest, test } from '@jest/globals';
import { Failure } from '../../src/failure.ts';
import { startChannel } from '../../src/host/channel.ts';
import { type Pipe, spawnPipe } from '../../src/host/pipe.ts';
import { Shell } from '../../src/host/shell.ts';

jest.setTimeout(60_000);

const lost = (reason: string): Failure => new Failure('unreachable', 'connection-lost', reason);
const all = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join('');

// What /bin/sh is elsewhere: dash on Debian, bash on Fedora, BusyBox on Alpine.
for (const [name, command] of [
  ['dash', ['/bin/dash']],
  ['bash', ['/bin/bash', '--norc']],
  ['busybox', ['/bin/busybox', 'sh']],
] as const) {
  const [program, ...options] = command;
  const there = existsSync(program);
  (there ? test : test.skip)(`the same answers from ${name}${there ? '' : ' (not installed)'}`, async () => {
    const open = (text: string): Promise<Pipe> =>
      spawnPipe(program, [...options, '-c', text], { PATH: process.env.PATH });
    const shell = new Shell(open, 'test', lost);
    expect((await shell.run(['printf', '%s', all])).stdout.toString('latin1')).toBe(all);
    const input = Buffer.from(`${all}\n`.repeat(2000), 'latin1');
    const answer = await shell.run(['sh', '-c', 'cat; echo e >&2; exit 5'], { input });
    expect([answer.code, answer.stdout.equals(input), answer.stderr.toString()]).toEqual([5, true, 'e\n']);
    expect((await shell.run(['true'], { input })).code).toBe(0);
    expect((await shell.run(['echo', 'after'])).stdout.toString()).toBe('after\n');
    const channel = await startChannel(open, ['sh', '-c', 'printf %s "$1"; cat', 'x', all], lost);
    channel.stdin.end(input);
    const pieces: Buffer[] = [];
    for await (const piece of channel.stdout) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).equals(Buffer.concat([Buffer.from(all, 'latin1'), input]))).toBe(true);
    expect(await channel.done).toEqual({ code: 0, stderr: '' });
    await shell.close();
  });
}

test('a shell that dies is told, and the next question gets a new one', async () => {
  const pipes: Pipe[] = [];
  const open = async (text: string): Promise<Pipe> => {
    const pipe = await spawnPipe('/bin/sh', ['-c', text], { PATH: process.env.PATH });
    pipes.push(pipe);
    return pipe;
  };
  const shell = new Shell(open, 'test', lost);
  const question = shell.run(['sleep', '20']);
  const told = expect(question).rejects.toMatchObject({ code: 'unreachable' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  pipes[0]?.kill();
  await told;
  expect((await shell.run(['echo', 'again'])).stdout.toString()).toBe('again\n');
  expect(pipes).toHaveLength(2);
  await shell.close();
});

test('a stream that never began is no success, and says why', async () => {
  const open = (): Promise<Pipe> => spawnPipe('/bin/sh', ['-c', 'echo no more sessions >&2'], {});
  const channel = await startChannel(open, ['true'], lost);
  channel.stdout.resume();
  expect(await channel.done).toEqual({ code: 125, stderr: 'no more sessions\n' });
});

test('a program that cannot be started is an error at once', async () => {
  await expect(spawnPipe('/no/such/program', [], {})).rejects.toMatchObject({ code: 'ENOENT' });
});
