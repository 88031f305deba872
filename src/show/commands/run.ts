/** Which file does a command; imported when its command is known and not before. */
import type { Session } from '../session.ts';

/** Does the command of a session; resolves to its exit code when it ended well. */
export async function runCommand(session: Session): Promise<number> {
  switch (session.parsed.command?.name) {
    case 'scan':
      return (await import('./scan.ts')).scanCommand(session);
    case 'explain':
      return (await import('./explain.ts')).explainCommand(session);
    case 'decide':
      return (await import('./decide.ts')).decideCommand(session);
    case 'manifest':
      return (await import('./manifest.ts')).manifestCommand(session);
    case 'diff':
      return (await import('./diff.ts')).diffCommand(session);
    case 'validate':
      return (await import('./validate.ts')).validateCommand(session);
    case 'plan':
      return (await import('./plan.ts')).planCommand(session);
    case 'apply':
      return (await import('./apply.ts')).applyCommand(session);
    case 'sync':
      return (await import('./sync.ts')).syncCommand(session);
    case 'cutover':
      return (await import('./cutover.ts')).cutoverCommand(session);
    case 'rollback':
      return (await import('./rollback.ts')).rollbackCommand(session);
    case 'verify':
      return (await import('./verify.ts')).verifyCommand(session);
    case 'move':
      return (await import('./move.ts')).moveCommand(session);
    case 'doctor':
      return (await import('./doctor.ts')).doctorCommand(session);
    case 'seal':
      return (await import('./sealing.ts')).sealCommand(session);
    case 'unseal':
      return (await import('./sealing.ts')).unsealCommand(session);
    default:
      return (await import('./texts.ts')).textCommand(session);
  }
}
