/** Which package owns a path: dpkg's file lists (/var/lib/dpkg/info/*.list). */
import type { Bytes, OwnedPaths } from '../types.ts';
import { archiveOf, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count, senseless } from './lines.ts';
import { byPackage, infoFiles, placesOf } from './on-disk.ts';

/**
 * Directories are shared by many packages and name the first of them. The key is the spelling on disk; a list
 * that says `/bin/ls` and one that says `/usr/bin/ls` give the same key. A top link (`/bin`) is itself a key.
 */
export const owned: Fact<OwnedPaths> = {
  name: 'owned',
  live: false,
  question: (root) => archiveOf(root, infoFiles('list')),
  parse(output) {
    const archive = readArchive(output);
    const place = placesOf(archive);
    const owners = new Map<Bytes, string>();
    for (const { name, path: file, lines } of byPackage(archive, 'list')) {
      for (const [index, line] of lines.entries()) {
        // dpkg writes the root as `/.`.
        const path = line === '/.' ? '/' : line;
        if (!path.startsWith('/') || (path.length > 1 && path.endsWith('/')))
          throw senseless(file, index, line);
        const key = place(name, path);
        if (!owners.has(key)) owners.set(key, name);
      }
    }
    return owners;
  },
  summary: (value) => `${count(value.size, 'path')} of ${count(new Set(value.values()).size, 'package')}`,
};
