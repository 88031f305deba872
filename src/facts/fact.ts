/**
 * ask: one file per fact = what to run + a pure parser.
 *
 * Rules of this folder:
 * - no connection and no decision here; `work/ask.ts` runs the questions and calls the parsers;
 * - a question reads; it never changes anything and uses no network;
 * - a constant number of processes per fact, never one per package, path or unit;
 * - a fact that could not be asked is absent with its reason, never an empty list;
 * - parsers take hostile input: a line that makes no sense is an error of the fact, not a guess;
 * - files are read rather than tools asked where the file is the truth, so that a disk without a running
 *   system answers the same question.
 */
import type { Argv, Bytes } from '../types.ts';

export interface Fact<T> {
  readonly name: string;
  /** Only a running system can answer. */
  readonly live: boolean;
  /** What to run; `root` is '' or the mount point of a disk and must prefix every path. */
  question(root: Bytes): Argv;
  /** Throws an Error with a one-line reason when the output makes no sense. */
  parse(output: Buffer, root: Bytes): T;
  /** What the wizard's and scan's line says, for example `612 packages, 48 by hand, 1 held`. */
  summary(value: T): string;
}
