/** What keys do. Text fields come first, then the pane, then the list of the screen. Pure. */
import type { Class } from '../../types.ts';
import { equivalentCommand } from './command-line.ts';
import { type Action, actionOf, bindings, boundOn } from './keys.ts';
import { type Row, rowsOf } from './rows.ts';
import type { Batch, Effect, Job, State } from './state.ts';
import { bounded, goTo, started } from './transitions.ts';

/** Rows that a page key moves by. */
function page(state: State): number {
  return Math.max(1, state.rows - 8);
}

function wants(state: State, ...effects: readonly Effect[]): State {
  return { ...state, wants: effects };
}

function start(state: State, job: Exclude<Job, 'connect'>, screen = state.screen): State {
  return wants(started(goTo(state, screen), job), { do: job });
}

/** Whether letters are text now. */
export function inField(state: State): boolean {
  if (state.question !== null || state.filtering) return true;
  return (
    state.screen === 'connect' &&
    state.connect.field !== 'done' &&
    state.running === null &&
    state.pane === null
  );
}

export function reduceKey(state: State, key: string): State {
  if (key === 'ctrl-c') return stop(state);
  const calm: State = { ...state, leaveAsked: false };
  if (state.question !== null) return questionKey(calm, key);
  if (state.pane !== null) return paneKey(calm, key);
  if (state.filtering) return filterKey(calm, key);
  if (inField(state)) return connectKey(calm, key);
  const action = actionOf(key, state.screen);
  return action === null ? calm : act(action === 'leave' ? state : calm, action);
}

function stop(state: State): State {
  if (state.running === null || state.stopAsked) return wants(state, { do: 'leave', exit: 130 });
  return wants(
    {
      ...state,
      stopAsked: true,
      question: null,
      message: 'stopping at the next safe point; Ctrl-C again leaves at once',
    },
    { do: 'stop' },
  );
}

// ----------------------------------------------------------------------------------------------- text fields

/** Text of one key, or null when the key is no letter. */
function letterOf(key: string): string | null {
  if (key === 'space') return ' ';
  if (/^(ctrl|meta)-/.test(key) || /^[a-z]{2,}$/.test(key)) return null;
  return key.replaceAll(/\p{Cc}/gu, '') === key && key !== '' ? key : null;
}

function edited(text: string, key: string): string | null {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'ctrl-u') return '';
  const letter = letterOf(key);
  return letter === null ? null : text + letter;
}

/** Text goes to the field that has the focus; elsewhere it is nothing. A pasted block never presses Enter. */
export function typed(state: State, text: string): State {
  if (state.question !== null)
    return { ...state, question: { ...state.question, answer: state.question.answer + text } };
  if (state.filtering) return bounded({ ...state, filter: state.filter + text, cursor: 0 });
  if (!inField(state)) return state;
  return { ...state, connect: { ...state.connect, text: state.connect.text + text, chosen: -1 } };
}

function questionKey(state: State, key: string): State {
  const question = state.question;
  if (question === null) return state;
  const asked = question.kind === 'hostKey' || question.kind === 'password';
  if (key === 'escape') {
    const closed = { ...state, question: null, message: 'nothing was changed' };
    return asked ? wants(closed, { do: 'answer', text: null }) : closed;
  }
  if (key !== 'enter') {
    const answer = edited(question.answer, key);
    return answer === null ? state : { ...state, question: { ...question, answer } };
  }
  if (asked) return wants({ ...state, question: null }, { do: 'answer', text: question.answer });
  if (question.kind === 'apply') {
    if (question.answer.trim() !== 'yes')
      return { ...state, message: 'only the word yes goes on; Esc goes back' };
    return start({ ...state, question: null }, 'apply', 'apply');
  }
  if (!state.sourceNames.includes(question.answer.trim())) {
    return { ...state, message: `that is not the name of the source; it is ${state.sourceName}` };
  }
  return start({ ...state, question: null }, 'cutover', 'sync');
}

function filterKey(state: State, key: string): State {
  if (key === 'enter') return { ...state, filtering: false };
  if (key === 'escape') return bounded({ ...state, filtering: false, filter: '' });
  if (key === 'up' || key === 'down') return moved(state, key === 'up' ? -1 : 1);
  const filter = edited(state.filter, key);
  return filter === null ? state : bounded({ ...state, filter, cursor: 0 });
}

/** Names that begin with, or hold, what was typed. */
export function offeredNames(state: State): readonly string[] {
  const { text, names } = state.connect;
  const starts = names.filter((name) => name.startsWith(text));
  const holds = names.filter((name) => !name.startsWith(text) && name.includes(text));
  return [...starts, ...holds].filter((name) => name !== state.source || state.connect.field === 'source');
}

