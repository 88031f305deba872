/** Both sides compared: green, red, by hand. Changes nothing on either. */
import { compareObservations, type Observation, reportOf } from '../decide/report.ts';
import { facts } from '../facts/facts.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Check, Manifest, Plan, Profile, Report, Unit, Work } from '../types.ts';
import { ask } from './ask.ts';
import { activeProfiles, engines, type Kept, readKept } from './cutover-kept.ts';
import { machineIdOf } from './cutover-ready.ts';
import { compareCarried, compareContent } from './files-compare.ts';
import type { Folder } from './folder.ts';
import {
  askSites,
  observeAccounts,
  observeCrontabs,
  observeIdentity,
  observePorts,
  observeProbes,
  secretKey,
  siteName,
  sitesOf,
  webObservations,
} from './observe.ts';
import { plan } from './plan.ts';
import { pastCutover } from './runs.ts';
import { compareAttributes } from './verify-attributes.ts';
import type { Surroundings } from './work.ts';

export interface Verify {
  readonly folder: Folder;
  /** Null when the source cannot be reached any more: then only the destination is looked at. */
  readonly source: Host | null;
  readonly destination: Host;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
}

/** Content is read on both sides up to this many bytes. */
const contentLimit = 5 * 1024 ** 3;

const green = (subject: string, text: string): Check => ({ state: 'green', subject, text });
const byHand = (subject: string, text: string): Check => ({ state: 'by-hand', subject, text });

/** The recipe once more against the destination: what a plan would still do is what is not there. */
function recipeChecks(now: Plan): Check[] {
  const missing = now.steps.map(
    (step): Check => ({ state: 'red', subject: step.kind, text: `not as the manifest says: ${step.title}` }),
  );
  const notices = now.notices
    .filter((notice) => notice.grade === 'by-hand')
    .map((notice) =>
      byHand(notice.subject, notice.hint === '' ? notice.text : `${notice.text} (${notice.hint})`),
    );
  return missing.length > 0
    ? [...missing, ...notices]
    : [green('recipe', `${now.counts.ok} resources as the manifest says`), ...notices];
}

/** Enabled, disabled and masked are the recipe's; this is about what runs. */
function unitChecks(
  manifest: Manifest,
  holds: Plan['holds'],
  units: readonly Unit[],
  kept: Kept | null,
): Check[] {
  const there = new Map(units.map((unit) => [unit.name, unit]));
  const checks: Check[] = [];
  if (kept === null) {
    const up = holds.filter((hold) => there.get(hold.unit)?.active === 'active');
    for (const { unit } of up) {
      checks.push({ state: 'red', subject: unit, text: 'runs on the destination before the cutover' });
    }
    if (holds.length > 0 && up.length === 0) {
      checks.push(green('units', `${holds.length} units wait for the cutover`));
    }
    return checks;
  }
  for (const name of kept.up) {
    const unit = there.get(name);
    if (
      unit === undefined ||
      unit.active === 'active' ||
      (unit.type === 'oneshot' && unit.active !== 'failed')
    )
      continue;
    const text = `is ${unit.active}`;
    checks.push({ state: 'red', subject: name, text, source: 'active', destination: unit.active });
  }
  const ours = new Set(manifest.resources.flatMap((one) => ('unit' in one ? [one.unit] : [])));
  for (const unit of units) {
    if (
      unit.active !== 'failed' ||
      unit.state === 'masked' ||
      !ours.has(unit.name) ||
      kept.up.includes(unit.name)
    )
      continue;
    checks.push({ state: 'red', subject: unit.name, text: 'failed on the destination' });
  }
  return checks.length > 0 ? checks : [green('units', `${kept.up.length} units run`)];
}

