import type { Finding } from '../../work/validate.ts';
import { type Session, showResult } from '../session.ts';

/** `validate FOLDER|FILE...`: exit 1 when anything is wrong; notes alone are none. */
export async function validateCommand(session: Session): Promise<number> {
  const [{ validate }, { validateText }] = await Promise.all([
    import('../../work/validate.ts'),
    import('../validate-text.ts'),
  ]);
  const findings: Finding[] = [];
  let files = 0;
  for (const named of session.parsed.arguments['FOLDER|FILE'] ?? []) {
    const validated = await validate(named);
    findings.push(...validated.findings);
    files += validated.files;
  }
  const wrong = findings.filter(({ grade }) => grade === 'wrong').length;
  showResult(
    session,
    { command: 'validate', ok: wrong === 0, wrong, notes: findings.length - wrong, files, findings },
    () => validateText(findings, files, session.settings.color),
  );
  return wrong === 0 ? 0 : 1;
}
