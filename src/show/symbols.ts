/**
 * Symbols and their ASCII twins; which set is in use is decided once, by `cli.ts`. Plan and verdict letters
 * (`+ ~ - ! > ? M S I =`) are ASCII already.
 */
import type { Class } from '../types.ts';

export interface Symbols {
  readonly arrow: string;
  readonly more: string;
  readonly full: string;
  readonly empty: string;
  readonly running: string;
  readonly done: string;
  readonly about: string;
  readonly up: string;
  readonly none: string;
}

export const unicode: Symbols = {
  arrow: '→',
  more: '…',
  full: '█',
  empty: '░',
  running: '●',
  done: '✓',
  about: '≈',
  up: '↑ ↓',
  none: '–',
};

export const ascii: Symbols = {
  arrow: '->',
  more: '...',
  full: '#',
  empty: '-',
  running: '*',
  done: 'ok',
  about: '~',
  up: 'up down',
  none: '-',
};

/** Whether the terminal shows more than ASCII: a UTF-8 locale and a TERM that is no bare console. */
export function wantsUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '';
  if (environment.TERM === 'dumb' || environment.TERM === 'linux') return false;
  return /utf-?8/i.test(locale);
}

/** Letter of a class in lists; words are used everywhere else. */
export const classLetters: Readonly<Record<Class, string>> = {
  undecided: '?',
  mutable: 'M',
  secret: 'S',
  immutable: 'I',
  edited: 'I~',
  identity: '=',
  ephemeral: 'x',
};

/** Width of text in terminal cells; wide East Asian letters and emoji take two, combining marks none. */
export function width(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of segments.segment(text)) cells += cellsOf(segment);
  return cells;
}

const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

function cellsOf(grapheme: string): number {
  if (/^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

/** Text cut at its end to at most `cells` cells. */
export function cut(text: string, cells: number, more = '…'): string {
  if (width(text) <= cells) return text;
  return takeStart(text, cells - width(more)) + (cells >= width(more) ? more : '');
}

/** Text cut in its middle, as paths are: the beginning and the last name matter most. */
export function cutMiddle(text: string, cells: number, more = '…'): string {
  if (width(text) <= cells) return text;
  const room = cells - width(more);
  if (room < 2) return cut(text, cells, '');
  const end = Math.ceil(room / 2);
  return takeStart(text, room - end) + more + takeEnd(text, end);
}

function takeStart(text: string, cells: number): string {
  let taken = '';
  let left = cells;
  for (const { segment } of segments.segment(text)) {
    left -= cellsOf(segment);
    if (left < 0) break;
    taken += segment;
  }
  return taken;
}

function takeEnd(text: string, cells: number): string {
  let taken = '';
  let left = cells;
  for (const { segment } of [...segments.segment(text)].reverse()) {
    left -= cellsOf(segment);
    if (left < 0) break;
    taken = segment + taken;
  }
  return taken;
}

/** Text filled with spaces to `cells` cells, on its right (or its left for numbers). */
export function pad(text: string, cells: number, side: 'right' | 'left' = 'right'): string {
  const fill = ' '.repeat(Math.max(0, cells - width(text)));
  return side === 'right' ? text + fill : fill + text;
}
