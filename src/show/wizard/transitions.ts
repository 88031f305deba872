/** Steps between states that several inputs share. Pure. */
import { nothing } from '../progress.ts';
import type { Screen } from './keys.ts';
import { rowsOf } from './rows.ts';
import type { Effect, Job, State } from './state.ts';

/** Goes to a screen and starts what it begins with. */
export function goTo(state: State, screen: Screen, ...wants: readonly Effect[]): State {
  return {
    ...state,
    screen,
    cursor: 0,
    filter: '',
    filtering: false,
    pane: null,
    marks: new Set(),
    message: '',
    failure: null,
    wants,
  };
}

/** Marks a job as running, with its own rows emptied. */
export function started(state: State, job: Job): State {
  const fresh = {
    scan: { facts: [] },
    apply: { steps: [], stepCount: 0 },
    connect: {},
    plan: { facts: [] },
    sync: {},
    cutover: { steps: [], stepCount: 0 },
    verify: {},
  } as const;
  return {
    ...state,
    ...fresh[job],
    running: job,
    stopAsked: false,
    phase: '',
    notes: [],
    progress: nothing,
    message: '',
    failure: null,
  };
}

/** No job runs. */
export function idle(state: State): State {
  return {
    ...state,
    running: null,
    stopAsked: false,
    leaveAsked: false,
    phase: '',
    progress: nothing,
    message: '',
    failure: null,
  };
}

/** The cursor stays on a row that is there. */
export function bounded(state: State): State {
  const last = Math.max(0, rowsOf(state).length - 1);
  return state.cursor <= last ? state : { ...state, cursor: last };
}

/** The cursor on the last row: the way on. */
export function endOfList(state: State): State {
  return { ...state, cursor: Math.max(0, rowsOf(state).length - 1) };
}
