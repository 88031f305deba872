/**
 * How far, how fast, how long: one set of counters and a pure estimator. The clock comes in with each sample.
 *
 * Rules: no fraction and no time left until the total is known; the rate is taken over a window of 20 seconds
 * to 2 minutes, so that it does not jump; no time left below 1 kB/s; what was done never goes backwards.
 */
import type { Event } from '../types.ts';

export type Progress = Extract<Event, { kind: 'progress' }>;

interface Sample {
  /** Milliseconds. */
  readonly at: number;
  readonly done: number;
}

export interface Estimator {
  readonly label: string;
  readonly samples: readonly Sample[];
  readonly last: Progress | null;
}

export interface Estimate {
  /** 0 … 1, or null while the total is unknown. */
  readonly fraction: number | null;
  /** Bytes or entries per second, or null before two samples. */
  readonly rate: number | null;
  /** Seconds left, or null when nothing honest can be said. */
  readonly left: number | null;
}

export const nothing: Estimator = { label: '', samples: [], last: null };

const shortest = 20_000;
const longest = 120_000;
/** The window stays open beyond the shortest until this much moved in it. */
const enough = { bytes: 100e6, entries: 10_000 } as const;
/** Below this rate per second no time left is told. */
const slowest = { bytes: 1000, entries: 1 } as const;

/** Takes one progress event at a time in milliseconds. A new label starts anew. */
export function observe(estimator: Estimator, event: Progress, at: number): Estimator {
  if (event.label !== estimator.label || estimator.last === null) {
    return { label: event.label, samples: [{ at, done: event.done }], last: event };
  }
  const before = estimator.last;
  const last: Progress = {
    ...event,
    done: Math.max(before.done, event.done),
    same: Math.max(before.same, event.same),
    sent: Math.max(before.sent, event.sent),
    errors: Math.max(before.errors, event.errors),
  };
  const newest = { at, done: last.done };
  const previous = estimator.samples.at(-2);
  // At most two samples a second are kept: the newest one slides.
  const kept =
    previous !== undefined && at - previous.at < 500 ? estimator.samples.slice(0, -1) : estimator.samples;
  return { label: event.label, samples: windowed([...kept, newest], enough[event.unit]), last };
}

function windowed(samples: readonly Sample[], amount: number): readonly Sample[] {
  const newest = samples.at(-1) as Sample;
  let first = 0;
  for (;;) {
    const next = samples[first + 1];
    if (next === undefined || next === newest) break;
    const tooLong = newest.at - (samples[first] as Sample).at > longest;
    const stillEnough = newest.at - next.at >= shortest && newest.done - next.done >= amount;
    if (!tooLong && !stillEnough) break;
    first += 1;
  }
  return first === 0 ? samples : samples.slice(first);
}

/** What can be said now. */
export function estimate(estimator: Estimator): Estimate {
  const { last, samples } = estimator;
  if (last === null) return { fraction: null, rate: null, left: null };
  const oldest = samples[0] as Sample;
  const newest = samples.at(-1) as Sample;
  const seconds = (newest.at - oldest.at) / 1000;
  const rate = seconds >= 1 ? (newest.done - oldest.done) / seconds : null;
  if (last.total === null) return { fraction: null, rate, left: null };
  const fraction = last.total === 0 ? 1 : Math.min(1, last.done / last.total);
  const tells = rate !== null && rate >= slowest[last.unit] && seconds >= 2;
  return { fraction, rate, left: tells ? Math.max(0, last.total - last.done) / rate : null };
}
