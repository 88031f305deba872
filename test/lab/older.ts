/** Taking big trees away. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { attempt, command } from './command.ts';

/** rm, also where a tree holds immutable files and paths longer than Node can name. */
export async function removeTree(directory: string): Promise<void> {
  const remove = ['rm', '-rf', '--one-file-system', '--', directory];
  if ((await attempt(remove)).status === 0) return;
  await attempt(['chattr', '-R', '-f', '-i', '-a', '--', directory]);
  await command(remove);
}

/** Bases or layers of an older recipe, named alike but for the key; one that a running host stands on stays. */
export async function removeOlder(current: string): Promise<void> {
  const prefix = basename(current).replace(/[^-]*$/, '');
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  for (const name of readdirSync(dirname(current))) {
    const directory = join(dirname(current), name);
    const sibling = name.startsWith(prefix) && /^[0-9a-f]{12}$/.test(name.slice(prefix.length));
    if (sibling && directory !== current && !mounts.includes(directory)) await removeTree(directory);
  }
}
