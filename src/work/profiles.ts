/** Reads the profiles: what is known about services, as data. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import glob from 'fast-glob';
import { readProfile } from '../decide/profile-schema.ts';
import { Failure } from '../failure.ts';
import type { Profile } from '../types.ts';

/** `profiles/` of the package, beside `src/` in a checkout and beside `dist/` when installed. */
const own = fileURLToPath(new URL('../../profiles', import.meta.url));

/**
 * Every `*.yaml` of the package's profiles and of `extraDirectories`, by name; a later directory's profile takes
 * the place of an earlier one of the same name. Throws Failure `usage` with `file:line:column`.
 */
export async function loadProfiles(extraDirectories: readonly string[] = []): Promise<Profile[]> {
  const profiles = new Map<string, Profile>();
  for (const directory of [own, ...extraDirectories]) {
    const names = (await glob('*.yaml', { cwd: directory })).sort();
    for (const name of names) {
      const profile = readProfile(await readFile(join(directory, name), 'utf8'), join('profiles', name));
      if (`${profile.name}.yaml` !== basename(name)) {
        throw new Failure('usage', 'profile', `profiles/${name} calls itself ${profile.name}`, {
          hint: `name the file ${profile.name}.yaml`,
        });
      }
      profiles.set(profile.name, profile);
    }
  }
  return [...profiles.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}
