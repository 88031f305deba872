/**
 * The wizard is a fold: `reduce(state, input) → state`, pure and tested without Ink. What shall be done outside
 * stands in `wants`; `effects.ts` does it and sends what came of it back as inputs.
 */
import type { Class, Event, Plan, Report } from '../../types.ts';
import { type Estimator, nothing } from '../progress.ts';
import type { Screen } from './keys.ts';

/** One row of Review: a verdict that speaks for a tree or a path. */
export interface Group {
  /** Quoted. */
  readonly path: string;
  readonly class: Class;
  readonly bytes: number;
  readonly files: number;
  readonly reason: string;
}

/** Decisions made together; undo appends `before` again. */
export interface Batch {
  readonly paths: readonly string[];
  readonly before: readonly (Class | null)[];
  readonly after: Class | null;
}

export interface StepRow {
  readonly title: string;
  readonly state: 'begun' | 'ok' | 'changed' | 'failed' | 'skipped';
  readonly text: string;
}

export interface FactRow {
  readonly name: string;
  readonly state: 'asking' | 'answered' | 'absent';
  readonly text: string;
  readonly seconds: number;
}

export interface Pass {
  readonly pass: number;
  readonly changed: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly failed: number;
}

/** Something a person is asked; the answer is typed into a field. */
export interface Question {
  readonly kind: 'hostKey' | 'password' | 'apply' | 'cutover';
  readonly lines: readonly string[];
  readonly label: string;
  readonly hidden: boolean;
  readonly answer: string;
  /** How a script answers it: an option, or a file. */
  readonly option: string;
}

export type Job = 'connect' | 'scan' | 'plan' | 'apply' | 'sync' | 'cutover' | 'verify';

export type Effect =
  | { readonly do: 'open'; readonly folder: string }
  | { readonly do: 'connect'; readonly source: string; readonly destination: string }
  | { readonly do: Exclude<Job, 'connect'> }
  | { readonly do: 'decide'; readonly batch: Batch; readonly way: 'new' | 'undo' | 'redo' }
  | { readonly do: 'explain'; readonly path: string }
  | { readonly do: 'answer'; readonly text: string | null }
  | { readonly do: 'stop' }
  | { readonly do: 'leave'; readonly exit: number };

export interface Told {
  readonly message: string;
  readonly during: string;
  readonly hint: string;
  readonly topic: string;
}

export type Input =
  | { readonly input: 'key'; readonly key: string }
  | { readonly input: 'paste'; readonly text: string }
  | { readonly input: 'size'; readonly rows: number }
  | { readonly input: 'names'; readonly names: readonly string[] }
  | {
      readonly input: 'opened';
      readonly folder: string;
      readonly source: string;
      readonly destination: string;
      readonly at: Screen;
    }
  | {
      readonly input: 'connected';
      readonly folder: string;
      readonly sourceName: string;
      readonly destinationName: string;
      readonly sourceNames: readonly string[];
      /** Whether the folder holds a manifest already. */
      readonly scanned: boolean;
      readonly lines: readonly string[];
    }
  | { readonly input: 'event'; readonly event: Event; readonly at: number }
  | { readonly input: 'groups'; readonly groups: readonly Group[]; readonly history: readonly Batch[] | null }
  | { readonly input: 'explained'; readonly title: string; readonly lines: readonly string[] }
  | { readonly input: 'asked'; readonly question: Question }
  | { readonly input: 'ended'; readonly job: 'scan' | 'apply' | 'cutover' }
  | { readonly input: 'planned'; readonly plan: Plan }
  | { readonly input: 'passed'; readonly pass: Pass; readonly quiet: boolean }
  | {
      readonly input: 'verified';
      readonly report: Report;
      readonly downtime: { predicted: number; measured: number } | null;
    }
  | { readonly input: 'failed'; readonly job: Job | 'decide' | 'explain' | 'open'; readonly told: Told };

