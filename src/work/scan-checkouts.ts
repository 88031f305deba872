/**
 * Work trees of git and bare repositories: where they come from, and what stands only here.
 *
 * A checkout may belong to a stranger, and git runs what a repository's configuration names: monitors, filters, hooks.
 * So everything that files can tell is read from the files, here: remotes, branch, stashes, what was changed (the index
 * against the listing, contents only where times leave a doubt), what is untracked. Only the number of commits that are
 * nowhere else and the text of the change are asked of git, by `scan-git.ts`, as the owner and never on a disk.
 */
import { createHash } from 'node:crypto';
import { parentOf, quote } from '../bytes.ts';
import { GitIgnore } from '../decide/git-ignore.ts';
import {
  type GitSetting,
  type IndexEntry,
  parseGitConfig,
  parseGitFile,
  parseGitIndex,
  parseHead,
  parsePackedRefs,
  parseRef,
  publicAddress,
  settingOf,
} from '../facts/git.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, CheckoutResource, Entry } from '../types.ts';
import { readRanges } from './read-ranges.ts';
import { type AskedOfGit, askGit } from './scan-git.ts';

/** Bytes; the index of 300,000 files. */
const largest = 32 * 1024 ** 2;
/** Bytes of settings, attributes and the log of stashes, each; and of ignore rules, of which there may be many. */
const largestText = 1024 ** 2;
const largestRules = 64 * 1024;
const mostCheckouts = 5000;
/** Their files are in memory together; a sparse file costs whoever makes it nothing. */
const placesAtOnce = 4;
/** Files in all indexes together, which are held until the listing was gone through. */
const mostIndexed = 2_000_000;
/** Contents that are compared because times leave a doubt: each, and all together. Bytes. */
const doubtEach = 8 * 1024 ** 2;
const doubtAll = 64 * 1024 ** 2;
/** Copies that package managers keep and fetch again. */
const keptByTools = /\/(node_modules|\.cargo\/git|\.cache|\.rustup|\.pyenv\/sources|go\/pkg\/mod)\//;

export interface Checkout {
  /** Of the work tree, or of the bare repository. */
  readonly path: Bytes;
  readonly isBare: boolean;
  /** Where HEAD and the index are. */
  readonly directory: Bytes;
  /** Where refs and config are: another one for a linked work tree. */
  readonly common: Bytes;
  readonly settings: readonly GitSetting[];
  readonly head: ReturnType<typeof parseHead>;
  readonly index: ReadonlyMap<Bytes, IndexEntry>;
  readonly doubts: string[];
  readonly ignore: GitIgnore;
  readonly refs: Map<Bytes, string>;
  readonly stashes: number;
  readonly usesLfs: boolean;
  readonly sums: 'sha1' | 'sha256';
  /** Newest time in the index, in nanoseconds: a file of that moment may have changed after git looked. */
  readonly newest: bigint;
  /** Paths as they come by in the listing. */
  readonly met: Set<Bytes>;
  readonly changed: Set<Bytes>;
  readonly suspects: { readonly entry: Entry; readonly entryInIndex: IndexEntry }[];
  untracked: number;
}

/** By the directory they are in: linked work trees share them. */
type Refs = Map<Bytes, Map<Bytes, string>>;

export interface FoundCheckouts {
  readonly resources: CheckoutResource[];
  readonly unread: { readonly fact: string; readonly reason: string }[];
}

