import { argumentOf, type Session, showResult } from '../session.ts';
import { pathOf } from './paths.ts';

/** `explain FOLDER PATH`. */
export async function explainCommand(session: Session): Promise<number> {
  const [{ Folder }, { explainPath }, { explainText }] = await Promise.all([
    import('../../work/folder.ts'),
    import('../../work/explain.ts'),
    import('../explain-text.ts'),
  ]);
  const named = argumentOf(session, 'FOLDER') as string;
  const folder = await Folder.open(named);
  const explanation = await explainPath(folder, pathOf(argumentOf(session, 'PATH') as string));
  showResult(session, { command: 'explain', ...explanation }, () =>
    explainText(explanation, named, session.settings),
  );
  return 0;
}
