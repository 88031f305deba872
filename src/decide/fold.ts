/**
 * Folds the rulings of all paths into few verdicts: a directory speaks for what is in it, and only what differs
 * is named. Works on a stream in find's order (a directory before its contents); a directory is closed when the
 * listing has left it, and forgotten when it says what the one above says, so that memory grows with the number of
 * exceptions, not of files or directories.
 *
 * What a directory says to names nobody has seen yet must be safe: where a new file would be data, the directory
 * says data, even when most files in it now are something else.
 */
import { parentOf } from '../bytes.ts';
import type { Bytes, Class, Entry, Verdict } from '../types.ts';
import type { Ruling } from './ruling.ts';
import { sameVerdict } from './ruling.ts';

interface Sum {
  files: number;
  bytes: number;
}
interface Named {
  readonly path: Bytes;
  readonly ruling: Ruling;
  readonly bytes: number;
  readonly counts: boolean;
}
interface Directory {
  readonly path: Bytes;
  readonly own: Ruling | null;
  /** Of everything below, by ruling. */
  readonly sums: Map<Ruling, Sum>;
  names: Named[];
  children: Directory[];
  /** What it says to its contents; set when it is closed. */
  says: Ruling | null;
}

export interface FoldAdvice {
  /** What a new file in the directory would be. */
  childRuling(directory: Bytes): Ruling;
  isPackagedDirectory(directory: Bytes): boolean;
}

export type ClassCounts = Record<Class, { files: number; bytes: number }>;

/** Bytes that a file takes on its disk. */
export function onDisk(entry: Pick<Entry, 'blocks'>): number {
  return entry.blocks * 512;
}

function under(path: Bytes, directory: Bytes): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** Where nothing may be taken for granted about names that were not there. */
const unseen: Ruling = {
  class: 'undecided',
  carry: 'none',
  rule: 'undecided.unseen',
  reason: 'was not there when it was scanned',
  evidence: 'no rule speaks for its place',
};

export class Fold {
  readonly #advice: FoldAdvice;
  readonly #root: Directory;
  readonly #open: Directory[];
  readonly #all = new Map<Bytes, Directory>();
  /** Hard links by device: content counts once. */
  readonly #linked = new Map<number, Set<number>>();
  readonly #counts = new Map<Class, Sum>();
  readonly #devices = new Map<number, number>();
  /** Directories that the listing comes back to: other file systems are mounted at or below them. */
  readonly #pinned = new Set<Bytes>();

  /** `roots` of the listing, in any order. */
  constructor(advice: FoldAdvice, roots: readonly Bytes[] = []) {
    this.#advice = advice;
    this.#root = this.#make('/', null);
    this.#open = [this.#root];
    for (const root of roots) for (let at = root; at !== '/'; at = parentOf(at)) this.#pinned.add(at);
  }

