import { writeManifest } from '../../decide/manifest-yaml.ts';
import { Folder } from '../../work/folder.ts';
import { jsonLine } from '../json.ts';
import { argumentOf, optionValue, type Session } from '../session.ts';
import { outputFailure } from './output.ts';

/** `manifest FOLDER [-o FILE] [--check SOURCE]`. */
export async function manifestCommand(session: Session): Promise<number> {
  const named = argumentOf(session, 'FOLDER') as string;
  const folder = await Folder.open(named);
  const check = optionValue(session, 'check');
  if (check !== undefined) {
    const { compare } = await import('./diff.ts');
    return compare(session, 'manifest', named, check);
  }
  const manifest = await folder.readManifest();
  const text = session.settings.json ? jsonLine(manifest) : writeManifest(manifest);
  const file = optionValue(session, 'output');
  if (file === undefined) session.out(text);
  else {
    await writeFileOf(file, text);
    session.talk.say(`wrote ${file}`);
  }
  return 0;
}

async function writeFileOf(file: string, text: string): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw outputFailure(cause, file);
  }
}
