/** Scans of the lab's hosts for tests: what a scan said, and the independent looks to compare it with. */
import { join } from 'node:path';
import { connect } from '../../src/host/connect.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { Manifest, Resource, Verdict } from '../../src/types.ts';
import { Folder } from '../../src/work/folder.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { type ScanResult, scan } from '../../src/work/scan.ts';
import { finish } from '../../src/work/work.ts';
import { sshConfig } from '../lab/lab.ts';

export interface Scanned {
  readonly folder: Folder;
  readonly result: ScanResult;
  readonly manifest: Manifest;
  readonly verdicts: readonly Verdict[];
}

/** Scans a place, `root@HOST` or `disk:DIRECTORY`, into the folder `name` below `base`. */
export async function scanPlace(place: string, base: string, name: string): Promise<Scanned> {
  const folder = await Folder.create(join(base, name));
  const source = await connect(parsePlace(place), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
    sshConfig,
  });
  try {
    const surroundings = { now: Date.now, by: 'test', signal: new AbortController().signal };
    const result = await finish(scan({ source, folder, profiles: await loadProfiles(), surroundings }));
    return { folder, result, manifest: await folder.readManifest(), verdicts: await folder.readVerdicts() };
  } finally {
    await source.close();
  }
}

/** Values that the resources have under a key, for example the names of all packages. */
export function named(manifest: Manifest, key: string): string[] {
  return manifest.resources
    .map((resource: Resource) => (resource as unknown as Record<string, unknown>)[key])
    .filter((name) => typeof name === 'string');
}
