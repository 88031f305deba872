/** Stacks of languages: reads lockfiles and what lies beside them, and picks installed pieces out of the listing. */
import { createHash } from 'node:crypto';
import { parentOf, quote } from '../bytes.ts';
import { objectOf, parsed } from '../decide/stack-locks.ts';
import { filesForStacks, type Installed, stackResources } from '../decide/stacks.ts';
import type { Elf } from '../facts/elf.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, Entry, Facts, StackResource } from '../types.ts';
import { readSmallFiles } from './read.ts';

/** Bytes; lockfiles of large projects have a few MiB. */
const limitEach = 16 * 1024 ** 2;
const filesAtOnce = 5000;
/** What is asked for in one go, and what is held of all lockfiles together; what is over is named. Bytes. */
const bytesAtOnce = 32 * 1024 ** 2;
const bytesHeld = 64 * 1024 ** 2;
/** Pieces kept of one tree, and trees; what is over is named. */
const mostPieces = 3000;
const mostTrees = 5000;

export async function findStacks(input: {
  readonly source: Host;
  readonly facts: Facts;
  readonly marks: readonly Bytes[];
  /** Of the marks, for their sizes. */
  readonly entries: ReadonlyMap<Bytes, Entry>;
  readonly programs: ReadonlyMap<Bytes, Elf>;
  readonly listing: () => AsyncIterable<readonly Entry[]>;
}): Promise<{ resources: StackResource[]; unread: { fact: string; reason: string }[] }> {
  const { source, facts, marks } = input;
  const owned = facts.owned.known ? facts.owned.value : new Map<Bytes, string>();
  const isOwned = (path: Bytes) => owned.has(path);
  const wanted = filesForStacks(marks, isOwned);
  const contents = new Map<Bytes, Bytes>();
  const sums = new Map<Bytes, string>();
  const unread: { fact: string; reason: string }[] = [];
  const cut = (what: string): void => {
    if (!unread.some(({ reason }) => reason === what)) unread.push({ fact: 'stacks', reason: what });
  };
  let held = 0;
  for (const some of inPortions(wanted, input.entries)) {
    for (const [path, content] of await readSmallFiles(source, some, limitEach)) {
      sums.set(path, createHash('sha256').update(content).digest('hex'));
      held += content.length;
      if (held <= bytesHeld) contents.set(path, content.toString('latin1'));
      else cut(`lockfiles over ${bytesHeld / 1024 ** 2} MiB together were not looked into`);
    }
  }
  const resources = stackResources({
    marks,
    isOwned,
    contents,
    sums,
    installed: await findInstalledPieces(source, isOwned, marks, input.listing(), cut),
    go: [...input.programs].flatMap(([path, { go }]) =>
      go === null ? [] : [{ ...go, path, package: go.path }],
    ),
    packages: facts.packages.known ? facts.packages.value : [],
    units: facts.units.known ? facts.units.value : [],
  });
  return { resources, unread };
}

/** So many at once that an answer fits in memory. A file whose size is not known is taken for a small one. */
export function* inPortions(
  paths: readonly Bytes[],
  entries: ReadonlyMap<Bytes, Pick<Entry, 'size'>>,
): Generator<Bytes[]> {
  let portion: Bytes[] = [];
  let bytes = 0;
  for (const path of paths) {
    const size = Math.min(entries.get(path)?.size ?? 4096, limitEach);
    if (portion.length > 0 && (portion.length >= filesAtOnce || bytes + size > bytesAtOnce)) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(path);
    bytes += size;
  }
  if (portion.length > 0) yield portion;
}

/** `name-version` in names of directories and files that managers leave beside what they installed. */
const distribution =
  /^(\/.*\/(?:site|dist)-packages)\/([A-Za-z0-9_.]+)-([A-Za-z0-9_.!+]+?)(?:-py\d\.\d+)?\.(?:dist|egg)-info$/;
const gem =
  /^(\/.*\/gems\/\d[^/]*)\/specifications\/([A-Za-z0-9_.-]+)-(\d[A-Za-z0-9_.]*)(?:-[a-z0-9_-]+)?\.gemspec$/;
const globalNode = /^(\/usr\/local\/lib\/node_modules)\/((?:@[^/]+\/)?[^/@.][^/]*)\/package\.json$/;

async function findInstalledPieces(
  source: Host,
  isOwned: (path: Bytes) => boolean,
  marks: readonly Bytes[],
  listing: AsyncIterable<readonly Entry[]>,
  cut: (what: string) => void,
): Promise<Installed> {
  const python = new Map<Bytes, string[]>();
  const ruby = new Map<Bytes, string[]>();
  const nodePackages: Bytes[] = [];
  const add = (into: Map<Bytes, string[]>, tree: Bytes, piece: string): void => {
    const list = into.get(tree) ?? [];
    if (list.length < mostPieces) list.push(piece);
    else cut(`of one tree only the first ${mostPieces} packages were looked at`);
    if (into.size < mostTrees || into.has(tree)) into.set(tree, list);
    else cut(`only the first ${mostTrees} trees of packages were looked at`);
  };
  for await (const some of listing) {
    for (const { path, type } of some) {
      if (path.endsWith('-info')) {
        const match = distribution.exec(path);
        if (match !== null && !isOwned(path)) add(python, match[1] as string, `${match[2]} ${match[3]}`);
      } else if (path.endsWith('.gemspec') && type === 'f') {
        const match = gem.exec(path);
        if (match !== null && !isOwned(path) && !path.includes('/vendor/'))
          add(ruby, match[1] as string, `${match[2]} ${match[3]}`);
      } else if (path.startsWith('/usr/local/lib/node_modules/') && globalNode.test(path)) {
        if (nodePackages.length < mostPieces) nodePackages.push(path);
        else cut(`of one tree only the first ${mostPieces} packages were looked at`);
      }
    }
  }
  const crates = marks.filter((path) => path.endsWith('/.crates2.json'));
  const contents = await readSmallFiles(source, [...nodePackages, ...crates], limitEach);
  const node = new Map<Bytes, string[]>();
  for (const path of nodePackages) {
    const match = globalNode.exec(path) as RegExpExecArray;
    const { version } = objectOf(parsed(contents.get(path)?.toString('utf8') ?? ''));
    const shown = typeof version === 'string' && /^[\x21-\x7e]{1,60}$/.test(version) ? version : '';
    add(node, match[1] as string, `${quote(match[2] as string)} ${shown}`.trim());
  }
  const rust = new Map<Bytes, string[]>();
  for (const path of crates) {
    const { installs } = objectOf(parsed(contents.get(path)?.toString('utf8') ?? ''));
    for (const name of Object.keys(objectOf(installs))) {
      const match = /^([A-Za-z0-9_-]{1,100}) (\d[\x21-\x7e]{0,60}) \(/.exec(name);
      if (match !== null) add(rust, parentOf(path), `${match[1]} ${match[2]}`);
    }
  }
  return { python, ruby, node, rust };
}
