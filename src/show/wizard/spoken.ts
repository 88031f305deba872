/**
 * The spoken form of a screen: linear, no box drawing, no spinner, percent in words and in steps of ten, the
 * selection announced.
 */

import { estimate } from '../progress.ts';
import { classLetters } from '../symbols.ts';
import { count, plural, size } from '../units.ts';
import { bindings, boundOn } from './keys.ts';
import { type Row, rowsOf } from './rows.ts';
import { type State, undecided } from './state.ts';

const names = {
  connect: 'Connect',
  scan: 'Scan',
  review: 'Review',
  plan: 'Plan',
  apply: 'Apply',
  sync: 'Sync',
  verify: 'Verify',
};

/** Lines for a screen reader. */
export function spoken(state: State): string[] {
  const step = Object.keys(names).indexOf(state.screen) + 1;
  const hosts =
    state.destination === ''
      ? state.source
      : `${state.sourceName || state.source} to ${state.destinationName || state.destination}`;
  const open = undecided(state);
  const counted =
    state.screen === 'review'
      ? ` ${open.length} undecided, ${size(open.reduce((sum, each) => sum + each.bytes, 0))}.`
      : '';
  const lines = [`${names[state.screen]}, step ${step} of 7.${hosts === '' ? '' : ` ${hosts}.`}${counted}`];
  if (state.failure !== null)
    lines.push(
      `Error: ${state.failure.message}.`,
      ...(state.failure.hint === '' ? [] : [`Hint: ${state.failure.hint}.`]),
    );
  if (state.message !== '') lines.push(`${state.message}.`);
  if (state.question !== null)
    return [
      ...lines,
      ...state.question.lines,
      `${state.question.label} ${state.question.hidden ? '' : state.question.answer}`,
    ];
  if (state.pane !== null) return [...lines, state.pane.title, ...state.pane.lines];
  if (state.screen === 'connect' && state.connect.field !== 'done') {
    return [
      ...lines,
      `${state.connect.field === 'source' ? 'Source' : 'Destination'}, type a place: ${state.connect.text}`,
    ];
  }
  if (state.running !== null) lines.push(...runningLines(state));
  else lines.push(...selectionLines(state));
  const hints = bindings
    .filter((each) => each.hint !== '' && boundOn(each, state.screen))
    .map((each) => `${each.shown === '?' ? 'question mark' : each.shown} ${each.hint}`);
  return [...lines, `Keys: ${hints.join(', ')}.`];
}

function runningLines(state: State): string[] {
  const { fraction } = estimate(state.progress);
  const percent = fraction === null ? '' : ` ${Math.floor(fraction * 10) * 10} percent.`;
  const done =
    state.stepCount === 0
      ? ''
      : ` ${state.steps.filter((each) => each.state !== 'begun').length} of ${plural(state.stepCount, 'step')}.`;
  return [`Running: ${state.running}.${done}${percent}`, ...(state.phase === '' ? [] : [`${state.phase}.`])];
}

function selectionLines(state: State): string[] {
  const rows = rowsOf(state);
  const row = rows[state.cursor];
  return row === undefined
    ? []
    : [`${count(state.cursor + 1)} of ${count(rows.length)}, selected: ${rowWords(row)}.`];
}

function rowWords(row: Row): string {
  switch (row.row) {
    case 'group':
      return `${row.group.path}, ${row.group.class in classLetters ? row.group.class : ''}, ${size(row.group.bytes)}, ${row.group.reason}`;
    case 'section':
      return `${row.title}, ${row.count}, ${row.open ? 'open' : 'closed'}`;
    case 'step':
      return `${row.step.symbol === '+' ? 'add' : row.step.symbol === '-' ? 'remove' : row.step.symbol === '~' ? 'change' : 'care'}: ${row.step.title}, ${row.step.detail}`;
    case 'notice':
      return `${row.notice.grade}: ${row.notice.subject}, ${row.notice.text}`;
    case 'pass':
      return `pass ${row.pass.pass}, ${plural(row.pass.changed, 'file')}, ${size(row.pass.bytes)}`;
    case 'check':
      return `${row.check.state}: ${row.check.subject}, ${row.check.text}`;
    case 'way':
      return row.way.not === '' ? row.way.text : `${row.way.text}, not now: ${row.way.not}`;
  }
}
