/**
 * Does what a state wants and sends back what came of it. Work's events are joined, so that the view is drawn at
 * most ten times a second; keys are answered at once.
 */

import { Failure } from '../../failure.ts';
import type { Asker } from '../../host/host.ts';
import type { Class, Event, Plan, Report, Work } from '../../types.ts';
import { redactedEvent, redactedFailure } from '../redacted.ts';
import type { Screen } from './keys.ts';
import { reduce } from './reduce.ts';
import type { Batch, Effect, Group, Input, Pass, State, Told } from './state.ts';

/** What the wizard needs done; `work.ts` does it for real, tests put recorded events in its place. */
export interface WizardWork {
  names(): Promise<readonly string[]>;
  /** What a folder knows; Failure when it is none. */
  open(folder: string): Promise<{ source: string; destination: string; at: Screen }>;
  connect(
    places: { source: string; destination: string; folder: string },
    asker: Asker,
    note: (text: string) => void,
  ): Promise<Omit<Extract<Input, { input: 'connected' }>, 'input'>>;
  scan(signal: AbortSignal): Work<unknown>;
  groups(): Promise<readonly Group[]>;
  history(): Promise<readonly Batch[]>;
  decide(path: string, chosen: Class | null): Promise<void>;
  explain(path: string): Promise<readonly string[]>;
  plan(signal: AbortSignal): Work<Plan>;
  apply(signal: AbortSignal): Work<unknown>;
  sync(signal: AbortSignal): Work<{ pass: Pass; quiet: boolean }>;
  cutover(
    signal: AbortSignal,
  ): Work<{ report: Report; downtime: { predicted: number; measured: number } | null }>;
  verify(signal: AbortSignal): Work<Report>;
  /** What to tell about an error that is no Failure: where its stack was written. */
  bug(error: unknown): Promise<Told>;
}

/** Milliseconds between two drawings while work goes on. */
const frame = 100;

export class Driver {
  #state: State;
  readonly #work: WizardWork;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #abort = new AbortController();
  #answer: ((text: string | null) => void) | null = null;
  #waiting: { event: Event; at: number }[] = [];
  #timer: NodeJS.Timeout | null = null;
  #leave: (exit: number) => void = () => {};
  /** Jobs in turn: decisions are appended in the order in which they were made. */
  #queue: Promise<void> = Promise.resolve();

  constructor(work: WizardWork, initial: State, now: () => number) {
    this.#work = work;
    this.#state = initial;
    this.#now = now;
  }

  get state(): State {
    return this.#state;
  }

  /** For React's useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): State => this.#state;

  onLeave(leave: (exit: number) => void): void {
    this.#leave = leave;
  }

  /** Folds one input, draws, and does what the new state wants. */
  dispatch(input: Input): void {
    this.#flush();
    this.#fold(input);
    this.#draw();
  }

  /** Opens a folder as if it had been typed at the first question. */
  openFolder(folder: string): void {
    this.#begin({ do: 'open', folder });
  }

  /** Work that is going on or waiting has ended; for tests and for leaving. */
  async settled(): Promise<void> {
    for (let before: Promise<void> | null = null; before !== this.#queue; ) {
      before = this.#queue;
      await before;
    }
    this.#flush();
    this.#draw();
  }

  #fold(input: Input): void {
    this.#state = reduce(this.#state, input);
    for (const effect of this.#state.wants) this.#begin(effect);
  }

  #draw(): void {
    for (const listener of this.#listeners) listener();
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const { event, at } of this.#waiting.splice(0)) this.#fold({ input: 'event', event, at });
  }

