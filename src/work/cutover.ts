/**
 * The one command that stops services of the source: freeze, last pass, dumps, start on the destination, proof.
 *
 * Every change of the source is journalled with its inverse before it is done. Whatever goes wrong after the first
 * stop (a failure, an abort, a consumer that stops listening), the destination is held again and the source
 * starts what it had running.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { predictDowntime } from '../decide/downtime.ts';
import { freezeOrder, type Tier, thawOrder } from '../decide/freeze.ts';
import { compareObservations, type Observation, reportOf } from '../decide/report.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Check, Notice, Plan, Profile, Report, Work } from '../types.ts';
import { giveBack } from './cutover-back.ts';
import { appliedPlan, machineIdOf, refuseStranger, refuseUnfit } from './cutover-ready.ts';
import { lastLogOf, runningOf, startUnits, stopUnits } from './cutover-units.ts';
import type { Engine, Transfer } from './engines/engine.ts';
import { mariadb } from './engines/mariadb.ts';
import { postgresql } from './engines/postgresql.ts';
import { compareCarried } from './files-compare.ts';
import { type Folder, writeWhole } from './folder.ts';
import { holdUnits, releaseUnits } from './hold.ts';
import {
  askSites,
  observePorts,
  observeProbes,
  secretKey,
  settle,
  siteName,
  sitesOf,
  webObservations,
} from './observe.ts';
import { databasesMade, type PastCutover, pastCutover } from './runs.ts';
import { measuredRate, sync } from './sync.ts';
import type { Surroundings } from './work.ts';

export interface Cutover {
  readonly folder: Folder;
  readonly source: Host;
  readonly destination: Host;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
}

export interface CutoverResult {
  readonly predictedSeconds: number;
  /** From the first stop on the source to the last start on the destination. */
  readonly downtimeSeconds: number;
  readonly report: Report;
}

/** What is kept of a cutover, in its run. */
export interface Kept extends CutoverResult {
  /** What the source answered before and at the freeze. Secrets are digests that need the source to mean anything. */
  readonly observed: readonly Observation[];
  /** Milliseconds since the epoch on our clock: what changed on the destination later was changed by its services. */
  readonly startedAt: number;
}

export const engines: readonly Engine[] = [postgresql, mariadb];

export const keptFile = 'cutover.json';

export async function readKept(folder: Folder, past: PastCutover): Promise<Kept | null> {
  const file = folder.path('runs', past.run, keptFile);
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Kept) : null;
}

/** Profiles that are active on the source. */
export async function activeProfiles(
  folder: Folder,
  profiles: readonly Profile[],
): Promise<readonly Profile[]> {
  const names = new Set((await folder.readManifest()).profiles.map((profile) => profile.name));
  return profiles.filter((profile) => names.has(profile.name));
}

/** Groups in which a difference means that data did not arrive: then the source goes on serving. */
const decisive = /^(tables|sequences|large objects|databases|roles|accounts)\b/;

