/** The progress line, for a terminal (cut to its width) and for a log. Both carry the same facts. */
import type { Estimate, Estimator, Progress } from './progress.ts';
import { estimate } from './progress.ts';
import { cut, cutMiddle, type Symbols, width } from './symbols.ts';
import { count, roughly, size, sizeOf } from './units.ts';

function amount(event: Progress, word: string): string {
  if (event.unit === 'bytes')
    return event.total === null ? size(event.done) : sizeOf(event.done, event.total, word);
  return event.total === null ? count(event.done) : `${count(event.done)}${word}${count(event.total)}`;
}

function rateText(event: Progress, known: Estimate): string {
  if (known.rate === null) return '';
  return event.unit === 'bytes' ? `${size(known.rate)}/s` : `${count(known.rate)}/s`;
}

/** `████████░░░░`; empty while nothing is known. */
export function bar(fraction: number | null, cells: number, symbols: Symbols): string {
  if (fraction === null) return '';
  const full = Math.floor(fraction * cells);
  return symbols.full.repeat(full) + symbols.empty.repeat(cells - full);
}

/** One or two lines for a terminal of `columns`; what does not fit falls away from the right. */
export function progressLines(estimator: Estimator, columns: number, symbols: Symbols): string[] {
  const event = estimator.last;
  if (event === null) return [];
  const known = estimate(estimator);
  const parts =
    known.fraction === null
      ? [`counting${symbols.more} ${amount(event, ' of ')}`, rateText(event, known)]
      : [
          columns >= 60 ? bar(known.fraction, 20, symbols) : '',
          `${Math.floor(known.fraction * 100)} %`,
          amount(event, ' of '),
          rateText(event, known),
          known.left === null ? '' : `${roughly(known.left)} left`,
        ];
  let first = event.label;
  for (const part of parts) {
    if (part !== '' && width(first) + 2 + width(part) <= columns) first += `  ${part}`;
  }
  const counters = countersOf(event, '   ', ' ');
  const room = columns - width(counters) - 3;
  const current =
    room >= 10 && event.current !== '' ? `   ${cutMiddle(event.current, room, symbols.more)}` : '';
  return [cut(first, columns, symbols.more), cut(counters + current, columns, symbols.more)];
}

function countersOf(event: Progress, between: string, is: string): string {
  const pairs = [
    ['same', event.same],
    ['sent', event.sent],
    ['left', event.left],
    ['errors', event.errors],
  ] as const;
  return pairs.map(([name, number]) => `${name}${is}${is === '=' ? number : count(number)}`).join(between);
}

/** The line for a log: no cursor codes, the time first. */
export function progressLog(estimator: Estimator, now: number): string {
  const event = estimator.last;
  if (event === null) return '';
  const known = estimate(estimator);
  const time = new Date(now).toISOString().replace(/\.\d+/, '');
  const parts =
    known.fraction === null
      ? ['counting', amount(event, '/'), rateText(event, known)]
      : [
          `${Math.floor(known.fraction * 100)}%`,
          amount(event, '/'),
          rateText(event, known),
          known.left === null ? '' : `${roughly(known.left)} left`,
        ];
  return [time, event.label, ...parts, countersOf(event, ' ', '=')].filter((part) => part !== '').join(' ');
}
