/**
 * carry: the one data path. A canonical sorted listing of entries, the changes between two listings, the content
 * stream of what changed.
 *
 * Rules of this folder:
 * - no service knowledge; what is carried is told by a predicate;
 * - every name from a server is hostile;
 * - nothing is taken as unchanged that could have changed; nothing torn is called good;
 * - memory does not grow with the content, and with the number of entries only where a comment says so.
 */
import { Failure } from '../failure.ts';
import type { Channel, Host } from '../host/host.ts';
import { onHost } from '../host/host.ts';
import type { Argv, Bytes, Entry, EntryType } from '../types.ts';
import { sortByPath } from './order.ts';
import { namesOf } from './owner-names.ts';

export interface ListTree {
  /** Absolute paths. They may overlap: every path is listed once. */
  readonly roots: readonly Bytes[];
  /** Absolute paths that are left out together with everything below them, unless a deeper root is given. */
  readonly prune?: readonly Bytes[];
  /** Go down into other file systems that are mounted below a root. Default false: `find -xdev`. */
  readonly crossMounts?: boolean;
  /** Leave the processor to the services of the host: nice(1) 10. For a listing that nobody waits for. */
  readonly nice?: boolean;
  /** Gets what find printed, as it comes, before it is parsed; awaited, so that a slow disk slows the listing down. */
  readonly keep?: (chunk: Buffer) => Promise<void>;
}

/** How a listing ended. What vanished between two system calls is no error; what could not be read is one. */
export interface ListingEnd {
  /** One line each, as find said it, for example `'/srv/x': Permission denied`. */
  readonly errors: readonly string[];
  readonly entries: number;
}

/** One field each, NUL after every field: names and link targets may hold anything else. See find(1), -printf. */
const format = '%y\\0%m\\0%U\\0%G\\0%u\\0%g\\0%s\\0%T@\\0%C@\\0%D\\0%i\\0%n\\0%b\\0%p\\0%l\\0';
const fieldCount = 15;

/**
 * The arguments of find come through stdin: a command line through ssh is one argument of a shell and may hold
 * no more than 128 KiB. `-x` makes xargs fail rather than cut the expression in two.
 */
const findByInput: Argv = ['xargs', '-0', '-x', '-n', '9999999', '-s', '1900000', 'find'];
const argumentBytes = 1_500_000;
/** Up to this many the answer is small enough for the persistent shell. */
const fewPaths = 2000;

/** For a list of paths without their trees xargs may call find as often as it likes. */
const statProgram: Argv = [
  'xargs',
  '-0',
  'sh',
  '-c',
  `exec find "$@" -maxdepth 0 -printf '${format}'`,
  'find',
];

/** What fnmatch(3) would take as a pattern is taken literally. */
function literal(path: Bytes): Bytes {
  return path.replaceAll(/[\\*?[\]]/g, '\\$&');
}

function below(path: Bytes, tree: Bytes): boolean {
  return path === tree || path.startsWith(tree === '/' ? '/' : `${tree}/`);
}

/**
 * Arguments of one find. A root inside another one is spelled with one more slash than the outer one, so that a
 * pattern that cuts it out of the walk of the outer root does not match in its own walk.
 */
