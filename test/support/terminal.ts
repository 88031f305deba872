/**
 * A terminal of a given size for Ink: the last frame is the screen, keys are bytes on stdin. No sleeps, because
 * Ink tells when a frame is out.
 */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { render } from 'ink';
import type { ReactElement } from 'react';

export const down = '\x1b[B';
export const enter = '\r';
export const escapeKey = '\x1b';
export const ctrlC = '\x03';
export const end = '\x1b[F';

class Screen extends EventEmitter {
  columns: number;
  rows: number;
  readonly isTTY = true;
  last = '';

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  write(chunk: string, callback?: () => void): boolean {
    // A flush writes an empty chunk, which is no frame.
    if (chunk !== '') this.last = chunk;
    callback?.();
    return true;
  }
}

export interface FakeTerminal {
  /** The frame as it is now, without colour. */
  screen(): string;
  /** The frame with its escape codes. */
  painted(): string;
  press(...keys: readonly string[]): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  settle(): Promise<void>;
  close(): Promise<void>;
  readonly exited: Promise<unknown>;
}

/** Renders a tree into a terminal of its own. */
export async function openTerminal(
  tree: ReactElement,
  options: { columns?: number; rows?: number; spoken?: boolean } = {},
): Promise<FakeTerminal> {
  const stdout = new Screen(options.columns ?? 80, options.rows ?? 24);
  const stdin = Object.assign(new PassThrough({ encoding: 'utf8' }), {
    isTTY: true,
    setRawMode: () => {},
    ref: () => {},
    unref: () => {},
  });
  const app = render(tree, {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stdout as unknown as NodeJS.WriteStream,
    stdin: stdin as unknown as NodeJS.ReadStream,
    debug: true,
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
    isScreenReaderEnabled: options.spoken ?? false,
  });
  const settle = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    await app.waitUntilRenderFlush();
  };
  const terminal: FakeTerminal = {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is taken away
    screen: () => stdout.last.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, ''),
    painted: () => stdout.last,
    async press(...keys) {
      for (const key of keys) {
        stdin.write(key);
        await settle();
        // A lone Esc is a key only when nothing follows it; Ink waits a moment to be sure.
        if (key === escapeKey) await new Promise((resolve) => setTimeout(resolve, 60));
        await settle();
      }
    },
    async resize(columns, rows) {
      stdout.columns = columns;
      stdout.rows = rows;
      stdout.emit('resize');
      await settle();
    },
    settle,
    async close() {
      app.unmount();
      await app.waitUntilExit();
    },
    exited: app.waitUntilExit(),
  };
  await settle();
  return terminal;
}
