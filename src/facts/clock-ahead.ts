/** The host's clock. `parse` gives its time in seconds since the epoch; `work/ask.ts` takes ours off. */
import type { Fact } from './fact.ts';

export const clockAhead: Fact<number> = {
  name: 'clockAhead',
  live: true,
  question: () => ['date', '+%s.%N'],
  parse(output) {
    const text = output.toString('latin1');
    if (!/^\d{1,12}\.\d{9}\n$/.test(text)) throw new Error('date makes no sense');
    return Number(text);
  },
  summary(value) {
    const seconds = Math.abs(value);
    if (seconds < 0.5) return 'as ours';
    return `${seconds.toFixed(1)} s ${value < 0 ? 'behind' : 'ahead'}`;
  },
};
