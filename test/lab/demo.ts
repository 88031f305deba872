/**
 * `npm run demo`: the whole product in one command. As root on Debian it boots an old server that a person built
 * by hand and a new empty one, moves everything and ends with the verification. Elsewhere it does the same job
 * between two bundled roots on this disk and says what that leaves out.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labAvailable, labEnvironment, withHosts } from './lab.ts';
import { ensureLayer } from './layer.ts';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/cli.js');

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function opstimalMove(
  arguments_: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  say(`\n$ opstimal-move ${arguments_.join(' ')}\n`);
  const child = spawn(process.execPath, [program, ...arguments_], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}

async function between(directory: string): Promise<number> {
  say('demo: an old server that a person built by hand, Debian 12 (made once, then kept: a few minutes) …');
  const layer = await ensureLayer('handbuilt', '12', say);
  say('demo: booting it, and a new, empty Debian 13 …');
  return withHosts(
    [
      { name: 'old', release: '12', layers: [layer] },
      { name: 'new', release: '13' },
    ],
    () =>
      opstimalMove(['move', 'root@old', 'root@new', join(directory, 'old.move'), '--yes'], labEnvironment),
  );
}

async function onDisk(directory: string, reason: string): Promise<number> {
  say(`demo: ${reason}; using two bundled roots on this disk instead`);
  say('demo: left out here: installing packages, users and services, databases, cutover. Files are carried.');
  const [old, fresh] = [join(directory, 'oldbox'), join(directory, 'newbox')];
  cpSync(join(root, 'fixtures/demo/old'), old, { recursive: true, verbatimSymlinks: true });
  cpSync(join(root, 'fixtures/demo/new'), fresh, { recursive: true, verbatimSymlinks: true });
  return opstimalMove(['move', `disk:${old}`, `disk:${fresh}`, join(directory, 'old.move'), '--yes'], {});
}

const directory = mkdtempSync(join(tmpdir(), 'opstimal-demo-'));
try {
  const reason = process.env.OPSTIMAL_DEMO === 'disk' ? 'OPSTIMAL_DEMO=disk' : labAvailable();
  process.exitCode = reason === null ? await between(directory) : await onDisk(directory, reason);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