  #make(path: Bytes, own: Ruling | null): Directory {
    const made: Directory = { path, own, sums: new Map(), names: [], children: [], says: null };
    this.#all.set(path, made);
    return made;
  }

  /** Takes the next entry of the listing. Directories count as no file, but with their bytes. */
  add(entry: Entry, ruling: Ruling): void {
    let bytes = onDisk(entry);
    if (entry.links > 1 && entry.type !== 'd' && this.#isSeen(entry)) bytes = 0;
    const files = entry.type === 'd' ? 0 : 1;
    count(this.#counts, ruling.class, files, bytes);
    this.#devices.set(entry.device, (this.#devices.get(entry.device) ?? 0) + bytes);
    if (entry.path === '/') return;
    this.#leave(parentOf(entry.path));
    const parent = this.#open.at(-1) as Directory;
    if (entry.type === 'd') {
      const known = this.#all.get(entry.path);
      if (known !== undefined) {
        this.#open.push(known);
        return;
      }
      const directory = this.#make(entry.path, ruling);
      parent.children.push(directory);
      if (ruling.single === true) {
        parent.names.push({ path: entry.path, ruling, bytes: 0, counts: false });
      } else {
        count(directory.sums, ruling, 0, bytes);
      }
      this.#open.push(directory);
      return;
    }
    if (ruling.single !== true) count(parent.sums, ruling, 1, bytes);
    if (parent.says === null || ruling.single === true || !sameVerdict(ruling, parent.says)) {
      parent.names.push({ path: entry.path, ruling, bytes, counts: true });
    }
  }

  /** Whether another name of the same content was counted already. */
  #isSeen(entry: Entry): boolean {
    let inodes = this.#linked.get(entry.device);
    if (inodes === undefined) {
      inodes = new Set();
      this.#linked.set(entry.device, inodes);
    }
    if (inodes.has(entry.inode)) return true;
    inodes.add(entry.inode);
    return false;
  }

  /** Whether a directory was seen and has something of its own to say. */
  has(directory: Bytes): boolean {
    return this.#all.has(directory);
  }

  /** Bytes that were counted on each device, by the number that stat(2) gives. */
  devices(): ReadonlyMap<number, number> {
    return this.#devices;
  }

  /** Closes directories until the open one is `path`, opening those that the listing skipped. */
  #leave(path: Bytes): void {
    while (this.#open.length > 1 && !under(path, (this.#open.at(-1) as Directory).path)) {
      const left = this.#open.pop() as Directory;
      if (!this.#pinned.has(left.path)) this.#close(left);
    }
    const top = this.#open.at(-1) as Directory;
    if (top.path === path) return;
    const missing: Bytes[] = [];
    for (let at = path; at !== top.path; at = parentOf(at)) missing.unshift(at);
    for (const one of missing) {
      const parent = this.#open.at(-1) as Directory;
      let directory = this.#all.get(one);
      if (directory === undefined) {
        directory = this.#make(one, null);
        parent.children.push(directory);
      }
      this.#open.push(directory);
    }
  }

  #close(directory: Directory): void {
    if (directory.says !== null) return;
    directory.says = this.#decide(directory);
    this.#compact(directory);
    const parent = this.#all.get(parentOf(directory.path)) ?? this.#root;
    for (const [ruling, sum] of directory.sums) count(parent.sums, ruling, sum.files, sum.bytes);
  }

  /**
   * Forgets the directories in this one that say the same and nothing else. Right inside an undecided tree they
   * stay, with nothing below them: a person may decide about some of them.
   */
  #forget(directory: Directory, says: Ruling): void {
    directory.children = directory.children.filter((child) => {
      const saysSame = child.says !== null && sameVerdict(child.says, says);
      if (!saysSame || child.names.length > 0) return true;
      if (says.class === 'undecided') {
        if (child.says !== null) this.#forgetBelow(child, child.says);
        return true;
      }
      if (child.children.length > 0) return true;
      this.#all.delete(child.path);
      return false;
    });
  }

  #forgetBelow(directory: Directory, says: Ruling): void {
    directory.children = directory.children.filter((child) => {
      const isPlain =
        child.says !== null &&
        sameVerdict(child.says, says) &&
        child.names.length === 0 &&
        child.children.length === 0 &&
        !isEmpty(child);
      if (isPlain) this.#all.delete(child.path);
      return !isPlain;
    });
  }

  /** Names that say the same as their directory need not be remembered. */
  #compact(directory: Directory): void {
    const says = directory.says as Ruling;
    directory.names = directory.names.filter(
      ({ ruling }) => ruling.single === true || !sameVerdict(ruling, says),
    );
    this.#forget(directory, says);
  }

  #decide(directory: Directory): Ruling {
    const fresh = this.#advice.childRuling(directory.path);
    let best: Ruling | null = null;
    let most: Sum = { files: -1, bytes: -1 };
    let data = false;
    for (const [ruling, sum] of directory.sums) {
      if (ruling.carry === 'stream' && sum.files > 0) data = true;
      const more =
        sum.files > most.files ||
        (sum.files === most.files && sum.bytes > most.bytes) ||
        (sum.files === most.files && sum.bytes === most.bytes && best !== null && ruling.rule < best.rule);
      if (more) [best, most] = [ruling, sum];
    }
    const isCarried = fresh.carry === 'stream' || fresh.carry === 'dump';
    const isEmpty = most.files <= 0;
    // A program in /opt that a package brought: nothing in it is data, and nobody else writes there.
    const isPackage =
      !data && best?.rule.startsWith('package.') === true && this.#advice.isPackagedDirectory(directory.path);
    if (isCarried && (isEmpty || !isPackage)) return fresh;
    // The top of the tree, /var, /mnt: what a package brings is not undecided, only what somebody puts there.
    const isTop = directory.path === '/' || this.#advice.isPackagedDirectory(directory.path);
    if (fresh.rule === 'undecided.rest' && !isEmpty) return isTop ? unseen : fresh;
    if (isEmpty && directory.own !== null && directory.own.single !== true) return directory.own;
    return best ?? fresh;
  }

  /**
   * Corrects what was taken for granted while listing: the path has this ruling, not the one that was added. A
   * path that was never seen (a removed file) gets a verdict of its own.
   */
  amend(path: Bytes, before: Ruling | null, ruling: Ruling, bytes: number): void {
    let above = parentOf(path);
    while (above !== '/' && !this.#all.has(above)) above = parentOf(above);
    const directory = this.#all.get(above) ?? this.#root;
    if (before !== null) {
      count(this.#counts, before.class, -1, -bytes);
      count(this.#counts, ruling.class, 1, bytes);
      if (before.single !== true) this.#discount(directory, before, bytes);
    }
    directory.names = directory.names.filter((name) => name.path !== path);
    directory.names.push({ path, ruling: { ...ruling, single: true }, bytes, counts: true });
  }

  /** A directory that is closed has told the one above of everything below it. */
  #discount(directory: Directory, ruling: Ruling, bytes: number): void {
    for (let at: Directory | undefined = directory; at !== undefined; at = this.#all.get(parentOf(at.path))) {
      if (at.sums.has(ruling)) count(at.sums, ruling, -1, -bytes);
      if (at.says === null || at.path === '/') return;
    }
  }

  /** Closes everything and gives the verdicts, sorted by path; a tree before its exceptions. */
  finish(): { verdicts: Verdict[]; classes: ClassCounts } {
    while (this.#open.length > 1) {
      const left = this.#open.pop() as Directory;
      if (!this.#pinned.has(left.path)) this.#close(left);
    }
    const deepestFirst = [...this.#pinned].sort((left, right) => right.length - left.length);
    for (const path of deepestFirst) {
      const directory = this.#all.get(path);
      if (directory !== undefined) this.#close(directory);
    }
    const root = this.#root;
    root.says = unseen;
    this.#compact(root);
    const verdicts: Verdict[] = [];
    collect(root, null, verdicts);
    verdicts.sort((left, right) =>
      left.path < right.path ? -1 : left.path > right.path ? 1 : left.scope < right.scope ? 1 : -1,
    );
    return { verdicts, classes: this.#classes() };
  }

  #classes(): ClassCounts {
    const of = (name: Class) => ({ files: 0, bytes: 0, ...this.#counts.get(name) });
    return {
      immutable: of('immutable'),
      edited: of('edited'),
      mutable: of('mutable'),
      secret: of('secret'),
      identity: of('identity'),
      ephemeral: of('ephemeral'),
      undecided: of('undecided'),
    };
  }
}

function count<K>(sums: Map<K, Sum>, key: K, files: number, bytes: number): void {
  const sum = sums.get(key);
  if (sum === undefined) sums.set(key, { files, bytes });
  else {
    sum.files += files;
    sum.bytes += bytes;
  }
}

function verdictOf(path: Bytes, scope: Verdict['scope'], ruling: Ruling, sum: Sum): Verdict {
  const { class: made, carry, rule, reason, evidence } = ruling;
  return { path, scope, class: made, carry, rule, reason, evidence, bytes: sum.bytes, files: sum.files };
}

/** A directory without any file: there is nothing to decide about. */
const emptyData: Ruling = {
  class: 'mutable',
  carry: 'stream',
  rule: 'place.empty',
  reason: 'empty directory that somebody made',
  evidence: 'nothing is in it',
};
const emptySystem: Ruling = { ...emptyData, class: 'ephemeral', carry: 'none', reason: 'empty directory' };

function isEmpty(directory: Directory): boolean {
  return (
    directory.names.length === 0 &&
    [...directory.sums.values()].every(({ files }) => files <= 0) &&
    directory.children.every(isEmpty)
  );
}

/**
 * Gives the nearest directories below (and with) `directory` that have a verdict of their own. A directory right
 * inside an undecided tree has one, too: a person may decide about some of them and not about others.
 */
function collect(directory: Directory, above: Ruling | null, into: Verdict[], isInTop = false): Directory[] {
  let says = directory.says as Ruling;
  if (above !== null && says.closed !== true && isEmpty(directory)) {
    if (says.class === 'undecided') says = says.rule === 'undecided.system' ? emptySystem : emptyData;
    if (says.class === above.class && says.carry === above.carry) says = above;
  }
  const isNew = above === null || !sameVerdict(says, above);
  const isTop = isNew && says.class === 'undecided' && says !== unseen;
  const below = directory.children.flatMap((child) => collect(child, says, into, isTop));
  for (const name of directory.names) {
    into.push(verdictOf(name.path, 'path', name.ruling, { files: name.counts ? 1 : 0, bytes: name.bytes }));
  }
  if (!isNew && !(isInTop && says.class === 'undecided')) return below;
  const sum = total(directory, says);
  for (const other of below) {
    const taken = total(other, says);
    sum.files -= taken.files;
    sum.bytes -= taken.bytes;
  }
  into.push(verdictOf(directory.path, 'tree', says, sum));
  return [directory];
}

/** Everything below a directory that one ruling speaks for. */
function total(directory: Directory, says: Ruling): Sum {
  const sum = { files: 0, bytes: 0 };
  for (const [ruling, own] of directory.sums) {
    if (!sameVerdict(ruling, says)) continue;
    sum.files += own.files;
    sum.bytes += own.bytes;
  }
  return sum;
}
