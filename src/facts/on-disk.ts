/**
 * Where a packaged path really is: dpkg's lists spell it as the package shipped it, the disk may have it
 * elsewhere. Two reasons: diversions (dpkg-divert(1)), and a merged /usr where /bin is a link to usr/bin.
 */
import type { Bytes, Diversion } from '../types.ts';
import { type Archive, optional, type Wanted } from './archive.ts';
import { wholeLines } from './lines.ts';

const aliases = ['bin', 'lib', 'lib32', 'lib64', 'libo32', 'libx32', 'sbin'];

/** What an archive must hold so that `placesOf` can answer. */
export const wantedForPlaces = [...aliases, 'var/lib/dpkg/diversions'] as const;

const diversionsFile = '/var/lib/dpkg/diversions';

/** Path lists and digests of all packages: one file each in dpkg's info directory. */
export function infoFiles(extension: 'list' | 'md5sums'): Wanted {
  return {
    paths: wantedForPlaces,
    directories: [{ path: 'var/lib/dpkg/info', names: `*.${extension}` }],
  };
}

/** Files of dpkg's info directory with the package's name, sorted, so that the answer does not vary. */
export function byPackage(
  archive: Archive,
  extension: 'list' | 'md5sums',
): { name: string; path: Bytes; lines: Bytes[] }[] {
  const found: { name: string; path: Bytes; lines: Bytes[] }[] = [];
  for (const path of [...archive.keys()].sort()) {
    const name = packageOfInfo(path, extension);
    if (name === null) continue;
    const content = optional(archive, path);
    if (content !== null) found.push({ name, path, lines: wholeLines(content, path) });
  }
  if (found.length === 0) throw new Error(`/var/lib/dpkg/info holds no *.${extension} file`);
  return found;
}

/** `libc6` for `/var/lib/dpkg/info/libc6:amd64.list`. */
export function packageOfInfo(path: Bytes, extension: string): string | null {
  const match = /^\/var\/lib\/dpkg\/info\/([A-Za-z0-9][A-Za-z0-9+._-]*)(?::[a-z0-9-]+)?\.([a-z0-9]+)$/.exec(
    path,
  );
  return match !== null && match[2] === extension ? (match[1] as string) : null;
}

/** Reads /var/lib/dpkg/diversions: three lines each, `:` in the third for a local one. */
export function readDiversions(archive: Archive): Diversion[] {
  const content = optional(archive, diversionsFile);
  if (content === null) return [];
  const lines = wholeLines(content, diversionsFile);
  if (lines.length % 3 !== 0) throw new Error(`${diversionsFile} is cut off`);
  const diversions: Diversion[] = [];
  for (let at = 0; at < lines.length; at += 3) {
    const [path, divertedTo, by] = lines.slice(at, at + 3) as [Bytes, Bytes, string];
    if (
      !path.startsWith('/') ||
      !divertedTo.startsWith('/') ||
      !/^(:|[A-Za-z0-9][A-Za-z0-9+._-]*)$/.test(by)
    ) {
      throw new Error(`${diversionsFile} line ${at + 1} makes no sense`);
    }
    diversions.push({ path, divertedTo, by: by === ':' ? 'local' : by });
  }
  return diversions;
}

/** Gives the path on disk of a path that a package ships. */
export type Places = (packageName: string, path: Bytes) => Bytes;

/**
 * dpkg compares a diversion with the spelling in the list, so it is looked up before the path is respelled.
 * A package's own diversion does not move its own file.
 */
export function placesOf(archive: Archive): Places {
  const diverted = new Map(readDiversions(archive).map((diversion) => [diversion.path, diversion]));
  const linked = aliasesOf(archive);
  return (packageName, path) => {
    const diversion = diverted.get(path);
    const place = diversion !== undefined && diversion.by !== packageName ? diversion.divertedTo : path;
    const end = place.indexOf('/', 1);
    return end !== -1 && linked.has(place.slice(1, end)) ? `/usr${place}` : place;
  };
}

/** The top directories that are links into /usr on this root. */
export function aliasesOf(archive: Archive): ReadonlySet<string> {
  return new Set(
    aliases.filter((name) => {
      const archived = archive.get(`/${name}`);
      return (
        archived?.type === 'link' && archived.target.replace(/^\//, '').replace(/\/$/, '') === `usr/${name}`
      );
    }),
  );
}
