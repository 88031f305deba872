/**
 * Installed packages and those whose configuration stayed: dpkg's own database (deb-control(5), dpkg(1)
 * "Package states") and apt's list of packages that came as dependencies (apt-mark(8)).
 */
import type { Bytes, Conffile, InstalledPackage } from '../types.ts';
import { type Archive, archiveOf, optional, readArchive, required } from './archive.ts';
import { type Paragraph, readParagraphs } from './control.ts';
import type { Fact } from './fact.ts';
import { count, wholeLines } from './lines.ts';

const statusFile = '/var/lib/dpkg/status';
const statesFile = '/var/lib/apt/extended_states';

export const packages: Fact<readonly InstalledPackage[]> = {
  name: 'packages',
  live: false,
  question: (root) =>
    archiveOf(root, {
      paths: ['var/lib/dpkg/status', 'var/lib/apt/extended_states'],
      directories: [{ path: 'var/lib/dpkg/updates', names: '[0-9]*' }],
    }),
  parse(output) {
    const archive = readArchive(output);
    const status = readStatus(archive);
    const automatic = readAutomatic(archive);
    const native = nativeArchitecture(status);
    return [...status.values()]
      .map((paragraph) => readPackage(paragraph, automatic, native))
      .filter((found) => found.status !== 'not-installed')
      .sort((one, other) => compare(one.name, other.name) || compare(one.architecture, other.architecture));
  },
  summary(value) {
    const installed = value.filter(({ status }) => status === 'installed');
    const manual = installed.filter(({ automatic }) => !automatic).length;
    const held = value.filter(({ held: isHeld }) => isHeld).length;
    const left = value.filter(({ status }) => status === 'config-files').length;
    return [
      count(installed.length, 'package'),
      `${manual} by hand`,
      ...(held === 0 ? [] : [`${held} held`]),
      ...(left === 0 ? [] : [`${left} removed with configuration left`]),
    ].join(', ');
  },
};

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * Paragraphs of dpkg's database by `name:architecture`. Files in `updates` are changes that dpkg has not merged
 * yet; each holds whole paragraphs that replace the older ones.
 */
export function readStatus(archive: Archive): Map<string, Paragraph> {
  const status = new Map<string, Paragraph>();
  const updates = [...archive.keys()].filter((path) => path.startsWith('/var/lib/dpkg/updates/')).sort();
  for (const path of [statusFile, ...updates]) {
    for (const paragraph of readParagraphs(wholeLines(required(archive, path), path), path)) {
      const name = paragraph.get('Package');
      if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(name)) {
        throw new Error(`${path} line ${paragraph.line}: a paragraph without a package name`);
      }
      status.set(`${name}:${paragraph.get('Architecture')}`, paragraph);
    }
  }
  if (status.size === 0) throw new Error(`${statusFile} is empty`);
  return status;
}

/** The architecture of the machine, as the package dpkg has it. */
export function nativeArchitecture(status: ReadonlyMap<string, Paragraph>): string {
  for (const paragraph of status.values()) {
    const architecture = paragraph.get('Architecture');
    if (paragraph.get('Package') === 'dpkg' && /^[a-z0-9-]+$/.test(architecture)) return architecture;
  }
  throw new Error('the package dpkg is not installed, so the architecture is unknown');
}

/** `name:architecture` of packages that came as dependencies. apt writes the native architecture for `all`. */
function readAutomatic(archive: Archive): Set<string> {
  const content = optional(archive, statesFile);
  const automatic = new Set<string>();
  if (content === null) return automatic;
  for (const paragraph of readParagraphs(wholeLines(content, statesFile), statesFile)) {
    if (paragraph.get('Auto-Installed') !== '1') continue;
    automatic.add(`${paragraph.get('Package')}:${paragraph.get('Architecture')}`);
  }
  return automatic;
}

function readPackage(paragraph: Paragraph, automatic: ReadonlySet<string>, native: string): InstalledPackage {
  const name = paragraph.get('Package');
  const architecture = paragraph.get('Architecture');
  const states = /^(unknown|install|hold|deinstall|purge) (ok|reinstreq) ([a-z-]+)$/.exec(
    paragraph.get('Status'),
  );
  if (states === null)
    throw new Error(`${statusFile} line ${paragraph.line}: ${name} has no sensible status`);
  const status = states[3] as string;
  const version = paragraph.get('Version');
  if (status !== 'not-installed' && !/^[0-9A-Za-z.+:~-]+$/.test(version)) {
    throw new Error(`${statusFile} line ${paragraph.line}: ${name} has no sensible version`);
  }
  return {
    name,
    architecture,
    version,
    status,
    source: paragraph.get('Source').replace(/ .*$/, '') || name,
    priority: paragraph.get('Priority'),
    section: paragraph.get('Section'),
    essential: paragraph.get('Essential') === 'yes',
    multiArchSame: paragraph.get('Multi-Arch') === 'same',
    automatic: automatic.has(`${name}:${architecture === 'all' ? native : architecture}`),
    held: states[1] === 'hold',
    depends: [paragraph.get('Pre-Depends'), paragraph.get('Depends')]
      .filter((text) => text !== '')
      .join(', '),
    provides: paragraph.get('Provides'),
    conffiles: paragraph
      .lines('Conffiles')
      .slice(1)
      .map((line) => readConffile(line, name)),
  };
}

/** dpkg writes path, digest, `obsolete`, `remove-on-upgrade` and reads them from the end: a path may hold spaces. */
function readConffile(line: Bytes, name: string): Conffile {
  const match = /^(\/.*?) ([0-9a-f]{32}|newconffile)( obsolete)?( remove-on-upgrade)?$/s.exec(line);
  if (match === null) throw new Error(`${statusFile}: ${name} has a configuration file that makes no sense`);
  return {
    path: match[1] as Bytes,
    digest: match[2] as string,
    obsolete: match[3] !== undefined,
    removeOnUpgrade: match[4] !== undefined,
  };
}
