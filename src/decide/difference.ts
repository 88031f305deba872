/**
 * What is different between two manifests. What one side could not be asked is unknown, never removed; what belongs
 * to the machine stands apart when the two are not one machine.
 */
import { toBytes, unquote } from '../bytes.ts';
import type { Bytes, Manifest, Resource } from '../types.ts';
import { contentPatch } from './content-patch.ts';
import type { Change, Content, Difference, Field } from './difference-form.ts';
import { kindOf, kinds, nameOfResource, type ResourceKind } from './manifest-yaml.ts';
import { redact } from './redact.ts';

export type SideName = 'left' | 'right';

/** Content of an attachment as far as it was read. */
export interface ReadContent {
  readonly bytes: number;
  readonly sha256: string;
  /** null = too large to be shown. */
  readonly content: Bytes | null;
}

export interface Compared {
  readonly left: { readonly name: string; readonly kind: 'folder' | 'place'; readonly manifest: Manifest };
  readonly right: Compared['left'];
  /** An attachment of a side, asked for one at a time; null where it is not there. */
  readonly content: (side: SideName, from: string) => ReadContent | null;
}

type Values = Readonly<Record<string, unknown>>;
interface Pair {
  readonly kind: ResourceKind | 'profile';
  readonly name: string;
  readonly left: Values | null;
  readonly right: Values | null;
}

/** What is not there because a fact has no answer; facts that are not named speak of the kind they are called by. */
const speaksOf: Readonly<Record<string, readonly (ResourceKind | 'profile')[]>> = {
  packages: ['package', 'path', 'profile'],
  owned: ['path'],
  recordedDigests: ['path'],
  ucf: ['path'],
  pathFilters: ['path'],
  tmpfiles: ['path'],
  sysusers: ['user', 'group', 'path'],
  repositories: ['repository'],
  accounts: ['user', 'group'],
  units: ['unit'],
  alternatives: ['alternative'],
  diversions: ['diversion'],
  statOverrides: ['statoverride'],
  configuration: ['path'],
  'removed configuration': ['path'],
  listing: ['path', 'data', 'database', 'checkout', 'stack', 'container', 'build', 'repository', 'profile'],
};

/** Why a resource that is not there may still exist on that side; null = it is certainly not there. */
function doubt(manifest: Manifest, kind: Pair['kind']): string | null {
  const part = manifest.incomplete.find(({ fact }) => {
    const kindsOfFact = speaksOf[fact];
    return kindsOfFact === undefined ? fact.startsWith(kind) : kindsOfFact.includes(kind);
  });
  return part === undefined ? null : `${part.fact}: ${part.reason}`;
}

/** Keys that only say where something lies or why it stands there, and those that change by themselves. */
const words = new Set(['note', 'from', 'sealed', 'key.from']);
const growing = new Set(['bytes', 'files']);

/** Values by key, keys inside of others as `base.md5`; lists are one value. */
function flat(values: Values | null): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(values ?? {})) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [inner, part] of Object.entries(value)) found.set(`${key}.${inner}`, part);
    } else found.set(key, value);
  }
  return found;
}

/** Text of a value with what looks like a secret taken out: addresses with a password, for example. */
function shown(value: unknown): unknown {
  if (typeof value === 'string') {
    const said = redact('', Buffer.from(value, 'utf8').toString('latin1'));
    return Buffer.from(said, 'latin1').toString('utf8');
  }
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shown(part)]));
}

function fieldsOf(pair: Pair): Field[] {
  const [left, right] = [flat(pair.left), flat(pair.right)];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return (
    keys
      .filter((key) => !words.has(key) && !(growing.has(key) && isGrowing(pair.kind)))
      // The change against the original follows from the content.
      .filter((key) => !(key === 'patch' && pair.kind === 'path') && key !== pair.kind)
      .filter((key) => !(key === 'sha256' && isSecret(pair)))
      .filter((key) => JSON.stringify(left.get(key)) !== JSON.stringify(right.get(key)))
      .map((key) => ({ key, left: shown(left.get(key)), right: shown(right.get(key)) }))
  );
}

function isGrowing(kind: Pair['kind']): boolean {
  return kind === 'data' || kind === 'database';
}

