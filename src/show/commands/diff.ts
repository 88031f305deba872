import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Difference } from '../../decide/difference-form.ts';
import type { DiffSide } from '../../work/diff.ts';
import { argumentOf, optionValue, runWork, type Session, showResult } from '../session.ts';
import { reach } from './hosts.ts';
import { outputFailure } from './output.ts';
import { profilesOf } from './profiles.ts';

/** `diff A B [--html FILE] [--stat] [--exit-code]`: exit 5 with `--exit-code` when the two are not the same. */
export async function diffCommand(session: Session): Promise<number> {
  const [left, right] = [argumentOf(session, 'A') as string, argumentOf(session, 'B') as string];
  return compare(session, 'diff', left, right);
}

/** Compares two sides and shows the difference; `diff` and `manifest --check` end here. */
export async function compare(session: Session, command: string, a: string, b: string): Promise<number> {
  // Both names are looked at before the first server is asked.
  const open = [await openSide(session, a), await openSide(session, b)] as const;
  const left = await open[0]();
  const right = await open[1]();
  const { diff } = await import('../../work/diff.ts');
  const profiles = await profilesOf(session);
  const { surroundings, parsed } = session;
  const found = await runWork(session, diff({ left, right, profiles, surroundings, temporary: tmpdir() }));
  const page = optionValue(session, 'html');
  if (page !== undefined) await writePage(session, page, found);
  const { differenceText } = await import('../difference-text.ts');
  const stat = parsed.flags.has('stat') || page !== undefined;
  showResult(session, { command, ...found }, () => differenceText(found, { ...session.settings, stat }));
  return !found.same && parsed.flags.has('exit-code') ? 5 : 0;
}

/** What a side is, told by its name alone; opening it is left for later. */
async function openSide(session: Session, name: string): Promise<() => Promise<DiffSide>> {
  if (isFolder(name)) {
    const { Folder } = await import('../../work/folder.ts');
    const folder = await Folder.open(name);
    return async () => ({ kind: 'folder', name, folder });
  }
  const { parsePlace } = await import('../../host/place.ts');
  parsePlace(name);
  return async () => ({ kind: 'place', name, host: await reach(session, name) });
}

/** A directory with a manifest, and whatever is written like a path: a host's name holds no slash. */
function isFolder(name: string): boolean {
  if (statSync(join(name, 'manifest.yaml'), { throwIfNoEntry: false }) !== undefined) return true;
  if (name.includes('::') || /^(disk:|ssh:)/.test(name)) return false;
  return name.includes('/') || name.endsWith('.move') || name === '.';
}

async function writePage(session: Session, file: string, found: Difference): Promise<void> {
  const [{ differenceHtml }, { writeWhole }] = await Promise.all([
    import('../difference-html.ts'),
    import('../../work/folder.ts'),
  ]);
  const made = `${new Date(session.surroundings.now()).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  try {
    await writeWhole(file, differenceHtml(found, made));
  } catch (cause) {
    throw outputFailure(cause, file);
  }
  session.talk.say(`wrote ${file}`);
}
