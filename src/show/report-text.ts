/** A report of verify for people: red first, then by hand, then green; each red with what both sides said. */
import type { Check, Report } from '../types.ts';
import { paint } from './paint.ts';
import { pad } from './symbols.ts';
import { count } from './units.ts';

const order: Readonly<Record<Check['state'], number>> = { red: 0, 'by-hand': 1, green: 2 };
const words: Readonly<Record<Check['state'], string>> = { red: 'red', 'by-hand': 'by hand', green: 'green' };

/** Checks in the order in which they are shown; equal states keep theirs. */
export function sortedChecks(report: Report): readonly Check[] {
  return [...report.checks].sort((one, other) => order[one.state] - order[other.state]);
}

/** `41 green, 1 red, 2 by hand`. */
export function reportCounts(report: Report): string {
  return `${count(report.green)} green, ${count(report.red)} red, ${count(report.byHand)} by hand`;
}

export interface ReportTextOptions {
  readonly color: boolean;
  /** Every green one, not the first few. */
  readonly all: boolean;
}

/** The whole text, the counts last. */
export function reportText(report: Report, options: ReportTextOptions): string {
  const checks = sortedChecks(report);
  const green = checks.filter((check) => check.state === 'green');
  const shownGreen = options.all ? green : green.slice(0, 10);
  const lines = checks
    .filter((check) => check.state !== 'green' || shownGreen.includes(check))
    .flatMap((check) => checkLines(check, options.color));
  const rest = green.length - shownGreen.length;
  if (rest > 0) lines.push(`  ${count(rest)} more, all green      --all shows each`);
  return `${[...lines, '', `${reportCounts(report)}.`].join('\n')}\n`;
}

function checkLines(check: Check, color: boolean): string[] {
  const state = pad(words[check.state], 8);
  const painted =
    check.state === 'red'
      ? paint('red', state, color)
      : check.state === 'by-hand'
        ? paint('yellow', state, color)
        : state;
  const lines = [`${painted} ${pad(check.subject, 20)} ${check.text}`.trimEnd()];
  if (check.state === 'red') {
    if (check.source !== undefined) lines.push(`           source       ${firstLine(check.source)}`);
    if (check.destination !== undefined)
      lines.push(`           destination  ${firstLine(check.destination)}`);
  }
  return lines;
}

/** The first line of what a side said, short enough for one line. */
function firstLine(text: string): string {
  const line = text.split('\n')[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 200)} …` : line;
}
