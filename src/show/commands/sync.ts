import { Folder } from '../../work/folder.ts';
import { argumentOf, runWork, type Session, showResult } from '../session.ts';
import { count, duration, plural, size } from '../units.ts';
import { consent, planFor } from './consent.ts';
import { lockFolder } from './folders.ts';
import { pathOf } from './paths.ts';
import { reachBoth } from './plan.ts';

/** `sync FOLDER DEST`: exit 3 when something could not be carried. */
export async function syncCommand(session: Session): Promise<number> {
  const named = argumentOf(session, 'FOLDER') as string;
  const place = argumentOf(session, 'DEST') as string;
  const { flags, values } = session.parsed;
  const only = (values.only ?? []).map(pathOf);
  const folder = await Folder.open(named);
  await lockFolder(session, folder);
  const hosts = await reachBoth(session, folder, place);
  const dryRun = flags.has('dry-run');
  if (!dryRun && (await planFor(folder, hosts.destination)) === null) {
    const question = `This copies the data of ${hosts.source.name} onto ${hosts.destination.name}.`;
    await consent(session, { grade: 'moderate', question });
  }
  const { sync } = await import('../../work/sync.ts');
  const result = await runWork(
    session,
    sync({
      folder,
      ...hosts,
      surroundings: session.surroundings,
      dryRun,
      untilQuiet: flags.has('until-quiet'),
      allowDeletions: flags.has('allow-deletions'),
      ...(only.length === 0 ? {} : { only }),
    }),
  );
  showResult(session, { command: 'sync', dryRun, ...result }, () => {
    const did = dryRun ? 'would carry' : 'carried';
    const failed = result.failed.map(({ path, reason }) => `  ! ${path}: ${reason}\n`).join('');
    const torn = result.torn.length === 0 ? '' : `, ${plural(result.torn.length, 'file')} changed while read`;
    const first = `pass ${result.pass}: ${did} ${count(result.changed)} of ${plural(result.entries, 'entry', 'entries')}, ${size(result.bytes)} in ${duration(result.seconds)}, ${count(result.deleted)} deleted${torn}\n`;
    const next = dryRun ? '' : `next: opstimal-move cutover ${named} ${place}\n`;
    return `${failed}${first}${next}`;
  });
  return result.failed.length > 0 ? 3 : 0;
}
