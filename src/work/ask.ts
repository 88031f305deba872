/** Asks a host for all facts, one question after the other over its persistent shell. */

import { quote } from '../bytes.ts';
import { redactText } from '../decide/redact-text.ts';
import type { Fact } from '../facts/fact.ts';
import { facts } from '../facts/facts.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Answered, Facts, Work } from '../types.ts';

/** Lists of all packages of a big server take a few megabytes; a question that runs this long hangs. */
const limits = { limit: 512 * 1024 ** 2, timeoutSeconds: 300 };

/** Exit code of a question that this host can never answer; its stderr says why. */
const cannotBeAsked = 3;

/**
 * All facts of a host; yields a `fact` event before and after each. A fact that could not be asked is absent with
 * its reason. Throws a Failure only when the host can no longer be reached, or `interrupted`.
 */
export async function* askAll(host: Host, now: () => number, signal?: AbortSignal): Work<Facts> {
  const answered: Partial<Record<keyof Facts, Answered<unknown>>> = {};
  for (const name of Object.keys(facts) as (keyof Facts)[]) {
    if (signal?.aborted) throw new Failure('interrupted', 'interrupted', 'interrupted');
    const begun = now();
    yield { kind: 'fact', name, state: 'asking', text: '', seconds: 0 };
    const fact = facts[name] as Fact<unknown>;
    const answer = name === 'clockAhead' ? await askClock(host, now) : await ask(host, fact);
    answered[name] = answer;
    yield {
      kind: 'fact',
      name,
      state: answer.known ? 'answered' : 'absent',
      text: answer.known ? fact.summary(answer.value) : answer.reason,
      seconds: Math.max(0, now() - begun) / 1000,
    };
  }
  return answered as Facts;
}

/** One fact. A question that met a change on its way (a file replaced while it was read) is asked once more. */
export async function ask<T>(host: Host, fact: Fact<T>): Promise<Answered<T>> {
  if (fact.live && !host.live) return { known: false, reason: 'the system does not run' };
  let last = await attempt(host, fact);
  if (!last.known && !last.final) last = await attempt(host, fact);
  return last.known ? last : { known: false, reason: last.reason };
}

/** `final`: asking again would not help. */
type Attempt<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly reason: string; readonly final: boolean };

async function attempt<T>(host: Host, fact: Fact<T>): Promise<Attempt<T>> {
  try {
    const { code, stdout, stderr } = await host.run(fact.question(host.root), limits);
    if (code !== 0) {
      const said = firstLine(stderr) || `the question ended with code ${code}`;
      return { known: false, reason: said, final: code === cannotBeAsked };
    }
    return { known: true, value: fact.parse(stdout, host.root) };
  } catch (error) {
    // Only a Failure of this one question leaves the others a chance; a lost connection ends them all.
    if (error instanceof Failure && error.code !== 'failed') throw error;
    if (!(error instanceof Error)) throw error;
    return { known: false, reason: redactText(error.message), final: error instanceof Failure };
  }
}

/** The answer was made some time between question and answer; the middle is our best guess. */
async function askClock(host: Host, now: () => number): Promise<Answered<number>> {
  const before = now();
  const answer = await ask(host, facts.clockAhead);
  if (!answer.known) return answer;
  const middle = (before + now()) / 2;
  return { known: true, value: answer.value - middle / 1000 };
}

function firstLine(stderr: Buffer): string {
  const line =
    stderr
      .toString('latin1')
      .split('\n')
      .find((text) => text.trim() !== '') ?? '';
  return quote(redactText(line.trim()).slice(0, 200));
}
