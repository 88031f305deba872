/**
 * The talk on stderr: what work says while it goes on.
 *
 * Rules for output:
 * - a terminal gets one live line, drawn at most ten times a second and cut to the width; it is erased before
 *   anything else is written and never left behind;
 * - no terminal gets no cursor codes and no spinner: one progress line every 30 seconds (OPSTIMAL_PROGRESS);
 * - every change of state is one line, lower case, without a full stop; nothing to do is told only with --verbose;
 * - --quiet leaves warnings and failures.
 */
import type { Event } from '../types.ts';
import { factWords } from './fact-words.ts';
import { type Paint, paint } from './paint.ts';
import { type Estimator, nothing, observe } from './progress.ts';
import { progressLines, progressLog } from './progress-text.ts';
import { cut, pad, type Symbols, width } from './symbols.ts';
import { duration } from './units.ts';
import { wrap } from './wrap.ts';

export interface TalkOptions {
  readonly write: (text: string) => void;
  /** A terminal: cursor codes are understood. */
  readonly terminal: boolean;
  readonly columns: () => number;
  readonly color: boolean;
  readonly symbols: Symbols;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Seconds between progress lines without a terminal. */
  readonly every: number;
}

/** One line of progress is drawn at most this often, in milliseconds. */
const frame = 100;

export class Talk {
  readonly #options: TalkOptions;
  #estimator: Estimator = nothing;
  #live = false;
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(options: TalkOptions) {
    this.#options = options;
  }

  /** A line for the person, above the live line; nothing with --quiet unless it must be known. */
  say(text: string, must = false): void {
    if (this.#options.quiet && !must) return;
    this.#erase();
    this.#options.write(`${text}\n`);
  }

  event(event: Event, now: number): void {
    switch (event.kind) {
      case 'phase':
        this.#phase(event);
        break;
      case 'fact':
        this.#fact(event);
        break;
      case 'step':
        this.#step(event, now);
        break;
      case 'note':
        if (event.grade === 'care') this.say(`${this.#paint('yellow', '!')} ${event.text}`, true);
        else this.say(`  ${event.text}`);
        break;
      case 'progress':
        this.#progress(event, now);
        break;
    }
  }

  /** The status line as it is now, for SIGUSR1. */
  status(now: number): string {
    return progressLog(this.#estimator, now) || 'nothing is being carried now';
  }

  /** Takes the live line away: work ended, or a question comes. */
  rest(): void {
    this.#erase();
    this.#estimator = nothing;
  }

  #phase(event: Extract<Event, { kind: 'phase' }>): void {
    this.#estimator = nothing;
    this.#drawn = Number.NEGATIVE_INFINITY;
    this.say(`${this.#paint('bold', event.name)}${event.text === '' ? '' : `  ${event.text}`}`);
  }

  #fact(event: Extract<Event, { kind: 'fact' }>): void {
    if (event.state === 'asking') {
      this.#liveLine(`  ${factWords(event.name)}`);
      return;
    }
    const absent = event.state === 'absent';
    const sign = absent ? this.#paint('yellow', '!') : this.#options.symbols.done;
    const text = absent ? `not asked: ${event.text}` : event.text;
    const time = event.seconds >= 0.05 ? `   ${duration(event.seconds)}` : '';
    const start = `${sign} ${pad(factWords(event.name), 18)} `;
    // A line that the terminal breaks hides the names of the facts below each other.
    const room = this.#options.terminal
      ? Math.max(20, this.#options.columns() - width(start))
      : Number.POSITIVE_INFINITY;
    const lines = wrap(text, room).split('\n');
    const last = `${lines.at(-1)}${time}`;
    const said = width(last) > room ? lines : [...lines.slice(0, -1), last];
    this.say(`${start}${said.join(`\n${' '.repeat(width(start))}`)}`, absent);
  }

  #step(event: Extract<Event, { kind: 'step' }>, now: number): void {
    if (event.state === 'begun') {
      this.#liveLine(`${event.index}/${event.of}  ${event.title}`, now);
      return;
    }
    const failed = event.state === 'failed';
    if (!failed && event.state !== 'changed' && !this.#options.verbose) return;
    const sign = failed ? this.#paint('red', '!') : event.state === 'changed' ? '~' : ' ';
    const said = event.text === '' ? '' : `   ${event.text}`;
    this.say(`${sign} ${pad(event.state, 8)} ${event.title}${said}`, failed);
  }

  #progress(event: Extract<Event, { kind: 'progress' }>, now: number): void {
    this.#estimator = observe(this.#estimator, event, now);
    if (this.#options.quiet) return;
    if (!this.#options.terminal) {
      if (now - this.#drawn < this.#options.every * 1000) return;
      // The first event of a label only starts its clock: short work stays one line.
      if (this.#drawn > Number.NEGATIVE_INFINITY)
        this.#options.write(`${progressLog(this.#estimator, now)}\n`);
      this.#drawn = now;
      return;
    }
    const columns = this.#options.columns() - 1;
    const [first = '', second = ''] = progressLines(this.#estimator, columns, this.#options.symbols);
    const errors = `errors ${event.errors}`;
    const room = width(first) + 2 + errors.length <= columns;
    this.#liveLine(first === '' ? second : room ? `${first}  ${errors}` : first, now);
  }

  /** Without a time it is drawn at once, for the rare lines that answer the person. */
  #liveLine(text: string, now?: number): void {
    const { terminal, quiet, write } = this.#options;
    if (!terminal || quiet) return;
    if (now !== undefined) {
      if (now - this.#drawn < frame) return;
      this.#drawn = now;
    }
    write(`\r\x1b[2K${cut(text, this.#options.columns() - 1, this.#options.symbols.more)}`);
    this.#live = true;
  }

  #erase(): void {
    if (!this.#live) return;
    this.#options.write('\r\x1b[2K');
    this.#live = false;
  }

  #paint(how: Paint, text: string): string {
    return paint(how, text, this.#options.color);
  }
}
