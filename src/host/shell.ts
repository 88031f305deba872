import { quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Argv } from '../types.ts';
import { newMark, shellProgram } from './bootstrap.ts';
import type { Answer } from './host.ts';
import type { OpenPipe, Pipe } from './pipe.ts';
import { shellLine } from './quote.ts';

/** Most bytes one answer may hold; listings and contents go by `stream`. */
export const answerLimit = 64 * 1024 * 1024;

export interface ShellOptions {
  readonly input?: Uint8Array | string;
  readonly limit?: number;
  readonly timeoutSeconds?: number;
}

/**
 * Cuts what lies between two marks out of a byte stream that comes in pieces. Bytes before the first mark are
 * dropped: greetings of a login shell, late words of an earlier command.
 */
class Scanner {
  readonly #begin: Buffer;
  readonly #end: Buffer;
  #state: 'before' | 'inside' | 'trailer' | 'done' = 'before';
  #pending: Buffer = Buffer.alloc(0);
  #pieces: Buffer[] = [];
  size = 0;

  constructor(mark: string) {
    this.#begin = Buffer.from(`${mark}b`, 'latin1');
    this.#end = Buffer.from(`${mark}e`, 'latin1');
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** What stood between the marks. */
  get content(): Buffer {
    return this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
  }

  trailer = '';

  /** `trailing`: after the end mark a line follows. */
  push(chunk: Buffer, trailing: boolean): void {
    let data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    if (this.#state === 'before') {
      const at = data.indexOf(this.#begin);
      if (at < 0) {
        this.#pending = data.subarray(Math.max(0, data.length - this.#begin.length + 1));
        return;
      }
      data = data.subarray(at + this.#begin.length);
      this.#state = 'inside';
    }
    if (this.#state === 'inside') {
      const at = data.indexOf(this.#end);
      const take = at < 0 ? Math.max(0, data.length - this.#end.length + 1) : at;
      if (take > 0) this.#pieces.push(data.subarray(0, take));
      this.size += take;
      if (at < 0) {
        this.#pending = data.subarray(take);
        return;
      }
      data = data.subarray(at + this.#end.length);
      this.#state = trailing ? 'trailer' : 'done';
    }
    if (this.#state === 'trailer') {
      const at = data.indexOf(0x0a);
      if (at < 0) this.#pending = data;
      else {
        this.trailer = data.toString('latin1', 0, at);
        this.#state = 'done';
      }
    }
  }
}

interface Question {
  readonly stdout: Scanner;
  readonly stderr: Scanner;
  readonly limit: number;
  readonly settle: (answer: Answer) => void;
  readonly fail: (failure: Error) => void;
}

/** One `sh` that lives as long as its host and answers one question after the other. */
export class Shell {
  readonly #open: OpenPipe;
  readonly #host: string;
  readonly #lost: (reason: string) => Failure;
  #pipe: Promise<Pipe> | null = null;
  /** Tells the shell in use from one that was given up and still ends somewhere. */
  #generation = 0;
  #question: Question | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** `lost` makes the Failure for a connection that broke; `host` is its name for people. */
  constructor(open: OpenPipe, host: string, lost: (reason: string) => Failure) {
    this.#open = open;
    this.#host = host;
    this.#lost = lost;
  }

  /** Runs one process and waits for it; questions asked at the same time wait for each other. */
  run(argv: Argv, options: ShellOptions = {}): Promise<Answer> {
    const answer = this.#queue.then(() => this.#ask(argv, options));
    this.#queue = answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pipe = await this.#pipe?.catch(() => null);
    if (!pipe) return;
    pipe.stdin.end();
    const timer = setTimeout(() => pipe.kill(), 2000);
    await pipe.ended;
    clearTimeout(timer);
  }

  async #start(): Promise<Pipe> {
    const token = newMark();
    this.#generation += 1;
    const generation = this.#generation;
    const pipe = await this.#open(shellProgram(token));
    const listen = (from: 'stdout' | 'stderr') => (chunk: Buffer) => {
      if (generation === this.#generation) this.#hear(chunk, from);
    };
    pipe.stdout.on('data', listen('stdout'));
    pipe.stderr.on('data', listen('stderr'));
    pipe.stdin.on('error', () => {});
    pipe.stdin.write(`${token}\n`);
    void pipe.ended.then(({ reason }) => {
      if (generation !== this.#generation) return;
      this.#pipe = null;
      this.#drop(this.#lost(reason || 'the shell on it ended'));
    });
    return pipe;
  }

  #hear(chunk: Buffer, from: 'stdout' | 'stderr'): void {
    const question = this.#question;
    if (question === null) return;
    question[from].push(chunk, from === 'stdout');
    if (question.stdout.size + question.stderr.size > question.limit) {
      this.#abandon(
        new Failure(
          'failed',
          'answer-too-large',
          `an answer of ${this.#host} is over ${question.limit} bytes`,
        ),
      );
    } else if (question.stdout.done && question.stderr.done) {
      this.#question = null;
      question.settle({
        code: Number(question.stdout.trailer),
        stdout: question.stdout.content,
        stderr: question.stderr.content,
      });
    }
  }

  #drop(failure: Failure): void {
    const question = this.#question;
    this.#question = null;
    question?.fail(failure);
  }

  /** Gives a question up and the shell with it, which is in the middle of something; the next one opens another. */
  #abandon(failure: Failure): void {
    void this.#pipe?.then((pipe) => pipe.kill());
    this.#generation += 1;
    this.#pipe = null;
    this.#drop(failure);
  }

  async #ask(argv: Argv, options: ShellOptions): Promise<Answer> {
    if (this.#closed) throw new Error(`the host ${this.#host} was closed`);
    const seconds = options.timeoutSeconds;
    const line = Buffer.from(
      shellLine(seconds === undefined ? argv : ['timeout', '-k', '5', String(seconds), ...argv]),
      'latin1',
    );
    const input = options.input === undefined ? null : Buffer.from(options.input as Uint8Array);
    this.#pipe ??= this.#start();
    const opening = this.#pipe;
    let pipe: Pipe;
    try {
      pipe = await opening;
    } catch (error) {
      if (this.#pipe === opening) this.#pipe = null;
      throw error;
    }
    const mark = newMark();
    const begun = performance.now();
    const slow = (): Failure =>
      new Failure(
        'failed',
        'timeout',
        `${quote(argv[0])} on ${this.#host} was not ready after ${seconds} seconds`,
      );
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer>((settle, fail) => {
      this.#question = {
        stdout: new Scanner(mark),
        stderr: new Scanner(mark),
        limit: options.limit ?? answerLimit,
        settle,
        fail,
      };
      // `timeout` over there does the work; this is for a host that does not answer at all.
      if (seconds !== undefined) timer = setTimeout(() => this.#abandon(slow()), (seconds + 20) * 1000);
      pipe.stdin.write(`${line.length} ${input === null ? '-' : input.length} ${mark}\n`);
      pipe.stdin.write(line);
      if (input !== null && input.length > 0) pipe.stdin.write(input);
    }).finally(() => clearTimeout(timer));
    if (
      seconds !== undefined &&
      (answer.code === 124 || answer.code === 137) &&
      performance.now() - begun >= seconds * 1000
    ) {
      throw slow();
    }
    return answer;
  }
}
