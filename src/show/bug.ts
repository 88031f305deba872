import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bugText, stackOf } from './errors.ts';
import { programVersion } from './version.ts';

/** Writes the stack to a log, in the folder's runs or a private directory, and gives the text for the person. */
export async function reportBug(error: unknown, folder: string | undefined, now: number): Promise<string> {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const version = programVersion();
  let log: string | null = null;
  try {
    const runs = folder === undefined ? '' : join(folder, 'runs');
    const directory =
      runs !== '' && existsSync(runs) ? runs : await mkdtemp(join(tmpdir(), 'opstimal-move-'));
    log = join(directory, `${time}-bug.log`);
    const text = `opstimal-move ${version}\nnode ${process.version}\n${process.platform} ${process.arch}\n\n${stackOf(error)}\n`;
    await writeFile(log, text, { mode: 0o600 });
  } catch {
    log = null;
  }
  return bugText(error, log, version);
}
