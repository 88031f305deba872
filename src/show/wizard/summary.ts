/** What is told on the normal screen after the wizard was left: what is done, and how to go on. */
import { countsLine } from '../plan-text.ts';
import { reportCounts } from '../report-text.ts';
import { duration, plural, size } from '../units.ts';
import { equivalentCommand } from './command-line.ts';
import { type State, undecided } from './state.ts';

export function summary(state: State): string {
  if (state.folder === '') return 'left before anything was begun\n';
  const open = undecided(state).length;
  const carried = state.passes.reduce((sum, pass) => sum + pass.bytes, 0);
  const lines = [
    `${state.sourceName || state.source} to ${state.destinationName || state.destination || 'no destination yet'}, folder ${state.folder}`,
    ...(state.groups.length === 0 ? [] : [`  decisions   ${open === 0 ? 'none open' : `${open} undecided`}`]),
    ...(state.plan === null ? [] : [`  plan        ${countsLine(state.plan)}`]),
    ...(state.passes.length === 0
      ? []
      : [`  data        ${plural(state.passes.length, 'pass', 'passes')}, ${size(carried)}`]),
    ...(state.downtime === null
      ? []
      : [
          `  downtime    ${duration(state.downtime.predicted)} predicted, ${duration(state.downtime.measured)} measured`,
        ]),
    ...(state.report === null ? [] : [`  verified    ${reportCounts(state.report)}`]),
    ...(state.failure === null ? [] : [`  stopped by  ${state.failure.message}`]),
    `  go on       opstimal-move ${state.folder}`,
    `  or          ${equivalentCommand(state)[0]}`,
  ];
  return `${lines.join('\n')}\n`;
}
