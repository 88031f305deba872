/** Judges every path of the kept listing, folds the verdicts, and keeps what the manifest needs to know. */
import { quote } from '../bytes.ts';
import type { Classifier } from '../decide/classify.ts';
import { type Fold, onDisk } from '../decide/fold.ts';
import type { UsedAccounts } from '../decide/manifest-accounts.ts';
import type { SeenUnits } from '../decide/manifest-units.ts';
import type { Ruling } from '../decide/ruling.ts';
import type { Spool } from '../stream/spool.ts';
import type { Bytes, Entry, Facts, Work } from '../types.ts';
import { progress, stopIfAsked } from './scan-listing.ts';

/** A path whose digest must be asked before its class is certain, with the ruling it was counted under. */
export interface Suspect {
  readonly ruling: Ruling;
  /** On disk. */
  readonly bytes: number;
}

export interface Judged {
  /** Paths that the manifest carries by themselves, as far as the listing can tell. */
  readonly configuration: readonly { readonly entry: Entry; readonly ruling: Ruling }[];
  readonly suspects: ReadonlyMap<Bytes, Suspect>;
  readonly owners: UsedAccounts;
  readonly units: SeenUnits;
}

const helperMark = '/var/lib/systemd/deb-systemd-helper-enabled/';
const unitDirectory = '/etc/systemd/system/';
const reportEvery = 20_000;

/** `count` is how many entries the listing has. */
export async function* judgeAll(
  spool: Spool,
  count: number,
  facts: Facts,
  classifier: Classifier,
  fold: Fold,
  signal: AbortSignal,
): Work<Judged> {
  const configuration: { entry: Entry; ruling: Ruling }[] = [];
  const suspects = new Map<Bytes, Suspect>();
  const users = new Set<string>(customUsers(facts));
  const groups = new Set<string>();
  const byMaintainers = new Set<string>();
  const masked = new Set<string>();

  const judge = (entry: Entry): void => {
    const { path } = entry;
    const ruling = classifier.classify(entry);
    fold.add(entry, ruling);
    // On a server that was restored from files every packaged path is a suspect: nothing more is kept of each.
    if (classifier.candidates.has(path)) suspects.set(path, { ruling, bytes: onDisk(entry) });
    else if (ruling.carry === 'manifest') configuration.push({ entry, ruling });
    if (ruling.carry !== 'none') {
      if (entry.user !== null) users.add(entry.user);
      if (entry.group !== null) groups.add(entry.group);
    }
    if (path.startsWith(helperMark) && /\.(wants|requires)\/[^/]+$/.test(path))
      byMaintainers.add(path.slice(path.lastIndexOf('/') + 1));
    if (ruling.rule === 'unit.masked' && path.startsWith(unitDirectory))
      masked.add(path.slice(unitDirectory.length));
  };

  let done = 0;
  let reported = 0;
  for await (const some of spool.entries()) {
    for (const entry of some) judge(entry);
    done += some.length;
    if (done - reported < reportEvery) continue;
    reported = done;
    stopIfAsked(signal);
    yield progress('judged', done, count, quote(some.at(-1)?.path ?? ''));
  }
  yield progress('judged', done, count, '');
  return { configuration, suspects, owners: { users, groups }, units: { byMaintainers, masked } };
}

/** The entries of these paths, from the kept listing. */
export async function entriesOf(spool: Spool, paths: ReadonlySet<Bytes>): Promise<Map<Bytes, Entry>> {
  const found = new Map<Bytes, Entry>();
  if (paths.size === 0) return found;
  for await (const some of spool.entries()) {
    for (const entry of some) if (paths.has(entry.path)) found.set(entry.path, entry);
  }
  return found;
}

/** Whom units run as that somebody wrote. */
function customUsers(facts: Facts): string[] {
  if (!facts.units.known) return [];
  return facts.units.value
    .filter((unit) => /^\/(etc|usr\/local\/lib)\/systemd\/system\//.test(unit.fragment) && unit.user !== '')
    .map((unit) => unit.user);
}
