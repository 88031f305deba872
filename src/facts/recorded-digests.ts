/** MD5 of packaged files (/var/lib/dpkg/info/*.md5sums, deb-md5sums(5)); configuration files are not in it. */
import type { Bytes, RecordedDigests } from '../types.ts';
import { archiveOf, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count, senseless } from './lines.ts';
import { byPackage, infoFiles, placesOf } from './on-disk.ts';

export const recordedDigests: Fact<RecordedDigests> = {
  name: 'recordedDigests',
  live: false,
  question: (root) => archiveOf(root, infoFiles('md5sums')),
  parse(output) {
    const archive = readArchive(output);
    const place = placesOf(archive);
    const digests = new Map<Bytes, string>();
    for (const { name, path: file, lines } of byPackage(archive, 'md5sums')) {
      for (const [index, line] of lines.entries()) {
        // Packages built without debhelper write `./` or `*` before the path, as md5sum itself would.
        const match = /^([0-9a-f]{32}) [ *](?:\.?\/)?([^/].*)$/s.exec(line);
        if (match === null) throw senseless(file, index, line);
        digests.set(place(name, `/${match[2]}`), match[1] as string);
      }
    }
    return digests;
  },
  summary: (value) => count(value.size, 'digest'),
};
