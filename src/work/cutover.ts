/**
 * The one command that stops services of the source: freeze, last pass, dumps, start on the destination, proof.
 *
 * Every change of the source is journalled with its inverse before it is done. Whatever goes wrong after the first
 * stop (a failure, an abort, a consumer that stops listening), the destination is held again and the source
 * starts what it had running.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { freezeOrder, thawOrder } from '../decide/freeze.ts';
import { reportOf } from '../decide/report.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Plan, Work } from '../types.ts';
import { giveBack } from './cutover-back.ts';
import {
  activeProfiles,
  type Before,
  beforeFile,
  type Cutover,
  type CutoverResult,
  engines,
  type Kept,
  keptFile,
  readKept,
} from './cutover-kept.ts';
import { appliedPlan, machineIdOf, refuseStranger, refuseUnfit } from './cutover-ready.ts';
import {
  checkOf,
  freeze,
  lastPass,
  type Moving,
  mustStart,
  predict,
  prepareEngines,
  prove,
  remakeDerived,
  startTier,
  stopWhen,
  transferDatabases,
} from './cutover-steps.ts';
import { runningOf } from './cutover-units.ts';
import type { Engine } from './engines/engine.ts';
import { writeWhole } from './folder.ts';
import { holdUnits, releaseUnits } from './hold.ts';
import { askSites, observePorts, observeProbes, secretKey, sitesOf, webObservations } from './observe.ts';
import { databasesMade, type PastCutover, pastCutover, type Quieted } from './runs.ts';

async function clockOf(host: Host): Promise<number> {
  const answer = await host.run(['date', '+%s']);
  return Number(answer.stdout.toString('latin1').trim());
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
  if (past.state !== 'none') return { holds: past.holds, past, machineId, sourceId };
  const plan = await appliedPlan(folder, destination, machineId);
  // A plan that was made while the destination served holds nothing; after a rollback what it held before counts.
  const holds = plan.holds.length > 0 ? plan.holds : past.holds;
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
  const quiet: Quieted[] = [...past.quiet];
  let state: 'open' | 'finished' | 'given back' = 'open';
  let touched = past.state === 'unfinished';
  const back = async (): Promise<string> => {
    const left = { holds, running: touched ? [...running] : [], quiet: touched ? quiet : [] };
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
    const frozenAt = past.frozenAt === '' ? now() : Date.parse(past.frozenAt);
    for (const tier of moving.stops) if (tier.tier !== 'database') yield* freeze(moving, tier);
    yield* transferDatabases(moving);
    for (const tier of moving.stops) if (tier.tier === 'database') yield* freeze(moving, tier);
    yield* lastPass(moving);
    yield* remakeDerived(moving);
    for (const finishing of moving.pending) moving.checks.push(...(await finishing).map(checkOf));
    const startedAt = await clockOf(destination);
    for (const tier of moving.starts) if (tier.tier !== 'actor') yield* startTier(moving, tier);
    const servedAt = now();
    yield* prove(moving, before);
    // Nothing takes the cutover back any more: only now may anything act by itself.
    for (const engine of used) {
      if (quiet.some((one) => one.engine === engine.name)) await engine.wake(destination);
    }
    for (const tier of moving.starts) if (tier.tier === 'actor') yield* startTier(moving, tier);
    await releaseUnits(
      destination,
      holds.map((hold) => hold.unit),
    );

    const result: CutoverResult = {
      predictedSeconds,
      downtimeSeconds: Math.round((servedAt - frozenAt) / 100) / 10,
      report: reportOf(moving.checks),
    };
    const up = await runningOf(
      destination,
      holds.map((hold) => hold.unit),
    );
    const kept: Kept = { ...result, observed: moving.observed, startedAt, up: [...up.units] };
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
