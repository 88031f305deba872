/**
 * Services, timers, sockets, paths and targets: `systemctl list-unit-files` (state and preset), `list-units` (instances
 * of templates that run) and one `systemctl show` for all of them (systemctl(1), org.freedesktop.systemd1(5)).
 * Where systemd does not run, `systemctl --root` tells the states and the unit files themselves the rest, without what is active.
 */
import { Buffer } from 'node:buffer';
import { quote } from '../bytes.ts';
import type { Bytes, Unit } from '../types.ts';
import { archiveOf, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';
import { readSections, type Sections, sectionsOf, succeeded } from './sections.ts';
import { readDetails, type UnitDetail, unitProperties } from './unit-detail.ts';
import { detailsOfFiles, unitFiles } from './unit-files.ts';

/** `$1` is the root; what follows is the question for the unit files, for a system that does not run. */
const program = `
command -v systemctl >/dev/null || { echo 'systemctl is not installed here' >&2; exit 3; }
list() { systemctl --no-legend --no-pager --plain --full --type=service,timer,socket,path,target "$@"; }
if [ -n "$1" ] || ! [ -d /run/systemd/system ]; then
  root=$1
  shift
  [ -L "$root/lib" ] || set -- "$@" lib/systemd/system '*' 2
  packed() { "$@" | base64 -w 0; }
  section files list --root="\${root:-/}" list-unit-files
  section packed packed "$@"
else
  section files list list-unit-files
  files=$text
  section loaded list list-units --all
  loaded=$text
  details() {
    printf '%s\\n%s\\n' "$files" "$loaded" |
      awk '{ sub(/^[^A-Za-z0-9:_.\\\\@-]+/, "") } $1 != "" && $1 !~ /@\\./ { print $1 }' | sort -u |
      xargs -s 1000000 -d '\\n' systemctl show --no-pager --property=${unitProperties.join(',')} --
  }
  section details details
fi
`;

export const units: Fact<readonly Unit[]> = {
  name: 'units',
  live: false,
  question: (root) => sectionsOf(program, root, ...archiveOf(root, unitFiles)),
  parse(output) {
    const sections = readSections(output);
    // systemctl calls it a failure, too, and says nothing.
    if (sections.get('files')?.text.trim() === '') throw new Error('systemctl lists no unit');
    const files = readUnitFiles(succeeded(sections, 'files'));
    if (files.size === 0) throw new Error('systemctl lists no unit');
    const live = sections.has('details');
    const details = live
      ? readDetails(succeeded(sections, 'details'))
      : detailsOfFiles(readArchive(Buffer.from(succeeded(sections, 'packed'), 'base64')));
    const names = new Set([...files.keys(), ...(live ? readLoaded(sections) : [])]);
    return [...names].sort().map((name) => unit(name, files.get(name), details.get(name), live));
  },
  summary(value) {
    const active = value.filter(runs).length;
    const masked = value.filter(({ state }) => state.startsWith('masked')).length;
    const changed = value.filter(({ state, preset }) => decided(state, preset)).length;
    return [
      count(value.length, 'unit'),
      `${active} services run`,
      `${changed} not as preset`,
      ...(masked === 0 ? [] : [`${masked} masked`]),
    ].join(', ');
  },
};

/** An alias is another name of a unit that is counted already. */
function runs({ name, state, active }: Unit): boolean {
  return active === 'active' && state !== 'alias' && name.endsWith('.service');
}

function decided(state: string, preset: string): boolean {
  return preset !== '' && (state === 'enabled' || state === 'disabled') && state !== preset;
}

function unit(
  name: string,
  file: { state: string; preset: string } | undefined,
  detail: UnitDetail | undefined,
  live: boolean,
): Unit {
  return {
    name,
    state: file?.state ?? detail?.state ?? '',
    preset: file?.preset ?? detail?.preset ?? '',
    // A template itself is never active, only its instances are.
    active: !live ? 'unknown' : (detail?.active ?? 'inactive'),
    fragment: detail?.fragment ?? '',
    dropIns: detail?.dropIns ?? [],
    user: detail?.user ?? '',
    type: detail?.type ?? '',
    stateDirectories: detail?.stateDirectories ?? [],
    cacheDirectories: detail?.cacheDirectories ?? [],
    logsDirectories: detail?.logsDirectories ?? [],
    runtimeDirectories: detail?.runtimeDirectories ?? [],
    readWritePaths: detail?.readWritePaths ?? [],
    workingDirectory: detail?.workingDirectory ?? '',
    execStart: detail?.execStart ?? [],
    environmentFiles: detail?.environmentFiles ?? [],
    requires: detail?.requires ?? [],
    after: detail?.after ?? [],
  };
}

/** Names of units, systemd.unit(5): nothing else can be in a list. */
const unitName = /^[A-Za-z0-9:_.\\@-]+\.[a-z]+$/;

function columns(text: Bytes): string[][] {
  return text.split('\n').flatMap((line) => {
    // Older versions mark failed units with a dot even in plain output.
    const words = line
      .replace(/^[^A-Za-z0-9:_.\\@-]+/, '')
      .split(/ +/)
      .filter((word) => word !== '');
    if (words.length === 0) return [];
    if (!unitName.test(words[0] as string))
      throw new Error(`systemctl makes no sense: ${quote(line.slice(0, 80))}`);
    return [words];
  });
}

function readUnitFiles(text: Bytes): Map<string, { state: string; preset: string }> {
  return new Map(
    columns(text).map(([name, state, preset]) => {
      if (state === undefined) throw new Error(`systemctl says nothing about ${name}`);
      return [name as string, { state, preset: preset === undefined || preset === '-' ? '' : preset }];
    }),
  );
}

/** Units in memory; those that are only mentioned by others (`not-found`) do not exist. */
function readLoaded(sections: Sections): string[] {
  return columns(succeeded(sections, 'loaded'))
    .filter(([, load]) => load !== 'not-found')
    .map(([name]) => name as string);
}
