/** decide: appends a person's word on a path, and brings the manifest in line with it. */
import { quote, unquote } from '../bytes.ts';
import { decided } from '../decide/manifest.ts';
import { VerdictIndex } from '../decide/verdicts.ts';
import { Failure } from '../failure.ts';
import type { Bytes, Class } from '../types.ts';
import { normal } from './explain.ts';
import type { Folder } from './folder.ts';
import type { Surroundings } from './work.ts';

/** Classes a person may give; `undecided` is what a decision ends. */
const possible: readonly Class[] = ['immutable', 'edited', 'mutable', 'secret', 'identity', 'ephemeral'];

/**
 * Decides a path and everything below it; `null` takes an earlier decision back. Throws Failure `usage` for a
 * path or class that cannot be decided, and where the path belongs to the machine (the never-copy list).
 */
export async function decidePath(
  folder: Folder,
  path: Bytes,
  chosen: Class | null,
  note: string,
  surroundings: Surroundings,
): Promise<void> {
  const plain = normal(path);
  if (chosen !== null && !possible.includes(chosen)) {
    throw new Failure('usage', 'class', `${chosen} cannot be decided`, {
      hint: `classes are ${possible.join(', ')}`,
    });
  }
  const [verdicts, decisions, manifest] = [
    await folder.readVerdicts(),
    await folder.decisions(),
    await folder.readManifest(),
  ];
  const before = new VerdictIndex(verdicts, decisions).of(plain);
  if (before === null || plain === '/') {
    throw new Failure('usage', 'path', `${quote(plain)} cannot be decided as a whole`, {
      hint: 'name a directory or file below it',
    });
  }
  if (chosen !== null && chosen !== 'identity' && before.class === 'identity') {
    throw new Failure('usage', 'identity', `${quote(plain)} belongs to its machine and is never carried`, {
      during: before.reason,
      hint: 'copy it by hand if you are sure',
    });
  }
  const decision = {
    path: plain,
    class: chosen,
    by: surroundings.by,
    at: new Date(surroundings.now()).toISOString(),
    note,
  };
  const index = new VerdictIndex(verdicts, [...decisions, decision]);
  await folder.appendDecision(decision);
  await folder.writeManifest(decided(manifest, index, unquote));
}
