/**
 * The one table of keys. Footer, `?`, `help keys` and the tests read it; nothing else binds a key.
 *
 * A key that cannot act now stays in the footer, dimmed, and pressing it says why. While a text field has the
 * focus, letters are text: only Enter, Esc, Tab, the arrows and Ctrl-C are keys then.
 */
import type { Topic } from '../topics.ts';

export type Screen = 'connect' | 'scan' | 'review' | 'plan' | 'apply' | 'sync' | 'verify';

export type Action =
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'first'
  | 'last'
  | 'enter'
  | 'back'
  | 'mark'
  | 'filter'
  | 'help'
  | 'mutable'
  | 'immutable'
  | 'ephemeral'
  | 'explain'
  | 'undo'
  | 'redo'
  | 'command'
  | 'leave'
  | 'stop';

export interface Binding {
  readonly action: Action;
  /** Names as `keyName` gives them. */
  readonly keys: readonly string[];
  /** As a person reads it. */
  readonly shown: string;
  /** Word in the footer; empty = only in the help. */
  readonly hint: string;
  readonly means: string;
  readonly screens: readonly Screen[] | 'all';
}

const lists: readonly Screen[] = ['review', 'plan', 'sync', 'verify'];
const explained: readonly Screen[] = ['review', 'plan', 'apply', 'verify'];

/** In the order of the footer: the commonest first. */
export const bindings: readonly Binding[] = [
  {
    action: 'mutable',
    keys: ['m'],
    shown: 'm',
    hint: 'mutable',
    means: 'marked rows, or this one: data, carried',
    screens: ['review'],
  },
  {
    action: 'immutable',
    keys: ['i'],
    shown: 'i',
    hint: 'immutable',
    means: 'marked rows, or this one: made again, not carried',
    screens: ['review'],
  },
  {
    action: 'ephemeral',
    keys: ['x'],
    shown: 'x',
    hint: 'ephemeral',
    means: 'marked rows, or this one: not carried',
    screens: ['review'],
  },
  {
    action: 'enter',
    keys: ['enter'],
    shown: 'Enter',
    hint: 'opens one',
    means: 'open, or go on',
    screens: ['connect', ...lists, 'apply'],
  },
  {
    action: 'explain',
    keys: ['e'],
    shown: 'e',
    hint: 'explain',
    means: 'why this row is what it is, and how to override it',
    screens: explained,
  },
  {
    action: 'undo',
    keys: ['z'],
    shown: 'z',
    hint: 'undo',
    means: 'take the last decision back',
    screens: ['review'],
  },
  { action: 'redo', keys: ['Z'], shown: 'Z', hint: '', means: 'decide it again', screens: ['review'] },
  {
    action: 'stop',
    keys: ['ctrl-c'],
    shown: 'Ctrl-C',
    hint: 'stop',
    means: 'stop at the next safe point; a second press leaves at once',
    screens: 'all',
  },
  {
    action: 'command',
    keys: ['c'],
    shown: 'c',
    hint: 'command',
    means: 'the same as a command line',
    screens: 'all',
  },
  {
    action: 'filter',
    keys: ['/'],
    shown: '/',
    hint: 'filter',
    means: 'show only rows with this text',
    screens: ['review'],
  },
  {
    action: 'back',
    keys: ['escape'],
    shown: 'Esc',
    hint: 'back',
    means: 'one step back: clear the filter, close the pane, previous screen',
    screens: 'all',
  },
  {
    action: 'leave',
    keys: ['q'],
    shown: 'q',
    hint: 'leave',
    means: 'leave; run opstimal-move with the folder again to go on',
    screens: 'all',
  },
  { action: 'up', keys: ['up', 'k'], shown: 'up k', hint: '', means: 'one row up', screens: 'all' },
  { action: 'down', keys: ['down', 'j'], shown: 'down j', hint: '', means: 'one row down', screens: 'all' },
  { action: 'pageUp', keys: ['pageup'], shown: 'PgUp', hint: '', means: 'one page up', screens: 'all' },
  { action: 'pageDown', keys: ['pagedown'], shown: 'PgDn', hint: '', means: 'one page down', screens: 'all' },
  { action: 'first', keys: ['home', 'g'], shown: 'Home g', hint: '', means: 'first row', screens: 'all' },
  {
    action: 'last',
    keys: ['end', 'G'],
    shown: 'End G',
    hint: '',
    means: 'last row: the way on',
    screens: 'all',
  },
  {
    action: 'mark',
    keys: ['space'],
    shown: 'Space',
    hint: '',
    means: 'mark or unmark this row',
    screens: ['review'],
  },
  { action: 'help', keys: ['?'], shown: '?', hint: 'help', means: 'this help', screens: 'all' },
];

/** Whether a screen knows the binding. */
export function boundOn(binding: Binding, screen: Screen): boolean {
  return binding.screens === 'all' || binding.screens.includes(screen);
}

/** What a key does on a screen, or null. */
export function actionOf(key: string, screen: Screen): Action | null {
  return bindings.find((binding) => binding.keys.includes(key) && boundOn(binding, screen))?.action ?? null;
}

/** The parts of Ink's key that we look at. */
export interface PressedKey {
  readonly upArrow?: boolean;
  readonly downArrow?: boolean;
  readonly pageUp?: boolean;
  readonly pageDown?: boolean;
  readonly home?: boolean;
  readonly end?: boolean;
  readonly return?: boolean;
  readonly escape?: boolean;
  readonly tab?: boolean;
  readonly backspace?: boolean;
  readonly delete?: boolean;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

/** Name of a pressed key: a word for the special ones, else the character itself. */
export function keyName(input: string, key: PressedKey): string {
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.pageUp) return 'pageup';
  if (key.pageDown) return 'pagedown';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'enter';
  if (key.escape) return 'escape';
  if (key.tab) return 'tab';
  if (key.backspace || key.delete) return 'backspace';
  if (key.ctrl) return `ctrl-${input}`;
  if (key.meta) return `meta-${input}`;
  return input === ' ' ? 'space' : input;
}

/**
 * Keys of one piece of input. Typing over a slow line arrives in pieces of several keys; a pasted block comes
 * another way (bracketed paste) and never presses one.
 */
export function keysOf(input: string, key: PressedKey): string[] {
  // No binding uses Alt: Esc and a letter in one piece are Esc, then the letter.
  if (key.meta && input !== '' && keyName('', key) === 'meta-') return ['escape', ...keysOf(input, {})];
  if ([...input].length <= 1) {
    const name = keyName(input, key);
    return name === '' ? [] : [name];
  }
  return [...input].flatMap((letter) => {
    if (letter === '\r' || letter === '\n') return ['enter'];
    if (letter === '\t') return ['tab'];
    if (letter === '\x7f' || letter === '\b') return ['backspace'];
    if (letter === ' ') return ['space'];
    return letter < ' ' ? [] : [letter];
  });
}

/** `help keys`. */
export function keysTopic(): Topic {
  const lines = bindings.map((binding) => `${binding.shown.padEnd(8)}  ${binding.means}`);
  return {
    name: 'keys',
    title: 'keys of the wizard',
    paragraphs: [lines.join('\n'), 'In a text field letters are text; Enter takes it, Esc leaves it.'],
  };
}