function pairsOf(left: Manifest, right: Manifest): Pair[] {
  const named = (manifest: Manifest): Map<string, { kind: Pair['kind']; name: string; values: Values }> => {
    const all = new Map<string, { kind: Pair['kind']; name: string; values: Values }>();
    for (const { name, version } of manifest.profiles) {
      all.set(`profile ${name}`, { kind: 'profile', name, values: { version } });
    }
    for (const resource of manifest.resources) {
      const [kind, name] = [kindOf(resource), nameOfResource(resource)];
      all.set(`${kind} ${name}`, { kind, name, values: resource as Resource & Values });
    }
    return all;
  };
  const [here, there] = [named(left), named(right)];
  const order = ['profile', ...Object.keys(kinds)];
  return [...new Set([...here.keys(), ...there.keys()])]
    .map((key) => {
      const { kind, name } = (here.get(key) ?? there.get(key)) as { kind: Pair['kind']; name: string };
      return { kind, name, left: here.get(key)?.values ?? null, right: there.get(key)?.values ?? null };
    })
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
}

/** The attachment that holds what a person wants to see of a resource. */
function attachmentOf(kind: Pair['kind'], values: Values | null): string | null {
  const from = kind === 'checkout' ? values?.patch : values?.from;
  return typeof from === 'string' ? from : null;
}

/** On both sides, and on one of them a secret: what is in it there is not kept. */
function isSecret({ left, right }: Pair): boolean {
  return left !== null && right !== null && (left.secret === true || right.secret === true);
}

/** Whether the content of a pair is worth reading: one side has it alone, or both and not the same. */
function isContentChanged(pair: Pair): boolean {
  if (isSecret(pair)) return false;
  const [left, right] = [attachmentOf(pair.kind, pair.left), attachmentOf(pair.kind, pair.right)];
  if (left === null && right === null) return false;
  if (pair.kind === 'checkout') return left !== right;
  return pair.left?.sha256 !== pair.right?.sha256;
}

/** All patches of one difference together, so that a page stays one a browser opens. Characters. */
const mostPatches = 16 * 1024 ** 2;

function contentOf(
  pair: Pair,
  read: Compared['content'],
  budget: { left: number },
): { content?: Content; patch?: string } {
  if (!isContentChanged(pair)) return {};
  const side = (name: SideName): ReadContent | null | 'missing' => {
    const from = attachmentOf(pair.kind, pair[name]);
    return from === null ? null : (read(name, from) ?? 'missing');
  };
  const [left, right] = [side('left'), side('right')];
  const about = (one: typeof left) =>
    one === null || one === 'missing' ? null : { bytes: one.bytes, sha256: one.sha256 };
  const without = (leftOut: string) => ({
    content: { left: about(left), right: about(right), added: 0, removed: 0, leftOut },
  });
  if (left === 'missing' || right === 'missing') return without('the file of it is missing in the folder');
  if (left?.content === null || right?.content === null) return without('too large to be shown');
  if (budget.left <= 0) return without('enough is shown already');
  const name = pair.kind === 'path' ? unquote(pair.name) : toBytes(pair.name);
  const { patch, ...told } = contentPatch(name, left?.content ?? null, right?.content ?? null);
  budget.left -= patch?.length ?? 0;
  return {
    content: { left: about(left), right: about(right), ...told },
    ...(patch === null ? {} : { patch }),
  };
}

function stateOf(pair: Pair, left: Manifest, right: Manifest): { state: Change['state']; reason: string } {
  if (pair.left !== null && pair.right !== null) return { state: 'changed', reason: '' };
  const missing = pair.left === null ? left : right;
  const reason = doubt(missing, pair.kind);
  if (reason !== null) return { state: 'unknown', reason };
  return { state: pair.left === null ? 'added' : 'removed', reason: '' };
}

/** A file that stays with its machine and is kept only to be read. */
function isIdentity(pair: Pair): boolean {
  return [pair.left, pair.right].some((one) => String(one?.note ?? '').startsWith('kept to be read'));
}

function isAtRest(manifest: Manifest): boolean {
  return manifest.incomplete.some(({ reason }) => reason === 'the system does not run');
}

/** Fields that one side cannot know, with the reason. */
function unknowable(compared: Compared, pair: Pair, field: Field): string | null {
  const sides = [compared.left.manifest, compared.right.manifest];
  if (pair.kind === 'unit' && field.key === 'active' && sides.some(isAtRest))
    return 'the system does not run';
  if (pair.kind === 'package' && field.key === 'local') {
    const origins = sides.flatMap((one) => one.incomplete.filter(({ fact }) => fact === 'origins'));
    return origins[0]?.reason ?? null;
  }
  if (pair.kind === 'build' && field.key === 'libraries') {
    const libraries = sides.flatMap((one) => one.incomplete.filter(({ fact }) => fact === 'libraries'));
    return libraries[0]?.reason ?? null;
  }
  if (field.key === 'password' && [field.left, field.right].includes('unknown'))
    return 'it could not be read';
  return null;
}

