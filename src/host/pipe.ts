import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';

/** Three byte streams of one process somewhere. Shell and Channel are built on it, whatever the transport. */
export interface Pipe {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the process has ended and its streams are closed; never rejects. `code` null = it broke. */
  readonly ended: Promise<Ending>;
  kill(): void;
}
export interface Ending {
  readonly code: number | null;
  /** Why it broke; empty when it ended by itself. */
  readonly reason: string;
}

/** Runs `/bin/sh -c program` with the host's rights. `program` is ASCII, has no single quote and no newline. */
export type OpenPipe = (program: string) => Promise<Pipe>;

/**
 * Starts a local process in a session of its own, so that a Ctrl-C on the terminal reaches us and not it.
 * Rejects with the system's error when it cannot be started.
 */
export function spawnPipe(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Pipe> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { detached: true, env: { ...environment }, stdio: 'pipe' });
    // A process that ends early breaks the pipe; its exit code says why, not EPIPE.
    child.stdin.on('error', () => {});
    child.once('error', reject);
    const ended = new Promise<Ending>((settle) => {
      child.once('close', (code, signal) => {
        settle({ code: code ?? 128 + constants.signals[signal as NodeJS.Signals], reason: '' });
      });
    });
    child.once('spawn', () => {
      resolve({
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended,
        kill: () => {
          try {
            process.kill(-(child.pid as number), 'SIGTERM');
          } catch {
            // It is gone already.
          }
        },
      });
    });
  });
}
