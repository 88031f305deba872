/** A difference for people, drawn from its published form: counts first, then each kind, then what stands apart. */

import type { Change, Difference } from '../decide/difference-form.ts';
import {
  contentWords,
  countsLine,
  fieldWords,
  notComparedWords,
  patchLines,
  sections,
  sizeWords,
  stateMeaning,
  stateSymbols,
  states,
  valueText,
} from './difference-words.ts';
import { factWords } from './fact-words.ts';
import { type Paint, paint } from './paint.ts';
import { pad, type Symbols } from './symbols.ts';
import { count } from './units.ts';
import { visible } from './visible.ts';

export interface DifferenceTextOptions {
  readonly color: boolean;
  readonly symbols: Symbols;
  /** No lines of files. */
  readonly stat: boolean;
}

const paints: Readonly<Record<Change['state'], Paint>> = {
  added: 'cyan',
  removed: 'yellow',
  changed: 'yellow',
  unknown: 'bold',
};

export function differenceText(difference: Difference, options: DifferenceTextOptions): string {
  const { color, symbols } = options;
  const [left, right] = [visible(difference.left.name), visible(difference.right.name)];
  const arrow = ` ${symbols.arrow} `;
  const lines: string[] = [];
  if (difference.same) lines.push(`${right} still matches ${left}`);
  else {
    lines.push(`${left}${arrow}${right}: ${countsLine(difference)}`);
    const occurring = states.filter((state) => difference.counts[state] > 0);
    if (occurring.length > 0) lines.push('');
    lines.push(...occurring.map((state) => `  ${sign(state, color)} ${stateMeaning(state, difference)}`));
  }
  for (const { title, changes } of sections(difference.changes)) {
    lines.push('', heading(title, changes.length, color));
    for (const change of changes) lines.push(...changeLines(change, options));
  }
  const { host, changes } = difference.identity;
  if (host.length + changes.length > 0) {
    lines.push('', heading('The machine itself', host.length + changes.length, color));
    lines.push(
      ...host.map(
        (field) =>
          `  ${pad(visible(field.key), 14)} ${valueText(field.left)}${arrow}${valueText(field.right)}`,
      ),
    );
    for (const change of changes) lines.push(...changeLines(change, options));
  }
  if (difference.undecided.length > 0) {
    lines.push('', heading('Undecided places', difference.undecided.length, color));
    lines.push(
      ...difference.undecided.map(({ path, state, left: before, right: after, note }) => {
        const said = note === '' ? `${sizeWords(before)}${arrow}${sizeWords(after)}` : visible(note);
        return `  ${sign(state, color)} ${pad(visible(path), 34)} ${said}`;
      }),
    );
  }
  if (difference.sizes.length > 0) {
    lines.push('', heading('Grown or shrunk', difference.sizes.length, color));
    lines.push(
      ...difference.sizes.map(({ kind, name, left: before, right: after }) => {
        const what = kind === 'class' ? `all that is ${name}` : visible(name);
        return `    ${pad(what, 34)} ${sizeWords(before)}${arrow}${sizeWords(after)}`;
      }),
    );
  }
  lines.push(...apart('Not asked', incompleteLines(difference), color));
  lines.push(...apart('Not compared', notComparedWords(difference), color));
  return `${lines.join('\n')}\n`;
}

function sign(state: Change['state'], color: boolean): string {
  return paint(paints[state], stateSymbols[state], color);
}

function heading(title: string, number: number, color: boolean): string {
  return `${paint('bold', title, color)} (${count(number)})`;
}

function apart(title: string, said: readonly string[], color: boolean): string[] {
  if (said.length === 0) return [];
  return ['', heading(title, said.length, color), ...said.map((line) => `    ${line}`)];
}

/** Facts that a side has no answer to; where both have none for the same reason, it is said once. */
function incompleteLines({ incomplete, left, right }: Difference): string[] {
  return incomplete.flatMap((part) => {
    const fact = visible(factWords(part.fact));
    if (part.left === part.right) return [`${fact} on both: ${visible(part.left ?? '')}`];
    return [
      ...(part.left === null ? [] : [`${fact} on ${visible(left.name)}: ${visible(part.left)}`]),
      ...(part.right === null ? [] : [`${fact} on ${visible(right.name)}: ${visible(part.right)}`]),
    ];
  });
}

function changeLines(change: Change, options: DifferenceTextOptions): string[] {
  const { color, symbols } = options;
  const said = fieldWords(change).map(({ key, left, right }) =>
    left === null ? `${key} ${right}` : `${key} ${left} ${symbols.arrow} ${right}`,
  );
  if (change.content !== undefined && change.content.leftOut !== 'empty') {
    said.push(contentWords(change.content));
  }
  if (change.state === 'unknown') said.push(visible(change.note));
  const first =
    `  ${sign(change.state, color)} ${pad(visible(change.name), 34)} ${said.join('; ')}`.trimEnd();
  // A file that is on one side only would be told whole; the page and JSON have it.
  if (options.stat || change.state !== 'changed' || change.patch === undefined) return [first];
  return [first, ...patchLines(change.patch).map((line) => `      ${painted(line, color)}`)];
}

function painted(line: string, color: boolean): string {
  if (line.startsWith('+')) return paint('cyan', line, color);
  if (line.startsWith('-')) return paint('yellow', line, color);
  return line.startsWith('@@') ? paint('dim', line, color) : line;
}