export interface State {
  readonly screen: Screen;
  readonly rows: number;
  readonly folder: string;
  readonly source: string;
  readonly destination: string;
  readonly sourceName: string;
  readonly destinationName: string;
  readonly sourceNames: readonly string[];
  /** Where to go on when both hosts are reached. */
  readonly goOn: Screen;
  readonly connect: {
    readonly field: 'source' | 'destination' | 'done';
    readonly text: string;
    readonly names: readonly string[];
    /** Row of the offered names, −1 = the typed text. */
    readonly chosen: number;
    readonly lines: readonly string[];
  };
  readonly running: Job | null;
  readonly stopAsked: boolean;
  readonly leaveAsked: boolean;
  readonly phase: string;
  readonly notes: readonly string[];
  readonly facts: readonly FactRow[];
  readonly groups: readonly Group[];
  readonly history: readonly Batch[];
  readonly future: readonly Batch[];
  readonly marks: ReadonlySet<string>;
  readonly cursor: number;
  readonly filter: string;
  readonly filtering: boolean;
  readonly pane: { readonly title: string; readonly lines: readonly string[]; readonly top: number } | null;
  readonly plan: Plan | null;
  readonly planOpen: ReadonlySet<string>;
  readonly steps: readonly StepRow[];
  readonly stepCount: number;
  readonly passes: readonly Pass[];
  readonly quiet: boolean;
  readonly progress: Estimator;
  readonly cutOver: boolean;
  readonly report: Report | null;
  readonly downtime: { readonly predicted: number; readonly measured: number } | null;
  readonly question: Question | null;
  /** One line above the footer. */
  readonly message: string;
  readonly failure: Told | null;
  readonly wants: readonly Effect[];
}

export function initialState(names: readonly string[] = [], rows = 24): State {
  return {
    screen: 'connect',
    rows,
    folder: '',
    source: '',
    destination: '',
    sourceName: '',
    destinationName: '',
    sourceNames: [],
    goOn: 'scan',
    connect: { field: 'source', text: '', names, chosen: -1, lines: [] },
    running: null,
    stopAsked: false,
    leaveAsked: false,
    phase: '',
    notes: [],
    facts: [],
    groups: [],
    history: [],
    future: [],
    marks: new Set(),
    cursor: 0,
    filter: '',
    filtering: false,
    pane: null,
    plan: null,
    planOpen: new Set(),
    steps: [],
    stepCount: 0,
    passes: [],
    quiet: false,
    progress: nothing,
    cutOver: false,
    report: null,
    downtime: null,
    question: null,
    message: '',
    failure: null,
    wants: [],
  };
}

/** Groups as Review shows them: undecided first, then largest first; the filter looks at path and reason. */
export function shownGroups(state: State): readonly Group[] {
  const words = state.filter.toLowerCase();
  const fits = (group: Group): boolean =>
    words === '' || group.path.toLowerCase().includes(words) || group.reason.toLowerCase().includes(words);
  return state.groups.filter(fits);
}

export function undecided(state: State): readonly Group[] {
  return state.groups.filter((group) => group.class === 'undecided');
}

/** The way on from a screen: what its last row says, and why it cannot be taken now (empty = it can). */
export interface WayOn {
  readonly text: string;
  readonly not: string;
}

/** Rows at the end of a screen's list that lead on. */
export function waysOn(state: State): readonly WayOn[] {
  const to = state.destinationName || 'the destination';
  const busy = state.running === null ? '' : 'a run is going on';
  switch (state.screen) {
    case 'review': {
      const open = undecided(state).length;
      return [{ text: `make the plan for ${to}`, not: busy || (open > 0 ? `${open} undecided` : '') }];
    }
    case 'plan': {
      if (state.plan === null) return [{ text: 'make the plan again', not: busy }];
      const blocked = state.plan.notices.some((notice) => notice.grade === 'blocker');
      if (state.plan.steps.length === 0) return [{ text: `copy the data to ${to}`, not: busy }];
      return [{ text: `apply this plan to ${to}`, not: busy || (blocked ? 'something is in the way' : '') }];
    }
    case 'apply':
      return state.running === 'apply' ? [] : [{ text: `copy the data to ${to}`, not: busy }];
    case 'sync':
      return [
        { text: state.passes.length === 0 ? `copy the data to ${to}` : 'another pass', not: busy },
        {
          text: `cut over to ${to}`,
          not: busy || (state.passes.length === 0 ? 'after a pass of the data' : ''),
        },
      ];
    case 'verify':
      return [{ text: 'compare again', not: busy }];
    default:
      return [];
  }
}