  #event(event: Event): void {
    this.#waiting.push({ event: redactedEvent(event), at: this.#now() });
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#flush();
      this.#draw();
    }, frame);
  }

  #begin(effect: Effect): void {
    if (effect.do === 'answer') {
      this.#answer?.(effect.text);
      this.#answer = null;
      return;
    }
    if (effect.do === 'stop') {
      this.#abort.abort();
      this.#answer?.(null);
      this.#answer = null;
      return;
    }
    if (effect.do === 'leave') {
      this.#abort.abort();
      this.#leave(effect.exit);
      return;
    }
    this.#queue = this.#queue.then(() => this.#do(effect));
  }

  async #do(effect: Exclude<Effect, { do: 'answer' | 'stop' | 'leave' }>): Promise<void> {
    this.#abort = new AbortController();
    try {
      await this.#perform(effect);
    } catch (error) {
      const told = error instanceof Failure ? toldOf(error) : await this.#work.bug(error);
      this.dispatch({ input: 'failed', job: effect.do, told });
      if (effect.do === 'decide') await this.#groups();
    }
  }

  async #perform(effect: Exclude<Effect, { do: 'answer' | 'stop' | 'leave' }>): Promise<void> {
    const { signal } = this.#abort;
    const work = this.#work;
    switch (effect.do) {
      case 'open':
        this.dispatch({ input: 'opened', folder: effect.folder, ...(await work.open(effect.folder)) });
        break;
      case 'connect':
        await this.#connect(effect.source, effect.destination);
        break;
      case 'scan':
        await this.#run(work.scan(signal));
        await this.#groups(true);
        this.dispatch({ input: 'ended', job: 'scan' });
        break;
      case 'decide':
        await this.#decide(effect.batch, effect.way);
        await this.#groups();
        break;
      case 'explain':
        this.dispatch({ input: 'explained', title: effect.path, lines: await work.explain(effect.path) });
        break;
      case 'plan':
        this.dispatch({ input: 'planned', plan: await this.#run(work.plan(signal)) });
        break;
      case 'apply':
        await this.#run(work.apply(signal));
        this.dispatch({ input: 'ended', job: 'apply' });
        break;
      case 'sync':
        this.dispatch({ input: 'passed', ...(await this.#run(work.sync(signal))) });
        break;
      case 'cutover': {
        const result = await this.#run(work.cutover(signal));
        this.dispatch({ input: 'ended', job: 'cutover' });
        this.dispatch({ input: 'verified', ...result });
        break;
      }
      case 'verify':
        this.dispatch({ input: 'verified', report: await this.#run(work.verify(signal)), downtime: null });
        break;
    }
  }

  async #run<T>(work: Work<T>): Promise<T> {
    for (;;) {
      const step = await work.next();
      if (step.done) {
        this.#flush();
        return step.value;
      }
      this.#event(step.value);
    }
  }

  async #connect(source: string, destination: string): Promise<void> {
    const note = (text: string): void => this.#event({ kind: 'note', grade: 'info', text });
    const { folder } = this.#state;
    const connected = await this.#work.connect({ source, destination, folder }, this.#asker(), note);
    if (connected.scanned) await this.#groups(true);
    this.dispatch({ input: 'connected', ...connected });
  }

  async #decide(batch: Batch, way: 'new' | 'undo' | 'redo'): Promise<void> {
    for (const [index, path] of batch.paths.entries()) {
      await this.#work.decide(path, way === 'undo' ? (batch.before[index] ?? null) : batch.after);
    }
  }

  async #groups(withHistory = false): Promise<void> {
    const groups = await this.#work.groups();
    const history = withHistory ? await this.#work.history() : null;
    this.dispatch({ input: 'groups', groups, history });
  }

  #asker(): Asker {
    const ask = (question: Extract<Input, { input: 'asked' }>['question']): Promise<string | null> =>
      new Promise((resolve) => {
        this.#answer = resolve;
        this.dispatch({ input: 'asked', question });
      });
    return {
      trustHostKey: async ({ host, type, fingerprint }) => {
        const answer = await ask({
          kind: 'hostKey',
          lines: [
            `The host key of ${host} is not known.`,
            `  ${type}`,
            `  ${fingerprint}`,
            'Compare it with what the server itself says.',
          ],
          label: 'Type yes to trust it from now on:',
          hidden: false,
          answer: '',
          option: '~/.ssh/known_hosts',
        });
        return answer?.trim() === 'yes';
      },
      secret: (question) => {
        const words = { password: 'password of', passphrase: 'passphrase of', sudo: 'password for sudo on' }[
          question.what
        ];
        return ask({
          kind: 'password',
          lines: [
            `${question.for} asks for a ${question.what === 'passphrase' ? 'passphrase' : 'password'}. It is kept nowhere.`,
          ],
          label: `The ${words} ${question.for}:`,
          hidden: true,
          answer: '',
          option: '--password-file',
        });
      },
    };
  }
}

function toldOf(failure: Failure): Told {
  return redactedFailure(failure);
}
