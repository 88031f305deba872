/** Asks the destination, compares, and writes plan.json. Changes nothing on either side. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { unquote } from '../bytes.ts';
import { leftOut } from '../decide/left-out.ts';
import { type Available, makePlan, type SeenPath } from '../decide/plan.ts';
import { destinationDigest } from '../decide/plan-digest.ts';
import { type Wanted, wantedPaths } from '../decide/plan-files.ts';
import {
  carriedRepositories,
  replaceSuites,
  repositoryFiles,
  suitesFor,
} from '../decide/plan-repositories.ts';
import { replaceAllText } from '../decide/plan-shell.ts';
import { versionPairs } from '../decide/rename.ts';
import { type Renames, readRenames } from '../decide/renames.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type {
  Answered,
  Bytes,
  Manifest,
  PackageResource,
  Plan,
  Profile,
  RepositoryResource,
  Work,
} from '../types.ts';
import { type Availability, askAvailability } from './apply-availability.ts';
import { askFor, ofDestination, ofSource } from './apply-facts.ts';
import { readSecrets, unionOfLines } from './apply-files.ts';
import { lookAt } from './apply-look.ts';
import { readShadow, samePasswords } from './apply-passwords.ts';
import type { Folder } from './folder.ts';
import { repack } from './repack.ts';
import { pastCutover } from './runs.ts';
import type { Sealed } from './sealed.ts';
import type { Surroundings } from './work.ts';

export interface PlanOptions {
  readonly folder: Folder;
  /** Null when the source cannot be asked any more: secrets and hashes are then left to the person. */
  readonly source: Host | null;
  /** Opened secrets of the folder, for when the source cannot be read. */
  readonly sealed?: Sealed | null;
  readonly destination: Host;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
}

const renamesFile = fileURLToPath(new URL('../../profiles/debian/renames.yaml', import.meta.url));

async function loadRenames(): Promise<Renames> {
  return readRenames(await readFile(renamesFile, 'utf8'), 'profiles/debian/renames.yaml');
}

/** Attachments that the manifest names, read once. */
async function attachments(folder: Folder, manifest: Manifest): Promise<(from: string) => Buffer> {
  const names = new Set(
    manifest.resources.flatMap((one) => [
      ...('from' in one && one.from !== undefined ? [one.from] : []),
      ...('repository' in one && one.key !== undefined ? [one.key.from] : []),
    ]),
  );
  const read = new Map<string, Buffer>();
  for (const from of names) {
    const content = await folder.readAttachment(from).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cause;
      throw new Failure('usage', 'folder', `${folder.name} is incomplete: ${from} is missing`, {
        hint: 'scan again, nothing else in it is lost',
        cause,
      });
    });
    read.set(from, content);
  }
  return (from) => {
    const content = read.get(from);
    if (content === undefined) throw new Error(`the attachment ${from} was not read`);
    return content;
  };
}

/** Paths of the destination that a manifest would touch. */
function pathsOfManifest(manifest: Manifest, wanted: readonly Wanted[]): Bytes[] {
  return [
    ...wanted.map((one) => one.path),
    ...manifest.resources.flatMap((one) =>
      'repository' in one
        ? [unquote(one.file), ...(one.key === undefined ? [] : [unquote(one.key.path)])]
        : [],
    ),
  ];
}

/** Whether the destination has a repository's file already, as the source has it or for its own release. */
function presentForm(
  resource: RepositoryResource,
  text: string,
  there: ReadonlyMap<Bytes, SeenPath>,
  from: string,
  to: string,
): 'same' | 'rewritten' | null {
  const digest = there.get(unquote(resource.file))?.sha256;
  if (digest === undefined || digest === null) return null;
  if (digest === resource.sha256) return 'same';
  const suites = suitesFor(resource.suites, from, to);
  const rewritten = createHash('sha256').update(replaceSuites(text, suites)).digest('hex');
  return suites.length > 0 && digest === rewritten ? 'rewritten' : null;
}

async function localDebs(
  folder: Folder,
  source: Host | null,
  manifest: Manifest,
): Promise<{ debs: Map<string, string>; refused: { name: string; why: string }[] }> {
  const debs = new Map<string, string>();
  const refused: { name: string; why: string }[] = [];
  const wanted = manifest.resources.filter(
    (one): one is PackageResource => 'package' in one && one.local === true,
  );
  if (wanted.length === 0) return { debs, refused };
  const verdicts = await folder.verdictIndex();
  const built = existsSync(folder.path('files', 'debs')) ? await readdir(folder.path('files', 'debs')) : [];
  for (const one of wanted) {
    if (source === null) {
      const start = `${one.package}_${one.version.replace(/^\d+:/, '')}_`;
      const earlier = built.find((name) => name.startsWith(start) && name.endsWith('.deb'));
      if (earlier !== undefined) debs.set(one.package, `files/debs/${earlier}`);
      continue;
    }
    try {
      const from = await repack(source, folder, one.package, (path) => verdicts.of(path)?.class === 'secret');
      if (from !== null) debs.set(one.package, from);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'failed') throw error;
      refused.push({ name: one.package, why: error.during });
    }
  }
  return { debs, refused };
}

