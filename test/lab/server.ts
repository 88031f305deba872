/**
 * The lab's own HTTP server on the bridge, in a process of its own: the archive of a vendor that only this lab
 * knows. It serves the directory `<cache>/www`, reading only, to hosts of the lab.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { end, lives, type Recorded, record } from './process.ts';
import { cacheDirectory, gateway, runDirectory } from './settings.ts';

export const wwwDirectory = join(cacheDirectory, 'www');
export const serverPort = 8047;
export const serverUrl = `http://${gateway}:${serverPort}`;

const stateFile = join(runDirectory, 'server.json');

function recorded(): Recorded | null {
  try {
    return JSON.parse(readFileSync(stateFile, 'utf8')) as Recorded;
  } catch {
    return null;
  }
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: gateway, port: serverPort });
    socket.once('connect', () => resolve(!socket.destroy().connecting));
    socket.once('error', () => resolve(false));
  });
}

/** Starts the server unless it runs. The caller holds the lab's lock. */
export async function ensureServer(): Promise<void> {
  const running = recorded();
  if (running && lives(running)) return;
  mkdirSync(wwwDirectory, { recursive: true });
  mkdirSync(runDirectory, { recursive: true });
  const log = openSync(join(runDirectory, 'server.log'), 'a');
  const program = join(dirname(fileURLToPath(import.meta.url)), 'serve.ts');
  const child = spawn(process.execPath, [program, gateway, String(serverPort), wwwDirectory], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  if (child.pid === undefined) throw new Error('the lab server could not be started');
  writeFileSync(stateFile, JSON.stringify(record(child.pid)));
  for (const until = Date.now() + 10_000; !(await answers()); await sleep(50))
    if (Date.now() > until) throw new Error(`no lab server at ${serverUrl}; see ${runDirectory}/server.log`);
}

export async function stopServer(): Promise<void> {
  const running = recorded();
  if (running) await end(running, 3);
  rmSync(stateFile, { force: true });
}
