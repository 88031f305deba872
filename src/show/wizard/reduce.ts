/** `reduce(state, input) → state`: keys go to `reduce-keys.ts`, what work says is folded here. Pure. */
import type { Event } from '../../types.ts';
import { nothing, observe } from '../progress.ts';
import { reduceKey, typed } from './reduce-keys.ts';
import type { Input, State, StepRow } from './state.ts';
import { bounded, endOfList, goTo, idle, started } from './transitions.ts';

/** The next state. `wants` holds only what this input asks for. */
export function reduce(before: State, input: Input): State {
  const state: State = before.wants.length === 0 ? before : { ...before, wants: [] };
  switch (input.input) {
    case 'key':
      return reduceKey(state, input.key);
    case 'paste':
      return typed(state, input.text.replaceAll(/[\r\n].*$/gs, '').replaceAll(/\p{Cc}/gu, ''));
    case 'size':
      return { ...state, rows: input.rows };
    case 'names':
      return { ...state, connect: { ...state.connect, names: input.names } };
    case 'opened':
      return opened(state, input);
    case 'connected':
      return connected(state, input);
    case 'event':
      return folded(state, input.event, input.at);
    case 'groups':
      return bounded({
        ...state,
        groups: input.groups,
        ...(input.history === null ? {} : { history: input.history, future: [] }),
      });
    case 'explained':
      return { ...state, pane: { title: input.title, lines: input.lines, top: 0 } };
    case 'asked':
      return { ...state, question: input.question, message: '' };
    case 'ended':
      return ended(state, input.job);
    case 'planned':
      return bounded({
        ...idle(state),
        plan: input.plan,
        screen: 'plan',
        cursor: 0,
        planOpen: new Set(),
        pane: null,
      });
    case 'passed':
      return endOfList({
        ...idle(state),
        screen: 'sync',
        passes: [...state.passes, input.pass],
        quiet: input.quiet,
        message: input.quiet ? 'the last pass found little: a good time to cut over' : '',
      });
    case 'verified':
      return bounded({
        ...idle(state),
        screen: 'verify',
        report: input.report,
        downtime: input.downtime ?? state.downtime,
        cutOver: state.cutOver || input.downtime !== null,
        cursor: 0,
      });
    case 'failed':
      return failed(state, input);
  }
}

function opened(state: State, input: Extract<Input, { input: 'opened' }>): State {
  const next: State = {
    ...state,
    folder: input.folder,
    source: input.source,
    destination: input.destination,
    goOn: input.at,
  };
  if (input.source === '') return { ...next, connect: { ...next.connect, field: 'source' } };
  if (input.destination === '')
    return { ...next, connect: { ...next.connect, field: 'destination', text: '' } };
  return {
    ...started({ ...next, connect: { ...next.connect, field: 'done' } }, 'connect'),
    wants: [{ do: 'connect', source: input.source, destination: input.destination }],
  };
}

function connected(state: State, input: Extract<Input, { input: 'connected' }>): State {
  const next: State = {
    ...idle(state),
    folder: input.folder,
    sourceName: input.sourceName,
    destinationName: input.destinationName,
    sourceNames: input.sourceNames,
    connect: { ...state.connect, lines: input.lines },
  };
  const at = !input.scanned
    ? 'scan'
    : state.goOn === 'scan' || state.goOn === 'connect'
      ? 'review'
      : state.goOn;
  switch (at) {
    case 'scan':
      return { ...started(goTo(next, 'scan'), 'scan'), wants: [{ do: 'scan' }] };
    case 'plan':
    case 'apply':
      return { ...started(goTo(next, 'plan'), 'plan'), wants: [{ do: 'plan' }] };
    case 'sync':
      return goTo(next, 'sync');
    case 'verify':
      return { ...started(goTo(next, 'verify'), 'verify'), wants: [{ do: 'verify' }] };
    default:
      return goTo(next, 'review');
  }
}

function ended(state: State, job: 'scan' | 'apply' | 'cutover'): State {
  switch (job) {
    case 'scan':
      return goTo(idle(state), 'review');
    case 'apply': {
      const bad = state.steps.filter((step) => step.state === 'failed').length;
      return {
        ...idle(state),
        cursor: 0,
        message: bad === 0 ? '' : `${bad} failed; apply again repeats only those`,
      };
    }
    case 'cutover':
      return { ...goTo(idle(state), 'verify'), cutOver: true };
  }
}

function failed(state: State, input: Extract<Input, { input: 'failed' }>): State {
  const next: State = { ...idle(state), question: null, failure: input.told };
  if (input.job !== 'connect' && input.job !== 'open') return bounded(next);
  // Back to the field that may be wrong, with what was typed still in it.
  return {
    ...next,
    screen: 'connect',
    connect: { ...state.connect, field: 'destination', text: state.destination },
  };
}

function folded(state: State, event: Event, at: number): State {
  switch (event.kind) {
    case 'phase':
      return {
        ...state,
        phase: event.text === '' ? event.name : `${event.name}: ${event.text}`,
        progress: nothing,
      };
    case 'fact': {
      const row = { name: event.name, state: event.state, text: event.text, seconds: event.seconds };
      const known = state.facts.findIndex((fact) => fact.name === event.name);
      return { ...state, facts: known < 0 ? [...state.facts, row] : state.facts.with(known, row) };
    }
    case 'step':
      return stepped(state, event);
    case 'note':
      return {
        ...state,
        notes: [...state.notes, `${event.grade === 'care' ? '! ' : ''}${event.text}`].slice(-200),
      };
    case 'progress':
      return { ...state, progress: observe(state.progress, event, at) };
  }
}

function stepped(state: State, event: Extract<Event, { kind: 'step' }>): State {
  const row: StepRow = { title: event.title, state: event.state, text: event.text };
  const steps = [...state.steps];
  // Steps are counted from one.
  steps[event.index - 1] = row;
  // Steps are told in order, but a view must hold even when one is left out.
  for (let index = 0; index < steps.length; index += 1) {
    steps[index] ??= { title: '', state: 'skipped', text: '' };
  }
  return { ...state, steps, stepCount: event.of };
}
