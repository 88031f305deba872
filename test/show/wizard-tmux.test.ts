/**
 * One story through a real terminal: the wizard over two small disks, in tmux, to its end, broken off and taken up
 * again. Everything else about the wizard is tested without one.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { makeDisk } from '../support/disk.ts';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'dist/cli.js');
const tmux = spawnSync('tmux', ['-V']).status === 0;
const reason = tmux ? '' : ' (skipped: no tmux here)';
const story = tmux ? test : test.skip;

jest.setTimeout(120_000);
const directory = mkdtempSync(join(tmpdir(), 'opstimal-tmux-'));
const socket = join(directory, 'tmux.sock');

function server(...args: string[]): string {
  return execFileSync('tmux', ['-S', socket, ...args], { encoding: 'utf8' });
}

function screen(): string {
  return server('capture-pane', '-p', '-t', 'wizard');
}

/** Waits until the screen holds the text; the last screen is in the error. */
async function sees(text: string): Promise<void> {
  const until = Date.now() + 30_000;
  while (!screen().includes(text)) {
    if (Date.now() > until) throw new Error(`never saw ${JSON.stringify(text)}:\n${screen()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until the text is gone, so that what is seen next is new. */
async function clears(text: string): Promise<void> {
  const until = Date.now() + 30_000;
  while (screen().includes(text)) {
    if (Date.now() > until) throw new Error(`${JSON.stringify(text)} stayed:\n${screen()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function press(...keys: string[]): void {
  server('send-keys', '-t', 'wizard', ...keys);
}

function type(text: string): void {
  server('send-keys', '-t', 'wizard', '-l', text);
}

beforeAll(() => {
  if (!tmux) return;
  // What is tested is what a checkout runs; types are another test's business.
  spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: root });
  const environment = [
    'LC_ALL=C.UTF-8',
    `HOME=${directory}`,
    'TERM=screen-256color',
    `PATH=${process.env.PATH}`,
  ];
  server(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-s',
    'wizard',
    '-x',
    '80',
    '-y',
    '24',
    '-c',
    directory,
    'env',
    '-i',
    ...environment,
    'bash',
    '--norc',
  );
  makeDisk('old', directory);
  makeDisk('new', directory);
});

afterAll(() => {
  if (tmux) spawnSync('tmux', ['-S', socket, 'kill-server']);
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

story(
  `the wizard moves the data of one disk to another, is left, and goes on where it was${reason}`,
  async () => {
    type('echo before the wizard');
    press('Enter');
    type(`${process.execPath} ${cli}`);
    press('Enter');
    await sees('1/7 Connect');
    type(`disk:${join(directory, 'old')}`);
    press('Enter');
    type(`disk:${join(directory, 'new')}`);
    press('Enter');
    await sees('3/7 Review');
    expect(screen()).toContain('old → new');
    for (let turn = 0; turn < 20 && !screen().includes(' 0 undecided'); turn += 1) {
      press('x');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    press('End');
    await sees('> → make the plan for new');
    press('Enter');
    await sees('> Files (3)');

    server('resize-window', '-t', 'wizard', '-x', '40', '-y', '12');
    await sees('old → new   4/7 Plan');
    server('resize-window', '-t', 'wizard', '-x', '80', '-y', '24');
    await sees('opstimal-move   old');

    press('?');
    await sees('keys of plan');
    press('Escape');
    press('q');
    await sees('go on       opstimal-move old.move');
    expect(screen()).toContain('before the wizard');

    type(`clear; ${process.execPath} ${cli} old.move`);
    press('Enter');
    await sees('> Files (3)');
    press('End');
    await sees('> → apply this plan to new');
    press('Enter');
    await sees('Type yes to do it:');
    type('yes');
    press('Enter');
    await sees('> → copy the data to new');
    expect(screen()).toContain('failed 0');
    expect(readFileSync(join(directory, 'new/etc/cron.d/nightly'))).toEqual(
      readFileSync(join(directory, 'old/etc/cron.d/nightly')),
    );
    press('Enter');
    await sees('6/7 Sync');
    await sees('> → cut over to new');
    expect(existsSync(join(directory, 'new/srv/notes/todo.txt'))).toBe(true);
    expect(readFileSync(join(directory, 'new/srv/notes/todo.txt'))).toEqual(
      readFileSync(join(directory, 'old/srv/notes/todo.txt')),
    );
    press('c');
    await sees('--confirm=old');
    press('C-c');
    await sees('go on       opstimal-move old.move');
    type('echo "code $?"');
    press('Enter');
    await sees('code 130');
  },
);

story(`a command asks on the terminal and takes only the whole word${reason}`, async () => {
  const old = makeDisk('old', directory, 'asking-old');
  const fresh = makeDisk('new', directory, 'asking-new');
  type(`clear; ${process.execPath} ${cli} scan -q disk:${old} asking.move >/dev/null 2>&1; echo scanned`);
  press('Enter');
  await sees('scanned');
  const sync = `clear; ${process.execPath} ${cli} sync asking.move disk:${fresh}`;
  type(`${sync}; echo "code $?"`);
  press('Enter');
  await sees('Type yes to do it:');
  type('y');
  press('Enter');
  await sees('code 4');
  expect(existsSync(join(fresh, 'srv/notes/todo.txt'))).toBe(false);

  // Questions go to the terminal, so they work while stdout is a file.
  type(`${sync} --json > result.json; echo "code $?"`);
  press('Enter');
  await clears('code 4');
  await sees('Type yes to do it:');
  type('no');
  press('BSpace', 'BSpace');
  type('yes');
  press('Enter');
  await sees('code 0');
  expect(readFileSync(join(directory, 'result.json'), 'utf8')).toMatch(
    /"kind":"result","command":"sync"[^\n]*\n$/,
  );

  type(`${sync} --only /srv/notes; echo "code $?"`);
  press('Enter');
  await clears('code 0');
  await sees('Type yes to do it:');
  press('C-c');
  await sees('code 130');
});
