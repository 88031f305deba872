/** decide: appends a person's word on a path, and brings the manifest in line with it. */
import { quote, unquote } from '../bytes.ts';
import { decided } from '../decide/manifest.ts';
import { VerdictIndex } from '../decide/verdicts.ts';
import { Failure } from '../failure.ts';
import type { Bytes, Class, Manifest } from '../types.ts';
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
  const old = new VerdictIndex(verdicts, decisions);
  const before = old.of(plain);
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
  const made = decided(manifest, index, unquote);
  await folder.writeManifest({ ...made, incomplete: [...made.incomplete.filter(stillOpen), ...letGo()] });

  /** What an earlier decision took out of the manifest, and this one wants back in it. */
  function letGo(): Manifest['incomplete'] {
    const there = new Set(made.resources.flatMap((one) => ('path' in one ? [one.path] : [])));
    const reason = 'its content went when it was decided otherwise; scan again';
    const below = [...index.all()].filter(({ path: at }) => at.startsWith(`${plain}/`));
    return [plain, ...below.map(({ path: at }) => at)]
      .filter((at) => index.of(at)?.carry === 'manifest' && old.of(at)?.carry !== 'manifest')
      .filter((at) => !there.has(quote(at)))
      .map((at) => ({ fact: quote(at), reason }));
  }

  function stillOpen({ fact }: Manifest['incomplete'][number]): boolean {
    return !fact.startsWith('/') || index.of(unquote(fact))?.carry === 'manifest';
  }
}
