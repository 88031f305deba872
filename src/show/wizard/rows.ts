/** The list of a screen as rows: what the cursor moves over, what Enter opens. Pure. */
import type { Check, Notice, Step } from '../../types.ts';
import { planSections } from '../plan-text.ts';
import { sortedChecks } from '../report-text.ts';
import { type Group, type Pass, type State, shownGroups, type WayOn, waysOn } from './state.ts';

export type Row =
  | { readonly row: 'group'; readonly group: Group }
  | { readonly row: 'section'; readonly title: string; readonly count: number; readonly open: boolean }
  | { readonly row: 'step'; readonly step: Step }
  | { readonly row: 'notice'; readonly notice: Notice }
  | { readonly row: 'pass'; readonly pass: Pass }
  | { readonly row: 'check'; readonly check: Check }
  | { readonly row: 'way'; readonly way: WayOn; readonly index: number };

/** Sections with no more steps than this are open from the start. */
const short = 8;

export function sectionIsOpen(state: State, title: string, count: number): boolean {
  return state.planOpen.has(title) !== count <= short;
}

function planRows(state: State): Row[] {
  if (state.plan === null) return [];
  const rows: Row[] = [];
  for (const { title, steps } of planSections(state.plan)) {
    const open = sectionIsOpen(state, title, steps.length);
    rows.push({ row: 'section', title, count: steps.length, open });
    if (open) rows.push(...steps.map((step): Row => ({ row: 'step', step })));
  }
  return [...rows, ...state.plan.notices.map((notice): Row => ({ row: 'notice', notice }))];
}

/** Every row of the screen's list, the ways on last. */
export function rowsOf(state: State): readonly Row[] {
  const ways = waysOn(state).map((way, index): Row => ({ row: 'way', way, index }));
  switch (state.screen) {
    case 'review':
      return [...shownGroups(state).map((group): Row => ({ row: 'group', group })), ...ways];
    case 'plan':
      return [...planRows(state), ...ways];
    case 'sync':
      return [...state.passes.map((pass): Row => ({ row: 'pass', pass })), ...ways];
    case 'verify': {
      const checks = state.report === null ? [] : sortedChecks(state.report);
      return [...checks.map((check): Row => ({ row: 'check', check })), ...ways];
    }
    default:
      return ways;
  }
}
