/** What earlier runs of a folder did, read from their journals. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../types.ts';
import type { Folder } from './folder.ts';

export type JournalLine = Readonly<Record<string, unknown>>;

/** Lines of every journal of commands that match, oldest first. A last line that was cut off is left out. */
export async function journals(
  folder: Folder,
  command: RegExp,
): Promise<readonly { readonly run: string; readonly lines: readonly JournalLine[] }[]> {
  const runs = existsSync(folder.path('runs')) ? (await readdir(folder.path('runs'))).sort() : [];
  const found = [];
  for (const run of runs) {
    const name = /^[^-]*-(.*?)(?:-\d+)?$/.exec(run)?.[1] ?? '';
    const file = join(folder.path('runs'), run, 'journal.jsonl');
    if (!command.test(name) || !existsSync(file)) continue;
    const lines = (await readFile(file, 'utf8')).split('\n').flatMap((line): JournalLine[] => {
      try {
        return line === '' ? [] : [JSON.parse(line) as JournalLine];
      } catch {
        return [];
      }
    });
    found.push({ run, lines });
  }
  return found;
}

export interface Quieted {
  readonly engine: string;
  readonly inverse: readonly [string, ...string[]];
}

export interface PastCutover {
  /**
   * `none`: nothing was stopped that still is. `unfinished`: a run ended in the middle, without giving anything
   * back. `done`: the destination serves.
   */
  readonly state: 'none' | 'unfinished' | 'done';
  /** Directory of the run that says so, in `runs/`; empty for `none`. */
  readonly run: string;
  readonly at: string;
  /** Of the last run that had any, also when it was taken back. */
  readonly holds: Plan['holds'];
  /** Units that ran on the source before the first was stopped. */
  readonly running: readonly string[];
  /** What was stopped inside servers of the source, by the engine's name, with the argv that starts it again. */
  readonly quiet: readonly Quieted[];
  /** When the first unit stopped, as ISO 8601; empty when none did. */
  readonly frozenAt: string;
}

const none: PastCutover = { state: 'none', run: '', at: '', holds: [], running: [], quiet: [], frozenAt: '' };

/** How the last cutover to this destination stands, rollbacks taken into account. */
export async function pastCutover(folder: Folder, machineId: string): Promise<PastCutover> {
  let past = none;
  for (const { run, lines } of await journals(folder, /^(cutover|rollback)$/)) {
    const begin = lines.find((line) => line.what === 'begin' && line.machineId === machineId);
    if (begin === undefined) continue;
    if (run.includes('-cutover')) {
      const touched = lines.some(
        (line) => line.what === 'stop' || line.what === 'quiet' || line.what === 'release',
      );
      if (!touched) continue;
      past = {
        state: 'unfinished',
        run,
        at: String(begin.at),
        holds: (begin.holds as Plan['holds']).length > 0 ? (begin.holds as Plan['holds']) : past.holds,
        running: begin.running as readonly string[],
        // A run that went on after a killed one found stopped what that one had stopped.
        quiet: [
          ...past.quiet,
          ...lines.flatMap((line): Quieted[] =>
            line.what === 'quiet'
              ? [{ engine: String(line.engine), inverse: line.inverse as [string, ...string[]] }]
              : [],
          ),
        ],
        frozenAt: past.frozenAt || String(lines.find((line) => line.what === 'stop')?.at ?? ''),
      };
    }
    // A rollback that did not come to its end left both sides in between.
    else if (past.state !== 'none') past = { ...past, state: 'unfinished', frozenAt: '' };
    const end = lines.findLast((line) => typeof line.cutOver === 'boolean');
    if (end?.cutOver === true) past = { ...past, state: 'done', at: String(end.at) };
    else if (end?.cutOver === false) past = { ...none, holds: past.holds };
  }
  return past;
}

/** Databases that a run of this folder made on a destination, as `engine name`. */
export async function databasesMade(folder: Folder, machineId: string): Promise<ReadonlySet<string>> {
  const made = new Set<string>();
  for (const { lines } of await journals(folder, /^cutover$/)) {
    for (const line of lines) {
      if (line.step === 'database' && line.machineId === machineId) made.add(`${line.engine} ${line.name}`);
    }
  }
  return made;
}
