import { Readable, Writable } from 'node:stream';
import { Failure } from '../failure.ts';
import type { Argv } from '../types.ts';
import { channelProgram, newMark } from './bootstrap.ts';
import type { Channel } from './host.ts';
import type { Ending, OpenPipe, Pipe } from './pipe.ts';
import { shellLine } from './quote.ts';

const stderrKept = 64 * 1024;

/** Drops everything up to and including `mark` (what a login shell says first); gives null while it is not there. */
function afterMark(mark: Buffer): (chunk: Buffer) => Buffer | null {
  let seen: Buffer = Buffer.alloc(0);
  let found = false;
  return (chunk) => {
    if (found) return chunk;
    seen = Buffer.concat([seen, chunk]);
    const at = seen.indexOf(mark);
    if (at < 0) {
      seen = seen.subarray(Math.max(0, seen.length - mark.length + 1));
      return null;
    }
    found = true;
    const rest = seen.subarray(at + mark.length);
    seen = Buffer.alloc(0);
    return rest.length === 0 ? null : rest;
  };
}

/**
 * stdout that ends only when the process really ended: a broken connection is an error of the stream, never an end,
 * so that half a content cannot pass for a whole one.
 */
function guardedOutput(pipe: Pipe, mark: Buffer, lost: (reason: string) => Failure): Readable {
  const cut = afterMark(mark);
  const output = new Readable({
    highWaterMark: 1024 * 1024,
    read: () => {
      pipe.stdout.resume();
    },
    destroy: (error, done) => {
      pipe.stdout.removeAllListeners('data').resume();
      if (!finished) pipe.kill();
      done(error);
    },
  });
  let finished = false;
  pipe.stdout.on('data', (chunk: Buffer) => {
    const rest = cut(chunk);
    if (rest !== null && !output.push(rest)) pipe.stdout.pause();
  });
  pipe.stdout.on('error', () => {});
  void pipe.ended.then((ending: Ending) => {
    finished = true;
    if (ending.code === null) output.destroy(lost(ending.reason));
    else output.push(null);
  });
  // Nobody has to listen: `done` tells the same.
  output.on('error', () => {});
  return output;
}

/** stdin whose writers are told when nobody will ever read it again, instead of waiting for ever. */
function guardedInput(pipe: Pipe, lost: (reason: string) => Failure): Writable {
  const input = new Writable({
    highWaterMark: 256 * 1024,
    write: (chunk: Buffer, _encoding, done) => {
      if (pipe.stdin.write(chunk)) done();
      else pipe.stdin.once('drain', done);
    },
    final: (done) => {
      pipe.stdin.end();
      done();
    },
    destroy: (error, done) => {
      pipe.stdin.end();
      done(error);
    },
  });
  pipe.stdin.on('error', () => {});
  void pipe.ended.then((ending) => {
    if (input.writableFinished || input.destroyed) return;
    input.destroy(
      ending.code === null
        ? lost(ending.reason)
        : new Failure('failed', 'process-ended', 'a process ended before it had taken all its input'),
    );
  });
  input.on('error', () => {});
  return input;
}

/** Starts one process on a pipe of its own. See `Host.stream`. */
export async function startChannel(
  open: OpenPipe,
  argv: Argv,
  lost: (reason: string) => Failure,
): Promise<Channel> {
  const line = Buffer.from(shellLine(argv), 'latin1');
  const token = newMark();
  const pipe = await open(channelProgram(token));
  const mark = Buffer.from(token, 'latin1');
  const stdout = guardedOutput(pipe, mark, lost);
  const stdin = guardedInput(pipe, lost);
  const cut = afterMark(mark);
  let words: Buffer = Buffer.alloc(0);
  pipe.stderr.on('data', (chunk: Buffer) => {
    const rest = cut(chunk);
    if (rest !== null) words = Buffer.concat([words, rest]).subarray(-stderrKept);
  });
  pipe.stderr.on('error', () => {});
  pipe.stdin.write(`${token}\n${line.length}\n`);
  pipe.stdin.write(line);
  const done = pipe.ended.then(({ code, reason }) => {
    if (code === null) throw lost(reason);
    return { code, stderr: words.toString('latin1') };
  });
  done.catch(() => {});
  return { stdin, stdout, done, kill: () => pipe.kill() };
}