function connectKey(state: State, key: string): State {
  const { connect } = state;
  const offered = offeredNames(state);
  if (key === 'up' || key === 'down') {
    const chosen = Math.max(-1, Math.min(offered.length - 1, connect.chosen + (key === 'up' ? -1 : 1)));
    return { ...state, connect: { ...connect, chosen } };
  }
  if (key === 'tab') {
    const text = offered[Math.max(0, connect.chosen)];
    return text === undefined ? state : { ...state, connect: { ...connect, text, chosen: -1 } };
  }
  if (key === 'escape') {
    if (connect.field === 'source')
      return {
        ...state,
        message: connect.text === '' ? 'Ctrl-C leaves' : '',
        connect: { ...connect, text: '' },
      };
    return {
      ...state,
      failure: null,
      connect: { ...connect, field: 'source', text: state.source, chosen: -1 },
    };
  }
  if (key === 'enter') return taken(state, (offered[connect.chosen] ?? connect.text).trim());
  const text = edited(connect.text, key);
  return text === null ? state : { ...state, message: '', connect: { ...connect, text, chosen: -1 } };
}

function taken(state: State, place: string): State {
  if (place === '')
    return { ...state, message: 'type a place: user@host, an alias of ~/.ssh/config, local, disk:/mnt/old' };
  const { connect } = state;
  if (connect.field === 'source') {
    if (place.endsWith('.move') || place.endsWith('.move/'))
      return wants({ ...state, failure: null }, { do: 'open', folder: place });
    const next = { ...connect, field: 'destination', text: state.destination, chosen: -1 } as const;
    return { ...state, source: place, message: '', failure: null, connect: next };
  }
  if (place === state.source) return { ...state, message: 'source and destination are the same place' };
  const next: State = {
    ...state,
    destination: place,
    connect: { ...connect, field: 'done', text: '', chosen: -1 },
  };
  return wants(started(next, 'connect'), { do: 'connect', source: state.source, destination: place });
}

// ------------------------------------------------------------------------------------------ panes and lists

function paneKey(state: State, key: string): State {
  const pane = state.pane;
  if (pane === null) return state;
  const last = Math.max(0, pane.lines.length - 1);
  const scrolled = (by: number): State => ({
    ...state,
    pane: { ...pane, top: Math.max(0, Math.min(last, pane.top + by)) },
  });
  const action = actionOf(key, state.screen);
  if (action === 'up') return scrolled(-1);
  if (action === 'down') return scrolled(1);
  if (action === 'pageUp') return scrolled(-page(state));
  if (action === 'pageDown') return scrolled(page(state));
  const closed: State = { ...state, pane: null };
  if (action === 'mutable' || action === 'immutable' || action === 'ephemeral')
    return decided(closed, action);
  return ['back', 'enter', 'help', 'explain', 'command', 'leave'].includes(action ?? '') ? closed : state;
}

function moved(state: State, by: number): State {
  const last = Math.max(0, rowsOf(state).length - 1);
  return { ...state, message: '', cursor: Math.max(0, Math.min(last, state.cursor + by)) };
}

function act(state: State, action: Action): State {
  const row = rowsOf(state)[state.cursor];
  switch (action) {
    case 'up':
      return moved(state, -1);
    case 'down':
      return moved(state, 1);
    case 'pageUp':
      return moved(state, -page(state));
    case 'pageDown':
      return moved(state, page(state));
    case 'first':
      return { ...state, cursor: 0 };
    case 'last':
      return moved(state, rowsOf(state).length);
    case 'enter':
      return row === undefined ? state : entered(state, row);
    case 'back':
      return back(state);
    case 'mark':
      return row?.row === 'group'
        ? moved({ ...state, marks: toggled(state.marks, row.group.path) }, 1)
        : state;
    case 'filter':
      return { ...state, filtering: true, filter: '', cursor: 0 };
    case 'help':
      return { ...state, pane: { title: `keys of ${state.screen}`, lines: helpLines(state), top: 0 } };
    case 'mutable':
    case 'immutable':
    case 'ephemeral':
      return decided(state, action);
    case 'explain':
      return explained(state, row);
    case 'undo':
      return undone(state);
    case 'redo':
      return redone(state);
    case 'command':
      return {
        ...state,
        pane: { title: 'the same as a command line', lines: equivalentCommand(state), top: 0 },
      };
    case 'leave':
      if (state.running !== null && !state.leaveAsked)
        return { ...state, leaveAsked: true, message: 'a run is going on; q again stops it and leaves' };
      return wants(state, { do: 'leave', exit: 0 });
    case 'stop':
      return stop(state);
  }
}

function toggled(marks: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const next = new Set(marks);
  if (!next.delete(path)) next.add(path);
  return next;
}

function helpLines(state: State): string[] {
  return bindings
    .filter((binding) => boundOn(binding, state.screen))
    .map((binding) => `${binding.shown.padEnd(8)}  ${binding.means}`);
}

function back(state: State): State {
  if (state.filter !== '') return bounded({ ...state, filter: '' });
  if (state.marks.size > 0) return { ...state, marks: new Set() };
  if (state.failure !== null) return { ...state, failure: null };
  if (state.running !== null) return { ...state, message: 'a run is going on; Ctrl-C stops it' };
  if (state.screen === 'plan') return goTo(state, 'review');
  if (state.screen === 'apply' || state.screen === 'sync')
    return state.plan === null ? start(state, 'plan', 'plan') : goTo(state, 'plan');
  if (state.screen === 'verify') return goTo(state, 'sync');
  return { ...state, message: 'q leaves' };
}

