/**
 * What unit files say, for a system that does not run (systemd.unit(5), systemd.syntax(7)): the file that wins and its
 * drop-ins, without what systemd adds by itself and without instances of templates.
 */
import type { Bytes } from '../types.ts';
import { type Archive, optional, type Wanted } from './archive.ts';
import { directoriesOf, splitWords, type UnitDetail } from './unit-detail.ts';

/** The first one that has a name wins. */
const places = [
  '/etc/systemd/system/',
  '/usr/local/lib/systemd/system/',
  '/usr/lib/systemd/system/',
  '/lib/systemd/system/',
];

/** /lib is asked for only where it is no link into /usr; the question adds it. */
export const unitFiles: Wanted = {
  directories: ['etc/systemd/system', 'usr/local/lib/systemd/system', 'usr/lib/systemd/system'].map(
    (path) => ({
      path,
      names: '*',
      depth: 2,
    }),
  ),
};

/** By name. Masked units and units that are links to elsewhere say nothing. */
export function detailsOfFiles(archive: Archive): Map<string, UnitDetail> {
  const fragments = new Map<string, Bytes>();
  const dropIns = new Map<string, Map<string, Bytes>>();
  const all = [...archive.keys()].sort();
  for (const place of places) {
    for (const path of all.filter((candidate) => candidate.startsWith(place))) {
      const [name, part, ...deeper] = path.slice(place.length).split('/') as [string, string?, ...string[]];
      if (part === undefined) {
        if (!fragments.has(name)) fragments.set(name, path);
      } else if (name.endsWith('.d') && part.endsWith('.conf') && deeper.length === 0) {
        const unit = name.slice(0, -'.d'.length);
        const parts = dropIns.get(unit) ?? new Map<string, Bytes>();
        if (!parts.has(part)) parts.set(part, path);
        dropIns.set(unit, parts);
      }
    }
  }
  const details = new Map<string, UnitDetail>();
  for (const [name, fragment] of fragments) {
    if (archive.get(fragment)?.type !== 'file') continue;
    // Drop-ins are read in the order of their names, wherever they lie; a link is usually one to /dev/null.
    const parts = [...(dropIns.get(name) ?? [])].sort(([one], [other]) => (one < other ? -1 : 1));
    const read = parts.map(([, path]) => path).filter((path) => archive.get(path)?.type === 'file');
    details.set(name, readDetail(archive, fragment, read));
  }
  return details;
}

function readDetail(archive: Archive, fragment: Bytes, dropIns: readonly Bytes[]): UnitDetail {
  const settings = new Map<string, Bytes[]>();
  for (const path of [fragment, ...dropIns]) {
    readSettings((optional(archive, path) as Buffer).toString('latin1'), settings);
  }
  const all = (name: string) => settings.get(name) ?? [];
  const last = (name: string) => all(name).at(-1) ?? '';
  // The name that systemd 231 replaced and still takes.
  const old = { ReadWritePaths: 'ReadWriteDirectories' } as Readonly<Record<string, string>>;
  const words = (name: string) => [...all(name), ...all(old[name] ?? '')].flatMap(splitWords);
  return {
    state: '',
    preset: '',
    active: 'unknown',
    fragment,
    dropIns,
    user: last('User'),
    type: last('Type') || defaultType(fragment, all('ExecStart')),
    ...directoriesOf(words, /^(1|yes|y|true|t|on)$/i.test(last('DynamicUser'))),
    workingDirectory: last('WorkingDirectory').replace(/^-/, ''),
    // As written: quotes and %-words are not resolved. Signs before a command say how it is run.
    execStart: all('ExecStart').map((command) => command.replace(/^[-@:+!|]+/, '')),
    environmentFiles: all('EnvironmentFile').map((path) => path.replace(/^-/, '')),
    requires: words('Requires'),
    after: words('After'),
  };
}

function defaultType(fragment: Bytes, commands: readonly Bytes[]): string {
  if (!fragment.endsWith('.service')) return '';
  return commands.length === 0 ? 'oneshot' : 'simple';
}

/** Adds settings of one file. An empty value takes back what was set before. Lines without `=` are passed over, as systemd does. */
export function readSettings(content: Bytes, settings: Map<string, Bytes[]>): void {
  const lines = content.split('\n').filter((line) => !/^\s*[#;]/.test(line));
  let section = '';
  for (const line of lines.join('\n').replaceAll(/\\\n/g, ' ').split('\n')) {
    const head = /^\s*\[([^\]]*)\]/.exec(line);
    const setting = /^\s*([A-Za-z]+)\s*=(.*)$/s.exec(line);
    if (head !== null) section = head[1] as string;
    else if (setting !== null && section !== 'Install') {
      const [, name, text] = setting as unknown as [string, string, Bytes];
      const values = settings.get(name) ?? [];
      if (text.trim() === '') values.length = 0;
      else values.push(text.trim());
      settings.set(name, values);
    }
  }
}
