/** What scan must read before it judges: configuration that says where services keep things, tags, first bytes. */
import type { ClassifyContext } from '../decide/classify.ts';
import { foreignRules } from '../decide/file-systems.ts';
import { addedSources } from '../decide/manifest-packages.ts';
import { cacheTagSignature } from '../decide/marks.ts';
import { type ActiveProfile, activate, filesWanted, mayRead } from '../decide/profile.ts';
import { findSecret } from '../decide/secrets.ts';
import { evidenceFiles, targetOf } from '../decide/witness.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, Entry, Facts, Profile } from '../types.ts';
import { readSmallFiles } from './read.ts';
import { readRanges } from './read-ranges.ts';
import { mostPicked, type Seen } from './scan-listing.ts';
import { realPlaces } from './scan-places.ts';

/** Configuration files that are larger are no configuration. Bytes. */
const limitEach = 4 * 1024 ** 2;
/** A profile may ask for much; more configuration than this is no configuration either. Bytes. */
const limitTogether = 64 * 1024 ** 2;

export interface Prepared extends Omit<ClassifyContext, 'facts'> {
  readonly profiles: readonly ActiveProfile[];
  /** Content of the services' configuration, by the path as it was looked for. */
  readonly files: ReadonlyMap<Bytes, Buffer>;
  /** Content of /etc/hosts and /etc/fstab. */
  readonly merged: ReadonlyMap<Bytes, Buffer>;
  readonly unread: readonly { readonly fact: string; readonly reason: string }[];
}

export async function prepare(
  source: Host,
  facts: Facts,
  profiles: readonly Profile[],
  seen: Seen,
): Promise<Prepared> {
  const { etc } = seen;
  const unread: { fact: string; reason: string }[] = [];
  const said = await readSmallFiles(
    source,
    new Set([...seen.alternatives, ...evidenceFiles(etc)]),
    limitEach,
  );
  const files = await readMatching(source, etc, filesWanted(profiles, facts), unread);
  if (seen.isDatabasesCut)
    unread.push({ fact: 'databases', reason: `only the first ${mostPicked} files were looked at` });
  const merged = await readSmallFiles(source, ['/etc/hosts', '/etc/fstab'], limitEach);
  const added = facts.repositories.known ? addedSources(facts.repositories.value) : new Map();
  const keys = [...added.values()].flatMap((list) =>
    list.flatMap((one: { signedBy: Bytes | null }) => one.signedBy ?? []),
  );
  return {
    profiles: activate(profiles, facts, files),
    files,
    merged,
    marks: {
      paths: seen.marks,
      cacheTags: await cacheTags(source, seen.marks),
      places: await realPlaces(source, facts),
    },
    swapFiles: swapFiles(merged.get('/etc/fstab')?.toString('latin1') ?? ''),
    repositories: {
      files: new Set(added.keys()),
      keys: new Set(keys),
      distribution: new Set(facts.repositories.known ? facts.repositories.value.map(({ file }) => file) : []),
    },
    evidence: { etc, marks: seen.toolMarks, said },
    foreign: foreignRules(seen.foreign),
    secretEnvironments: await secretEnvironments(source, facts),
    databases: await findDatabases(source, seen.databases, unread),
    unread,
  };
}

/** Files that match the globs, also through links; the key is the path that matched. */
async function readMatching(
  source: Host,
  etc: ReadonlyMap<Bytes, Entry>,
  globs: readonly Bytes[],
  unread: { fact: string; reason: string }[],
): Promise<Map<Bytes, Buffer>> {
  if (globs.length === 0) return new Map();
  const wanted = mayRead(globs);
  const real = new Map<Bytes, Bytes>();
  let bytes = 0;
  let left = 0;
  for (const entry of [...etc.values()].sort((one, other) => (one.path < other.path ? -1 : 1))) {
    const target = follow(etc, entry);
    if (target === null || !wanted(entry.path, target)) continue;
    const size = etc.get(target)?.size ?? 0;
    if (size > limitEach) continue;
    if (bytes + size > limitTogether) {
      left += 1;
      continue;
    }
    bytes += size;
    real.set(entry.path, target);
  }
  if (left > 0) {
    const reason = `profiles ask for more than ${limitTogether / 1024 ** 2} MiB of configuration; ${left} files were not read`;
    unread.push({ fact: 'settings', reason });
  }
  const contents = await readSmallFiles(source, new Set(real.values()), limitEach);
  const files = new Map<Bytes, Buffer>();
  for (const [path, target] of real) {
    const content = contents.get(target);
    if (content !== undefined) files.set(path, content);
  }
  return files;
}

/** The regular file a link in /etc leads to; null when it leads elsewhere or in a circle. */
function follow(etc: ReadonlyMap<Bytes, Entry>, start: Entry): Bytes | null {
  let entry: Entry | undefined = start;
  for (let hops = 0; hops < 10 && entry !== undefined; hops += 1) {
    if (entry.type === 'f') return entry.path;
    if (entry.type !== 'l' || entry.target === undefined) return null;
    entry = etc.get(targetOf(entry));
  }
  return null;
}

/** fstab(5): the first field of a line whose third is `swap`, when it is a path of a file and no device. */
function swapFiles(fstab: Bytes): Bytes[] {
  return [...fstab.matchAll(/^\s*(\/(?!dev\/)\S+)\s+\S+\s+swap\s/gm)].map((match) => match[1] as Bytes);
}

/** CACHEDIR.TAG files that begin as they must. */
async function cacheTags(source: Host, marks: readonly Bytes[]): Promise<Set<Bytes>> {
  const tags = marks.filter((path) => path.endsWith('/CACHEDIR.TAG'));
  const contents = await readSmallFiles(source, tags, 64 * 1024);
  return new Set(tags.filter((path) => contents.get(path)?.toString('latin1').startsWith(cacheTagSignature)));
}

/** Environment files of units outside /etc in which there is a key or a password. */
async function secretEnvironments(source: Host, facts: Facts): Promise<Set<Bytes>> {
  const units = facts.unitDirectives.known ? facts.unitDirectives.value : [];
  const paths = new Set(
    units.flatMap(({ environmentFiles }) => environmentFiles.filter((path) => !path.startsWith('/etc/'))),
  );
  const contents = await readSmallFiles(source, paths, limitEach);
  return new Set(
    [...contents].flatMap(([path, content]) =>
      findSecret(path, content.toString('latin1')) === null ? [] : [path],
    ),
  );
}

const sqliteMagic = 'SQLite format 3\0';

/** Which of these files are SQLite databases, by their first bytes (sqlite.org/fileformat2.html). */
async function findDatabases(
  source: Host,
  candidates: readonly Entry[],
  unread: { fact: string; reason: string }[],
): Promise<Set<Bytes>> {
  const ranges = candidates.map(({ path }) => ({ path, offset: 0, length: sqliteMagic.length }));
  const answer = await readRanges(source, ranges);
  if (!answer.known) {
    unread.push({ fact: 'databases', reason: answer.reason });
    return new Set();
  }
  const found = new Set<Bytes>();
  for (const [{ path }, content] of answer.value)
    if (content.toString('latin1') === sqliteMagic) found.add(path);
  return found;
}
