/** Why a path is what it is, for people; the way to say otherwise comes last. */
import type { Carry } from '../types.ts';
import type { Explanation } from '../work/explain.ts';
import { classLetters } from './symbols.ts';

const travels: Readonly<Record<Carry, string>> = {
  manifest: 'with the manifest: apply makes it again',
  stream: 'as data: sync copies it',
  dump: 'as a dump of its database: cutover carries it',
  none: 'not at all',
};

/** `folder` as the person named it, for the command at the end. */
export function explainText(explanation: Explanation, folder: string): string {
  const { path, reason, rule, evidence, carry, decidedBy } = explanation;
  const lines = [
    `${path} is ${explanation.class} (${classLetters[explanation.class]}): ${reason}`,
    `  travels   ${travels[carry]}`,
    `  rule      ${rule}`,
    ...(evidence === '' ? [] : [`  seen      ${evidence}`]),
    ...(decidedBy === path ? [] : [`  through   ${decidedBy}`]),
    `  override  ${explanation.override.replace(/^opstimal-move decide \S+/, () => `opstimal-move decide ${folder}`)}`,
  ];
  return `${lines.join('\n')}\n`;
}
