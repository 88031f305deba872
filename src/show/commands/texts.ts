/** Commands that only print: completion, man, help. They import no work. */
import { Failure } from '../../failure.ts';
import { argumentOf, type Session } from '../session.ts';

export async function textCommand(session: Session): Promise<number> {
  switch (session.parsed.command?.name) {
    case 'completion': {
      const { completion } = await import('../completion.ts');
      session.out(completion(argumentOf(session, 'SHELL') as string));
      return 0;
    }
    case 'man': {
      const { manualPage } = await import('../man.ts');
      session.out(manualPage(session.version));
      return 0;
    }
    case 'help': {
      const { helpOn } = await import('../help.ts');
      const { keysTopic } = await import('../wizard/keys.ts');
      session.out(helpOn(argumentOf(session, 'TOPIC'), [keysTopic()]));
      return 0;
    }
    default:
      throw new Failure('usage', 'not-yet', `${session.parsed.command?.name ?? 'this'} is not supported yet`);
  }
}
