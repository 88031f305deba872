import { Readable, Writable } from 'node:stream';
import { Failure } from '../failure.ts';
import type { Argv } from '../types.ts';
import { channelProgram, newMark } from './bootstrap.ts';
import type { Channel } from './host.ts';
import type { Ending, OpenPipe, Pipe } from './pipe.ts';
import { shellLine } from './quote.ts';

const stderrKept = 64 * 1024;

/** Takes away everything up to and including a mark: what a login shell says first. */
class Cutter {
  readonly #mark: Buffer;
  /** What stood before the mark, its last 64 KiB. */
  before: Buffer = Buffer.alloc(0);
  found = false;

  constructor(mark: string) {
    this.#mark = Buffer.from(mark, 'latin1');
  }

  /** The part of a chunk that lies behind the mark; empty while the mark has not come. */
  rest(chunk: Buffer): Buffer {
    if (this.found) return chunk;
    this.before = Buffer.concat([this.before, chunk]);
    const at = this.before.indexOf(this.#mark);
    if (at < 0) {
      this.before = this.before.subarray(-stderrKept);
      return Buffer.alloc(0);
    }
    this.found = true;
    const rest = this.before.subarray(at + this.#mark.length);
    this.before = Buffer.alloc(0);
    return rest;
  }
}

/**
 * stdout that ends only when the process really ended: a broken connection is an error of the stream, never an end,
 * so that half a content cannot pass for a whole one.
 */
function guardedOutput(pipe: Pipe, mark: string, lost: (reason: string) => Failure): Readable {
  const cutter = new Cutter(mark);
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
    const rest = cutter.rest(chunk);
    if (rest.length > 0 && !output.push(rest)) pipe.stdout.pause();
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
  const stdout = guardedOutput(pipe, token, lost);
  const stdin = guardedInput(pipe, lost);
  const cutter = new Cutter(token);
  let words: Buffer = Buffer.alloc(0);
  pipe.stderr.on('data', (chunk: Buffer) => {
    words = Buffer.concat([words, cutter.rest(chunk)]).subarray(-stderrKept);
  });
  pipe.stderr.on('error', () => {});
  pipe.stdin.write(`${token}\n${line.length}\n`);
  pipe.stdin.write(line);
  const done = pipe.ended.then(({ code, reason }) => {
    if (code === null) throw lost(reason);
    // Without the mark the process never began: what was said instead is the reason, and no code makes it a success.
    if (!cutter.found) return { code: code || 125, stderr: cutter.before.toString('latin1') };
    return { code, stderr: words.toString('latin1') };
  });
  done.catch(() => {});
  return { stdin, stdout, done, kill: () => pipe.kill() };
}
