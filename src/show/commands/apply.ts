import { Folder } from '../../work/folder.ts';
import { planText } from '../plan-text.ts';
import { argumentOf, runWork, type Session, showResult } from '../session.ts';
import { plural } from '../units.ts';
import { consent, planFor } from './consent.ts';
import { lockFolder } from './folders.ts';
import { makePlan, reachEnds } from './plan.ts';
import { profilesOf } from './profiles.ts';

/** `apply FOLDER DEST`: exactly the saved plan; without one it is made, shown and asked about. */
export async function applyCommand(session: Session): Promise<number> {
  const named = argumentOf(session, 'FOLDER') as string;
  const place = argumentOf(session, 'DEST') as string;
  const folder = await Folder.open(named);
  await lockFolder(session, folder);
  const hosts = await reachEnds(session, folder, place);
  if ((await planFor(folder, hosts.destination)) === null) {
    const plan = await makePlan(session, folder, hosts);
    session.talk.say(planText(plan, null, { ...session.settings, all: false }));
    if (plan.steps.length > 0)
      await consent(session, { grade: 'moderate', question: `This changes ${hosts.destination.name}.` });
  }
  const { apply } = await import('../../work/apply.ts');
  const profiles = await profilesOf(session);
  const result = await runWork(
    session,
    apply({ folder, ...hosts, profiles, surroundings: session.surroundings }),
  );
  showResult(session, { command: 'apply', ...result }, () => {
    const { changed, ok, failed } = result;
    const nothing = changed === 0 && failed === 0;
    const counts = nothing
      ? `nothing to do: ${hosts.destination.name} is as the manifest says`
      : `${plural(changed, 'step')} changed ${hosts.destination.name}, ${ok} had nothing to do, ${failed} failed`;
    if (hosts.source === null) return `${counts}\n`;
    return `${counts}\nnext: opstimal-move sync ${named} ${place} --until-quiet\n`;
  });
  return result.failed > 0 ? 3 : 0;
}
