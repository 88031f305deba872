import type { Folder } from '../../work/folder.ts';
import type { Session } from '../session.ts';

/** Takes the folder for this command; it is given back when the command ends, whatever happens. */
export async function lockFolder(session: Session, folder: Folder): Promise<void> {
  session.closing.push(await folder.lock());
}