export function findArguments(root: Bytes, request: ListTree): Bytes[] {
  const roots = [...new Set(request.roots)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const depths = new Map<Bytes, number>();
  const around = (path: Bytes, proper: boolean): Bytes | undefined => {
    let best: Bytes | undefined;
    for (const other of depths.keys()) {
      if (below(path, other) && !(proper && other === path) && (best?.length ?? -1) < other.length)
        best = other;
    }
    return best;
  };
  const spell = (depth: number, path: Bytes): Bytes =>
    path === '/' && depth === 0 ? onHost({ root }, '/') : root + '/'.repeat(depth) + path;
  const cuts: Bytes[] = [];
  for (const path of roots) {
    const outer = around(path, true);
    const depth = outer === undefined ? 0 : (depths.get(outer) as number) + 1;
    depths.set(path, depth);
    if (outer !== undefined) cuts.push(spell(depth - 1, path));
  }
  for (const path of new Set(request.prune ?? [])) {
    const outer = around(path, false);
    if (outer !== undefined) cuts.push(spell(depths.get(outer) as number, path));
  }
  return [
    ...roots.map((path) => spell(depths.get(path) as number, path)),
    ...(request.crossMounts === true ? [] : ['-xdev']),
    ...cuts.flatMap((path) => ['-path', literal(path), '-prune', '-o']),
    '-printf',
    format,
  ];
}

/** Nanoseconds from find's `%T@`. Before 1970 find prints the whole seconds and the positive rest side by side. */
export function findTime(text: string): bigint {
  const dot = text.indexOf('.');
  if (dot < 0) return BigInt(text) * 1_000_000_000n;
  const rest = text.slice(dot + 1, dot + 10).padEnd(9, '0');
  if (text.charCodeAt(0) !== 45) return BigInt(text.slice(0, dot) + rest);
  return BigInt(text.slice(0, dot)) * 1_000_000_000n + BigInt(rest);
}

const types = new Set('fdlpsbc');
const nanoseconds = 1_000_000_000n;

/** A number from its decimal digits; NaN where there is anything else. */
function decimal(data: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = (data[at] as number) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return to > from ? value : Number.NaN;
}

/** A time as find prints it, `1732705200.1234567890`; see `findTime` for those before 1970. */
function timeOf(data: Buffer, from: number, to: number): bigint {
  let dot = from;
  while (dot < to && data[dot] !== 46) dot += 1;
  if (to - dot < 10) return findTime(data.toString('latin1', from, to));
  const seconds = decimal(data, from, dot);
  const rest = decimal(data, dot + 1, dot + 10);
  if (!(seconds <= Number.MAX_SAFE_INTEGER) || Number.isNaN(rest))
    return findTime(data.toString('latin1', from, to));
  return BigInt(seconds) * nanoseconds + BigInt(rest);
}

/**
 * Turns the bytes of find's output into entries; chunks may end anywhere. Works on bytes: a string for each of fifteen
 * fields of a million paths costs more than all the rest, and a piece of a long string would keep the whole alive.
 */
export class ListingParser {
  readonly #root: Bytes;
  #rest: Buffer = Buffer.alloc(0);
  readonly #ends = new Int32Array(fieldCount);
  /** One string for each name; a name belongs to its number for as long as a listing takes. */
  readonly #users = new Map<number, string | null>();
  readonly #groups = new Map<number, string | null>();

  constructor(root: Bytes) {
    this.#root = root;
  }

  /** The entries that are whole with this chunk. */
  push(chunk: Buffer): Entry[] {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const ends = this.#ends;
    const entries: Entry[] = [];
    let begin = 0;
    let field = 0;
    for (let at = 0; at < data.length; at += 1) {
      if (data[at] !== 0) continue;
      ends[field] = at;
      field += 1;
      if (field < fieldCount) continue;
      entries.push(this.#entry(data, begin));
      begin = at + 1;
      field = 0;
    }
    this.#rest = Buffer.from(data.subarray(begin));
    return entries;
  }

  /** Whether the output ended between two entries. */
  get whole(): boolean {
    return this.#rest.length === 0;
  }

  #entry(data: Buffer, begin: number): Entry {
    const ends = this.#ends;
    const from = (field: number): number => (field === 0 ? begin : (ends[field - 1] as number) + 1);
    const to = (field: number): number => ends[field] as number;
    const number = (field: number): number => decimal(data, from(field), to(field));
    const type = String.fromCharCode(data[begin] as number) as EntryType;
    if (to(0) !== begin + 1 || !types.has(type))
      throw new Failure('failed', 'listing', 'find printed a type that nobody knows');
    const uid = number(2);
    const gid = number(3);
    const path = data.toString('latin1', from(13) + this.#root.length, to(13));
    const entry: Entry = {
      path: path === '' ? '/' : path.startsWith('//') ? path.replace(/^\/+/, '/') : path,
      type,
      mode: Number.parseInt(data.toString('latin1', from(1), to(1)), 8),
      uid,
      gid,
      user: nameOf(this.#users, uid, data, from(4), to(4)),
      group: nameOf(this.#groups, gid, data, from(5), to(5)),
      size: number(6),
      mtime: timeOf(data, from(7), to(7)),
      ctime: timeOf(data, from(8), to(8)),
      device: number(9),
      inode: number(10),
      links: number(11),
      blocks: number(12),
    };
    return type === 'l' ? { ...entry, target: data.toString('latin1', from(14), to(14)) } : entry;
  }
}

/** Names of owners, as `%u` and `%U` print them: a number that has no name is printed as the number. */
function nameOf(
  names: Map<number, string | null>,
  number: number,
  data: Buffer,
  from: number,
  to: number,
): string | null {
  const known = names.get(number);
  if (known !== undefined) return known;
  const text = data.toString('latin1', from, to);
  const name = text === String(number) ? null : text;
  names.set(number, name);
  return name;
}

/** Errors of find that count. A path that is gone again is none: the system lives. */
function errorsOf(stderr: string): string[] {
  return (
    stderr
      .split('\n')
      .filter((line) => line !== '' && !line.endsWith(': No such file or directory'))
      // A system with less room for arguments makes xargs say so and take what there is.
      .filter((line) => !/^xargs: (warning: )?value .* for -s option/.test(line))
      .map((line) => line.replace(/^find: /, ''))
  );
}

/** Names of owners, where find printed those of another machine: a disk has accounts of its own. */
export type Owners = (uid: number, gid: number) => Pick<Entry, 'user' | 'group'>;

/** null = what find printed is right. */
export async function ownersOf(host: Host): Promise<Owners | null> {
  return host.root === '' ? null : namesOf(host);
}

export function named(entry: Entry, owners: Owners): Entry {
  return { ...entry, ...owners(entry.uid, entry.gid) };
}

/** Starts find on a channel of its own; for trees. */
async function* streamFind(host: Host, argv: Argv, input: Buffer): AsyncGenerator<Buffer, Ending> {
  const channel: Channel = await host.stream(argv);
  channel.stdin.on('error', () => {});
  channel.stdin.end(input);
  let finished = false;
  try {
    for await (const chunk of channel.stdout) yield chunk as Buffer;
    finished = true;
  } finally {
    if (!finished) {
      channel.kill();
      channel.done.catch(() => {});
    }
  }
  return channel.done;
}

/** Asks the persistent shell: no new channel, so a few paths cost one round trip. */
async function* askFind(host: Host, argv: Argv, input: Buffer): AsyncGenerator<Buffer, Ending> {
  const { code, stdout, stderr } = await host.run(argv, { input });
  yield stdout;
  return { code, stderr: stderr.toString('latin1') };
}

interface Ending {
  readonly code: number;
  readonly stderr: string;
}

/** Entries as they come, some at a time: a step of a generator for each of a million paths costs seconds. */
async function* findSome(
  host: Host,
  argv: Argv,
  input: readonly Bytes[],
  way: typeof streamFind,
  keep?: ListTree['keep'],
): AsyncGenerator<Entry[], ListingEnd> {
  const names = await ownersOf(host);
  const output = way(host, argv, Buffer.from(input.map((word) => `${word}\0`).join(''), 'latin1'));
  const parser = new ListingParser(host.root);
  let entries = 0;
  let ending: Ending | undefined;
  try {
    while (ending === undefined) {
      const step = await output.next();
      if (step.done) {
        ending = step.value;
        break;
      }
      await keep?.(step.value);
      const some = parser.push(step.value);
      entries += some.length;
      if (some.length > 0) yield names === null ? some : some.map((entry) => named(entry, names));
    }
  } finally {
    if (ending === undefined) await output.return({ code: 0, stderr: '' });
  }
  const { code, stderr } = ending;
  if (/printf/.test(stderr) && entries === 0) {
    throw new Failure(
      'failed',
      'listing',
      `find on ${host.name} cannot print what is needed, not supported yet`,
      {
        during: 'listing files',
        hint: 'install GNU findutils there',
      },
    );
  }
  const errors = errorsOf(stderr);
  // xargs turns find's exit codes 1 to 125 into 123; with 1 it means itself: arguments that did not fit.
  if ((code !== 0 && code !== 123) || !parser.whole) {
    throw new Failure('failed', 'listing', `the listing of ${host.name} ended early`, {
      during: stderr.trim().split('\n').at(-1) || `find ended with ${code}`,
    });
  }
  if (code !== 0 && stderr.trim() === '') errors.push(`find ended with ${code} and did not say why`);
  return { errors, entries };
}

async function* oneByOne(some: AsyncGenerator<Entry[], ListingEnd>): AsyncGenerator<Entry, ListingEnd> {
  let finished = false;
  try {
    for (;;) {
      const step = await some.next();
      if (step.done) {
        finished = true;
        return step.value;
      }
      yield* step.value;
    }
  } finally {
    if (!finished) await some.return({ errors: [], entries: 0 });
  }
}

function* inPortions(words: readonly Bytes[]): Generator<Bytes[]> {
  let portion: Bytes[] = [];
  let size = 0;
  for (const word of words) {
    if (size + word.length > argumentBytes && portion.length > 0) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(word);
    size += word.length + 9;
  }
  if (portion.length > 0) yield portion;
}

/**
 * Lists the trees of all roots with one `find`, in find's order. A root that does not exist gives nothing; a
 * pruned path is not listed itself. Throws Failure `failed` where find is no GNU find or ended early.
 */
export function listTree(host: Host, request: ListTree): AsyncGenerator<Entry, ListingEnd> {
  return oneByOne(listSome(host, request));
}

/** The same, some entries at a time. */
export async function* listSome(host: Host, request: ListTree): AsyncGenerator<Entry[], ListingEnd> {
  if (request.roots.length === 0) return { errors: [], entries: 0 };
  const words = findArguments(host.root, request);
  if (words.reduce((sum, word) => sum + word.length + 9, 0) > argumentBytes) {
    throw new Failure('failed', 'listing', `${request.roots.length} roots are too many for one listing`);
  }
  const argv: Argv = request.nice === true ? ['nice', '-n', '10', ...findByInput] : findByInput;
  return yield* findSome(host, argv, words, streamFind, request.keep);
}

/** Looks at these paths alone, without their trees. Paths that do not exist are left out. */
export async function* listPaths(host: Host, paths: readonly Bytes[]): AsyncGenerator<Entry, ListingEnd> {
  const errors: string[] = [];
  let entries = 0;
  for (const portion of inPortions(paths)) {
    const end = yield* oneByOne(
      findSome(
        host,
        statProgram,
        portion.map((path) => onHost(host, path)),
        paths.length <= fewPaths ? askFind : streamFind,
      ),
    );
    errors.push(...end.errors);
    entries += end.entries;
  }
  return { errors, entries };
}

/**
 * The listing of all roots in canonical order: byte order of the path with `/` lowest, so that a directory is
 * followed by its tree. Holds all entries in memory, about 0.5 KB each.
 */
export async function listSorted(
  host: Host,
  request: ListTree,
): Promise<{ readonly entries: Entry[]; readonly errors: readonly string[] }> {
  return sorted(listTree(host, request));
}

/** Runs a listing to its end and sorts it. */
export async function sorted(
  listing: AsyncGenerator<Entry, ListingEnd>,
): Promise<{ readonly entries: Entry[]; readonly errors: readonly string[] }> {
  const entries: Entry[] = [];
  for (;;) {
    const step = await listing.next();
    if (step.done) return { entries: sortByPath(entries), errors: step.value.errors };
    entries.push(step.value);
  }
}