async function* fileChecks(request: Verify, source: Host, kept: Kept | null): Work<Check[]> {
  const { folder, destination } = request;
  yield { kind: 'phase', name: 'files', text: 'comparing files' };
  const compared = await compareCarried(folder, source, destination);
  const since = kept === null ? null : BigInt(kept.startedAt) * 1_000_000_000n;
  const checks: Check[] = [];
  // What the destination's services wrote after they had started is theirs.
  const touched = compared.pairs.filter(
    (pair) => !pair.same && since !== null && (pair.destination === null || pair.destination.ctime >= since),
  );
  const wrong = compared.pairs.filter((pair) => !pair.same && !touched.includes(pair));
  for (const pair of wrong.slice(0, 100)) {
    checks.push({
      state: kept === null ? 'by-hand' : 'red',
      subject: 'files',
      text: `${compared.different[compared.pairs.filter((one) => !one.same).indexOf(pair)]} ${pair.destination === null ? 'is missing' : 'differs'}`,
    });
  }
  if (wrong.length > 100)
    checks.push({ state: 'red', subject: 'files', text: `and ${wrong.length - 100} more differ` });
  if (wrong.length === 0) checks.push(green('files', `${compared.entries - touched.length} entries equal`));
  if (touched.length > 0) {
    checks.push(
      green('files', `${touched.length} entries changed on ${destination.name} since its services started`),
    );
  }
  const same = compared.pairs.filter((pair) => pair.same);
  const files = same.map((pair) => pair.source).filter((entry) => entry.type === 'f' && entry.size > 0);
  yield { kind: 'phase', name: 'content', text: `reading ${files.length} files on both sides` };
  const content = await compareContent(source, destination, files, contentLimit);
  for (const path of content.different.slice(0, 100)) {
    checks.push({
      state: kept === null ? 'by-hand' : 'red',
      subject: 'files',
      text: `the content of ${path} differs, although size and time are equal`,
    });
  }
  if (content.different.length === 0) checks.push(green('files', `${content.read} contents equal`));
  if (content.left > 0) {
    checks.push(byHand('files', `${content.left} large files were compared by size and time only`));
  }
  checks.push(
    ...(await compareAttributes(
      source,
      destination,
      same.map((pair) => pair.source),
    )),
  );
  return checks;
}

/** Databases: at the cutover row by row; later the destination lives on, and only its shape is compared. */
async function* databaseChecks(
  request: Verify,
  source: Host | null,
  kept: Kept | null,
  active: readonly Profile[],
): Work<Check[]> {
  const { destination } = request;
  const checks: Check[] = [];
  for (const engine of engines) {
    if (!active.some((profile) => profile.dump === engine.name)) continue;
    yield { kind: 'phase', name: 'databases', text: `asking ${engine.name}` };
    if (!(await engine.answers(destination))) {
      checks.push(
        kept === null
          ? byHand(engine.name, 'its databases are carried by the cutover, which has not been')
          : { state: 'red', subject: engine.name, text: `does not answer on ${destination.name}` },
      );
      continue;
    }
    if (kept !== null) {
      checks.push(
        ...kept.report.checks
          .filter((check) => check.subject === engine.name || check.subject.startsWith(`${engine.name} `))
          .map((check) =>
            check.state === 'by-hand' ? check : { ...check, text: `${check.text}, when it was loaded` },
          ),
      );
      const sizes = await engine.list(destination);
      checks.push(green(engine.name, `answers, with ${sizes.length} databases`));
    } else if (source !== null && (await engine.answers(source))) {
      const key = await secretKey(source);
      const there = await engine.observe(source, { key, asVersion: await engine.major(destination) });
      const here = await engine.observe(destination, { key, asVersion: null });
      checks.push(...compareObservations(there, here).filter((check) => check.subject === engine.name));
      checks.push(byHand(engine.name, 'rows are compared at the cutover'));
    }
  }
  return checks;
}

