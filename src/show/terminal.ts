/**
 * The person's terminal: /dev/tty, so that questions work while stdin and stdout are pipes. Opened for one
 * question and closed again.
 */
import { execFile } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ReadStream, WriteStream } from 'node:tty';
import { Failure } from '../failure.ts';
import type { AskLine } from './prompt.ts';

/** Asks on /dev/tty. An aborted signal ends the question with `interrupted`. */
export function terminalAsk(signal: AbortSignal, before: () => void): AskLine {
  return async (question, hidden) => {
    before();
    if (signal.aborted) throw stopped();
    const input = new ReadStream(openSync('/dev/tty', 'r'));
    const output = new WriteStream(openSync('/dev/tty', 'w'));
    try {
      output.write(question);
      input.setRawMode(true);
      return await readLine(input, output, hidden, signal);
    } finally {
      input.setRawMode(false);
      input.destroy();
      output.end();
    }
  };
}

function stopped(): Failure {
  return new Failure('interrupted', 'interrupted', 'stopped at a question; nothing was changed by it');
}

function readLine(
  input: ReadStream,
  output: WriteStream,
  hidden: boolean,
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let line = '';
    input.setEncoding('utf8');
    const end = (act: () => void): void => {
      input.removeAllListeners('data');
      signal.removeEventListener('abort', onAbort);
      output.write('\r\n');
      act();
    };
    const onAbort = (): void => end(() => reject(stopped()));
    signal.addEventListener('abort', onAbort, { once: true });
    input.on('error', (error) => end(() => reject(error)));
    input.on('end', () => end(() => resolve(null)));
    input.on('data', (chunk) => {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n') return end(() => resolve(line));
        if (character === '\x03') return end(() => reject(stopped()));
        if (character === '\x04' && line === '') return end(() => resolve(null));
        if (character === '\x15') line = erase(line, line.length, hidden, output);
        else if (character === '\x7f' || character === '\b') line = erase(line, 1, hidden, output);
        else if (character >= ' ') {
          line += character;
          if (!hidden) output.write(character);
        }
      }
    });
  });
}

function erase(line: string, characters: number, hidden: boolean, output: WriteStream): string {
  const letters = [...line];
  const gone = Math.min(characters, letters.length);
  if (!hidden) output.write('\b \b'.repeat(gone));
  return letters.slice(0, letters.length - gone).join('');
}

/** First line of the password file, or of what the command prints; null when neither was asked for. */
export function secretSource(file: string | null, command: string | null): (() => Promise<string>) | null {
  if (file !== null) return async () => firstLine(await readSecretFile(file), file);
  if (command !== null) return async () => firstLine(await output(command), command);
  return null;
}

async function readSecretFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Failure('usage', 'password-file', `cannot read the password file ${file}: ${reason}`, {
      cause,
    });
  }
}

function output(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', command], (error, stdout) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Failure('usage', 'password-file', `the password command failed: ${command}`, { cause: error }),
        );
    });
  });
}

function firstLine(text: string, from: string): string {
  const line = text.split('\n')[0]?.replace(/\r$/, '') ?? '';
  if (line === '') throw new Failure('usage', 'password-file', `no password came from ${from}`);
  return line;
}
