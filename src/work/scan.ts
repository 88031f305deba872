/**
 * scan: asks a server what it is, lists every path of its local file systems, says what each is, and writes the
 * migration folder. Reads only.
 */

import { quote } from '../bytes.ts';
import { Classifier } from '../decide/classify.ts';
import type { Accounted } from '../decide/file-systems.ts';
import { Fold } from '../decide/fold.ts';
import { type LeftOut, leftOut } from '../decide/left-out.ts';
import { makeManifest, undecidedGroups } from '../decide/manifest.ts';
import { activate } from '../decide/profile.ts';
import { decidedClasses, VerdictIndex } from '../decide/verdicts.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { Spool } from '../stream/spool.ts';
import type { Facts, Manifest, Profile, Work } from '../types.ts';
import { askAll } from './ask.ts';
import { findChanges } from './changes.ts';
import type { Folder } from './folder.ts';
import { digestMd5 } from './read.ts';
import { account, nameForeign, unreadParts, unseenBytes } from './scan-account.ts';
import { Attachments, carriedPaths, changedOnes, readContents } from './scan-contents.ts';
import { findInstalled } from './scan-finds.ts';
import { entriesOf, judgeAll } from './scan-judge.ts';
import { listOnce, stopIfAsked } from './scan-listing.ts';
import { isWhole, nameMissing } from './scan-missing.ts';
import { prepare } from './scan-prepare.ts';
import { forgetOpen, sealSecrets } from './sealed.ts';
import type { Surroundings } from './work.ts';

export interface ScanResult {
  readonly classes: Manifest['classes'];
  readonly undecidedGroups: number;
  readonly incomplete: Manifest['incomplete'];
  /** What df calls used on each file system of the server's own, and what was seen of it. Bytes. */
  readonly disks: readonly Accounted[];
  /** Mounted there and not entered; paths are quoted. */
  readonly foreign: readonly {
    readonly path: string;
    readonly type: string;
    readonly source: string;
    readonly reason: string;
  }[];
  /** Secret files: sealed in the folder and for how many, in it in no form, and those that lie among the data. */
  readonly secrets: {
    readonly sealed: number;
    readonly open: number;
    readonly recipients: number;
    readonly withData: number;
  };
  /** Trees that a lockfile beside them names and that nothing here makes again; quoted, largest first. */
  readonly leftOut: readonly LeftOut[];
  readonly folder: string;
  readonly manifestDigest: string;
}

export interface Scan {
  readonly source: Host;
  readonly folder: Folder;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
  /** Whether this machine may download packages for the originals of edited files. Default: no. */
  readonly download?: boolean;
}

function refuseUnsupported(source: Host, facts: Facts): void {
  const isDpkg = facts.packages.known && facts.packages.value.length > 0;
  if (isDpkg) return;
  const name = facts.os.known ? facts.os.value.name : '';
  const reason = facts.packages.known ? 'dpkg knows no package there' : facts.packages.reason;
  const family = facts.os.known ? facts.os.value.id : '';
  if (/^(debian|ubuntu|raspbian|devuan|linuxmint|pop|kali|proxmox)$/.test(family)) {
    throw new Failure('failed', 'facts', `the packages of ${source.name} could not be read`, {
      during: reason,
      hint: `look at it with: opstimal-move doctor ${source.place.text}`,
    });
  }
  throw new Failure(
    'refused',
    'distribution',
    name === '' ? `${source.name} is no system that is known here` : `${name} is not supported yet`,
    {
      during: `looking for the packages of ${source.name}: ${reason}`,
      hint: 'supported are Debian 11, 12 and 13 and what is built on them',
    },
  );
}

/**
 * Scans a server into its folder: hosts.yaml, verdicts.jsonl, manifest.yaml, files/ and originals/. The same server
 * scanned twice gives the same bytes. What could not be asked is listed under `incomplete`, never taken as empty.
 * Throws Failure `refused` for a distribution that is not known, `interrupted`, and those of the connection.
 */
export async function* scan(request: Scan): Work<ScanResult> {
  const { source, folder, surroundings } = request;
  const { signal } = surroundings;
  yield { kind: 'phase', name: 'facts', text: `asking ${source.name}` };
  const facts = yield* askAll(source, surroundings.now, signal);
  refuseUnsupported(source, facts);
  if (!source.privileged) {
    yield { kind: 'note', grade: 'care', text: `without root on ${source.name} much of it cannot be read` };
  }

  const spool = await Spool.create(source, folder.directory);
  try {
    return yield* look(request, facts, spool);
  } finally {
    await spool.close();
  }
}

