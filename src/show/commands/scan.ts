import { argumentOf, runWork, type Session, showResult } from '../session.ts';
import { lockFolder } from './folders.ts';
import { reach, serverName } from './hosts.ts';
import { profilesOf } from './profiles.ts';
import { givenRecipients } from './sealing.ts';

/** `scan SOURCE [FOLDER]`: exit 3 when parts of the server could not be asked or read. */
export async function scanCommand(session: Session): Promise<number> {
  const profiles = await profilesOf(session);
  const place = argumentOf(session, 'SOURCE') as string;
  const recipients = await givenRecipients(session);
  const source = await reach(session, place);
  const [{ Folder }, { scan }, { scanText }] = await Promise.all([
    import('../../work/folder.ts'),
    import('../../work/scan.ts'),
    import('../scan-text.ts'),
  ]);
  const named = argumentOf(session, 'FOLDER');
  const directory = named ?? Folder.nameFor(await serverName(source));
  const folder = await Folder.create(directory);
  await lockFolder(session, folder);
  if (recipients.length > 0) await (await import('../../work/sealed.ts')).addRecipients(folder, recipients);
  const result = await runWork(
    session,
    scan({
      source,
      folder,
      profiles,
      surroundings: session.surroundings,
      download: !session.parsed.flags.has('no-originals'),
    }),
  );
  const manifest = await folder.readManifest();
  const shown = named ?? folder.name;
  showResult(session, { command: 'scan', ...result, folder: shown }, () =>
    scanText(manifest, result, shown, session.settings),
  );
  // What a system that does not run cannot answer is no surprise on a disk.
  const missed = result.incomplete.filter((each) => source.live || each.reason !== 'the system does not run');
  return missed.length > 0 ? 3 : 0;
}