async function answerChecks(
  request: Verify,
  kept: Kept | null,
  active: readonly Profile[],
): Promise<Check[]> {
  const { destination } = request;
  if (kept === null) return [byHand('answers', 'sites, ports and probes are compared at the cutover')];
  const about = (one: Observation) =>
    /^https?:/.test(one.subject) ||
    one.subject === 'ports' ||
    active.some((profile) => profile.dump === undefined && profile.name === one.subject);
  const asked = kept.observed.filter(about);
  const sites = (await sitesOf(destination)).filter((site) =>
    asked.some((one) => one.subject === siteName(site)),
  );
  const here = [
    ...webObservations(await askSites(destination, sites)),
    ...(await observePorts(destination, null)),
    ...(await observeProbes(destination, active, 'equal')),
  ];
  return compareObservations(asked, here);
}

async function accountChecks(request: Verify, source: Host, manifest: Manifest): Promise<Check[]> {
  const names = {
    users: new Set(manifest.resources.flatMap((one) => ('user' in one && 'uid' in one ? [one.user] : []))),
    groups: new Set(
      manifest.resources.flatMap((one) => ('group' in one && 'gid' in one ? [one.group as string] : [])),
    ),
  };
  const key = await secretKey(source);
  return compareObservations(
    await observeAccounts(source, names, key),
    await observeAccounts(request.destination, names, key),
  );
}

/** What no program on the two machines can see or do. */
function outside(source: string, destination: string): Check[] {
  return [
    byHand('dns', `names that point at ${source} have to point at ${destination}; lower their TTL before`),
    byHand(
      'firewall',
      `addresses of ${destination} have to be let in wherever ${source} was: firewalls, database grants, mail relays, licences`,
    ),
  ];
}

/**
 * Compares source and destination as they are now, and what the source said when it was frozen with what the
 * destination says. Throws Failures of the connections and of a half folder; a difference is no Failure but red.
 */
export async function* verify(request: Verify): Work<Report> {
  const { folder, source, destination, profiles, surroundings } = request;
  const manifest = await folder.readManifest();
  const machineId = await machineIdOf(destination);
  const past = destination.live ? await pastCutover(folder, machineId) : null;
  const kept = past?.state === 'done' ? await readKept(folder, past) : null;
  const active = await activeProfiles(folder, profiles);
  const checks: Check[] = [];
  if (past?.state === 'unfinished') {
    checks.push({
      state: 'red',
      subject: 'cutover',
      text: 'was stopped in the middle; run it again, or rollback',
    });
  }
  const applied = await folder.readPlan();
  const holds = past === null || past.state === 'none' ? (applied?.holds ?? []) : past.holds;

  const now = yield* plan({ folder, source, destination, profiles, surroundings });
  // The plan that was applied is what a cutover goes by; looking again must not replace it.
  if (applied !== null) await folder.writePlan(applied);
  checks.push(...recipeChecks(now));
  if (surroundings.signal.aborted) throw new Failure('interrupted', 'interrupted', 'interrupted');
  if (destination.live) {
    const units = await ask(destination, facts.units);
    if (units.known) checks.push(...unitChecks(manifest, holds, units.value, kept));
    else checks.push(byHand('units', units.reason));
    checks.push(...(yield* databaseChecks(request, source, kept, active)));
    checks.push(...(await answerChecks(request, kept, active)));
  } else {
    checks.push(byHand('services', 'a disk runs none'));
  }
  if (source === null) {
    checks.push(
      byHand('files', 'the source cannot be asked: files, accounts and crontabs were not compared'),
    );
  } else {
    // A disk is given no accounts; the plan has said so.
    if (destination.live) checks.push(...(await accountChecks(request, source, manifest)));
    checks.push(...compareObservations(await observeCrontabs(source), await observeCrontabs(destination)));
    checks.push(...compareObservations(await observeIdentity(source), await observeIdentity(destination)));
    checks.push(...(yield* fileChecks(request, source, kept)));
  }
  checks.push(...outside(source?.name ?? manifest.host.name, destination.name));
  return reportOf(unique(checks));
}

function unique(checks: readonly Check[]): Check[] {
  return [...new Map(checks.map((check) => [JSON.stringify(check), check])).values()];
}