/** Everything after the facts; `spool` takes the listing. */
async function* look(
  { source, folder, profiles, surroundings, download = false }: Scan,
  facts: Facts,
  spool: Spool,
): Work<ScanResult> {
  const { signal } = surroundings;
  yield { kind: 'phase', name: 'listing', text: 'listing every path' };
  const seen = yield* listOnce(source, facts, spool, signal);

  yield { kind: 'phase', name: 'settings', text: 'reading the settings of services' };
  for (const { title, added } of profiles) {
    if (added === undefined) continue;
    const place = added.replaces ? ', in the place of another of its name' : '';
    yield { kind: 'note', grade: 'info', text: `profile ${title} comes from ${added.file}${place}` };
  }
  const prepared = await prepare(source, facts, profiles, seen);
  stopIfAsked(signal);

  yield { kind: 'phase', name: 'judging', text: 'judging every path' };
  const classifier = new Classifier({ facts, ...prepared });
  const fold = new Fold(classifier, seen.roots);
  const judged = yield* judgeAll(spool, seen.count, facts, classifier, fold, signal);
  nameForeign(seen, fold);

  yield { kind: 'phase', name: 'digests', text: 'comparing files with their packages' };
  const digests = await digestMd5(source, classifier.candidates.keys());
  stopIfAsked(signal);
  const changed = changedOnes(classifier, judged, digests);
  const entries = await entriesOf(spool, new Set([...changed.keys(), '/etc/shadow']));
  const isEtcWhole = facts.mounts.known && isWhole(source.root, seen.errors, '/etc');
  const carried = carriedPaths({
    facts,
    classifier,
    fold,
    seen,
    judged,
    changed,
    entries,
    prepared,
    isEtcWhole,
  });
  const missing = nameMissing(source, seen, classifier, fold);
  if (missing !== null) yield { kind: 'note', grade: 'care', text: missing };
  const { contents, unread } = await readContents(source, facts, classifier, carried, fold);
  stopIfAsked(signal);
  const changes = yield* findChanges({
    ...{ source, facts, folder, download, signal },
    ...{ carried: carried.paths, contents },
  });
  const { verdicts, classes: counted } = fold.finish();
  const disks = await account(source, facts, seen, fold);
  const attachments = new Attachments();
  yield { kind: 'phase', name: 'installed', text: 'looking at checkouts, builds and containers' };
  const finds = await findInstalled({
    source,
    facts,
    seen,
    listing: () => spool.entries(),
    attach: attachments.attach,
  });
  stopIfAsked(signal);

  yield { kind: 'phase', name: 'writing', text: `writing ${folder.name}` };
  const index = new VerdictIndex(verdicts, await folder.decisions());
  const made = makeManifest({
    facts,
    profiles: activate(profiles, facts, prepared.files, prepared.databases.size > 0),
    index,
    classes: counted,
    carried: carried.paths,
    contents,
    changes,
    attach: attachments.attach,
    used: judged.owners,
    seenUnits: judged.units,
    unread: [
      ...unreadParts(seen.errors),
      ...prepared.unread,
      ...unread,
      ...unseenBytes(disks),
      ...finds.unread,
    ],
    finds: finds.resources,
  });
  for (const content of attachments.all()) await folder.attach(content);
  const listed = carried.paths.flatMap(({ entry }) => (entry === null ? [] : [[entry.path, entry] as const]));
  const sealing = await sealSecrets({
    source,
    folder,
    manifest: made,
    entries: new Map([...entries, ...listed]),
  });
  const { manifest } = sealing;
  await writeHosts(folder, source, facts);
  await folder.writeVerdicts(verdicts);
  const before = await folder.readManifest().catch(() => null);
  await folder.writeManifest(manifest);
  await forgetOpen(folder, before, manifest);
  return {
    classes: decidedClasses(counted, verdicts, index),
    undecidedGroups: undecidedGroups(index).length,
    incomplete: manifest.incomplete,
    disks,
    foreign: seen.foreign.map(({ path, type, source: from, ruling }) => ({
      path: quote(path),
      type,
      source: quote(from),
      reason: ruling.reason,
    })),
    secrets: {
      sealed: sealing.sealed,
      open: sealing.open,
      recipients: sealing.recipients,
      withData: secretsWithData(index),
    },
    leftOut: leftOut(index),
    folder: folder.directory,
    manifestDigest: await folder.manifestDigest(),
  };
}

/** Secret files in trees of data: sync carries them, no folder keeps them. */
function secretsWithData(index: VerdictIndex): number {
  let files = 0;
  for (const verdict of index.all())
    if (verdict.class === 'secret' && verdict.carry === 'stream') files += verdict.files;
  return files;
}

async function writeHosts(folder: Folder, source: Host, facts: Facts): Promise<void> {
  const os = facts.os.known ? facts.os.value : null;
  await folder.writeHosts({
    ...(await folder.readHosts()),
    source: {
      place: source.place.text,
      name: os?.hostname || source.name,
      os: os === null ? '' : os.name,
      machineId: os?.machineId ?? '',
      hostKey: source.reach.hostKey,
    },
  });
}
