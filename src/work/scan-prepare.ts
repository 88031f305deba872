/** What scan must read before the listing: configuration that says where services keep things, and marks in trees. */
import picomatch from 'picomatch';
import { parentOf } from '../bytes.ts';
import type { ClassifyContext } from '../decide/classify.ts';
import { addedSources } from '../decide/manifest-packages.ts';
import { cacheTagSignature, type Marks, markNames } from '../decide/marks.ts';
import { type ActiveProfile, activate, filesWanted } from '../decide/profile.ts';
import { Failure } from '../failure.ts';
import { type Host, onHost } from '../host/host.ts';
import { listTree } from '../stream/listing.ts';
import type { Bytes, Entry, Facts, Profile } from '../types.ts';
import { readSmallFiles } from './read.ts';

/** Configuration files that are larger are no configuration. Bytes. */
const limitEach = 4 * 1024 ** 2;

export interface Prepared extends Omit<ClassifyContext, 'facts'> {
  readonly profiles: readonly ActiveProfile[];
  /** Content of the services' configuration, by the path as it was looked for. */
  readonly files: ReadonlyMap<Bytes, Buffer>;
  /** Content of /etc/hosts and /etc/fstab. */
  readonly merged: ReadonlyMap<Bytes, Buffer>;
}

export async function prepare(source: Host, facts: Facts, profiles: readonly Profile[]): Promise<Prepared> {
  const etc = new Map<Bytes, Entry>();
  const enabledMarks = new Set<Bytes>();
  for await (const entry of listTree(source, {
    roots: ['/etc', '/var/lib/apache2', '/var/lib/php/modules'],
  })) {
    if (entry.path.startsWith('/etc')) etc.set(entry.path, entry);
    else enabledMarks.add(entry.path);
  }
  const files = await readMatching(source, etc, filesWanted(profiles, facts));
  const merged = await readSmallFiles(source, ['/etc/hosts', '/etc/fstab'], limitEach);
  const added = facts.repositories.known ? addedSources(facts.repositories.value) : new Map();
  const keys = [...added.values()].flatMap((list) =>
    list.flatMap((one: { signedBy: Bytes | null }) => one.signedBy ?? []),
  );
  return {
    profiles: activate(profiles, facts, files),
    files,
    merged,
    marks: await findMarks(source, rootsOf(facts)),
    swapFiles: swapFiles(merged.get('/etc/fstab')?.toString('latin1') ?? ''),
    repositories: { files: new Set(added.keys()), keys: new Set(keys) },
    enabledMarks,
  };
}

/** Files that match the globs, also through links; the key is the path that matched. */
async function readMatching(
  source: Host,
  etc: ReadonlyMap<Bytes, Entry>,
  globs: readonly Bytes[],
): Promise<Map<Bytes, Buffer>> {
  if (globs.length === 0) return new Map();
  const matches = picomatch([...globs], { dot: true });
  const real = new Map<Bytes, Bytes>();
  for (const entry of etc.values()) {
    if (!matches(entry.path)) continue;
    const target = follow(etc, entry);
    if (target !== null) real.set(entry.path, target);
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
    entry = etc.get(
      resolved(entry.target.startsWith('/') ? entry.target : `${parentOf(entry.path)}/${entry.target}`),
    );
  }
  return null;
}

function resolved(path: Bytes): Bytes {
  const parts: Bytes[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** fstab(5): the first field of a line whose third is `swap`, when it is a path of a file and no device. */
function swapFiles(fstab: Bytes): Bytes[] {
  return [...fstab.matchAll(/^\s*(\/(?!dev\/)\S+)\s+\S+\s+swap\s/gm)].map((match) => match[1] as Bytes);
}

/** File systems whose files are their own: neither made up by the kernel nor fetched over a network. */
const local =
  /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|nilfs2|reiserfs|reiser4|bcachefs|vfat|exfat|ntfs3?|fuseblk|ufs|minix)$/;
/** Several mounts of one device are parts of it here, and not the same files again. */
const divided = /^(btrfs|zfs|bcachefs)$/;

/** Roots of the listing: the top, and every other local file system, each once even where it is bound twice. */
export function rootsOf(facts: Pick<Facts, 'mounts'>): Bytes[] {
  const roots: Bytes[] = ['/'];
  if (!facts.mounts.known) return roots;
  const mounts = [...facts.mounts.value].sort((one, other) => (one.target < other.target ? -1 : 1));
  const devices = new Set(mounts.filter(({ target }) => target === '/').map(({ device }) => device));
  for (const { target, type, device } of mounts) {
    if (target === '/' || !local.test(type)) continue;
    if (devices.has(device) && !divided.test(type)) continue;
    devices.add(device);
    roots.push(target);
  }
  return roots;
}

/**
 * Marks (lockfiles, CACHEDIR.TAG …) lie beside or inside what they speak for, so they must be known before the
 * listing passes by. One find by name needs no stat of anything.
 */
async function findMarks(source: Host, roots: readonly Bytes[]): Promise<Marks> {
  const skipped = ['/proc', '/sys', '/dev', '/run', '/var/lib/docker', '/var/lib/containers'];
  const words = [
    ...roots.map((root) => onHost(source, root)),
    '-xdev',
    ...skipped.flatMap((path) => ['-path', onHost(source, path), '-prune', '-o']),
    '(',
    ...markNames.flatMap((name, index) => (index === 0 ? ['-name', name] : ['-o', '-name', name])),
    ')',
    '-print0',
  ] as const;
  const answer = await source.run(['find', ...words], { timeoutSeconds: 3600 });
  // 1 = something vanished or could not be entered; the listing reports what that is.
  if (answer.code > 1) {
    throw new Failure('failed', 'listing', `find on ${source.name} ended with ${answer.code}`, {
      during: 'looking for marks in trees',
    });
  }
  const paths = [
    ...new Set(
      answer.stdout
        .toString('latin1')
        .split('\0')
        .filter((path) => path !== '')
        .map((path) => path.slice(source.root.length)),
    ),
  ].sort();
  const tags = paths.filter((path) => path.endsWith('/CACHEDIR.TAG'));
  const contents = await readSmallFiles(source, tags, 64 * 1024);
  return {
    paths,
    cacheTags: new Set(
      tags.filter((path) => contents.get(path)?.toString('latin1').startsWith(cacheTagSignature)),
    ),
  };
}