/** `listing` gives every entry again; `attach` keeps the text of a change. */
export async function findCheckouts(input: {
  readonly source: Host;
  readonly marks: readonly Bytes[];
  readonly entries: ReadonlyMap<Bytes, Entry>;
  readonly listing: () => AsyncIterable<readonly Entry[]>;
  readonly attach: (content: Uint8Array) => { readonly from: string };
}): Promise<FoundCheckouts> {
  const unread: { fact: string; reason: string }[] = [];
  const files = new Files(input.source);
  const places = await findPlaces(input.marks, input.entries, files);
  if (places.length > mostCheckouts) {
    unread.push({ fact: 'checkouts', reason: `only the first ${mostCheckouts} were looked at` });
    places.length = mostCheckouts;
  }
  const checkouts: Checkout[] = [];
  const refs: Refs = new Map();
  const room = { entries: mostIndexed };
  for (let at = 0; at < places.length; at += placesAtOnce) {
    checkouts.push(...(await openSome(places.slice(at, at + placesAtOnce), input.marks, files, refs, room)));
  }
  if (files.reason !== null) unread.push({ fact: 'checkouts', reason: files.reason });
  if (checkouts.length === 0) return { resources: [], unread };
  const met = await walk(checkouts, input.listing());
  await readLooseRefs(met.refs, refs, files);
  await settleDoubts(checkouts, files);
  const asked = await askGit(input.source, checkouts, met.about);
  if (asked.reason !== null) unread.push({ fact: 'checkouts', reason: asked.reason });
  const resources = checkouts.map((one) => resourceOf(one, asked.of(one), input.attach));
  return { resources, unread };
}

/** Small files by ranges: nothing is followed, wherever a `.git` file points. */
class Files {
  readonly #source: Host;
  reason: string | null = null;

  constructor(source: Host) {
    this.#source = source;
  }

