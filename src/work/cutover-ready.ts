/** What has to be true before anything is stopped. */

import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Plan } from '../types.ts';
import type { Folder } from './folder.ts';

export async function machineIdOf(host: Host): Promise<string> {
  const answer = await host.run(['cat', '--', `${host.root}/etc/machine-id`]);
  return answer.stdout.toString('latin1').trim();
}

/** Hosts must be live and ours to command; on a disk there is nothing to stop or to start. */
export function refuseUnfit(source: Host, destination: Host): void {
  for (const host of [source, destination]) {
    if (!host.live) {
      throw new Failure(
        'usage',
        'cutover',
        `${host.name} does not run: a cutover needs two running servers`,
        {
          hint: 'sync carries the files of a disk; services and databases of one are not supported yet',
        },
      );
    }
    if (!host.privileged) {
      throw new Failure('refused', 'privilege', `a cutover needs root on ${host.name}`, {
        during: host.reach.privilege,
        hint: 'log in as root, or let the user use sudo',
      });
    }
  }
}

/** The folder has to be about these two machines. */
export async function refuseStranger(folder: Folder, source: Host, sourceId: string): Promise<void> {
  const known = (await folder.readHosts()).source;
  if (known === undefined || known.machineId === '' || known.machineId === sourceId) return;
  throw new Failure(
    'usage',
    'wrong-host',
    `${source.name} is not the server that ${folder.name} was made from`,
    {
      during: `the folder is about ${known.name}`,
      hint: `scan ${source.name} into another folder`,
    },
  );
}

/** The plan that was applied, for this destination and this manifest. */
export async function appliedPlan(folder: Folder, destination: Host, machineId: string): Promise<Plan> {
  const plan = await folder.readPlan();
  const hint = `opstimal-move apply ${folder.name} ${destination.place.text}`;
  if (plan === null) {
    throw new Failure('usage', 'plan', `${folder.name} was not applied to ${destination.name} yet`, { hint });
  }
  if (plan.destination.machineId !== machineId) {
    throw new Failure(
      'usage',
      'wrong-host',
      `the plan of ${folder.name} is for ${plan.destination.name}, not for ${destination.name}`,
      { hint },
    );
  }
  if (plan.manifestDigest !== (await folder.manifestDigest())) {
    throw new Failure(
      'usage',
      'stale-plan',
      'the manifest or the decisions changed after the plan was made',
      { hint },
    );
  }
  return plan;
}
