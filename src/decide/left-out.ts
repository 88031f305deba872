/**
 * What a package manager of a language can make again and nothing here does: trees that a lockfile beside them names
 * and that no unit runs from. They do not travel, so a person has to hear of them before and after a move.
 */
import { quote } from '../bytes.ts';
import type { VerdictIndex } from './verdicts.ts';

export interface LeftOut {
  /** Quoted, like the reason: `made again from package-lock.json`. */
  readonly path: string;
  readonly reason: string;
  readonly bytes: number;
}

/** Largest first. */
export function leftOut(index: VerdictIndex): LeftOut[] {
  return [...index.all()]
    .filter(({ rule }) => /^mark\.(?:node-modules|cargo-target|venv)$/.test(rule))
    .sort((one, other) => other.bytes - one.bytes || (one.path < other.path ? -1 : 1))
    .map(({ path, reason, bytes }) => ({ path: quote(path), reason: quote(reason), bytes }));
}