  async read(paths: Iterable<Bytes>, length: number): Promise<Map<Bytes, Buffer>> {
    const ranges = [...new Set(paths)]
      .filter((path) => path.startsWith('/') && !path.includes('\0'))
      .map((path) => ({ path, offset: 0, length }));
    const answer = await readRanges(this.#source, ranges);
    if (!answer.known) {
      this.reason = answer.reason;
      return new Map();
    }
    return new Map([...answer.value].map(([{ path }, content]) => [path, content]));
  }
}

interface FoundPlace {
  readonly path: Bytes;
  readonly directory: Bytes;
  readonly isBare: boolean;
}

function resolve(from: Bytes, path: Bytes): Bytes {
  const parts: Bytes[] = [];
  for (const part of (path.startsWith('/') ? path : `${from}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

async function findPlaces(
  marks: readonly Bytes[],
  entries: ReadonlyMap<Bytes, Entry>,
  files: Files,
): Promise<FoundPlace[]> {
  const places: FoundPlace[] = [];
  const linked: Bytes[] = [];
  for (const path of marks) {
    if (keptByTools.test(path)) continue;
    const type = entries.get(path)?.type;
    if (path.endsWith('/.git')) {
      if (type === 'd') places.push({ path: parentOf(path), directory: path, isBare: false });
      else if (type === 'f') linked.push(path);
    } else if (path.endsWith('/HEAD') && type === 'f' && !/\/\.git\/|\/(logs|refs)\//.test(path)) {
      places.push({ path: parentOf(path), directory: parentOf(path), isBare: true });
    }
  }
  const contents = await files.read(linked, 8192);
  for (const path of linked) {
    const target = parseGitFile(contents.get(path)?.toString('latin1') ?? '');
    const directory = target === null ? null : resolve(parentOf(path), target);
    if (directory !== null) places.push({ path: parentOf(path), directory, isBare: false });
  }
  return places.sort((one, other) => (one.path < other.path ? -1 : 1));
}

async function openSome(
  places: readonly FoundPlace[],
  marks: readonly Bytes[],
  files: Files,
  refs: Refs,
  room: { entries: number },
): Promise<Checkout[]> {
  const heads = await files.read(
    places.flatMap(({ directory }) => [`${directory}/HEAD`, `${directory}/commondir`]),
    8192,
  );
  const text = (contents: ReadonlyMap<Bytes, Buffer>, path: Bytes) =>
    contents.get(path)?.toString('latin1') ?? '';
  const opened = places.flatMap((place) => {
    const head = parseHead(text(heads, `${place.directory}/HEAD`));
    if (head === null) return [];
    const other = text(heads, `${place.directory}/commondir`).trim();
    return [{ ...place, head, common: other === '' ? place.directory : resolve(place.directory, other) }];
  });
  const ignores = ignoreFilesOf(opened, marks);
  const large = await files.read(
    opened.flatMap(({ directory, common }) => [`${directory}/index`, `${common}/packed-refs`]),
    largest,
  );
  const small = await files.read(
    opened.flatMap(({ path, common }) => [
      ...['config', 'logs/refs/stash', 'info/exclude', 'info/attributes'].map((name) => `${common}/${name}`),
      `${path}/.gitattributes`,
    ]),
    largestText,
  );
  const rules = await files.read(
    opened.flatMap(({ path }) => ignores.get(path) ?? []),
    largestRules,
  );
  const contents = new Map([...large, ...small, ...rules]);
  return opened.flatMap((place): Checkout[] => {
    const { path, directory, common, head } = place;
    const settings = parseGitConfig(text(contents, `${common}/config`));
    if (place.isBare && settingOf(settings, 'core', 'bare')?.toLowerCase() !== 'true') return [];
    const sums = settingOf(settings, 'extensions', 'objectformat') === 'sha256' ? 'sha256' : 'sha1';
    const doubts: string[] = [];
    const index = new Map<Bytes, IndexEntry>();
    let newest = 0n;
    const indexed = place.isBare ? undefined : contents.get(`${directory}/index`);
    try {
      if (indexed !== undefined && indexed.length === largest) throw new Error('it is too large');
      const parsed = indexed === undefined ? [] : parseGitIndex(indexed, sums === 'sha1' ? 20 : 32);
      room.entries -= parsed.length;
      if (room.entries < 0) throw new Error('there are too many files in all checkouts');
      for (const one of parsed) {
        index.set(one.path, one);
        const time = BigInt(one.seconds) * 1_000_000_000n + BigInt(one.nanoseconds);
        if (time > newest) newest = time;
      }
    } catch (error) {
      doubts.push(`its index could not be read: ${(error as Error).message}`);
    }
    if (settingOf(settings, 'extensions', 'refstorage')?.toLowerCase() === 'reftable')
      doubts.push('its refs are in a form that is not read here');
    const ignored = (ignores.get(path) ?? []).map(
      (file) => [parentOf(file).slice(path.length + 1), text(contents, file)] as const,
    );
    const packed = refs.get(common) ?? parsePackedRefs(text(contents, `${common}/packed-refs`));
    refs.set(common, packed);
    const attributes = `${text(contents, `${path}/.gitattributes`)}\n${text(contents, `${common}/info/attributes`)}`;
    return [
      {
        path,
        isBare: place.isBare,
        directory,
        common,
        settings,
        head,
        index,
        doubts,
        ignore: new GitIgnore(new Map(ignored), text(contents, `${common}/info/exclude`)),
        refs: packed,
        stashes: text(contents, `${common}/logs/refs/stash`).split('\n').filter(Boolean).length,
        usesLfs: /(^|\s)filter=lfs(\s|$)/m.test(attributes),
        sums,
        newest,
        met: new Set(),
        changed: new Set(),
        suspects: [],
        untracked: 0,
      },
    ];
  });
}

/** `.gitignore` files by the work tree they are in. */
function ignoreFilesOf(places: readonly FoundPlace[], marks: readonly Bytes[]): Map<Bytes, Bytes[]> {
  const found = new Map<Bytes, Bytes[]>();
  const tops = new Set(places.filter(({ isBare }) => !isBare).map(({ path }) => path));
  for (const mark of marks) {
    if (!mark.endsWith('/.gitignore')) continue;
    for (let at = parentOf(mark); ; at = parentOf(at)) {
      if (tops.has(at)) {
        const list = found.get(at) ?? [];
        if (list.length < 2000) list.push(mark);
        found.set(at, list);
        break;
      }
      if (at === '/') break;
    }
  }
  return found;
}

/** Repositories and work trees themselves, to see whose they are; and refs in files of their own. */
interface Met {
  readonly about: ReadonlyMap<Bytes, Entry>;
  /** Where they are kept, and their names, by path. */
  readonly refs: ReadonlyMap<Bytes, readonly [common: Bytes, name: Bytes]>;
}

async function walk(checkouts: readonly Checkout[], listing: AsyncIterable<readonly Entry[]>): Promise<Met> {
  const tops = new Map(checkouts.filter(({ isBare }) => !isBare).map((one) => [one.path, one]));
  const commons = new Set(checkouts.map(({ common }) => common));
  const wanted = new Set<Bytes>();
  for (const one of checkouts) {
    for (const path of [one.path, one.directory, one.common, `${one.common}/config`]) wanted.add(path);
  }
  const about = new Map<Bytes, Entry>();
  const refs = new Map<Bytes, readonly [common: Bytes, name: Bytes]>();
  const owners = new Map<Bytes, Checkout | null>();
  const ownerOf = (directory: Bytes): Checkout | null => {
    const known = owners.get(directory);
    if (known !== undefined) return known;
    const found = tops.get(directory) ?? (directory === '/' ? null : ownerOf(parentOf(directory)));
    owners.set(directory, found);
    return found;
  };
  for await (const some of listing) {
    for (const entry of some) {
      const { path } = entry;
      if (wanted.has(path)) about.set(path, entry);
      if (entry.type === 'f') {
        for (let at = path.indexOf('/refs/'); at !== -1; at = path.indexOf('/refs/', at + 1)) {
          const common = path.slice(0, at);
          if (commons.has(common)) refs.set(path, [common, path.slice(at + 1)]);
        }
      }
      if (entry.type === 'd') continue;
      const checkout = ownerOf(parentOf(path));
      if (checkout !== null)
        meet(checkout, path.slice(checkout.path === '/' ? 1 : checkout.path.length + 1), entry);
    }
  }
  return { about, refs };
}

/** How long a file system may write the same time for. Nanoseconds. */
const moment = 10_000_000n;

function meet(checkout: Checkout, path: Bytes, entry: Entry): void {
  if (path === '.git' || path.startsWith('.git/')) return;
  const known = checkout.index.get(path);
  if (known === undefined) {
    // Without an index nobody can say what belongs to it.
    const isLoose = entry.type === 'f' || entry.type === 'l';
    if (
      isLoose &&
      checkout.doubts.length === 0 &&
      !isBelowSparse(checkout, path) &&
      !checkout.ignore.ignores(path)
    )
      checkout.untracked += 1;
    return;
  }
  checkout.met.add(path);
  if (known.kind === 'submodule' || known.stage !== 0) return;
  if ((known.kind === 'link') !== (entry.type === 'l') || (known.kind === 'file') !== (entry.type === 'f')) {
    checkout.changed.add(path);
    return;
  }
  const modes = settingOf(checkout.settings, 'core', 'filemode')?.toLowerCase() !== 'false';
  if (
    known.isIntended ||
    (modes && known.kind === 'file' && known.isExecutable !== ((entry.mode & 0o100) !== 0))
  ) {
    checkout.changed.add(path);
    return;
  }
  const size = entry.size % 2 ** 32;
  const time = BigInt(known.seconds) * 1_000_000_000n + BigInt(known.nanoseconds);
  const listed = known.nanoseconds === 0 ? entry.mtime - (entry.mtime % 1_000_000_000n) : entry.mtime;
  if (size === known.size && listed === time && time < checkout.newest - moment) return;
  // git writes 0 where it must look again.
  if (size !== known.size && known.size !== 0) checkout.changed.add(path);
  else checkout.suspects.push({ entry, entryInIndex: known });
}

/** A sparse index names whole directories that are not there. */
function isBelowSparse(checkout: Checkout, path: Bytes): boolean {
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1))
    if (checkout.index.get(path.slice(0, at + 1))?.kind === 'directory') return true;
  return false;
}

async function readLooseRefs(loose: Met['refs'], refs: Refs, files: Files): Promise<void> {
  const contents = await files.read(loose.keys(), 128);
  for (const [path, [common, name]] of loose) {
    const commit = parseRef(contents.get(path)?.toString('latin1') ?? '');
    if (commit !== null) refs.get(common)?.set(name, commit);
  }
}

/** Compares contents where size is equal and times are not. What is too much to read counts by its times. */
async function settleDoubts(checkouts: readonly Checkout[], files: Files): Promise<void> {
  let left = doubtAll;
  const read: { checkout: Checkout; entry: Entry; known: IndexEntry }[] = [];
  for (const checkout of checkouts) {
    for (const { entry, entryInIndex: known } of checkout.suspects) {
      if (entry.type === 'l') {
        if (blobSum(checkout, Buffer.from(entry.target ?? '', 'latin1')) !== known.object)
          checkout.changed.add(known.path);
      } else if (entry.size <= doubtEach && entry.size <= left) {
        left -= entry.size;
        read.push({ checkout, entry, known });
      } else if (BigInt(known.seconds) !== entry.mtime / 1_000_000_000n) checkout.changed.add(known.path);
    }
  }
  const contents = await files.read(
    read.map(({ entry }) => entry.path),
    doubtEach + 1,
  );
  for (const { checkout, entry, known } of read) {
    const content = contents.get(entry.path);
    if (content === undefined || blobSum(checkout, content) !== known.object)
      checkout.changed.add(known.path);
  }
}

function blobSum(checkout: Checkout, content: Buffer): string {
  return createHash(checkout.sums).update(`blob ${content.length}\0`).update(content).digest('hex');
}

function resourceOf(
  checkout: Checkout,
  asked: AskedOfGit | string,
  attach: (content: Uint8Array) => { readonly from: string },
): CheckoutResource {
  const { head, refs, settings, index } = checkout;
  const changed = new Set(checkout.changed);
  const submodules: string[] = [];
  for (const [path, one] of index) {
    if (one.kind === 'submodule') submodules.push(quote(path));
    else if (one.stage !== 0) changed.add(path);
    else if (!one.isSkipped && one.kind !== 'directory' && !checkout.met.has(path)) changed.add(path);
  }
  const notes = [...checkout.doubts];
  let unpushed: number;
  let patch: { readonly from: string } | null = null;
  if (typeof asked === 'string') {
    const pushed = new Set(
      [...refs].filter(([name]) => name.startsWith('refs/remotes/')).map(([, tip]) => tip),
    );
    const tips = [...refs].filter(([name]) => name.startsWith('refs/heads/')).map(([, tip]) => tip);
    if (head !== null && 'commit' in head) tips.push(head.commit);
    unpushed = new Set(tips.filter((tip) => !pushed.has(tip))).size;
    if (unpushed > 0) notes.push(`at least so many commits are not pushed: ${asked}`);
    else if (changed.size > 0) notes.push(`the change itself is not kept: ${asked}`);
  } else {
    unpushed = asked.unpushed;
    for (const path of asked.staged) changed.add(path);
    if (asked.patch !== null && asked.patch.length > 0) patch = attach(asked.patch);
    if (asked.withheld !== '' && changed.size > 0)
      notes.push(`the change itself is not kept: ${asked.withheld}`);
  }
  const remotes = settings.flatMap(({ section, name, key, value }) =>
    section === 'remote' && name !== null && key === 'url'
      ? [{ name: name.includes('://') ? publicAddress(name) : quote(name), url: publicAddress(value) }]
      : [],
  );
  const commit = head === null ? undefined : 'commit' in head ? head.commit : refs.get(head.ref);
  return {
    checkout: quote(checkout.path),
    remotes,
    ...(head !== null && 'ref' in head ? { branch: quote(head.ref.replace(/^refs\/heads\//, '')) } : {}),
    ...(commit === undefined ? {} : { commit }),
    unpushed,
    changed: changed.size,
    untracked: checkout.untracked,
    stashes: checkout.stashes,
    ...(submodules.length === 0 ? {} : { submodules: submodules.sort() }),
    ...(checkout.usesLfs ? { lfs: true as const } : {}),
    ...(patch === null ? {} : { patch: patch.from }),
    ...(checkout.isBare
      ? { note: ['a bare repository', ...notes].join('; ') }
      : notes.length > 0
        ? { note: notes.join('; ') }
        : {}),
  };
}