/** Compares two manifests. Both are as `readManifest` gives them; names in the result are quoted as in them. */
export function difference(compared: Compared): Difference {
  const { left, right } = compared;
  const budget = { left: mostPatches };
  // What belongs to a machine is no difference between two; on one machine it is drift like any other.
  const isOneMachine = left.manifest.host.name === right.manifest.host.name;
  const changes: Change[] = [];
  const identity: Change[] = [];
  const sizes: Difference['sizes'] = [];
  const notCompared: Difference['notCompared'] = [];
  for (const pair of pairsOf(left.manifest, right.manifest)) {
    const isBoth = pair.left !== null && pair.right !== null;
    if (isBoth && isGrowing(pair.kind)) sizes.push(...growth(pair));
    if (isSecret(pair)) {
      notCompared.push({ kind: pair.kind, name: pair.name, reason: 'secret, its content is not kept' });
    }
    const fields = fieldsOf(pair).filter((field) => {
      const reason = isBoth ? unknowable(compared, pair, field) : null;
      if (reason !== null) notCompared.push({ kind: pair.kind, name: `${pair.name}: ${field.key}`, reason });
      return reason === null;
    });
    const told = contentOf(pair, compared.content, budget);
    if (isBoth && fields.length === 0 && told.content === undefined) continue;
    const { state, reason } = stateOf(pair, left.manifest, right.manifest);
    const note = reason || String(shown(pair.right?.note ?? pair.left?.note ?? ''));
    const change: Change = { kind: pair.kind, name: pair.name, state, note, fields, ...told };
    (!isOneMachine && isIdentity(pair) ? identity : changes).push(change);
  }
  const undecided = undecidedOf(left.manifest, right.manifest);
  sizes.push(...classGrowth(left.manifest, right.manifest));
  const host = fieldsOf({ kind: 'profile', name: '', left: left.manifest.host, right: right.manifest.host });
  const counts = { added: 0, removed: 0, changed: 0, unknown: 0 };
  for (const change of changes) counts[change.state] += 1;
  return {
    opstimal: 'difference/1',
    left: { name: left.name, kind: left.kind },
    right: { name: right.name, kind: right.kind },
    same: changes.length + sizes.length + undecided.length === 0 && (host.length === 0 || !isOneMachine),
    counts,
    identity: { host, changes: identity },
    changes,
    sizes,
    undecided,
    incomplete: incompleteOf(left.manifest, right.manifest),
    notCompared,
  };
}

function growth({ kind, name, left, right }: Pair): Difference['sizes'] {
  const sized = (values: Values | null) => ({
    files: Number(values?.files ?? 0),
    bytes: Number(values?.bytes ?? 0),
  });
  const [before, after] = [sized(left), sized(right)];
  if (before.files === after.files && before.bytes === after.bytes) return [];
  return [{ kind, name, left: before, right: after }];
}

function classGrowth(left: Manifest, right: Manifest): Difference['sizes'] {
  return Object.keys(left.classes).flatMap((name) => {
    const each = name as keyof Manifest['classes'];
    return growth({ kind: 'data', name, left: left.classes[each], right: right.classes[each] }).map(
      (grown) => ({ ...grown, kind: 'class' }),
    );
  });
}

function undecidedOf(left: Manifest, right: Manifest): Difference['undecided'] {
  const sized = (manifest: Manifest) =>
    new Map(manifest.undecided.map(({ path, files, bytes }) => [path, { files, bytes }]));
  const [here, there] = [sized(left), sized(right)];
  return [...new Set([...here.keys(), ...there.keys()])].sort().flatMap((path) => {
    const [before, after] = [here.get(path) ?? null, there.get(path) ?? null];
    if (before?.files === after?.files && before?.bytes === after?.bytes) return [];
    const pair: Pair = { kind: 'data', name: path, left: before, right: after };
    const { state, reason } = stateOf(pair, left, right);
    return [{ path, state, note: reason, left: before, right: after }];
  });
}

function incompleteOf(left: Manifest, right: Manifest): Difference['incomplete'] {
  const reason = (manifest: Manifest, fact: string): string | null =>
    manifest.incomplete.find((part) => part.fact === fact)?.reason ?? null;
  const facts = new Set([...left.incomplete, ...right.incomplete].map(({ fact }) => fact));
  return [...facts].sort().map((fact) => ({ fact, left: reason(left, fact), right: reason(right, fact) }));
}
