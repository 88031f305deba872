import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import { Folder } from '../../work/folder.ts';
import { planText } from '../plan-text.ts';
import { confirm } from '../prompt.ts';
import { reportText } from '../report-text.ts';
import { argumentOf, optionValue, runWork, type Session, showResult } from '../session.ts';
import { duration } from '../units.ts';
import { cutoverQuestion } from './cutover.ts';
import { lockFolder } from './folders.ts';
import { askLineOf, reach, rememberDestination, serverName, sourceNames } from './hosts.ts';
import { makePlan } from './plan.ts';
import { profilesOf } from './profiles.ts';

interface Ends {
  readonly folder: Folder;
  readonly source: Host;
  readonly destination: Host;
}

/** `move SOURCE DEST [FOLDER]`: exit 3 when the report has red in it. `--yes` speaks for the cutover too. */
export async function moveCommand(session: Session): Promise<number> {
  const { flags } = session.parsed;
  const agreed = flags.has('yes') || optionValue(session, 'confirm') !== undefined;
  if (!agreed && !session.terminal.canAsk) throw cannotAsk();
  const ends = await reachEnds(session);
  const { folder, source, destination } = ends;
  const onDisk = !source.live || !destination.live;
  const rehearse = flags.has('rehearse') || onDisk;
  const download = !flags.has('no-originals');
  if (onDisk) session.talk.say('! a disk has no services: files are carried, there is no cutover', true);
  if (!flags.has('yes')) await agree(session, ends, rehearse);
  const { move } = await import('../../work/move.ts');
  const profiles = await profilesOf(session);
  const result = await runWork(
    session,
    move({ folder, source, destination, profiles, surroundings: session.surroundings, rehearse, download }),
  );
  const { report, predictedSeconds, downtimeSeconds, notices } = result;
  const { green, red, byHand, checks } = report;
  const named = argumentOf(session, 'FOLDER') ?? folder.name;
  const fields = {
    command: 'move',
    rehearse,
    predictedSeconds,
    downtimeSeconds,
    green,
    red,
    byHand,
    checks,
    notices,
  };
  showResult(session, { ...fields, folder: named }, () => {
    const notes = notices.map((notice) => `! ${notice.subject}: ${notice.text}\n`).join('');
    const downtime =
      predictedSeconds === null || downtimeSeconds === null
        ? ''
        : `downtime: ${duration(predictedSeconds)} predicted, ${duration(downtimeSeconds)} measured\n`;
    const text = reportText(report, { ...session.settings, all: flags.has('verbose') });
    return `${notes}${text}${downtime}${nextLine(named, ends, rehearse, onDisk)}`;
  });
  return red > 0 ? 3 : 0;
}

function nextLine(named: string, ends: Ends, rehearse: boolean, onDisk: boolean): string {
  if (onDisk) return `the files are on ${ends.destination.name}; packages and services wait until it runs\n`;
  const place = ends.destination.place.text;
  if (rehearse) return `next: opstimal-move cutover ${named} ${place}\n`;
  return `moved to ${ends.destination.name}; back again: opstimal-move rollback ${named}\n`;
}

function cannotAsk(): Failure {
  return new Failure(
    'needs-person',
    'confirmation-needed',
    'a move needs a confirmation, and nobody can be asked',
    {
      during: 'it changes the destination, and stops services on the source',
      hint: 'to answer it now: --yes; to stop before the cutover: --rehearse --yes',
    },
  );
}

async function reachEnds(session: Session): Promise<Ends> {
  const source = await reach(session, argumentOf(session, 'SOURCE') as string);
  const destination = await reach(session, argumentOf(session, 'DEST') as string);
  const folder = await Folder.create(
    argumentOf(session, 'FOLDER') ?? Folder.nameFor(await serverName(source)),
  );
  await lockFolder(session, folder);
  await rememberDestination(folder, destination);
  return { folder, source, destination };
}

/** Scans and plans, shows the plan, and asks once for all of it: the word yes, or the name of the source. */
async function agree(session: Session, ends: Ends, rehearse: boolean): Promise<void> {
  const { folder, source, destination } = ends;
  const { scan } = await import('../../work/scan.ts');
  const profiles = await profilesOf(session);
  const download = !session.parsed.flags.has('no-originals');
  await runWork(session, scan({ source, folder, profiles, surroundings: session.surroundings, download }));
  const plan = await makePlan(session, folder, { source, destination });
  session.talk.say(planText(plan, null, { ...session.settings, all: false }), true);
  const names = [await serverName(source), ...(await sourceNames(folder, source))];
  const question = rehearse
    ? ({
        grade: 'moderate',
        question: `This changes ${destination.name}, and nothing on ${source.name}.`,
      } as const)
    : ({
        grade: 'severe',
        question: `This changes ${destination.name}.\n${cutoverQuestion(plan.holds, names[0] as string, destination.name)}`,
        names,
      } as const);
  await confirm(question, { yes: false, confirm: optionValue(session, 'confirm') }, await askLineOf(session));
}
