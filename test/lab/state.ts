/** What runs, in files: one per host, so that another process or a later run finds everything. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recorded } from './process.ts';
import { cacheDirectory, type Release, runDirectory, subnet } from './settings.ts';

export interface HostState {
  readonly name: string;
  readonly release: Release;
  readonly octet: number;
  /** Read-only directories below the host's own, uppermost first. */
  readonly below: readonly string[];
  /** Directory with `upper`, `work` and the mounted `root`. */
  readonly home: string;
  /** nspawn; null until it runs. */
  readonly process: Recorded | null;
  /** Who takes the host away; null = it stays until `down`. */
  readonly owner: Recorded | null;
  /** Public host keys, as in known_hosts without the name. */
  readonly hostKeys: readonly string[];
}

const hostsDirectory = join(runDirectory, 'hosts');
const fileOf = (name: string) => join(hostsDirectory, `${name}.json`);

export const stateLock = join(runDirectory, 'state');
export const homeOf = (name: string) => join(cacheDirectory, 'running', name);
export const addressOf = (state: HostState) => `${subnet}.${state.octet}`;

export function readState(name: string): HostState | null {
  try {
    return JSON.parse(readFileSync(fileOf(name), 'utf8')) as HostState;
  } catch {
    return null;
  }
}

export function writeState(state: HostState): void {
  mkdirSync(hostsDirectory, { recursive: true });
  const file = fileOf(state.name);
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 1)}\n`);
  renameSync(`${file}.new`, file);
}

export function removeState(name: string): void {
  rmSync(fileOf(name), { force: true });
}

export function allStates(): HostState[] {
  let names: string[] = [];
  try {
    names = readdirSync(hostsDirectory);
  } catch {}
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => readState(name.slice(0, -5)))
    .filter((state) => state !== null)
    .sort((a, b) => a.octet - b.octet);
}
