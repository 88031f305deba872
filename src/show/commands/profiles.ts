import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile } from '../../types.ts';
import type { Session } from '../session.ts';

/**
 * Our profiles, then those of the user's configuration directory where there is one, then those of `--profiles`; of
 * two with one name the later counts.
 */
export async function profilesOf(session: Session): Promise<readonly Profile[]> {
  const { loadProfiles } = await import('../../work/profiles.ts');
  const usual = usualDirectory(session.environment);
  const given = session.parsed.values.profiles ?? [];
  return loadProfiles([...(usual === null ? [] : [usual]), ...given]);
}

/** `$XDG_CONFIG_HOME/opstimal-move/profiles`, where it exists; the variable counts only when it is absolute. */
function usualDirectory(environment: Session['environment']): string | null {
  const { XDG_CONFIG_HOME: config = '', HOME: home = '' } = environment;
  const base = config.startsWith('/') ? config : home === '' ? null : join(home, '.config');
  if (base === null) return null;
  const directory = join(base, 'opstimal-move', 'profiles');
  return statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true ? directory : null;
}
