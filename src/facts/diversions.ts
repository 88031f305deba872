/** Files that a package or a person moved aside (dpkg-divert(1)). */
import type { Diversion } from '../types.ts';
import { archiveOf, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';
import { readDiversions } from './on-disk.ts';

export const diversions: Fact<readonly Diversion[]> = {
  name: 'diversions',
  live: false,
  question: (root) => archiveOf(root, { paths: ['var/lib/dpkg/diversions'] }),
  parse: (output) => readDiversions(readArchive(output)),
  summary(value) {
    const local = value.filter(({ by }) => by === 'local').length;
    return local === 0
      ? count(value.length, 'diversion')
      : `${count(value.length, 'diversion')}, ${local} local`;
  },
};
