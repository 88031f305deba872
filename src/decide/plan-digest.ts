/** A plan is bound to what was read from the destination; what moves by itself (load, ports, free space) is left out. */
import { createHash } from 'node:crypto';
import type { Answered, Bytes, Facts } from '../types.ts';
import type { SeenPath } from './plan-input.ts';

/** JSON with sorted keys: the same value is always the same text. Maps are lists of pairs, bigints text. */
export function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (value instanceof Map) {
    return canonical([...value].sort(([left], [right]) => (String(left) < String(right) ? -1 : 1)));
  }
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function pick<T, R>(fact: Answered<T>, take: (value: T) => R): unknown {
  return fact.known ? take(fact.value) : fact.reason;
}

/** SHA-256 over the facts that a plan's steps follow from. */
export function destinationDigest(facts: Facts, seen: ReadonlyMap<Bytes, SeenPath>): string {
  const used = {
    os: facts.os.known ? facts.os.value : null,
    packages: pick(facts.packages, (list) =>
      list.map((one) => [one.name, one.architecture, one.version, one.status, one.held]),
    ),
    repositories: pick(facts.repositories, (list) => list),
    accounts: pick(facts.accounts, (value) => value),
    units: pick(facts.units, (list) =>
      list
        .filter((one) => !['transient', 'generated'].includes(one.state))
        .map((one) => [one.name, one.state, one.fragment]),
    ),
    alternatives: pick(facts.alternatives, (list) => list),
    diversions: pick(facts.diversions, (list) => list),
    statOverrides: pick(facts.statOverrides, (list) => list),
    mounts: pick(facts.mounts, (list) =>
      list.filter((one) => one.size > 0).map((one) => [one.target, one.type, one.size]),
    ),
    seen,
  };
  return createHash('sha256').update(canonical(used)).digest('hex');
}
