/**
 * Exit codes: the one switch. `help exit-codes` and the man page print the table below, and a test compares
 * both with the switch. Numbers agree with restic where restic has one (0, 1, 3, 10, 11, 12, 130).
 */
import type { FailureCode } from '../failure.ts';

/** Exit code of a Failure's code. */
export function exitCode(code: FailureCode): number {
  switch (code) {
    case 'failed':
      return 1;
    case 'usage':
      return 2;
    case 'partial':
      return 3;
    case 'needs-person':
      return 4;
    case 'differences':
      return 5;
    case 'no-repository':
      return 10;
    case 'locked':
      return 11;
    case 'refused':
      return 12;
    case 'unreachable':
      return 13;
    case 'interrupted':
      return 130;
  }
}

/** The documented table; `null` is the good end. */
export const exitMeanings: readonly { readonly code: FailureCode | null; readonly meaning: string }[] = [
  { code: null, meaning: 'done, or nothing to do' },
  { code: 'failed', meaning: 'failed' },
  { code: 'usage', meaning: 'wrong usage' },
  { code: 'partial', meaning: 'finished, but some items were skipped or unreadable (listed in the report)' },
  {
    code: 'needs-person',
    meaning: 'needs a person: undecided paths, or a confirmation that could not be asked',
  },
  {
    code: 'differences',
    meaning: 'differences found; only with --exit-code (plan, diff, verify, manifest --check)',
  },
  { code: 'no-repository', meaning: 'the repository does not exist' },
  { code: 'locked', meaning: 'another run holds the lock' },
  { code: 'refused', meaning: 'wrong password, or host key or login refused' },
  { code: 'unreachable', meaning: 'host not reached' },
  { code: 'interrupted', meaning: 'interrupted' },
];

/** Number of a row of the table. */
export function exitNumber(code: FailureCode | null): number {
  return code === null ? 0 : exitCode(code);
}
