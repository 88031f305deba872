/**
 * The one walk over a server. Keeps the whole listing aside and picks out what must be looked into before any path can
 * be judged: configuration, marks in trees, possible databases, programs that no package brings.
 */
import { quote } from '../bytes.ts';
import { type ForeignMount, foreignMounts, walkOf } from '../decide/file-systems.ts';
import { markNames } from '../decide/marks.ts';
import { alternativesDirectory, markDirectories } from '../decide/witness.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Spool } from '../stream/spool.ts';
import type { Bytes, Entry, Facts, Work } from '../types.ts';

/** What the walk picked out. */
export interface Seen {
  /** Every path below /etc. */
  readonly etc: ReadonlyMap<Bytes, Entry>;
  /** Marks that tools keep of what they did for packages, below `markDirectories`. */
  readonly toolMarks: ReadonlySet<Bytes>;
  /** Files of the database of update-alternatives(1). */
  readonly alternatives: readonly Bytes[];
  /** Paths with one of the names that `markNames` lists, and their entries. */
  readonly marks: readonly Bytes[];
  readonly entries: ReadonlyMap<Bytes, Entry>;
  /** Files that may be SQLite databases, by name or size. */
  readonly databases: readonly Entry[];
  /** Whether there were more of them than are looked into. */
  readonly isDatabasesCut: boolean;
  /** Executables and shared libraries of no package, where people put them; the largest last. */
  readonly programs: readonly Entry[];
  /** Local file systems that were walked. */
  readonly roots: readonly Bytes[];
  readonly foreign: readonly ForeignMount[];
  /** Paths below a directory that could not be read are not there. */
  readonly errors: readonly string[];
  readonly count: number;
}

/** Entries between two looks at the clock of the person: progress, and whether to stop. */
const reportEvery = 20_000;
/** Of each kind: a server with more has them named as incomplete. */
export const mostPicked = 20_000;

/** Throws `interrupted` at the next safe point once the person wants out. */
export function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('interrupted', 'interrupted', 'interrupted');
}

/** Where people put programs by hand, and where services keep them. */
const programPlaces = /^\/(usr\/local|opt|srv|home|root|var\/www|var\/lib)\//;
/** Trees of container engines: what is in there belongs to their images. */
const layers = /^\/var\/lib\/(docker|containerd|containers\/storage)\/(?!volumes\/)/;

export async function* listOnce(source: Host, facts: Facts, spool: Spool, signal: AbortSignal): Work<Seen> {
  const etc = new Map<Bytes, Entry>();
  const toolMarks = new Set<Bytes>();
  const alternatives: Bytes[] = [];
  const ofTools = new RegExp(`^(${markDirectories.join('|')})/`);
  const entries = new Map<Bytes, Entry>();
  const databases: Entry[] = [];
  const programs: Entry[] = [];
  const names = new Set(markNames);
  const owned = facts.owned.known ? facts.owned.value : new Map<Bytes, string>();
  const walk = walkOf(facts.mounts);
  const roots = [...walk.roots];
  const foreign = foreignMounts(facts.mounts, walk);
  const errors: string[] = [];
  let isCut = false;
  let done = 0;
  let reported = 0;

  const pick = (entry: Entry): void => {
    const { path, type } = entry;
    if (path.startsWith('/etc/')) etc.set(path, entry);
    else if (ofTools.test(path)) toolMarks.add(path);
    else if (path.startsWith(`${alternativesDirectory}/`)) alternatives.push(path);
    if (layers.test(path)) return;
    if (names.has(path.slice(path.lastIndexOf('/') + 1))) entries.set(path, entry);
    if (type !== 'f') return;
    if (isDatabaseLike(entry) && !owned.has(path)) {
      if (databases.length < mostPicked) databases.push(entry);
      else isCut = true;
    }
    const isProgram = (entry.mode & 0o111) !== 0 || /\.so(\.[0-9.]+)?$/.test(path);
    if (isProgram && programPlaces.test(path) && entry.size >= leastProgram && !owned.has(path))
      if (programs.length < mostPicked) programs.push(entry);
  };

  // A subvolume is a device of its own and mounted nowhere: find stops at it, so it is walked as a root.
  let waiting: readonly Bytes[] = walk.roots;
  while (waiting.length > 0) {
    const within: Bytes[] = [];
    let device = -1;
    const listing = spool.list(source, {
      roots: waiting,
      prune: walk.again.map(({ path }) => path),
      nice: true,
    });
    const tops = new Set(waiting);
    for (;;) {
      const step = await listing.next();
      if (step.done) {
        errors.push(...step.value.errors);
        break;
      }
      for (const entry of step.value) {
        if (tops.has(entry.path)) device = entry.device;
        else if (entry.type === 'd' && entry.device !== device && isSubvolume(entry.path, facts))
          within.push(entry.path);
        pick(entry);
      }
      done += step.value.length;
      if (done - reported >= reportEvery) {
        reported = done;
        stopIfAsked(signal);
        yield progress('paths', done, null, quote(step.value.at(-1)?.path ?? ''));
      }
    }
    roots.push(...within);
    waiting = within;
  }
  yield progress('paths', done, done, '');
  return {
    etc,
    toolMarks,
    alternatives,
    marks: [...entries.keys()].sort(),
    entries,
    databases,
    isDatabasesCut: isCut,
    programs: programs.sort((one, other) => one.size - other.size || (one.path < other.path ? -1 : 1)),
    roots,
    foreign,
    errors,
    count: done,
  };
}

/** An ELF header and one section. Bytes. */
const leastProgram = 128;

/** SQLite's page sizes are powers of two from 512 (sqlite.org/fileformat2.html): by name, or by size where a name says nothing. */
function isDatabaseLike({ path, size }: Entry): boolean {
  if (size < 512) return false;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/\.(db|db3|sqlite|sqlite3|s3db|sl3|kdb|gnucash)$/i.test(name)) return true;
  return size % 4096 === 0 && !name.includes('.');
}

/** Whether a directory on another device is no mount point: btrfs gives each subvolume a device number. */
function isSubvolume(path: Bytes, facts: Facts): boolean {
  return facts.mounts.known && !facts.mounts.value.some(({ target }) => target === path);
}

export function progress(label: string, done: number, total: number | null, current: string) {
  return {
    kind: 'progress',
    label,
    unit: 'entries',
    done,
    total,
    same: 0,
    sent: 0,
    left: 0,
    errors: 0,
    current,
  } as const;
}
