/**
 * A plan for people, drawn from its published JSON form, so that what a script parses and what a person reads
 * cannot differ. The legend shows only the symbols that occur; steps that would do nothing are not in a plan.
 */
import type { Notice, Plan, Step, StepKind } from '../types.ts';
import { type Paint, paint } from './paint.ts';
import { pad, type Symbols, width } from './symbols.ts';
import { count, plural, size } from './units.ts';

/** Headings in the order in which apply works. */
export const kindTitles: Readonly<Record<StepKind, string>> = {
  repository: 'Package sources',
  group: 'Groups',
  user: 'Accounts',
  diversion: 'Diversions',
  statoverride: 'Owners and modes that dpkg keeps',
  package: 'Packages',
  alternative: 'Alternatives',
  file: 'Files',
  removal: 'Removed',
  unit: 'Services',
  refresh: 'Made anew at the end',
};

const meanings: Readonly<Record<Step['symbol'], string>> = {
  '+': 'install or create',
  '~': 'change',
  '-': 'remove',
  '!': 'needs care',
};
const paints: Readonly<Record<Step['symbol'], Paint>> = {
  '+': 'cyan',
  '~': 'yellow',
  '-': 'yellow',
  '!': 'yellow',
};

export interface PlanTextOptions {
  readonly color: boolean;
  readonly symbols: Symbols;
  /** Every step, not the first of each kind. */
  readonly all: boolean;
}

export interface PlanCounts {
  readonly add: number;
  readonly change: number;
  readonly remove: number;
  readonly care: number;
}

export function planCounts(plan: Plan): PlanCounts {
  const of = (symbol: Step['symbol']): number => plan.steps.filter((step) => step.symbol === symbol).length;
  return { add: of('+'), change: of('~'), remove: of('-'), care: of('!') };
}

/** Steps by kind, in the order of apply; kinds without a step are left out. */
export function planSections(plan: Plan): { title: string; steps: readonly Step[] }[] {
  return (Object.keys(kindTitles) as StepKind[])
    .map((kind) => ({ title: kindTitles[kind], steps: plan.steps.filter((step) => step.kind === kind) }))
    .filter((section) => section.steps.length > 0);
}

/** Legend of the symbols that occur. */
export function legend(plan: Plan, color = false): string {
  const symbols = (['+', '~', '-', '!'] as const).filter((symbol) =>
    plan.steps.some((step) => step.symbol === symbol),
  );
  return symbols.map((symbol) => `${paint(paints[symbol], symbol, color)} ${meanings[symbol]}`).join('   ');
}

/** `43 to add, 12 to change, 0 to remove`. */
export function countsLine(plan: Plan): string {
  const { add, change, remove, care } = planCounts(plan);
  const more = care === 0 ? '' : `, ${count(care)} that need care`;
  return `${count(add)} to add, ${count(change)} to change, ${count(remove)} to remove${more}`;
}

/** `61.4 GB in 48 210 files`, and the databases. */
export function dataLine(plan: Plan): string {
  const { bytes, files, databases } = plan.data;
  const dumps = databases.length === 0 ? '' : `; dumped at cutover: ${databases.join(', ')}`;
  return `${size(bytes)} in ${plural(files, 'file')}${dumps}`;
}

function stepLine(step: Step, options: PlanTextOptions): string {
  const detail = step.detail === '' ? '' : `   ${step.detail}`;
  return `  ${paint(paints[step.symbol], step.symbol, options.color)} ${pad(step.title, 34)}${detail}`.trimEnd();
}

/** Short things (packages, accounts) stand side by side; the rest has a line each. */
function sectionLines(
  section: { title: string; steps: readonly Step[] },
  options: PlanTextOptions,
): string[] {
  const head = `${paint('bold', section.title, options.color)} (${count(section.steps.length)})`;
  const most = 12;
  if (options.all || section.steps.length <= most) {
    return ['', head, ...section.steps.map((step) => stepLine(step, options))];
  }
  const careful = section.steps.filter((step) => step.symbol === '!' || step.symbol === '-');
  const others = section.steps.filter((step) => !careful.includes(step));
  const shown = others.slice(0, Math.max(3, most - careful.length));
  const rest = others.length - shown.length;
  return [
    '',
    head,
    ...careful.map((step) => stepLine(step, options)),
    ...packed(shown, options),
    `  ${options.symbols.more} ${count(rest)} more      --all shows each`,
  ];
}

