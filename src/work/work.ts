/**
 * do: async generators that yield events and return a result.
 *
 * Rules of this folder:
 * - never print, never ask: end with what is undecided, or throw a Failure with the name of the missing option;
 * - crash-only: stop after any event, run again, end in the same state;
 * - journal before doing; nothing on the destination is overwritten without its old form kept in the run;
 * - the source is read only; its services are stopped by cutover alone.
 */
import type { Event, Work } from '../types.ts';

/** What every command of the product gets from `cli.ts`, the only reader of the clock and the environment. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The person, for decisions: `user@machine`. */
  readonly by: string;
  /** Aborted on the first Ctrl-C: stop at the next safe point. */
  readonly signal: AbortSignal;
}

/** Runs work to its end and gives its result; events go to `listener`. */
export async function finish<T>(work: Work<T>, listener: (event: Event) => void = () => {}): Promise<T> {
  for (;;) {
    const step = await work.next();
    if (step.done) return step.value;
    listener(step.value);
  }
}
