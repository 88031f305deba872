/** What a cutover is asked, what it gives, and what its run keeps of it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Observation } from '../decide/report.ts';
import type { Host } from '../host/host.ts';
import type { Profile, Report } from '../types.ts';
import type { Engine } from './engines/engine.ts';
import { mariadb } from './engines/mariadb.ts';
import { postgresql } from './engines/postgresql.ts';
import type { Folder } from './folder.ts';
import type { PastCutover } from './runs.ts';
import type { Surroundings } from './work.ts';

export interface Cutover {
  readonly folder: Folder;
  readonly source: Host;
  readonly destination: Host;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
}

export interface CutoverResult {
  readonly predictedSeconds: number;
  /** From the first stop on the source to the last start on the destination. */
  readonly downtimeSeconds: number;
  readonly report: Report;
}

/** What is kept of a cutover, in its run. */
export interface Kept extends CutoverResult {
  /** What the source answered before and at the freeze. Secrets are digests that need the source to mean anything. */
  readonly observed: readonly Observation[];
  /** Units that ran on the destination when everything was started. */
  readonly up: readonly string[];
  /** Seconds on the destination's clock: what changed there later was changed by its services. */
  readonly startedAt: number;
}

export const engines: readonly Engine[] = [postgresql, mariadb];

export const keptFile = 'cutover.json';

export async function readKept(folder: Folder, past: PastCutover): Promise<Kept | null> {
  const file = folder.path('runs', past.run, keptFile);
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Kept) : null;
}

/** Profiles that are active on the source. */
export async function activeProfiles(
  folder: Folder,
  profiles: readonly Profile[],
): Promise<readonly Profile[]> {
  const names = new Set((await folder.readManifest()).profiles.map((profile) => profile.name));
  return profiles.filter((profile) => names.has(profile.name));
}

/** What the source answered while it served. */
export interface Before {
  readonly observed: readonly Observation[];
  readonly sites: readonly string[];
}

export const beforeFile = 'before.json';
