/** What a rule says about a path, before it is known how many paths it speaks for. */
import type { Carry, Class } from '../types.ts';

export interface Ruling {
  readonly class: Class;
  readonly carry: Carry;
  /** Stable id, for example `package.unchanged`. */
  readonly rule: string;
  /** One clause a person understands. */
  readonly reason: string;
  readonly evidence: string;
  /** Speaks for this one path only, never for a directory's other contents. */
  readonly single?: boolean;
  /** What is in it was not looked at, so that finding nothing there says nothing. */
  readonly closed?: true;
}

/** How a class travels when a rule does not say. */
export function usualCarry(of: Class): Carry {
  return of === 'mutable' || of === 'secret' ? 'stream' : of === 'edited' ? 'manifest' : 'none';
}

/** What makes two rulings one verdict when they stand side by side. */
export function sameVerdict(left: Ruling, right: Ruling): boolean {
  return (
    left === right ||
    (left.rule === right.rule &&
      left.class === right.class &&
      left.carry === right.carry &&
      left.reason === right.reason)
  );
}
