/** Gives the source back what it had running. */
import { freezeOrder } from '../decide/freeze.ts';
import type { Host } from '../host/host.ts';
import { startUnits } from './cutover-units.ts';
import { holdUnits } from './hold.ts';
import type { PastCutover } from './runs.ts';

/**
 * Takes everything back: the destination is held again, the source starts what it had. Never throws; gives what
 * could not be done, in words for the person who has to do it.
 */
export async function giveBack(
  source: Host,
  destination: Host,
  past: Pick<PastCutover, 'holds' | 'running' | 'quiet'>,
  triggers: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<string> {
  const trouble: string[] = [];
  try {
    await holdUnits(
      destination,
      past.holds.map((hold) => hold.unit),
    );
  } catch (error) {
    trouble.push(`on ${destination.name} services may still run: ${(error as Error).message}`);
  }
  const tiers = [...freezeOrder(past.holds, new Set(past.running), triggers)].reverse();
  for (const tier of tiers) {
    try {
      const failed = await startUnits(source, tier.units);
      if (failed.length > 0) trouble.push(`start on ${source.name}: systemctl start ${failed.join(' ')}`);
      if (tier.tier === 'database') for (const { inverse } of past.quiet) await source.run(inverse);
    } catch (error) {
      trouble.push(
        `start on ${source.name}: systemctl start ${tier.units.join(' ')} (${(error as Error).message})`,
      );
    }
  }
  return trouble.join('; ');
}
