import { Failure } from '../../failure.ts';
import type { Class } from '../../types.ts';
import { nearest } from '../nearest.ts';
import { argumentOf, optionValue, type Session, showResult } from '../session.ts';
import { lockFolder } from './folders.ts';
import { pathOf } from './paths.ts';

const classes: readonly Class[] = ['mutable', 'secret', 'edited', 'immutable', 'identity', 'ephemeral'];

function classOf(text: string): Class | null {
  if (text === 'none') return null;
  const found = classes.find((each) => each === text);
  if (found !== undefined) return found;
  const near = nearest(text, [...classes, 'none']);
  throw new Failure('usage', 'class', `${text} is no class that can be decided`, {
    hint:
      near === null
        ? `one of ${classes.join(', ')}, or none to take a decision back`
        : `did you mean: ${near}`,
  });
}

/** `decide FOLDER PATH CLASS [--note T]`. */
export async function decideCommand(session: Session): Promise<number> {
  const path = pathOf(argumentOf(session, 'PATH') as string);
  const decided = classOf(argumentOf(session, 'CLASS') as string);
  const [{ Folder }, { decidePath }, { explainPath }, { explainText }] = await Promise.all([
    import('../../work/folder.ts'),
    import('../../work/decide-path.ts'),
    import('../../work/explain.ts'),
    import('../explain-text.ts'),
  ]);
  const named = argumentOf(session, 'FOLDER') as string;
  const folder = await Folder.open(named);
  await lockFolder(session, folder);
  await decidePath(folder, path, decided, optionValue(session, 'note') ?? '', session.surroundings);
  const explanation = await explainPath(folder, path);
  showResult(session, { command: 'decide', ...explanation }, () => explainText(explanation, named));
  return 0;
}
