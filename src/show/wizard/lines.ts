/**
 * A frame as lines of parts: exactly as many lines as the terminal has rows, none wider than its columns. Ink
 * only paints them, so size and content are tested without it.
 */
import { cut, cutMiddle, pad, type Symbols, width } from '../symbols.ts';
import { type actionOf, bindings, boundOn } from './keys.ts';
import { inField } from './reduce-keys.ts';
import { type State, waysOn } from './state.ts';

export type Tone = 'plain' | 'bold' | 'dim' | 'add' | 'care' | 'secret' | 'error';

export interface Part {
  readonly text: string;
  readonly tone: Tone;
}
export type Line = readonly Part[];

export interface Area {
  readonly columns: number;
  readonly rows: number;
  readonly symbols: Symbols;
}

export function line(text: string, tone: Tone = 'plain'): Line {
  return [{ text, tone }];
}

export function textOf(parts: Line): string {
  return parts.map((part) => part.text).join('');
}

/** Cuts a line to the columns, part by part. */
export function fitted(parts: Line, columns: number, symbols: Symbols): Line {
  if (width(textOf(parts)) <= columns) return parts;
  const fits: Part[] = [];
  let left = columns;
  for (const part of parts) {
    const text = width(part.text) <= left ? part.text : cut(part.text, left, symbols.more);
    fits.push({ text, tone: part.tone });
    left -= width(text);
    if (left <= 0) break;
  }
  return fits;
}

/** Left text, and right text at the right edge; the left gives way, in its middle. */
export function spread(left: string, right: string, columns: number, symbols: Symbols): string {
  if (right === '') return cutMiddle(left, columns, symbols.more);
  const room = columns - width(right) - 2;
  if (room < 8) return cut(`${left}  ${right}`, columns, symbols.more);
  return `${pad(cutMiddle(left, room, symbols.more), room)}  ${right}`;
}

/** First row of a window of `height` rows that keeps the cursor in sight. */
export function windowStart(count: number, cursor: number, height: number): number {
  if (count <= height) return 0;
  return Math.max(0, Math.min(count - height, cursor - Math.floor(height / 2)));
}

const steps = ['connect', 'scan', 'review', 'plan', 'apply', 'sync', 'verify'] as const;
const titles = ['Connect', 'Scan', 'Review', 'Plan', 'Apply', 'Sync', 'Verify'] as const;

/** Program and hosts, where you are, the one count that matters. */
export function header(state: State, count: string, area: Area): Line[] {
  const { columns, symbols } = area;
  const step = `${steps.indexOf(state.screen) + 1}/7 ${titles[steps.indexOf(state.screen)]}`;
  const source = state.sourceName || state.source;
  const destination = state.destinationName || state.destination;
  const hosts =
    destination === ''
      ? source
      : `${source} ${state.screen === 'verify' ? '=' : symbols.arrow} ${destination}`;
  if (columns < 60) {
    const first = ` ${hosts === '' ? '' : `${hosts}   `}${step}`;
    return [
      line(cutMiddle(first, columns, symbols.more), 'bold'),
      ...(count === '' ? [] : [line(cut(` ${count}`, columns, symbols.more))]),
    ];
  }
  const left = ` opstimal-move   ${hosts}`;
  const middle = Math.max(0, Math.min(43, columns - width(count) - width(step) - 4) - 1);
  const start =
    width(left) + 2 <= middle ? pad(left, middle) : `${cut(left, Math.max(20, middle - 2), symbols.more)}  `;
  return [
    line(cut(spread(start + step, count, columns - 1, symbols), columns, symbols.more), 'bold'),
    line(''),
  ];
}

/** Hints from the key table; what does not fit falls off from the right, the help stays. */
export function footer(state: State, area: Area): Line {
  if (inField(state)) return line(cut(fieldHints(state), area.columns, area.symbols.more), 'plain');
  if (state.pane !== null) return line(cut(' Esc close   up down scroll', area.columns, area.symbols.more));
  const parts: Part[] = [];
  const help = ' ? help';
  let left = area.columns - 1 - help.length - 2;
  for (const binding of bindings) {
    if (binding.hint === '' || binding.action === 'help' || !boundOn(binding, state.screen)) continue;
    const text = ` ${binding.shown} ${binding.hint}  `;
    if (width(text) > left) continue;
    left -= width(text);
    parts.push({ text, tone: canAct(state, binding.action) ? 'plain' : 'dim' });
  }
  return [...parts, { text: help, tone: 'plain' }];
}

function fieldHints(state: State): string {
  if (state.filtering) return ' Enter keep the filter   Esc clear it';
  if (state.question !== null) return ` Enter go on   Esc back   ${state.question.option}`;
  return ' Enter go on   up down names from ~/.ssh/config   Esc back   Ctrl-C leave';
}

function canAct(state: State, action: NonNullable<ReturnType<typeof actionOf>>): boolean {
  if (action === 'undo') return state.history.length > 0;
  if (action === 'stop') return state.running !== null;
  if (action === 'enter')
    return state.screen !== 'connect' && (state.running === null || waysOn(state).length === 0);
  return true;
}

/** The whole frame: header, body, one line to say something, footer. */
export function frame(
  state: State,
  parts: { count: string; body: (height: number) => readonly Line[] },
  area: Area,
): Line[] {
  if (area.columns < 40 || area.rows < 12) return tooSmall(area);
  const top = header(state, parts.count, area);
  const said = saying(state, area);
  const height = area.rows - top.length - said.length - 1;
  const body = parts.body(height).slice(0, height);
  const filler = Array.from({ length: height - body.length }, () => line(''));
  return [...top, ...body, ...filler, ...said, footer(state, area)].map((each) =>
    fitted(each, area.columns, area.symbols),
  );
}

function tooSmall(area: Area): Line[] {
  const words = 'opstimal-move needs a window of 40 by 12';
  const rows = Array.from({ length: area.rows }, () => line(''));
  rows[0] = line(cut(words, area.columns, area.symbols.more));
  return rows;
}

/** Lines above the footer: a failure in full, else the message, else nothing but air. */
function saying(state: State, area: Area): Line[] {
  if (state.failure === null)
    return [
      line(
        state.message === '' ? '' : ` ${state.message}`,
        state.message.startsWith('not now') ? 'care' : 'plain',
      ),
    ];
  const { message, during, hint } = state.failure;
  const wrapped = [
    ...wrapTo(`error: ${message}`, area.columns - 1).map((text) => line(` ${text}`, 'error')),
    ...(during === '' ? [] : wrapTo(`while ${during}`, area.columns - 3).map((text) => line(`   ${text}`))),
    ...(hint === '' ? [] : wrapTo(`hint  ${hint}`, area.columns - 3).map((text) => line(`   ${text}`))),
  ];
  return wrapped.slice(0, Math.max(1, area.rows - 6));
}

/** Text broken at spaces to at most `cells` cells; a word that is longer is broken anywhere. */
export function wrapTo(text: string, cells: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let current = '';
    for (const word of paragraph.split(' ')) {
      if (current !== '' && width(current) + 1 + width(word) > cells) {
        lines.push(current);
        current = word;
      } else
        current = current === '' && lines.length === 0 ? word : current === '' ? word : `${current} ${word}`;
      while (width(current) > cells) {
        const piece = cut(current, cells, '');
        lines.push(piece);
        current = current.slice(piece.length);
      }
    }
    lines.push(current);
  }
  return lines;
}
