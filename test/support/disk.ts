/** Small roots of Debian systems that do not run, for whole commands without a server. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const fixtures = join(import.meta.dirname, '../../fixtures/demo');

/** Copies a bundled root and gives it a name of its own. */
export function makeDisk(which: 'old' | 'new', directory: string, name: string = which): string {
  const root = join(directory, name);
  cpSync(join(fixtures, which), root, { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(root, 'etc/hostname'), `${name}\n`);
  writeFileSync(join(root, 'etc/machine-id'), `${Buffer.from(name.padEnd(16, '0')).toString('hex')}\n`);
  return root;
}