function packed(steps: readonly Step[], options: PlanTextOptions): string[] {
  if (steps.some((step) => step.kind !== 'package')) return steps.map((step) => stepLine(step, options));
  const lines: string[] = [];
  let line = '';
  let cells = 0;
  for (const step of steps) {
    const plain = `${step.symbol} ${step.title}`;
    if (cells > 0 && cells + 3 + width(plain) > 78) {
      lines.push(`  ${line}`);
      line = '';
      cells = 0;
    }
    line += `${cells === 0 ? '' : '   '}${paint(paints[step.symbol], step.symbol, options.color)} ${step.title}`;
    cells += (cells === 0 ? 0 : 3) + width(plain);
  }
  return cells === 0 ? lines : [...lines, `  ${line}`];
}

const grades: readonly { readonly grade: Notice['grade']; readonly title: string }[] = [
  { grade: 'by-hand', title: 'Left to you' },
  { grade: 'care', title: 'Needs care' },
  { grade: 'blocker', title: 'In the way' },
];

function noticeLines(plan: Plan, options: PlanTextOptions): string[] {
  return grades.flatMap(({ grade, title }) => {
    const notices = plan.notices.filter((notice) => notice.grade === grade);
    if (notices.length === 0) return [];
    return [
      '',
      `${paint('bold', title, options.color)} (${count(notices.length)})`,
      ...notices.flatMap((notice) => [
        `  ${paint('yellow', '!', options.color)} ${notice.subject}: ${notice.text}`,
        ...(notice.hint === '' ? [] : [`      ${notice.hint}`]),
      ]),
    ];
  });
}

export function isBlocked(plan: Plan): boolean {
  return plan.notices.some((notice) => notice.grade === 'blocker');
}

function savedLine(plan: Plan, saved: { file: string; command: string; next: string }): string {
  if (isBlocked(plan))
    return `Saved as ${saved.file}. It cannot be applied before what is in the way is gone.`;
  if (plan.steps.length === 0) return `Saved as ${saved.file}. next: ${saved.next}`;
  return `Saved as ${saved.file}. To do exactly this:  ${saved.command}`;
}

/** The whole text. `saved` names the plan's file and the command that does exactly it. */
export function planText(
  plan: Plan,
  saved: { file: string; command: string; next: string } | null,
  options: PlanTextOptions,
): string {
  const { source, destination } = plan;
  const compared = `the manifest of ${source.name} (${source.os}) with ${destination.name} (${destination.os})`;
  const lines =
    plan.steps.length === 0
      ? [
          `No changes: opstimal-move compared ${compared}, and ${count(plan.counts.ok)} things are as they should be.`,
        ]
      : [`opstimal-move compared ${compared}.`, '', `  ${legend(plan, options.color)}`];
  for (const section of planSections(plan)) lines.push(...sectionLines(section, options));
  if (plan.holds.length > 0) {
    const units = [...new Set(plan.holds.map((hold) => hold.unit))];
    lines.push('', `Held on ${destination.name} until cutover: ${units.join(', ')}`);
  }
  if (plan.extra.length > 0 && options.all) {
    lines.push('', `Only on ${destination.name} (${count(plan.extra.length)}), left alone`);
    lines.push(...plan.extra.map((extra) => `    ${extra}`));
  }
  lines.push(...noticeLines(plan, options));
  lines.push('', `Data to copy: ${dataLine(plan)}`, '', `Plan: ${countsLine(plan)}.`);
  if (saved !== null) lines.push(savedLine(plan, saved));
  return `${lines.join('\n')}\n`;
}
