/** What one part of a plan says: steps in order, notices, and how many resources are already as they should be. */
import type { Notice, Step } from '../types.ts';

export interface PlanPart {
  readonly steps: readonly Step[];
  readonly notices: readonly Notice[];
  readonly ok: number;
  readonly unknown: number;
}

/** Collects one part. */
export class PartBuilder implements PlanPart {
  readonly steps: Step[] = [];
  readonly notices: Notice[] = [];
  ok = 0;
  unknown = 0;

  step(
    step: Pick<Step, 'id' | 'kind' | 'symbol' | 'title' | 'check' | 'apply'> &
      Partial<Pick<Step, 'detail' | 'files'>>,
  ): void {
    this.steps.push({ detail: '', files: [], ...step });
  }

  notice(grade: Notice['grade'], subject: string, text: string, hint = ''): void {
    this.notices.push({ grade, subject, text, hint });
  }
}

/** `a, b, c and 4 more`. */
export function some(names: readonly string[], limit = 5): string {
  const shown = names.slice(0, limit).join(', ');
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}

/** `1 package`, `3 packages`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
