/** What text and page say of a difference, so that both say the same. */
import type { Change, Content, Difference, Field } from '../decide/difference-form.ts';
import { count, plural, size } from './units.ts';
import { visible } from './visible.ts';

const titles: Readonly<Record<string, string>> = {
  profile: 'Known services',
  repository: 'Package sources',
  package: 'Packages',
  group: 'Groups',
  user: 'Accounts',
  diversion: 'Diversions',
  statoverride: 'Owners and modes that dpkg keeps',
  alternative: 'Alternatives',
  path: 'Files',
  unit: 'Services',
  database: 'Databases',
  data: 'Data',
  checkout: 'Work trees of git',
  stack: 'From package managers of languages',
  container: 'Containers',
  build: 'Built by hand',
};

export const states = ['added', 'removed', 'changed', 'unknown'] as const;
export const stateSymbols: Readonly<Record<Change['state'], string>> = {
  added: '+',
  removed: '-',
  changed: '~',
  unknown: '?',
};

/** What a symbol means between these two sides. */
export function stateMeaning(state: Change['state'], difference: Difference): string {
  switch (state) {
    case 'added':
      return `only ${on(difference.right)}`;
    case 'removed':
      return `only ${on(difference.left)}`;
    case 'changed':
      return 'not the same';
    case 'unknown':
      return 'not known: one side could not be asked';
  }
}

function on(side: Difference['left']): string {
  return `${side.kind === 'folder' ? 'in' : 'on'} ${visible(side.name)}`;
}

function grouped<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** Changes by kind, in the order of the manifest; kinds without one are left out. */
export function sections(changes: readonly Change[]): { kind: string; title: string; changes: Change[] }[] {
  return [...grouped(changes, ({ kind }) => kind)].map(([kind, all]) => ({
    kind,
    title: titles[kind] ?? kind,
    changes: all,
  }));
}

/** `3 added, 1 removed, 2 changed`; what is unknown only where something is. */
export function countsLine({ counts, undecided, sizes }: Difference): string {
  const open = undecided.filter(({ state }) => state !== 'changed').length;
  return [
    `${count(counts.added)} added`,
    `${count(counts.removed)} removed`,
    `${count(counts.changed)} changed`,
    ...(counts.unknown > 0 ? [`${count(counts.unknown)} not known`] : []),
    ...(open > 0 ? [`${plural(open, 'undecided place')} on one side only`] : []),
    ...(sizes.length > 0 ? [`${count(sizes.length)} grown or shrunk`] : []),
  ].join(', ');
}

/** Keys whose values say nothing to a person; the content is told in lines instead. */
const silent = new Set(['sha256', 'key.sha256', 'key.from', 'patch']);

/** A value for people. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return count(value);
  if (typeof value === 'string') return value === '' ? '""' : visible(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ');
  return visible(JSON.stringify(value));
}

export interface FieldWords {
  readonly key: string;
  /** null where only one value is told: the thing is on one side only. */
  readonly left: string | null;
  readonly right: string | null;
}

/** The fields of a change that a person wants to read. */
export function fieldWords(change: Change): FieldWords[] {
  const told = change.fields.filter(({ key }) => !isSilent(change, key));
  if (change.state === 'changed') {
    return told.map(({ key, left, right }) => ({
      key,
      left: valueText(left ?? (right === true ? false : null)),
      right: valueText(right ?? (left === true ? false : null)),
    }));
  }
  const value = ({ left, right }: Field): unknown => left ?? right;
  return told
    .filter((field) => (briefly[change.kind] ?? []).includes(field.key) && value(field) !== 'file')
    .map((field) =>
      // What is on this side only is that the file is gone.
      field.key === 'kind' && value(field) === 'absent'
        ? { key: 'file', left: null, right: 'removed on purpose' }
        : { key: field.key, left: null, right: valueText(value(field)) },
    );
}

function isSilent(change: Change, key: string): boolean {
  // A lockfile or keyring is told by its digest alone: there are no lines to tell.
  return silent.has(key) && (change.content !== undefined || change.state !== 'changed');
}

/** What is said of a thing that is on one side only. */
const briefly: Readonly<Record<string, readonly string[]>> = {
  profile: ['version'],
  repository: ['uris', 'suites'],
  package: ['version', 'held', 'local'],
  group: ['gid'],
  user: ['uid', 'groups'],
  diversion: ['to'],
  statoverride: ['user', 'group', 'mode'],
  alternative: ['path'],
  path: ['kind', 'target', 'secret'],
  unit: ['state', 'active'],
  database: ['engine'],
  data: ['class', 'profile'],
  checkout: ['branch', 'commit'],
  stack: ['manager', 'runtime'],
  container: ['image', 'running'],
  build: ['programs'],
};

/** `+4 -1 lines`, or why no lines are told with the sizes. */
export function contentWords(content: Content): string {
  const parts = [
    ...(content.added > 0 ? [`+${count(content.added)}`] : []),
    ...(content.removed > 0 ? [`-${count(content.removed)}`] : []),
  ];
  const many = content.added + content.removed > 1 ? 'lines' : 'line';
  const lines = parts.length > 0 ? [`${parts.join(' ')} ${many}`] : [];
  if (content.leftOut === '' || content.leftOut === 'empty') return lines[0] ?? content.leftOut;
  return [...lines, content.leftOut, sizesOf(content)].join(', ');
}

function sizesOf({ left, right }: Content): string {
  const one = (side: Content['left']): string =>
    side === null ? 'none' : `${size(side.bytes)} (${side.sha256.slice(0, 12)})`;
  if (left === null || right === null) return one(left ?? right);
  return `${one(left)} then ${one(right)}`;
}

/** `12 files, 3.0 MB`. */
export function sizeWords(sized: { readonly files: number; readonly bytes: number } | null): string {
  return sized === null ? 'none' : `${plural(sized.files, 'file')}, ${size(sized.bytes)}`;
}

/** Reasons why things on both sides were not compared, with how many there are. */
export function notComparedWords(difference: Difference): string[] {
  const groups = grouped(difference.notCompared, ({ kind, reason }) => `${kind}\n${reason}`);
  return [...groups.values()].map((all) => {
    const { kind, reason, name } = all[0] as (typeof all)[number];
    const what = all.length === 1 ? visible(name) : `${titles[kind] ?? kind} (${count(all.length)})`;
    return `${what}: ${visible(reason)}`;
  });
}

/** Lines of a patch below its header. */
export function patchLines(patch: string): string[] {
  return patch.split('\n').slice(2, -1).map(visible);
}
