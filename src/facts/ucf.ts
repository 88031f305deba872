/** Configuration that maintainer scripts install through ucf(1): MD5 of the version offered last, by path. */
import type { Bytes } from '../types.ts';
import { archiveOf, optional, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count, senseless, wholeLines } from './lines.ts';

const file = '/var/lib/ucf/hashfile';

export const ucf: Fact<ReadonlyMap<Bytes, string>> = {
  name: 'ucf',
  live: false,
  question: (root) => archiveOf(root, { paths: ['var/lib/ucf/hashfile'] }),
  parse(output) {
    const content = optional(readArchive(output), file);
    if (content === null) return new Map();
    return new Map(
      wholeLines(content, file).map((line, index): [Bytes, string] => {
        const match = /^([0-9a-f]{32}) [ *](\/.*)$/s.exec(line);
        if (match === null) throw senseless(file, index, line);
        return [match[2] as Bytes, match[1] as string];
      }),
    );
  },
  summary: (value) => count(value.size, 'file'),
};
