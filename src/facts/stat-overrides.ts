/** Owners and modes that a package or a person set in place of the shipped ones (dpkg-statoverride(1)). */
import type { Bytes, StatOverride } from '../types.ts';
import { archiveOf, optional, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count, senseless, wholeLines } from './lines.ts';

const file = '/var/lib/dpkg/statoverride';

export const statOverrides: Fact<readonly StatOverride[]> = {
  name: 'statOverrides',
  live: false,
  question: (root) => archiveOf(root, { paths: ['var/lib/dpkg/statoverride'] }),
  parse(output) {
    const content = optional(readArchive(output), file);
    if (content === null) return [];
    return wholeLines(content, file).map((line, index) => {
      const match = /^(#?[A-Za-z0-9._$-]+) (#?[A-Za-z0-9._$-]+) ([0-7]{1,5}) (\/.*)$/s.exec(line);
      if (match === null) throw senseless(file, index, line);
      const [, user, group, mode, path] = match as unknown as [string, string, string, string, Bytes];
      return { path, user, group, mode };
    });
  },
  summary: (value) => count(value.length, 'override'),
};
