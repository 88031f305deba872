import { Folder } from '../../work/folder.ts';
import { reportText } from '../report-text.ts';
import { argumentOf, runWork, type Session, showResult } from '../session.ts';
import { duration } from '../units.ts';
import { consent } from './consent.ts';
import { lockFolder } from './folders.ts';
import { sourceNames } from './hosts.ts';
import { reachBoth } from './plan.ts';
import { profilesOf } from './profiles.ts';

/** `cutover FOLDER DEST`: exit 3 when the report has red in it. */
export async function cutoverCommand(session: Session): Promise<number> {
  const named = argumentOf(session, 'FOLDER') as string;
  const place = argumentOf(session, 'DEST') as string;
  const folder = await Folder.open(named);
  await lockFolder(session, folder);
  const plan = await folder.readPlan();
  const names = await sourceNames(folder, null);
  await consent(session, {
    grade: 'severe',
    question: cutoverQuestion(plan?.holds ?? [], names[0] ?? '', place),
    names,
  });
  const hosts = await reachBoth(session, folder, place);
  const { cutover } = await import('../../work/cutover.ts');
  const profiles = await profilesOf(session);
  const result = await runWork(
    session,
    cutover({ folder, ...hosts, profiles, surroundings: session.surroundings }),
  );
  const { predictedSeconds, downtimeSeconds } = result;
  const { green, red, byHand, checks } = result.report;
  const fields = { command: 'cutover', predictedSeconds, downtimeSeconds, green, red, byHand, checks };
  showResult(session, fields, () =>
    [
      reportText(result.report, { ...session.settings, all: false }),
      `downtime: ${duration(predictedSeconds)} predicted, ${duration(downtimeSeconds)} measured\n`,
      `next: opstimal-move verify ${named} ${place}; back again: opstimal-move rollback ${named}\n`,
    ].join(''),
  );
  return red > 0 ? 3 : 0;
}

/** What stops and what starts, in words. */
export function cutoverQuestion(
  holds: readonly { readonly source: string }[],
  source: string,
  destination: string,
): string {
  const units = [...new Set(holds.map((hold) => hold.source))];
  const which = units.length === 0 ? 'its services' : units.join(', ');
  return `On ${source} stops now, and starts on ${destination} when the last pass is done: ${which}.\nIf anything fails, they start again on ${source}.`;
}