interface Moving {
  readonly request: Cutover;
  readonly journal: (line: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly machineId: string;
  readonly holds: Plan['holds'];
  readonly stops: readonly Tier[];
  readonly starts: readonly Tier[];
  readonly engines: readonly Engine[];
  readonly transfer: (engine: Engine) => Transfer;
  readonly key: Buffer;
  /** What was stopped inside servers of the source. */
  readonly quiet: { readonly engine: Engine; readonly inverse: readonly [string, ...string[]] }[];
  readonly observed: Observation[];
  readonly checks: Check[];
  /** Work that goes on beside the last pass. */
  readonly pending: Promise<readonly Notice[]>[];
}

const engineUnits = (moving: Moving) =>
  moving.holds
    .map((hold) => hold.unit)
    .filter((unit) => moving.engines.some((engine) => engine.units.test(unit)));

function stopWhen(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('interrupted', 'interrupted', 'the cutover was interrupted');
}

/** Starts the destination's database servers early and looks whether they can take over, while the source serves. */
async function* prepareEngines(moving: Moving): Work<readonly Notice[]> {
  const { destination } = moving.request;
  const units = engineUnits(moving);
  if (moving.engines.length === 0) return [];
  await moving.journal({ what: 'release', units });
  await releaseUnits(destination, units);
  await mustStart(destination, units);
  const notices: Notice[] = [];
  for (const engine of moving.engines) notices.push(...(yield* engine.prepare(moving.transfer(engine))));
  return notices;
}

async function mustStart(host: Host, units: readonly string[]): Promise<void> {
  const failed = await startUnits(host, units);
  if (failed.length === 0) return;
  throw new Failure('failed', 'start', `${failed.join(', ')} does not start on ${host.name}`, {
    during: await lastLogOf(host, failed),
    hint: `look there: journalctl -u ${failed[0]}`,
  });
}

async function predict(moving: Moving, sites: number): Promise<number> {
  const { request } = moving;
  const measured = await measuredRate(request.folder, moving.machineId);
  const sizes = [];
  for (const engine of moving.engines) sizes.push(...(await engine.list(request.source)));
  const entries = (await request.folder.readPlan())?.data.files ?? 0;
  const listSeconds = measured?.listSeconds ?? entries / 20_000;
  const units = moving.stops.reduce((sum, tier) => sum + tier.units.length, 0);
  return predictDowntime({
    units,
    secondsPerStop: 0.4,
    secondsPerStart: 0.5,
    // Once for the last pass, once to prove that both sides are the same.
    listSeconds: 2 * listSeconds,
    dirtyBytes: (measured?.changedBytesPerSecond ?? 0) * 60,
    dirtyEntries: (measured?.changedEntriesPerSecond ?? 0) * 60,
    bytesPerSecond: measured?.bytesPerSecond ?? 0,
    entriesPerSecond: measured?.entriesPerSecond ?? 0,
    databases: sizes.length,
    databaseBytes: sizes.reduce((sum, one) => sum + one.bytes, 0),
    databaseBytesPerSecond: 0,
    checkSeconds: 2 + sites * 0.2 + moving.engines.length * 3,
  });
}

async function* freeze(moving: Moving, tier: Tier): Work<void> {
  const { source, surroundings } = moving.request;
  stopWhen(surroundings.signal);
  yield { kind: 'phase', name: 'freeze', text: `stopping ${tier.units.join(', ')} on ${source.name}` };
  await moving.journal({
    what: 'stop',
    units: tier.units,
    inverse: ['systemctl', 'start', '--', ...tier.units],
  });
  await stopUnits(source, tier.units);
}

/** Dumps run while the source's writers are stopped and its database servers are not. */
async function* transferDatabases(moving: Moving): Work<void> {
  const { source, destination, surroundings } = moving.request;
  for (const engine of moving.engines) {
    stopWhen(surroundings.signal);
    yield { kind: 'phase', name: 'databases', text: `dumping ${engine.name} into ${destination.name}` };
    for (const step of await engine.quiet(source)) {
      await moving.journal({ what: 'quiet', step: step.what, inverse: step.inverse });
      await source.run(step.argv);
      moving.quiet.push({ engine, inverse: step.inverse });
    }
    const before = await engine.writes(source);
    const asVersion = await engine.major(destination);
    const there = await engine.observe(source, { key: moving.key, asVersion });
    moving.observed.push(...there);
    const done = yield* engine.transfer(moving.transfer(engine));
    moving.checks.push(...done.notices.map(checkOf));
    if ((await engine.writes(source)) !== before) {
      throw new Failure(
        'failed',
        'writers',
        `somebody wrote into ${engine.name} on ${source.name} while it was dumped`,
        {
          during: 'all its services were stopped',
          hint: 'find out who connects to it from elsewhere, stop that, and run the same command again',
        },
      );
    }
    const finishing = engine.finish(destination);
    finishing.catch(() => {});
    moving.pending.push(finishing);
    const here = await engine.observe(destination, { key: moving.key, asVersion: null });
    // Whether events run is decided at the end, when everything is there.
    const checks = compareObservations(there, here).filter(
      (check) => !check.text.includes('event_scheduler'),
    );
    moving.checks.push(...checks);
    const lost = checks.find((check) => check.state === 'red' && decisive.test(check.text));
    if (lost !== undefined) {
      throw new Failure('failed', 'database', `${lost.subject} did not arrive as it was: ${lost.text}`, {
        during: `${source.name}: ${lost.source ?? 'nothing'}; ${destination.name}: ${lost.destination ?? 'nothing'}`,
      });
    }
  }
}

export function checkOf(notice: Notice): Check {
  const hint = notice.hint === '' ? '' : ` (${notice.hint})`;
  return { state: 'by-hand', subject: notice.subject, text: `${notice.text}${hint}` };
}

/** The last pass, and the proof that both sides are the same before anything runs on the destination. */
async function* lastPass(moving: Moving): Work<void> {
  const { folder, source, destination, surroundings } = moving.request;
  const passed = yield* sync({ folder, source, destination, surroundings, final: true });
  if (passed.torn.length > 0) {
    throw new Failure(
      'failed',
      'torn',
      `${passed.torn.length} files changed while they were read, although everything is stopped`,
      {
        during: passed.torn.slice(0, 3).join(', '),
        hint: `find out who writes them on ${source.name}: fuser -v FILE`,
      },
    );
  }
  for (const { path, reason } of passed.failed) {
    moving.checks.push({ state: 'red', subject: 'files', text: `${path} was not carried: ${reason}` });
  }
  yield { kind: 'phase', name: 'compare', text: 'comparing both sides' };
  const compared = await compareCarried(folder, source, destination);
  const refused = passed.failed.map((one) => one.path).filter((path) => path !== '');
  const different = compared.different.filter(
    (path) => !refused.some((tree) => path === tree || path.startsWith(`${tree}/`)),
  );
  if (different.length > 0) {
    throw new Failure('failed', 'files', `${different.length} files are not the same after the last pass`, {
      during: different.slice(0, 3).join(', '),
      hint: `something still writes on ${source.name}, or on ${destination.name}`,
    });
  }
  moving.checks.push({
    state: 'green',
    subject: 'files',
    text: `${compared.entries} entries equal before the first service started`,
  });
}

async function* startTier(moving: Moving, tier: Tier): Work<void> {
  const { destination, surroundings } = moving.request;
  stopWhen(surroundings.signal);
  yield { kind: 'phase', name: 'start', text: `starting ${tier.units.join(', ')} on ${destination.name}` };
  await moving.journal({ what: 'start', units: tier.units });
  const held = moving.holds.map((hold) => hold.unit).filter((unit) => tier.units.includes(unit));
  await releaseUnits(destination, held);
  await mustStart(destination, tier.units);
}

/** Asks the destination what the source was asked before. A server error where there was none takes everything back. */
async function* prove(moving: Moving, before: Before): Work<void> {
  const { folder, source, destination, profiles } = moving.request;
  yield { kind: 'phase', name: 'checks', text: `asking ${destination.name} what ${source.name} answered` };
  await settle(destination);
  const active = await activeProfiles(folder, profiles);
  const sites = (await sitesOf(destination)).filter((site) => before.sites.includes(siteName(site)));
  const answers = await askSites(destination, sites);
  const here = [
    ...webObservations(answers),
    ...(await observePorts(destination, null)),
    ...(await observeProbes(destination, active, 'equal')),
  ];
  const checks = compareObservations(before.observed, here);
  moving.checks.push(...checks);
  for (const probe of await observeProbes(destination, active, 'zero')) {
    const good = probe.value === 'exit 0';
    moving.checks.push({
      state: good ? 'green' : 'red',
      subject: probe.subject,
      text: good ? `${probe.group}: good` : `${probe.group}: ${probe.value}`,
    });
  }
  const gone = checks.find(
    (check) =>
      check.state === 'red' &&
      /^https?:/.test(check.subject) &&
      check.text.startsWith('answer: status') &&
      /^[1-4]\d\d$/.test(check.source ?? '') &&
      !/^[1-4]\d\d$/.test(check.destination ?? ''),
  );
  if (gone !== undefined) {
    throw new Failure(
      'failed',
      'probe',
      `${destination.name} does not answer ${gone.subject} as ${source.name} did`,
      {
        during: `${source.name}: ${gone.source}; ${destination.name}: ${gone.destination ?? 'no answer'}`,
        hint: `look there: journalctl -b -p warning`,
      },
    );
  }
}

interface Begun {
  readonly holds: Plan['holds'];
  readonly past: PastCutover;
  readonly machineId: string;
  readonly sourceId: string;
}

async function begin(request: Cutover): Promise<Begun> {
  const { folder, source, destination } = request;
  refuseUnfit(source, destination);
  const [sourceId, machineId] = [await machineIdOf(source), await machineIdOf(destination)];
  if (sourceId === machineId && sourceId !== '') {
    throw new Failure('usage', 'same-host', `${source.name} and ${destination.name} are the same machine`);
  }
  await refuseStranger(folder, source, sourceId);
  const past = await pastCutover(folder, machineId);
  // A run that was killed left units stopped: what ran before it counts, not what runs now.
  const holds =
    past.state === 'none' ? (await appliedPlan(folder, destination, machineId)).holds : past.holds;
  return { holds, past, machineId, sourceId };
}

/** Engines whose data has to be dumped. One that a killed run had stopped already is started again for it. */
async function* enginesOf(request: Cutover, past: PastCutover): Work<Engine[]> {
  const { folder, source, profiles } = request;
  const active = await activeProfiles(folder, profiles);
  const used: Engine[] = [];
  for (const engine of engines) {
    if (!active.some((profile) => profile.dump === engine.name)) continue;
    const stopped = past.running.filter((unit) => engine.units.test(unit));
    if (past.state === 'unfinished' && stopped.length > 0) await mustStart(source, stopped);
    if (await engine.answers(source)) used.push(engine);
    else {
      const text = `${engine.name} does not answer on ${source.name}: its databases are not carried`;
      yield { kind: 'note', grade: 'care', text };
    }
  }
  return used;
}

interface Before {
  readonly observed: readonly Observation[];
  readonly sites: readonly string[];
}

/** What the source answers while it serves; after a killed run what it answered then. */
async function observeBefore(
  request: Cutover,
  past: PastCutover,
  running: ReadonlySet<string>,
): Promise<Before> {
  const { folder, source, profiles } = request;
  const stored = folder.path('runs', past.run, beforeFile);
  if (past.state === 'unfinished' && existsSync(stored))
    return JSON.parse(await readFile(stored, 'utf8')) as Before;
  const sites = await sitesOf(source);
  const first = await askSites(source, sites);
  const observed = [
    ...(await observePorts(source, running)),
    ...(await observeProbes(source, await activeProfiles(folder, profiles), 'equal')),
  ];
  // Asked a second time, some moments later, to know which pages change by themselves.
  await new Promise((wake) => setTimeout(wake, 1500));
  const second = await askSites(source, sites);
  return { observed: [...webObservations(first, second), ...observed], sites: [...first.keys()] };
}

const beforeFile = 'before.json';

/**
 * Cuts over. Run again after a success it does nothing and says so; after an interruption it goes on with what ran
 * before. Throws Failure `failed` or `interrupted` after everything was taken back, with the reason.
 */
export async function* cutover(request: Cutover): Work<CutoverResult> {
  const { folder, source, destination, surroundings } = request;
  const { now, by } = surroundings;
  const { holds, past, machineId, sourceId } = await begin(request);
  if (past.state === 'done') {
    const kept = await readKept(folder, past);
    if (kept === null) {
      throw new Failure('failed', 'folder', `the run ${past.run} of ${folder.name} has lost its report`);
    }
    yield {
      kind: 'note',
      grade: 'info',
      text: `${destination.name} took over at ${past.at}; nothing was done now`,
    };
    const { predictedSeconds, downtimeSeconds, report } = kept;
    return { predictedSeconds, downtimeSeconds, report };
  }

  yield { kind: 'phase', name: 'cutover', text: `looking what runs on ${source.name}` };
  const { units, triggers } = await runningOf(source, [...new Set(holds.map((hold) => hold.source))]);
  const running = new Set([...units, ...past.running]);
  const run = await folder.startRun('cutover', now());
  const journal = (line: Readonly<Record<string, unknown>>) =>
    run.journal({ at: new Date(now()).toISOString(), machineId, ...line });
  await journal({ what: 'begin', by, source: sourceId, holds, running: [...running] });
  const made = await databasesMade(folder, machineId);
  const quiet: Moving['quiet'] = [];
  let state: 'open' | 'finished' | 'given back' = 'open';
  let touched = past.state === 'unfinished';
  const back = async (): Promise<string> => {
    const inverses = [...past.quiet, ...quiet.map((one) => one.inverse)];
    const left = { holds, running: touched ? [...running] : [], quiet: touched ? inverses : [] };
    const trouble = await giveBack(source, destination, left, triggers);
    if (trouble === '') await journal({ what: 'undone', cutOver: false });
    return trouble;
  };

  try {
    await holdUnits(
      destination,
      holds.map((hold) => hold.unit),
    );
    const used = yield* enginesOf(request, past);
    const moving: Moving = {
      request,
      journal,
      machineId,
      holds,
      stops: freezeOrder(holds, running, triggers),
      starts: thawOrder(holds, running, triggers),
      engines: used,
      transfer: (engine) => ({
        source,
        destination,
        signal: surroundings.signal,
        journal,
        madeByUs: (name) => made.has(`${engine.name} ${name}`),
      }),
      key: await secretKey(source),
      quiet,
      observed: [],
      checks: [],
      pending: [],
    };
    moving.checks.push(...(yield* prepareEngines(moving)).map(checkOf));
    yield { kind: 'phase', name: 'observe', text: `asking ${source.name} what it answers` };
    const before = await observeBefore(request, past, running);
    await writeWhole(run.path(beforeFile), JSON.stringify(before));
    moving.observed.push(...before.observed);
    const predictedSeconds = await predict(moving, before.sites.length);
    yield { kind: 'note', grade: 'info', text: `away for about ${Math.ceil(predictedSeconds)} s` };
    stopWhen(surroundings.signal);

    touched = true;
    const frozenAt = now();
    for (const tier of moving.stops) if (tier.tier !== 'database') yield* freeze(moving, tier);
    yield* transferDatabases(moving);
    for (const tier of moving.stops) if (tier.tier === 'database') yield* freeze(moving, tier);
    yield* lastPass(moving);
    for (const finishing of moving.pending) moving.checks.push(...(await finishing).map(checkOf));
    for (const tier of moving.starts) if (tier.tier !== 'actor') yield* startTier(moving, tier);
    const startedAt = now();
    yield* prove(moving, before);
    // Nothing takes the cutover back any more: only now may anything act by itself.
    for (const { engine } of quiet) await engine.wake(destination);
    for (const tier of moving.starts) if (tier.tier === 'actor') yield* startTier(moving, tier);
    await releaseUnits(
      destination,
      holds.map((hold) => hold.unit),
    );

    const result: CutoverResult = {
      predictedSeconds,
      downtimeSeconds: Math.round((startedAt - frozenAt) / 100) / 10,
      report: reportOf(moving.checks),
    };
    const kept: Kept = { ...result, observed: moving.observed, startedAt };
    await writeWhole(run.path(keptFile), `${JSON.stringify(kept, null, 1)}\n`);
    await journal({ what: 'end', cutOver: true, predictedSeconds, downtimeSeconds: result.downtimeSeconds });
    state = 'finished';
    return result;
  } catch (error) {
    state = 'given back';
    if (touched) yield { kind: 'phase', name: 'back', text: `starting the services of ${source.name} again` };
    const trouble = await back();
    if (!(error instanceof Failure)) throw error;
    const said = touched ? `${source.name} serves again as before` : `nothing was stopped on ${source.name}`;
    throw new Failure(error.code, error.topic, error.message, {
      during: error.during,
      hint: [trouble === '' ? said : `do this by hand: ${trouble}`, error.hint]
        .filter((text) => text !== '')
        .join('; '),
      cause: error,
    });
  } finally {
    // A consumer that stopped listening ends here.
    if (state === 'open') await back();
  }
}
