/**
 * Mounted file systems: /proc/self/mountinfo (proc_pid_mountinfo(5)) with sizes from df. Remote ones are not asked for their
 * size, a dead server would hold the question up. On a disk: those below its root.
 */
import type { Bytes, Mount } from '../types.ts';
import type { Fact } from './fact.ts';
import { count, senseless } from './lines.ts';
import { readSections, sectionsOf, succeeded } from './sections.ts';

const program = `
cd "$1/" || exit
section root pwd -P
section mountinfo cat /proc/self/mountinfo
section df timeout 30 df -B1 -l --output=size,used,avail,iavail,target
section here timeout 30 df -B1 --output=size,used,avail,iavail,target .
`;

type Sizes = Pick<Mount, 'size' | 'used' | 'available' | 'inodesAvailable'>;
const unknownSizes: Sizes = { size: 0, used: 0, available: 0, inodesAvailable: 0 };

export const mounts: Fact<readonly Mount[]> = {
  name: 'mounts',
  live: false,
  question: (root) => sectionsOf(program, root),
  parse(output, root) {
    const sections = readSections(output);
    const all = readMountinfo(succeeded(sections, 'mountinfo'));
    // df says 1 when it could not ask one of them; the others stand.
    const sizes = readDf(sections.get('df')?.text ?? '');
    const byDevice = new Map<string, Sizes>();
    for (const mount of all) {
      const found = sizes.get(mount.target);
      if (found !== undefined) byDevice.set(mount.device, found);
    }
    const mounted = all.map((mount) => ({
      ...mount,
      ...(sizes.get(mount.target) ?? byDevice.get(mount.device) ?? unknownSizes),
    }));
    if (root === '') return mounted;
    const top = succeeded(sections, 'root').replace(/\n$/, '');
    const here = [...readDf(sections.get('here')?.text ?? '').values()][0] ?? unknownSizes;
    return belowRoot(mounted, top, here);
  },
  summary(value) {
    const root = value.find(({ target }) => target === '/');
    const used =
      root === undefined
        ? ''
        : `, / ${Math.round(root.used / 1e9)} of ${Math.round(root.size / 1e9)} GB used`;
    return `${count(value.length, 'file system')}${used}`;
  },
};

/** Spelled as the server would see them; a directory that is no mount itself stands for its file system. */
function belowRoot(mounted: readonly Mount[], top: Bytes, here: Sizes): Mount[] {
  const below = mounted
    .filter(({ target }) => target === top || target.startsWith(`${top}/`))
    .map((mount) => ({ ...mount, target: mount.target.slice(top.length) || '/' }));
  if (below.some(({ target }) => target === '/')) return below;
  const carrier = mounted
    .filter(({ target }) => target === '/' || top.startsWith(`${target}/`))
    .reduce((longest, mount) => (mount.target.length > longest.target.length ? mount : longest));
  return [{ ...carrier, target: '/', ...here }, ...below];
}

/** A later mount over the same directory hides the earlier one. */
function readMountinfo(text: Bytes): Mount[] {
  const mounts = new Map<Bytes, Mount>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const match = /^\d+ \d+ (\d+:\d+) (\S+) (\/\S*) (\S+)(?: \S+)*? - (\S+) (\S*) \S*$/.exec(line);
    if (match === null) throw senseless('/proc/self/mountinfo', index, line);
    const [, device, root, target, options, type, source] = match as unknown as [
      string,
      string,
      Bytes,
      Bytes,
      string,
      string,
      Bytes,
    ];
    const path = unescapeOctal(target);
    mounts.delete(path);
    mounts.set(path, {
      target: path,
      root: unescapeOctal(root),
      source: unescapeOctal(source),
      type,
      options,
      device,
      ...unknownSizes,
    });
  }
  if (!mounts.has('/')) throw new Error('/proc/self/mountinfo names no root');
  return [...mounts.values()];
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescapeOctal(text: Bytes): Bytes {
  return text.replaceAll(/\\([0-3][0-7]{2})/g, (_whole, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
}

function readDf(text: Bytes): Map<Bytes, Sizes> {
  const sizes = new Map<Bytes, Sizes>();
  for (const line of text.split('\n')) {
    const match = /^ *(\d+|-) +(\d+|-) +(\d+|-) +(\d+|-) (.+)$/.exec(line);
    if (match === null) continue;
    const [size, used, available, inodesAvailable] = match
      .slice(1, 5)
      .map((word) => (word === '-' ? 0 : Number(word))) as [number, number, number, number];
    sizes.set(match[5] as Bytes, { size, used, available, inodesAvailable });
  }
  return sizes;
}
