/** After a cutover: the source serves again, the destination's services stop. Data is left where it is. */
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Notice, Profile, Work } from '../types.ts';
import { giveBack } from './cutover-back.ts';
import { machineIdOf, refuseStranger, refuseUnfit } from './cutover-ready.ts';
import type { Folder } from './folder.ts';
import { pastCutover } from './runs.ts';
import type { Surroundings } from './work.ts';

export interface Rollback {
  readonly folder: Folder;
  readonly source: Host;
  readonly destination: Host;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
}
export interface RollbackResult {
  /** Units that run on the source again. */
  readonly started: readonly string[];
  /** Units that were stopped on the destination and are held there. */
  readonly held: readonly string[];
  readonly notices: readonly Notice[];
}

/**
 * Takes the last cutover back by its own journal, a finished one or one that was killed in the middle. Can be run
 * again. Throws Failure `usage` when nothing was cut over, `failed` when something did not start or stop.
 */
export async function* rollback(request: Rollback): Work<RollbackResult> {
  const { folder, source, destination, surroundings } = request;
  refuseUnfit(source, destination);
  const machineId = await machineIdOf(destination);
  await refuseStranger(folder, source, await machineIdOf(source));
  const past = await pastCutover(folder, machineId);
  if (past.state === 'none') {
    throw new Failure('usage', 'rollback', `${folder.name} was not cut over to ${destination.name}`, {
      hint: 'there is nothing to take back',
    });
  }
  const run = await folder.startRun('rollback', surroundings.now());
  const journal = (line: Readonly<Record<string, unknown>>) =>
    run.journal({ at: new Date(surroundings.now()).toISOString(), machineId, ...line });
  await journal({ what: 'begin', by: surroundings.by, of: past.run });
  yield {
    kind: 'phase',
    name: 'back',
    text: `stopping the services of ${destination.name}, starting those of ${source.name}`,
  };
  const trouble = await giveBack(source, destination, past);
  if (trouble !== '') {
    throw new Failure('failed', 'rollback', 'not everything could be taken back', {
      during: trouble,
      hint: 'do that by hand, or run the same command again',
    });
  }
  await journal({ what: 'end', cutOver: false });
  const served = past.state === 'done';
  return {
    started: past.running,
    held: past.holds.map((hold) => hold.unit),
    notices: served
      ? [
          {
            grade: 'care',
            subject: 'data',
            text: `what was written on ${destination.name} since ${past.at} is not on ${source.name}`,
            hint: `the next cutover overwrites it on ${destination.name}: save it before`,
          },
        ]
      : [],
  };
}
