import { Failure } from '../../failure.ts';
import { Folder } from '../../work/folder.ts';
import { argumentOf, optionValue, runWork, type Session, showResult } from '../session.ts';
import { consent } from './consent.ts';
import { lockFolder } from './folders.ts';
import { sourceNames } from './hosts.ts';
import { reachBoth } from './plan.ts';
import { profilesOf } from './profiles.ts';

/** `rollback FOLDER`: the places are the folder's. */
export async function rollbackCommand(session: Session): Promise<number> {
  const named = argumentOf(session, 'FOLDER') as string;
  const folder = await Folder.open(named);
  await lockFolder(session, folder);
  const { source, destination } = await folder.readHosts();
  if (source === undefined || destination === undefined) {
    throw new Failure('usage', 'folder', `${folder.name} knows no destination yet`, {
      hint: 'there is nothing to roll back before a cutover',
    });
  }
  const names = await sourceNames(folder, null);
  const question = `On ${names[0] ?? source.name} the services start again, on ${destination.name} they stop. What was written on ${destination.name} since the cutover stays there.`;
  if (optionValue(session, 'confirm') !== undefined)
    await consent(session, { grade: 'severe', question, names });
  else await consent(session, { grade: 'moderate', question });
  const hosts = await reachBoth(session, folder, destination.place);
  const { rollback } = await import('../../work/rollback.ts');
  const profiles = await profilesOf(session);
  const result = await runWork(
    session,
    rollback({ folder, ...hosts, profiles, surroundings: session.surroundings }),
  );
  showResult(session, { command: 'rollback', ...result }, () => {
    const notices = result.notices.map(
      (notice) => `! ${notice.subject}: ${notice.text}\n    ${notice.hint}\n`,
    );
    const back = `${names[0] ?? source.name} serves again (${result.started.join(', ') || 'no unit'}), held on ${destination.name}: ${result.held.join(', ') || 'none'}\n`;
    return [...notices, back].join('');
  });
  return 0;
}
