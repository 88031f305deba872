/** The one pass over all paths: classifies each, folds them, and keeps what the manifest needs to know. */
import { quote } from '../bytes.ts';
import type { Classifier } from '../decide/classify.ts';
import type { Fold } from '../decide/fold.ts';
import type { UsedAccounts } from '../decide/manifest-accounts.ts';
import type { SeenUnits } from '../decide/manifest-units.ts';
import type { Ruling } from '../decide/ruling.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { listTree } from '../stream/listing.ts';
import type { Bytes, Entry, Facts, Work } from '../types.ts';
import { rootsOf } from './scan-prepare.ts';

export interface Listed {
  /** Paths that the manifest carries by themselves, as far as the listing can tell. */
  readonly configuration: readonly { readonly entry: Entry; readonly ruling: Ruling }[];
  /** Entries of paths whose digest must be asked, with the ruling they were counted under. */
  readonly suspects: ReadonlyMap<Bytes, { readonly entry: Entry; readonly ruling: Ruling }>;
  /** Every path below /etc. */
  readonly etc: ReadonlyMap<Bytes, Entry>;
  readonly owners: UsedAccounts;
  readonly units: SeenUnits;
  /** Files that may be SQLite databases. */
  readonly databases: readonly Bytes[];
  readonly unread: readonly { readonly fact: string; readonly reason: string }[];
  /** Whether all of /etc could be read, so that what is missing there was removed. */
  readonly isEtcWhole: boolean;
}

/** Entries between two looks at the clock of the person: progress, and whether to stop. */
const reportEvery = 20_000;

/** Throws `interrupted` at the next safe point once the person wants out. */
export function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('interrupted', 'interrupted', 'interrupted');
}

const helperMark = '/var/lib/systemd/deb-systemd-helper-enabled/';
const unitDirectory = '/etc/systemd/system/';

export async function* listAll(
  source: Host,
  facts: Facts,
  classifier: Classifier,
  fold: Fold,
  signal: AbortSignal,
): Work<Listed> {
  const configuration: { entry: Entry; ruling: Ruling }[] = [];
  const suspects = new Map<Bytes, { entry: Entry; ruling: Ruling }>();
  const etc = new Map<Bytes, Entry>();
  const users = new Set<string>();
  const groups = new Set<string>();
  const byMaintainers = new Set<string>();
  const masked = new Set<string>();
  const databases: Bytes[] = [];
  let done = 0;
  const listing = listTree(source, { roots: rootsOf(facts) });
  for (;;) {
    const step = await listing.next();
    if (step.done) {
      yield progress(done, done, '');
      const serviceUsers = customUsers(facts);
      for (const name of serviceUsers) users.add(name);
      return {
        configuration,
        suspects,
        etc,
        owners: { users, groups },
        units: { byMaintainers, masked },
        databases,
        unread: unreadParts(step.value.errors),
        isEtcWhole: !step.value.errors.some((error) => error.includes(`${source.root}/etc`)),
      };
    }
    const entry = step.value;
    const { path } = entry;
    const ruling = classifier.classify(entry);
    fold.add(entry, ruling);
    if (path.startsWith('/etc/')) etc.set(path, entry);
    if (classifier.candidates.has(path)) suspects.set(path, { entry, ruling });
    else if (ruling.carry === 'manifest') configuration.push({ entry, ruling });
    if (ruling.carry !== 'none') {
      if (entry.user !== null) users.add(entry.user);
      if (entry.group !== null) groups.add(entry.group);
    }
    if (ruling.carry === 'stream' && entry.type === 'f' && /\.(db|db3|sqlite|sqlite3)$/.test(path)) {
      if (entry.size >= 512 && databases.length < 1000) databases.push(path);
    }
    if (path.startsWith(helperMark) && /\.(wants|requires)\/[^/]+$/.test(path)) {
      byMaintainers.add(path.slice(path.lastIndexOf('/') + 1));
    }
    if (ruling.rule === 'unit.masked' && path.startsWith(unitDirectory)) {
      masked.add(path.slice(unitDirectory.length));
    }
    done += 1;
    if (done % reportEvery === 0) {
      stopIfAsked(signal);
      yield progress(done, null, quote(path));
    }
  }
}

function progress(done: number, total: number | null, current: string) {
  return {
    kind: 'progress',
    label: 'paths',
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

/** Whom units run as that somebody wrote. */
function customUsers(facts: Facts): string[] {
  if (!facts.units.known) return [];
  return facts.units.value
    .filter((unit) => /^\/(etc|usr\/local\/lib)\/systemd\/system\//.test(unit.fragment) && unit.user !== '')
    .map((unit) => unit.user);
}

/** What find could not enter or read: said once, with the first of them. */
function unreadParts(errors: readonly string[]): Listed['unread'] {
  if (errors.length === 0) return [];
  const more = errors.length === 1 ? '' : `, and ${errors.length - 1} more`;
  return [{ fact: 'listing', reason: `${quote(errors[0] as string)}${more}` }];
}