/** Secret files that hold the same on both sides; compared in memory, nothing of them is kept. */
async function sameSecrets(
  source: Host | null,
  sealed: Sealed | null,
  destination: Host,
  wanted: readonly Wanted[],
  seen: ReadonlyMap<Bytes, SeenPath>,
  attachment: (from: string) => Buffer,
): Promise<Set<Bytes>> {
  const same = new Set<Bytes>();
  const secrets = wanted.filter((one) => one.content !== null && 'source' in one.content);
  const unions = wanted.filter((one) => one.kind === 'union');
  const paths = secrets.map((one) => sourcePath(one));
  const read = await readSecrets(source, sealed, paths);
  for (const one of secrets) {
    const content = read.get(sourcePath(one));
    if (content === undefined || one.kind === 'union') continue;
    const text = replaceAllText(content.toString('latin1'), one.rewrites);
    const digest = createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex');
    if (seen.get(one.path)?.sha256 === digest) same.add(one.path);
  }
  for (const one of unions) {
    if (one.content === null || seen.get(one.path)?.type !== 'file') continue;
    const there = await destination.readFile(one.path);
    const added =
      'from' in one.content
        ? attachment(one.content.from)
        : 'source' in one.content
          ? read.get(sourcePath(one))
          : null;
    if (added && unionOfLines(there, added).length === unionOfLines(there, Buffer.alloc(0)).length)
      same.add(one.path);
  }
  return same;
}

function sourcePath(one: Wanted): Bytes {
  return one.content !== null && 'source' in one.content ? unquote(one.content.source) : one.path;
}

/** Digest of the destination as it is now, to see whether a plan is stale. */
export async function* digestNow(options: PlanOptions, plan: Plan): Work<string> {
  const facts = yield* askFor(options.destination, ofDestination, options.surroundings);
  const accounts = facts.accounts.known ? facts.accounts.value : null;
  const seen = await lookAt(options.destination, (plan.looked ?? []).map(unquote), accounts);
  return destinationDigest(facts, seen);
}

/**
 * Compares the manifest with the destination and writes `plan.json`. Throws Failure when the folder is half, when the
 * manifest was edited wrongly, or when the destination cannot be asked; what stands in the way of a move is in the
 * plan's notices.
 */
export async function* plan(options: PlanOptions): Work<Plan> {
  const { folder, source, destination, profiles, surroundings } = options;
  const sealed = source === null ? (options.sealed ?? null) : null;
  const passwords = source?.privileged ? await readShadow(source) : await sealed?.shadow();
  yield { kind: 'phase', name: 'plan', text: `comparing the manifest with ${destination.name}` };
  const manifest = await folder.readManifest();
  const manifestDigest = await folder.manifestDigest();
  const hosts = await folder.readHosts();
  const attachment = await attachments(folder, manifest);
  const facts = yield* askFor(destination, ofDestination, surroundings);
  const sourceFacts = source === null ? null : yield* askFor(source, ofSource, surroundings);

  const os = facts.os.known ? facts.os.value : null;
  let offered: Availability = {
    available: { known: false, reason: 'the destination does not run' },
    repositories: new Map(),
  };
  if (destination.live && os?.id === 'debian') {
    yield { kind: 'phase', name: 'packages', text: `asking ${destination.name} which packages it offers` };
    const files = repositoryFiles(carriedRepositories(manifest, facts.repositories));
    const there = await lookAt(destination, [...files.keys()].map(unquote));
    offered = await askAvailability(
      destination,
      [...files.values()].map((resource) => ({
        resource,
        text: attachment(resource.from).toString('utf8'),
        key: resource.key === undefined ? null : attachment(resource.key.from),
        present: presentForm(
          resource,
          attachment(resource.from).toString('utf8'),
          there,
          manifest.host.codename,
          os.codename,
        ),
      })),
      manifest.host.codename,
      os.codename,
    );
  }
  if (surroundings.signal.aborted) throw new Failure('interrupted', 'interrupted', 'interrupted');
  const available: Answered<Available> = offered.available;
  const pairs = versionPairs(manifest, facts, profiles, available.known ? available.value : new Map());
  const { wanted } = wantedPaths({ manifest, profiles, pairs, attachment });
  const accounts = facts.accounts.known ? facts.accounts.value : null;
  const looked = pathsOfManifest(manifest, wanted);
  const seen = await lookAt(destination, looked, accounts);
  const secretsSame = await sameSecrets(source, sealed, destination, wanted, seen, attachment);
  const passwordsSame =
    passwords !== undefined && destination.privileged && destination.live
      ? samePasswords(passwords, await readShadow(destination))
      : new Set<string>();
  const { debs, refused } = await localDebs(folder, source, manifest);
  for (const { name, why } of refused) {
    yield { kind: 'note', grade: 'care', text: `the package ${name} cannot be rebuilt: ${why}` };
  }
  const past = os === null ? null : await pastCutover(folder, os.machineId);
  const compared = makePlan({
    leftOut: leftOut(await folder.verdictIndex()),
    manifest,
    manifestDigest,
    sourceMachineId: hosts.source?.machineId ?? null,
    source: sourceFacts,
    destinationName: destination.name,
    destination: facts,
    destinationLive: destination.live,
    seen,
    looked,
    available,
    repositories: offered.repositories,
    profiles,
    pairs,
    renames: await loadRenames(),
    localDebs: debs,
    attachment,
    passwordsSame,
    secretsSame,
    sourceReadable: source?.privileged === true,
    ...(sealed === null ? {} : { sealed: { paths: sealed.paths, users: new Set(passwords?.keys()) } }),
    carriedBefore: os !== null && existsSync(folder.path('sync', os.machineId)),
    cutOver: past?.state === 'done',
  });
  // A cutover that broke off has released services here; they are still the source's.
  const made = past?.state === 'unfinished' ? { ...compared, holds: past.holds } : compared;
  await folder.writePlan(made);
  return made;
}
