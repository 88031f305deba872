/** Which paths the manifest carries, what is in them, and which of them hold secrets. */
import { createHash } from 'node:crypto';
import { parentOf, quote } from '../bytes.ts';
import type { Classifier } from '../decide/classify.ts';
import { type Fold, onDisk } from '../decide/fold.ts';
import { untouched } from '../decide/generated.ts';
import type { CarriedPath } from '../decide/manifest.ts';
import { addedSources, hasPassword } from '../decide/manifest-packages.ts';
import type { Ruling } from '../decide/ruling.ts';
import { findSecret } from '../decide/secrets.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, Entry, Facts } from '../types.ts';
import { readSmallFiles } from './read.ts';
import type { Judged } from './scan-judge.ts';
import type { Seen } from './scan-listing.ts';
import type { Prepared } from './scan-prepare.ts';

/** A file that the manifest carries is kept in the folder whole. Bytes. */
const limitEach = 64 * 1024 ** 2;
/** All of them are in memory together; what does not fit is named as not read. Bytes. */
const limitTogether = 256 * 1024 ** 2;

/** As many of the files as have at most `limit` bytes together, the smallest first. */
export function smallestWithin(
  files: readonly { readonly path: Bytes; readonly size: number }[],
  limit: number,
): Bytes[] {
  let left = limit;
  const sorted = [...files].sort(
    (one, other) => one.size - other.size || (one.path < other.path ? -1 : one.path > other.path ? 1 : 0),
  );
  return sorted.flatMap(({ path, size }) => {
    left -= size;
    return left < 0 ? [] : [path];
  });
}

export interface Carried {
  paths: CarriedPath[];
  readonly unread: { fact: string; reason: string }[];
}

/** What became of the candidates, now that their digests are known: those that are not as their package brought them. */
export function changedOnes(
  classifier: Classifier,
  judged: Judged,
  digests: ReadonlyMap<Bytes, string>,
): Map<Bytes, Ruling> {
  const changed = new Map<Bytes, Ruling>();
  for (const path of judged.suspects.keys()) {
    const ruling = classifier.resolve(path, digests.get(path) ?? null);
    if (ruling !== null) changed.set(path, ruling);
  }
  return changed;
}

/** Gives every path that the manifest carries by itself. */
export function carriedPaths(input: {
  readonly facts: Facts;
  readonly classifier: Classifier;
  readonly fold: Fold;
  readonly seen: Seen;
  readonly judged: Judged;
  readonly changed: ReadonlyMap<Bytes, Ruling>;
  /** Entries of the changed ones. */
  readonly entries: ReadonlyMap<Bytes, Entry>;
  readonly prepared: Prepared;
  /** Whether all of /etc could be read, so that what is missing there was removed. */
  readonly isEtcWhole: boolean;
}): Carried {
  const { classifier, fold, judged } = input;
  const { etc } = input.seen;
  const paths: CarriedPath[] = judged.configuration.map(({ entry, ruling }) => ({
    path: entry.path,
    entry,
    ruling,
    base: classifier.baseOf(entry.path),
  }));
  for (const [path, ruling] of input.changed) {
    const before = judged.suspects.get(path);
    const entry = input.entries.get(path);
    if (before === undefined || entry === undefined) continue;
    fold.amend(path, before.ruling, ruling, before.bytes);
    if (ruling.carry !== 'manifest') continue;
    paths.push({ path, entry, ruling, base: classifier.baseOf(path) });
  }
  const unread: Carried['unread'] = [];
  if (input.isEtcWhole) {
    const seen = (path: Bytes) => !path.startsWith('/etc/') || isThere(path, etc);
    for (const { path, package: name, md5, ruling } of classifier.removed(seen)) {
      fold.amend(path, null, ruling, 0);
      paths.push({ path, entry: null, ruling, base: { package: name, md5 } });
    }
  } else {
    unread.push({
      fact: 'removed configuration',
      reason: 'not told from what could not be read',
    });
  }
  for (const path of ['/etc/hosts', '/etc/fstab'] as const) {
    const entry = etc.get(path);
    const content = input.prepared.merged.get(path)?.toString('latin1') ?? '';
    if (entry?.type !== 'f' || !saysMore(path, content, input.facts)) continue;
    paths.push({ path, entry, ruling: classifier.classify(entry), base: null });
  }
  return { paths, unread };
}

