import { Folder } from '../../work/folder.ts';
import { reportText } from '../report-text.ts';
import { argumentOf, runWork, type Session, showResult } from '../session.ts';
import { reachBoth } from './plan.ts';
import { profilesOf } from './profiles.ts';

/** `verify FOLDER DEST`: exit 5 with --exit-code when anything is red. */
export async function verifyCommand(session: Session): Promise<number> {
  const folder = await Folder.open(argumentOf(session, 'FOLDER') as string);
  const hosts = await reachBoth(session, folder, argumentOf(session, 'DEST') as string);
  const { verify } = await import('../../work/verify.ts');
  const profiles = await profilesOf(session);
  const report = await runWork(
    session,
    verify({ folder, ...hosts, profiles, surroundings: session.surroundings }),
  );
  const { green, red, byHand, checks } = report;
  showResult(session, { command: 'verify', green, red, byHand, checks }, () =>
    reportText(report, { ...session.settings, all: session.parsed.flags.has('all') }),
  );
  return red > 0 && session.parsed.flags.has('exit-code') ? 5 : 0;
}
