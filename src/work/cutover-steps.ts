/** The steps of a cutover, in the order in which it takes them. */
import { quote } from '../bytes.ts';
import { predictDowntime } from '../decide/downtime.ts';
import type { Tier } from '../decide/freeze.ts';
import { compareObservations, type Observation } from '../decide/report.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Check, Notice, Plan, Work } from '../types.ts';
import { activeProfiles, type Before, type Cutover } from './cutover-kept.ts';
import { lastLogOf, startUnits, stopUnits } from './cutover-units.ts';
import type { Engine, Transfer } from './engines/engine.ts';
import { compareCarried } from './files-compare.ts';
import { releaseUnits } from './hold.ts';
import {
  askSites,
  observePorts,
  observeProbes,
  settle,
  siteName,
  sitesOf,
  webObservations,
} from './observe.ts';
import type { Quieted } from './runs.ts';
import { measuredRate, sync } from './sync.ts';

/** Groups in which a difference means that data did not arrive: then the source goes on serving. */
const decisive = /^(tables|sequences|large objects|databases|roles|accounts)\b/;

export interface Moving {
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
  readonly quiet: Quieted[];
  readonly observed: Observation[];
  readonly checks: Check[];
  /** Work that goes on beside the last pass. */
  readonly pending: Promise<readonly Notice[]>[];
}

const engineUnits = (moving: Moving) =>
  moving.holds
    .map((hold) => hold.unit)
    .filter((unit) => moving.engines.some((engine) => engine.units.test(unit)));

export function stopWhen(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('interrupted', 'interrupted', 'the cutover was interrupted');
}

/** Starts the destination's database servers early and looks whether they can take over, while the source serves. */
export async function* prepareEngines(moving: Moving): Work<readonly Notice[]> {
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

export async function mustStart(host: Host, units: readonly string[]): Promise<void> {
  const failed = await startUnits(host, units);
  if (failed.length === 0) return;
  throw new Failure('failed', 'start', `${failed.join(', ')} does not start on ${host.name}`, {
    during: await lastLogOf(host, failed),
    hint: `look there: journalctl -u ${failed[0]}`,
  });
}

export async function predict(moving: Moving, sites: number): Promise<number> {
  const { request } = moving;
  const measured = await measuredRate(request.folder, moving.machineId);
  const sizes = [];
  for (const engine of moving.engines) sizes.push(...(await engine.list(request.source)));
  const entries = (await request.folder.readPlan())?.data.files ?? 0;
  const listSeconds = measured?.listSeconds ?? entries / 20_000;
  const units = moving.stops.reduce((sum, tier) => sum + tier.units.length, 0);
  return predictDowntime({
    units,
    secondsPerStop: 0.15,
    secondsPerStart: 0.15,
    // Once for the last pass, once to prove that both sides are the same.
    listSeconds: 2 * listSeconds,
    dirtyBytes: (measured?.changedBytesPerSecond ?? 0) * 60,
    dirtyEntries: (measured?.changedEntriesPerSecond ?? 0) * 60,
    bytesPerSecond: measured?.bytesPerSecond ?? 0,
    entriesPerSecond: measured?.entriesPerSecond ?? 0,
    databases: sizes.length,
    databaseBytes: sizes.reduce((sum, one) => sum + one.bytes, 0),
    databaseBytesPerSecond: 0,
    checkSeconds: sites * 0.1 + moving.engines.length * 1.5,
  });
}

export async function* freeze(moving: Moving, tier: Tier): Work<void> {
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
export async function* transferDatabases(moving: Moving): Work<void> {
  const { source, destination, surroundings } = moving.request;
  for (const engine of moving.engines) {
    stopWhen(surroundings.signal);
    yield { kind: 'phase', name: 'databases', text: `dumping ${engine.name} into ${destination.name}` };
    for (const step of await engine.quiet(source)) {
      await moving.journal({
        what: 'quiet',
        engine: engine.name,
        step: step.what,
        inverse: step.inverse,
      });
      await source.run(step.argv);
      moving.quiet.push({ engine: engine.name, inverse: step.inverse });
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

/** What is made from carried files before anything reads it: trusted certificates, and where libraries lie. */
const remake = `
if command -v update-ca-certificates >/dev/null; then update-ca-certificates --fresh >/dev/null || exit 1; fi
ldconfig`;

/** Certificates and libraries below /usr/local came with the data, after apply had refreshed what there was. */
export async function* remakeDerived(moving: Moving): Work<void> {
  const { destination } = moving.request;
  yield { kind: 'phase', name: 'refresh', text: `trusted certificates and libraries of ${destination.name}` };
  const answer = await destination.run(['sh', '-c', remake], { timeoutSeconds: 300 });
  if (answer.code === 0) return;
  const said = quote(answer.stderr.toString('latin1').trim().split('\n').at(-1) ?? '');
  moving.checks.push({
    state: 'red',
    subject: 'certificates',
    text: `update-ca-certificates or ldconfig failed: ${said}`,
  });
}

/** The last pass, and the proof that both sides are the same before anything runs on the destination. */
export async function* lastPass(moving: Moving): Work<void> {
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

export async function* startTier(moving: Moving, tier: Tier): Work<void> {
  const { destination, surroundings } = moving.request;
  stopWhen(surroundings.signal);
  yield { kind: 'phase', name: 'start', text: `starting ${tier.units.join(', ')} on ${destination.name}` };
  await moving.journal({ what: 'start', units: tier.units });
  const held = moving.holds.map((hold) => hold.unit).filter((unit) => tier.units.includes(unit));
  await releaseUnits(destination, held);
  await mustStart(destination, tier.units);
}

/** Asks the destination what the source was asked before. A server error where there was none takes everything back. */
export async function* prove(moving: Moving, before: Before): Work<void> {
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