/** There, or behind a link that stands for a directory above it. */
function isThere(path: Bytes, etc: ReadonlyMap<Bytes, Entry>): boolean {
  if (etc.has(path)) return true;
  for (let at = parentOf(path); at !== '/' && at !== '/etc'; at = parentOf(at)) {
    if (etc.get(at)?.type === 'l') return true;
  }
  return false;
}

/** Whether a file of the machine's own also speaks of others: hosts(5) of other names, fstab(5) of other disks. */
function saysMore(path: '/etc/hosts' | '/etc/fstab', content: string, facts: Facts): boolean {
  const lines = content
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim().split(/\s+/))
    .filter((fields) => fields.length > 1);
  if (path === '/etc/hosts') {
    const own = facts.os.known ? facts.os.value.hostname : '';
    const ordinary = /^(127\.|::1$|fe00::|ff00::|ff02::)/;
    return lines.some(
      ([address, ...names]) =>
        !ordinary.test(address ?? '') &&
        !names.some((name) => own !== '' && name.split('.')[0] === own.split('.')[0]),
    );
  }
  return lines.some(([, target, type]) => {
    if (target === undefined || type === undefined || type === 'swap' || target === 'none') return false;
    return !/^\/$|^\/(boot|efi|proc|sys|dev|run|media\/(cdrom|floppy))/.test(target);
  });
}

/**
 * Reads what the manifest carries. A file in which a secret is found becomes secret: its content is dropped here
 * and read again from the source when it is applied.
 */
export async function readContents(
  source: Host,
  facts: Facts,
  classifier: Classifier,
  carried: Carried,
  fold: Fold,
): Promise<{ contents: Map<Bytes, Buffer>; unread: Carried['unread'] }> {
  const added = facts.repositories.known ? addedSources(facts.repositories.value) : new Map();
  const keys = [...added.values()].flatMap((list) =>
    list.flatMap((one: { signedBy: Bytes | null }) => one.signedBy ?? []),
  );
  const wanted = carried.paths.filter(
    ({ entry, ruling }) => entry?.type === 'f' && ruling.class !== 'secret',
  );
  const held = smallestWithin(
    wanted.map(({ path, entry }) => ({ path, size: entry?.size ?? 0 })),
    limitTogether,
  );
  const contents = await readSmallFiles(source, new Set([...held, ...keys]), limitEach);
  const missing: Bytes[] = [];
  carried.paths = carried.paths.flatMap((one) => {
    const { path, entry, ruling } = one;
    if (entry?.type !== 'f' || ruling.class === 'secret') return one;
    const content = contents.get(path);
    if (content === undefined) {
      missing.push(path);
      return one;
    }
    if (classifier.isDefault(path, content.toString('latin1'))) {
      contents.delete(path);
      fold.amend(path, ruling, untouched, onDisk(entry));
      return [];
    }
    const found = secretIn(path, content, ruling);
    if (found === null) return one;
    contents.delete(path);
    fold.amend(path, ruling, found, onDisk(entry));
    return { ...one, ruling: found };
  });
  const unread = [...carried.unread];
  if (missing.length > 0) {
    const more = missing.length === 1 ? '' : `, and ${missing.length - 1} more`;
    unread.push({
      fact: 'configuration',
      reason: `could not be read whole: ${quote(missing[0] as Bytes)}${more}`,
    });
  }
  return { contents, unread };
}

function secretIn(path: Bytes, content: Buffer, ruling: Ruling): Ruling | null {
  const secret = (evidence: string): Ruling => ({
    class: 'secret',
    carry: ruling.class === 'identity' ? 'none' : 'manifest',
    rule: 'secret.format',
    reason:
      ruling.class === 'edited'
        ? `${ruling.reason}, with a secret in it`
        : 'configuration with a secret in it',
    evidence,
    single: true,
  });
  if (ruling.rule === 'repository.source') {
    return hasPassword(content) ? secret('an address with a password') : null;
  }
  // A program is no configuration; a password in it would be found by chance only.
  if (content.subarray(0, 8192).includes(0)) return null;
  const found = findSecret(path, content.toString('latin1'));
  return found === null ? null : secret(`line ${found.line}: ${found.what}`);
}

/** Gives names to contents and keeps them until they are written. */
export class Attachments {
  readonly #contents = new Map<string, Uint8Array>();

  readonly attach = (content: Uint8Array): { from: string; sha256: string } => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    this.#contents.set(sha256, content);
    return { from: `files/${sha256.slice(0, 32)}`, sha256 };
  };

  all(): Iterable<Uint8Array> {
    return this.#contents.values();
  }
}
