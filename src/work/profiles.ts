/** Reads the profiles: what is known about services, as data. */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import glob from 'fast-glob';
import { largestProfile, readProfile } from '../decide/profile-schema.ts';
import { Failure } from '../failure.ts';
import type { Profile } from '../types.ts';

/** `profiles/` of the package, beside `src/` in a checkout and beside `dist/` when installed. */
const own = fileURLToPath(new URL('../../profiles', import.meta.url));

const mostProfiles = 1000;

/** Whether a file is one of the package's own profiles, which may say more than those of others. */
export function isOwnProfile(file: string): boolean {
  return dirname(resolve(file)) === resolve(own);
}

/**
 * Every `*.yaml` of the package's profiles and of `added` directories, by name; a later directory's profile takes the
 * place of an earlier one of the same name, and says so in its `added`. Throws Failure `usage` with
 * `file:line:column`, and for a directory that is not there.
 */
export async function loadProfiles(added: readonly string[] = []): Promise<Profile[]> {
  const profiles = new Map<string, Profile>();
  for (const file of await filesIn(own)) {
    const profile = await readOne(join(own, file), `profiles/${file}`, false);
    profiles.set(profile.name, profile);
  }
  for (const directory of added) {
    for (const name of await filesIn(directory)) {
      const file = join(directory, name);
      const profile = await readOne(file, file, true);
      profiles.set(profile.name, { ...profile, added: { file, replaces: profiles.has(profile.name) } });
    }
  }
  return [...profiles.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

async function filesIn(directory: string): Promise<string[]> {
  const why = await stat(directory).then(
    (there) => (there.isDirectory() ? null : 'it is no directory'),
    (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? 'it does not exist' : (error.code ?? error.message),
  );
  if (why !== null) {
    throw new Failure('usage', 'profile', `cannot read profiles from ${directory}: ${why}`, {
      hint: 'name a directory that holds *.yaml files',
    });
  }
  const names = (await glob('*.yaml', { cwd: directory })).sort();
  if (names.length > mostProfiles)
    throw new Failure('usage', 'profile', `${directory} holds more than ${mostProfiles} profiles`);
  return names;
}

async function readOne(file: string, shown: string, added: boolean): Promise<Profile> {
  if ((await stat(file)).size > largestProfile) {
    throw new Failure(
      'usage',
      'profile',
      `${shown} is larger than ${largestProfile / 1024} KiB, so it is no profile`,
    );
  }
  const profile = readProfile(await readFile(file, 'utf8'), shown, added);
  if (`${profile.name}.yaml` !== basename(file)) {
    throw new Failure('usage', 'profile', `${shown} calls itself ${profile.name}`, {
      hint: `name the file ${profile.name}.yaml`,
    });
  }
  return profile;
}
