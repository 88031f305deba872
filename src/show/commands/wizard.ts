import { Failure } from '../../failure.ts';
import { argumentOf, type Session } from '../session.ts';

/** No command: the wizard. Without a terminal it says which commands do the same. */
export async function wizardCommand(session: Session, prepareForInk: () => void): Promise<number> {
  if (!session.terminal.interactive) {
    throw new Failure('needs-person', 'terminal', 'the wizard needs a terminal, and there is none', {
      hint: 'the same without questions: opstimal-move scan, plan, apply, sync, cutover, verify; all of them: opstimal-move --help',
    });
  }
  session.talk.say('opening…');
  prepareForInk();
  const [{ startWizard }, { realWork }, { summary }] = await Promise.all([
    import('../wizard/start.tsx'),
    import('../wizard/work.ts'),
    import('../wizard/summary.ts'),
  ]);
  const { exit, state } = await startWizard({
    work: realWork(session),
    symbols: session.settings.symbols,
    now: session.surroundings.now,
    folder: argumentOf(session, 'FOLDER') ?? '',
    spoken: session.environment.INK_SCREEN_READER === 'true',
  });
  session.out(summary(state));
  return exit;
}
