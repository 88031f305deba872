import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import type { Plan } from '../../types.ts';
import { Folder } from '../../work/folder.ts';
import type { Sealed } from '../../work/sealed.ts';
import { isBlocked, planText } from '../plan-text.ts';
import { argumentOf, runWork, type Session, showResult } from '../session.ts';
import { lockFolder } from './folders.ts';
import { reach, rememberDestination, sourcePlace } from './hosts.ts';
import { profilesOf } from './profiles.ts';
import { openedSecrets } from './sealing.ts';

/** Both ends of a folder's move, reached one after the other so that questions do not mix. */
export async function reachBoth(
  session: Session,
  folder: Folder,
  destination: string,
): Promise<{ source: Host; destination: Host }> {
  const source = await reach(session, await sourcePlace(folder));
  const reached = await reach(session, destination);
  await rememberDestination(folder, reached);
  return { source, destination: reached };
}

/**
 * Both ends for commands that do without the source when --identity opens what was sealed of it. What opens nothing
 * is refused before anything is reached.
 */
export async function reachEnds(session: Session, folder: Folder, destination: string): Promise<Ends> {
  const sealed = await openedSecrets(session, folder);
  if (sealed === null) return reachBoth(session, folder, destination);
  let source: Host | null = null;
  try {
    source = await reach(session, await sourcePlace(folder));
  } catch (error) {
    if (!(error instanceof Failure) || !(error.code === 'unreachable' || error.topic === 'disk')) throw error;
    session.talk.say(
      `  ${error.message}; secrets come from ${folder.name}, as they were when it was scanned`,
    );
  }
  const reached = await reach(session, destination);
  await rememberDestination(folder, reached);
  return { source, destination: reached, sealed };
}

export interface Ends {
  readonly source: Host | null;
  readonly destination: Host;
  readonly sealed?: Sealed | null;
}

/** Makes the plan and saves it in the folder. */
export async function makePlan(session: Session, folder: Folder, hosts: Ends): Promise<Plan> {
  const { plan } = await import('../../work/plan.ts');
  const profiles = await profilesOf(session);
  return runWork(session, plan({ folder, ...hosts, profiles, surroundings: session.surroundings }));
}

/** `plan FOLDER DEST`: exit 5 with --exit-code when something would change; 4 while something is in the way. */
export async function planCommand(session: Session): Promise<number> {
  const named = argumentOf(session, 'FOLDER') as string;
  const place = argumentOf(session, 'DEST') as string;
  const folder = await Folder.open(named);
  await lockFolder(session, folder);
  const plan = await makePlan(session, folder, await reachEnds(session, folder, place));
  const file = `${named.replace(/\/+$/, '')}/plan.json`;
  const { ok, change, extra, unknown } = plan.counts;
  const fields = { command: 'plan', ok, change, extra, unknown, notices: plan.notices, plan: file };
  showResult(session, fields, () =>
    planText(
      plan,
      {
        file,
        command: `opstimal-move apply ${named} ${place}`,
        next: `opstimal-move sync ${named} ${place} --until-quiet`,
      },
      { ...session.settings, all: session.parsed.flags.has('all') },
    ),
  );
  if (isBlocked(plan)) return 4;
  return session.parsed.flags.has('exit-code') && plan.steps.length > 0 ? 5 : 0;
}