function entered(state: State, row: Row): State {
  if (row.row === 'way') return wayTaken(state, row.index, row.way.not);
  if (row.row === 'section') return bounded({ ...state, planOpen: toggled(state.planOpen, row.title) });
  return explained(state, row);
}

function wayTaken(state: State, index: number, not: string): State {
  if (not !== '') return { ...state, message: `not now: ${not}` };
  const { screen, plan } = state;
  if (screen === 'review') return start(state, 'plan', 'plan');
  if (screen === 'plan' && plan === null) return start(state, 'plan', 'plan');
  if (screen === 'plan' && (plan?.steps.length ?? 0) > 0) return { ...state, question: applyQuestion(state) };
  if (screen === 'plan' || screen === 'apply') return start(state, 'sync', 'sync');
  if (screen === 'sync')
    return index === 0 ? start(state, 'sync') : { ...state, question: cutoverQuestion(state) };
  return start(state, 'verify', 'verify');
}

function applyQuestion(state: State) {
  return {
    kind: 'apply',
    lines: [`This changes ${state.destinationName}. Its services stay stopped until you cut over.`],
    label: 'Type yes to do it:',
    hidden: false,
    answer: '',
    option: '--yes',
  } as const;
}

function cutoverQuestion(state: State) {
  const units = [...new Set(state.plan?.holds.map((hold) => hold.source) ?? [])];
  const last = state.passes.at(-1);
  return {
    kind: 'cutover',
    lines: [
      `These stop on ${state.sourceName} now, and start on ${state.destinationName} when the last pass is done:`,
      `  ${units.length === 0 ? 'the services of the plan' : units.join('   ')}`,
      ...(last === undefined
        ? []
        : [`Measured: the last pass took ${Math.ceil(last.seconds)} s; starting and checking comes on top.`]),
      `If anything fails, they start again on ${state.sourceName}.`,
    ],
    label: 'Type the name of the server that will be stopped:',
    hidden: false,
    answer: '',
    option: `--confirm=${state.sourceName}`,
  } as const;
}

function explained(state: State, row: Row | undefined): State {
  if (row === undefined) return state;
  const pane = (title: string, lines: readonly string[]): State => ({
    ...state,
    pane: { title, lines, top: 0 },
  });
  switch (row.row) {
    case 'group':
      return wants(state, { do: 'explain', path: row.group.path });
    case 'step':
      return pane(row.step.title, [
        row.step.detail || row.step.kind,
        '',
        'what is done:',
        ...row.step.apply.split('\n'),
      ]);
    case 'notice':
      return pane(row.notice.subject, [
        row.notice.text,
        ...(row.notice.hint === '' ? [] : ['', row.notice.hint]),
      ]);
    case 'check':
      return pane(`${row.check.state}  ${row.check.subject}`, [
        row.check.text,
        ...(row.check.source === undefined
          ? []
          : ['', `${state.sourceName}:`, ...row.check.source.split('\n')]),
        ...(row.check.destination === undefined
          ? []
          : ['', `${state.destinationName}:`, ...row.check.destination.split('\n')]),
      ]);
    default:
      return { ...state, message: 'nothing to explain on this row' };
  }
}

// ------------------------------------------------------------------------------------------------- decisions

function decided(state: State, chosen: Class): State {
  const row = rowsOf(state)[state.cursor];
  const here = row?.row === 'group' ? [row.group.path] : [];
  const paths = state.marks.size > 0 ? [...state.marks] : here;
  if (paths.length === 0) return { ...state, message: 'no row to decide about' };
  const before = paths.map((path) => lastDecision(state, path));
  const batch: Batch = { paths, before, after: chosen };
  return wants(
    {
      ...state,
      marks: new Set(),
      history: [...state.history, batch],
      future: [],
      message: `${paths.length === 1 ? paths[0] : `${paths.length} paths`}: ${chosen}`,
    },
    { do: 'decide', batch, way: 'new' },
  );
}

/** What a person said last about a path, or null. */
function lastDecision(state: State, path: string): Class | null {
  const batch = state.history.findLast((each) => each.paths.includes(path));
  return batch?.after ?? null;
}

function undone(state: State): State {
  const batch = state.history.at(-1);
  if (batch === undefined) return { ...state, message: 'no decision to take back' };
  return wants(
    {
      ...state,
      history: state.history.slice(0, -1),
      future: [...state.future, batch],
      message: `taken back: ${batch.paths.join(', ')}`,
    },
    { do: 'decide', batch, way: 'undo' },
  );
}

function redone(state: State): State {
  const batch = state.future.at(-1);
  if (batch === undefined) return { ...state, message: 'nothing to decide again' };
  return wants(
    {
      ...state,
      history: [...state.history, batch],
      future: state.future.slice(0, -1),
      message: `decided again: ${batch.paths.join(', ')}`,
    },
    { do: 'decide', batch, way: 'redo' },
  );
}
