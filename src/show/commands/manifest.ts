import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeManifest } from '../../decide/manifest-yaml.ts';
import { Failure } from '../../failure.ts';
import { Folder } from '../../work/folder.ts';
import { argumentOf, optionValue, runWork, type Session, showResult } from '../session.ts';
import { reach } from './hosts.ts';

/** `manifest FOLDER [-o FILE] [--check SOURCE]`. */
export async function manifestCommand(session: Session): Promise<number> {
  const folder = await Folder.open(argumentOf(session, 'FOLDER') as string);
  const check = optionValue(session, 'check');
  if (check !== undefined) return checkManifest(session, folder, check);
  const manifest = await folder.readManifest();
  const text = session.settings.json ? `${JSON.stringify(manifest)}\n` : writeManifest(manifest);
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
    throw new Failure('usage', 'output', `cannot write ${file}: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    });
  }
}

/** Scans the server again into a folder that is thrown away, with the same decisions, and compares. */
async function checkManifest(session: Session, folder: Folder, place: string): Promise<number> {
  const before = writeManifest(await folder.readManifest());
  const source = await reach(session, place);
  const [{ loadProfiles }, { scan }, { createTwoFilesPatch, structuredPatch }] = await Promise.all([
    import('../../work/profiles.ts'),
    import('../../work/scan.ts'),
    import('diff'),
  ]);
  const directory = await mkdtemp(join(tmpdir(), 'opstimal-move-check-'));
  try {
    const again = await Folder.create(directory);
    if (existsSync(folder.path('decisions.jsonl')))
      await copyFile(folder.path('decisions.jsonl'), again.path('decisions.jsonl'));
    const profiles = await loadProfiles();
    await runWork(session, scan({ source, folder: again, profiles, surroundings: session.surroundings }));
    const after = writeManifest(await again.readManifest());
    const lines = structuredPatch('', '', before, after, '', '', { context: 0 }).hunks.flatMap(
      (hunk) => hunk.lines,
    );
    const added = lines.filter((line) => line.startsWith('+')).length;
    const removed = lines.filter((line) => line.startsWith('-')).length;
    const same = before === after;
    showResult(session, { command: 'manifest', same, added, removed }, () =>
      same
        ? `${place} still matches ${folder.name}\n`
        : createTwoFilesPatch(`${folder.name}/manifest.yaml`, place, before, after, '', '', { context: 1 }),
    );
    return !same && session.parsed.flags.has('exit-code') ? 5 : 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
