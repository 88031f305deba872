/**
 * Choices among programs of the same kind: /var/lib/dpkg/alternatives/NAME says auto or manual, the link
 * /etc/alternatives/NAME says what is chosen (update-alternatives(1), "FILES").
 */
import { quote } from '../bytes.ts';
import type { Alternative, Bytes } from '../types.ts';
import { archiveOf, optional, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count, wholeLines } from './lines.ts';

const directory = '/var/lib/dpkg/alternatives/';

export const alternatives: Fact<readonly Alternative[]> = {
  name: 'alternatives',
  live: false,
  question: (root) =>
    archiveOf(root, {
      directories: [
        { path: 'var/lib/dpkg/alternatives', names: '*' },
        { path: 'etc/alternatives', names: '*' },
      ],
    }),
  parse(output) {
    const archive = readArchive(output);
    const found: Alternative[] = [];
    for (const path of [...archive.keys()].sort()) {
      if (!path.startsWith(directory)) continue;
      const name = path.slice(directory.length);
      // update-alternatives itself leaves these behind while it writes.
      if (/\.dpkg-(tmp|new|old|bak)$/.test(name)) continue;
      const content = optional(archive, path) as Buffer;
      const [mode, link] = wholeLines(content, path);
      if ((mode !== 'auto' && mode !== 'manual') || link === undefined || !link.startsWith('/')) {
        throw new Error(`${quote(path)} makes no sense`);
      }
      const chosen = archive.get(`/etc/alternatives/${name}`);
      // Without its link nothing is chosen, so there is nothing to repeat elsewhere.
      if (chosen?.type === 'link') found.push({ name: quote(name), mode, path: chosen.target as Bytes });
    }
    return found;
  },
  summary(value) {
    const manual = value.filter(({ mode }) => mode === 'manual').length;
    return `${count(value.length, 'alternative')}, ${manual} set by hand`;
  },
};
