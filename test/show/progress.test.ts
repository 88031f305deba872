import { expect, test } from '@jest/globals';
import { type Estimator, estimate, nothing, observe, type Progress } from '../../src/show/progress.ts';
import { progressLines, progressLog } from '../../src/show/progress-text.ts';
import { ascii, unicode, width } from '../../src/show/symbols.ts';

function event(done: number, total: number | null, more: Partial<Progress> = {}): Progress {
  const left = total === null ? 0 : total - done;
  return {
    kind: 'progress',
    label: 'sync 2',
    unit: 'bytes',
    done,
    total,
    same: 0,
    sent: 0,
    left,
    errors: 0,
    current: '',
    ...more,
  };
}

function feed(steps: readonly (readonly [seconds: number, done: number])[], total: number | null): Estimator {
  return steps.reduce(
    (state, [seconds, done]) => observe(state, event(done, total), seconds * 1000),
    nothing,
  );
}

test('nothing is said about the end before the total is known', () => {
  const known = estimate(
    feed(
      [
        [0, 0],
        [10, 50e6],
      ],
      null,
    ),
  );
  expect(known.fraction).toBeNull();
  expect(known.left).toBeNull();
  expect(known.rate).toBeCloseTo(5e6);
});

test('no time left below 1 kB/s', () => {
  expect(
    estimate(
      feed(
        [
          [0, 0],
          [10, 5000],
        ],
        1e9,
      ),
    ).left,
  ).toBeNull();
  expect(
    estimate(
      feed(
        [
          [0, 0],
          [10, 20_000],
        ],
        1e9,
      ),
    ).left,
  ).not.toBeNull();
});

test('the rate forgets what is older than two minutes, and a burst does not make it jump', () => {
  const steady: [number, number][] = Array.from({ length: 301 }, (_, second) => [second, second * 1e6]);
  const late = [...steady, [301, 300e6 + 50e6]] as [number, number][];
  const before = estimate(feed(steady, 1e9)).rate as number;
  const after = estimate(feed(late, 1e9)).rate as number;
  expect(before).toBeCloseTo(1e6, -3);
  expect(after).toBeLessThan(2e6);
  const slowed = [
    ...steady,
    ...Array.from({ length: 130 }, (_, at) => [301 + at, 300e6 + at * 1e5] as [number, number]),
  ];
  expect(estimate(feed(slowed, 1e9)).rate).toBeCloseTo(1e5, -4);
});

test('with much moved, twenty seconds are enough of a window', () => {
  const fast: [number, number][] = Array.from({ length: 101 }, (_, second) => [second, second * 50e6]);
  const slow = Array.from(
    { length: 40 },
    (_, at) => [101 + at, 100 * 50e6 + (at + 1) * 10e6] as [number, number],
  );
  expect(estimate(feed([...fast, ...slow], 1e11)).rate).toBeCloseTo(10e6, -6);
});

test('counters never go backwards within one label, and a new label starts anew', () => {
  const once = observe(nothing, event(100, 200, { same: 4 }), 0);
  const again = observe(once, event(50, 200, { same: 1 }), 1000);
  expect(again.last).toMatchObject({ done: 100, same: 4 });
  expect(observe(again, event(0, 10, { label: 'sync 3' }), 2000).last?.done).toBe(0);
});

test('the error of the estimate halves by half time', () => {
  // Rates between 4 and 16 MB/s in bursts of 17 s, the same in every run.
  const rates = Array.from({ length: 40 }, (_, at) => 4e6 + 12e6 * Math.abs(Math.sin(at * 1.7)));
  const rateAt = (second: number): number => rates[Math.floor(second / 17) % rates.length] as number;
  const seconds = 600;
  let total = 0;
  for (let second = 0; second < seconds; second += 1) total += rateAt(second);
  let state = nothing;
  let done = 0;
  const errors: number[] = [];
  for (let second = 0; second <= seconds; second += 1) {
    state = observe(state, event(done, total), second * 1000);
    const { left } = estimate(state);
    errors.push(left === null ? Number.NaN : Math.abs(left - (seconds - second)));
    done += rateAt(second);
  }
  const mean = (from: number, to: number): number => {
    const part = errors.slice(from, to).filter((each) => !Number.isNaN(each));
    return part.reduce((sum, each) => sum + each, 0) / part.length;
  };
  expect(mean(300, 330)).toBeLessThanOrEqual(mean(5, 35) / 2);
  expect(mean(560, 600)).toBeLessThan(15);
});

test('the two lines carry all facts and fit every width', () => {
  const state = observe(
    observe(nothing, event(0, 61.4e9), 0),
    event(37.4e9, 61.4e9, {
      same: 40_112,
      sent: 5903,
      left: 2195,
      current: '/var/lib/postgresql/15/main/base/16384/2619_fsm',
    }),
    60_000,
  );
  const [first, second] = progressLines(state, 100, unicode);
  expect(first).toBe('sync 2  ████████████░░░░░░░░  60 %  37.4 of 61.4 GB  623.3 MB/s  39 s left');
  expect(second).toContain('same 40 112   sent 5 903   left 2 195   errors 0');
  for (const symbols of [unicode, ascii]) {
    for (const columns of [20, 40, 80, 120, 300]) {
      for (const line of progressLines(state, columns, symbols))
        expect(width(line)).toBeLessThanOrEqual(columns);
    }
  }
});

test('the line for a log has the time and no cursor codes', () => {
  const state = observe(
    observe(nothing, event(0, 61.4e9), 0),
    event(37.4e9, 61.4e9, { same: 40_112 }),
    60_000,
  );
  expect(progressLog(state, Date.UTC(2026, 10, 23, 6, 10, 30))).toBe(
    '2026-11-23T06:10:30Z sync 2 60% 37.4/61.4 GB 623.3 MB/s 39 s left same=40112 sent=0 left=24000000000 errors=0',
  );
});
