/** Compares what two servers answered. Answers are plain data, so that a frozen server's can be kept. */
import type { Check, Report } from '../types.ts';

/** One answer of one server to one question. */
export interface Observation {
  /** What it is about: `postgresql shop`, `http www.example:443`, `users`. */
  readonly subject: string;
  /** Plural noun for the line of a report: `tables`, `grants`, `answers`. */
  readonly group: string;
  readonly key: string;
  readonly value: string;
  /**
   * `equal`: both say the same. `exact`: the same, and the destination has nothing more of this group.
   * `not-lower`: versions and counters that may have grown. `secret`: equal, but neither value is ever shown.
   * `differ`: identity, which must not be the same. `by-hand`: shown when it differs, and left to a person.
   */
  readonly compare: 'equal' | 'exact' | 'not-lower' | 'secret' | 'differ' | 'by-hand';
}

const identity = (one: Observation) => `${one.subject}\0${one.group}\0${one.key}`;
const family = (one: Observation) => `${one.subject}\0${one.group}`;

/** Compares dotted numbers part by part; text parts by code unit. */
function compareVersions(left: string, right: string): number {
  const parts = (text: string) => text.split(/[^0-9A-Za-z]+/);
  const [a, b] = [parts(left), parts(right)];
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [x = '0', y = '0'] = [a[at], b[at]];
    if (/^\d+$/.test(x) && /^\d+$/.test(y)) {
      const difference = BigInt(x) - BigInt(y);
      if (difference !== 0n) return difference < 0n ? -1 : 1;
    } else if (x !== y) {
      return x < y ? -1 : 1;
    }
  }
  return 0;
}

function agrees(source: Observation, destination: Observation): boolean {
  if (source.compare === 'differ') return source.value !== destination.value;
  if (source.compare === 'not-lower') return compareVersions(destination.value, source.value) >= 0;
  return source.value === destination.value;
}

function disagreement(source: Observation, destination: Observation | undefined): Check {
  const what = source.key === '' ? source.group : `${source.group}: ${source.key}`;
  const state = source.compare === 'by-hand' ? 'by-hand' : 'red';
  if (destination === undefined) {
    return {
      state,
      subject: source.subject,
      text: `${what} is missing on the destination`,
      ...(source.compare === 'secret' ? {} : { source: source.value }),
    };
  }
  if (source.compare === 'secret') return { state, subject: source.subject, text: `${what} differs` };
  return {
    state,
    subject: source.subject,
    text:
      source.compare === 'differ'
        ? `${what} is the source's own and must not be here`
        : source.compare === 'not-lower'
          ? `${what} went back`
          : `${what} differs`,
    source: source.value,
    destination: destination.value,
  };
}

/** One check per disagreement, and one green check per group that agrees wholly. */
export function compareObservations(
  source: readonly Observation[],
  destination: readonly Observation[],
): Check[] {
  const there = new Map(destination.map((one) => [identity(one), one]));
  const groups = new Map<string, Observation[]>();
  for (const one of source) {
    const members = groups.get(family(one));
    if (members === undefined) groups.set(family(one), [one]);
    else members.push(one);
  }
  const checks: Check[] = [];
  const known = new Set(source.map(identity));
  for (const members of groups.values()) {
    const first = members[0] as Observation;
    const wrong: Check[] = [];
    for (const one of members) {
      const other = there.get(identity(one));
      // What must differ is also fine when it is not there at all.
      if (other === undefined ? one.compare !== 'differ' : !agrees(one, other)) {
        wrong.push(disagreement(one, other));
      }
    }
    if (members.some((one) => one.compare === 'exact')) {
      for (const one of destination) {
        if (family(one) !== family(first) || known.has(identity(one))) continue;
        wrong.push({
          state: 'red',
          subject: one.subject,
          text: `${one.group}: ${one.key} is only on the destination`,
          destination: one.value,
        });
      }
    }
    checks.push(...wrong);
    if (wrong.length === 0) {
      const verb = first.compare === 'differ' ? 'its own' : first.compare === 'not-lower' ? 'there' : 'equal';
      const count = members.length === 1 && first.key === '' ? '' : `${members.length} `;
      checks.push({ state: 'green', subject: first.subject, text: `${count}${first.group} ${verb}` });
    }
  }
  return checks;
}

const rank = { red: 0, 'by-hand': 1, green: 2 } as const;

/** Counts and sorts: red first, then by hand, then green; within a state in the order given. */
export function reportOf(checks: readonly Check[]): Report {
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  return {
    green: count('green'),
    red: count('red'),
    byHand: count('by-hand'),
    checks: [...checks].sort((a, b) => rank[a.state] - rank[b.state]),
  };
}
