/**
 * Which packaged paths dpkg was told not to unpack, as images for containers and small machines have it: path-exclude
 * and path-include of dpkg(1), "--path-exclude"; the files are dpkg.cfg(5).
 */
import type { Bytes, PathFilter } from '../types.ts';
import { archiveOf, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';

const own = ['/etc/dpkg/dpkg.cfg', '/root/.dpkg.cfg'];
const directory = '/etc/dpkg/dpkg.cfg.d/';

/** In the order in which dpkg goes through them: the last one that matches decides. */
export const pathFilters: Fact<readonly PathFilter[]> = {
  name: 'pathFilters',
  live: false,
  question: (root) =>
    archiveOf(root, {
      paths: own.map((path) => path.slice(1)),
      directories: [{ path: 'etc/dpkg/dpkg.cfg.d', names: '*' }],
    }),
  parse(output) {
    const archive = readArchive(output);
    const parts = [...archive.keys()].filter(
      (path) => path.startsWith(directory) && /^[A-Za-z0-9_-]+$/.test(path.slice(directory.length)),
    );
    return [...parts.sort(), ...own].flatMap((path) => {
      const archived = archive.get(path);
      return archived?.type === 'file' ? readFilters(archived.content.toString('latin1')) : [];
    });
  },
  summary(value) {
    const excluded = value.filter(({ exclude }) => exclude).length;
    return excluded === 0 ? 'nothing excluded' : `${count(excluded, 'pattern')} of paths excluded`;
  },
};

function readFilters(content: Bytes): PathFilter[] {
  return content.split('\n').flatMap((line) => {
    const match = /^\s*path-(exclude|include)\s*[=\s]\s*(?:"(.*)"|'(.*)'|(\S.*?))\s*$/.exec(line);
    if (match === null) return [];
    const [, kind, double, single, bare] = match;
    return { exclude: kind === 'exclude', pattern: double ?? single ?? (bare as Bytes) };
  });
}
