/** In which order services stop on the source and start on the destination. */
import type { Plan, Profile } from '../types.ts';

type Hold = Plan['holds'][number];

/** Units that stop or start together; systemd orders them among themselves. */
export interface Tier {
  readonly tier: Profile['tier'];
  readonly units: readonly string[];
}

/**
 * Actors first, so that nothing new is begun; then what faces the network, then what writes, and at last the
 * databases, which are dumped in between.
 */
const order: readonly Profile['tier'][] = ['actor', 'front', 'application', 'database'];

function tiers(
  holds: readonly Hold[],
  names: (hold: Hold) => readonly string[],
  wanted: readonly Profile['tier'][],
): Tier[] {
  return wanted.flatMap((tier) => {
    const units = [...new Set(holds.filter((hold) => hold.tier === tier).flatMap(names))].sort();
    return units.length === 0 ? [] : [{ tier, units }];
  });
}

/**
 * Stops on the source, first tier first. `running` are the units that ran there, triggers included; `triggers`
 * names for a unit what would start it again (its timer, socket or path unit), which stops with it.
 */
export function freezeOrder(
  holds: readonly Hold[],
  running: ReadonlySet<string>,
  triggers: ReadonlyMap<string, readonly string[]> = new Map(),
): readonly Tier[] {
  const names = (hold: Hold) =>
    [...(triggers.get(hold.source) ?? []), hold.source].filter((unit) => running.has(unit));
  return tiers(holds, names, order);
}

/**
 * Starts on the destination, under its own names: only what ran on the source. A template's name stands for all
 * its instances and is started by the unit that owns them.
 */
export function thawOrder(
  holds: readonly Hold[],
  running: ReadonlySet<string>,
  triggers: ReadonlyMap<string, readonly string[]> = new Map(),
): readonly Tier[] {
  const names = (hold: Hold) => {
    if (hold.unit.includes('@.')) return [];
    const triggering = (triggers.get(hold.source) ?? []).filter((unit) => running.has(unit));
    return running.has(hold.source) ? [...triggering, hold.unit] : triggering;
  };
  return tiers(holds, names, [...order].reverse());
}
