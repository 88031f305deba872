/** Whether the person said yes to this destination already, by a plan that was shown and saved. */
import type { Host } from '../../host/host.ts';
import type { Plan } from '../../types.ts';
import type { Folder } from '../../work/folder.ts';
import { type Confirmation, confirm } from '../prompt.ts';
import { optionValue, type Session } from '../session.ts';
import { askLineOf } from './hosts.ts';

/** The saved plan when it was made for this destination, else null. */
export async function planFor(folder: Folder, destination: Host): Promise<Plan | null> {
  const plan = await folder.readPlan();
  if (plan === null) return null;
  const id = (await destination.readFile('/etc/machine-id', 4096)).toString('latin1').trim();
  return plan.destination.machineId === id ? plan : null;
}

/** Asks what the command line did not answer. */
export async function consent(session: Session, question: Confirmation): Promise<void> {
  const given = { yes: session.parsed.flags.has('yes'), confirm: optionValue(session, 'confirm') };
  await confirm(question, given, await askLineOf(session));
}
