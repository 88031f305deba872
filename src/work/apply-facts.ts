/** Asks only for the facts that a plan is made from; the whole inventory is scan's. */

import type { Fact } from '../facts/fact.ts';
import { facts } from '../facts/facts.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Answered, Facts, Work } from '../types.ts';
import { ask } from './ask.ts';
import type { Surroundings } from './work.ts';

/** What a plan and its digest use of the destination. */
export const ofDestination = [
  'os',
  'packages',
  'repositories',
  'accounts',
  'units',
  'alternatives',
  'diversions',
  'statOverrides',
  'mounts',
  'ports',
] as const satisfies readonly (keyof Facts)[];

/** What a plan asks the source again. */
export const ofSource = ['packages', 'owned', 'units', 'ports'] as const satisfies readonly (keyof Facts)[];

/** The named facts; all others are absent, because nobody asked. */
export async function* askFor(
  host: Host,
  names: readonly (keyof Facts)[],
  surroundings: Surroundings,
): Work<Facts> {
  const answers: Partial<Record<keyof Facts, Answered<unknown>>> = {};
  for (const name of Object.keys(facts) as (keyof Facts)[]) {
    if (!names.includes(name)) {
      answers[name] = { known: false, reason: 'not asked for a plan' };
      continue;
    }
    if (surroundings.signal.aborted) throw new Failure('interrupted', 'interrupted', 'interrupted');
    const begun = surroundings.now();
    const label = `${host.name}: ${name}`;
    yield { kind: 'fact', name: label, state: 'asking', text: '', seconds: 0 };
    const fact = facts[name] as Fact<unknown>;
    const answer = await ask(host, fact);
    answers[name] = answer;
    yield {
      kind: 'fact',
      name: label,
      state: answer.known ? 'answered' : 'absent',
      text: answer.known ? fact.summary(answer.value) : answer.reason,
      seconds: Math.max(0, surroundings.now() - begun) / 1000,
    };
  }
  return answers as Facts;
}
