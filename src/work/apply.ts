/**
 * Replays a plan on the destination. Every step is checked again at the moment of acting, so that a run that was
 * stopped goes on where it was, and a second run changes nothing. Services of the source stay held.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { unquote } from '../bytes.ts';
import { accounts as accountsFact } from '../facts/accounts.ts';
import { os as osFact } from '../facts/os.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Accounts, Event, Plan, Profile, Step, Work } from '../types.ts';
import { keepOldForms, placeFiles } from './apply-files.ts';
import { installPackages, installsPackages, settlePolicy } from './apply-packages.ts';
import { readShadow, samePasswords, writePasswords } from './apply-passwords.ts';
import { type Outcome, runSteps } from './apply-program.ts';
import { ask } from './ask.ts';
import type { Folder, Run } from './folder.ts';
import { holdUnits } from './hold.ts';
import { digestNow, plan as makePlanNow } from './plan.ts';
import type { Sealed } from './sealed.ts';
import type { Surroundings } from './work.ts';

export interface ApplyOptions {
  readonly folder: Folder;
  readonly source: Host | null;
  /** Opened secrets of the folder, for when the source cannot be read. */
  readonly sealed?: Sealed | null;
  readonly destination: Host;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
  /** Make a new plan where there is none or it is stale, instead of refusing. For `move`. */
  readonly replan?: boolean;
}
export interface ApplyResult {
  readonly changed: number;
  readonly ok: number;
  readonly failed: number;
  readonly failures: readonly { readonly id: string; readonly title: string; readonly reason: string }[];
}

type Numbered = readonly [index: number, step: Step];
type Kind = 'packages' | 'passwords' | 'files' | 'shell';

function kindOf(step: Step): Kind {
  if (installsPackages(step)) return 'packages';
  if (step.id.startsWith('password:')) return 'passwords';
  return step.files.length > 0 ? 'files' : 'shell';
}

/** Steps in a row that one program, or one archive, does. */
export function segmentsOf(steps: readonly Step[]): { kind: Kind; steps: Numbered[] }[] {
  const segments: { kind: Kind; steps: Numbered[] }[] = [];
  steps.forEach((step, at) => {
    const kind = kindOf(step);
    const last = segments.at(-1);
    if (last?.kind === kind) last.steps.push([at + 1, step]);
    else segments.push({ kind, steps: [[at + 1, step]] });
  });
  return segments;
}

function planDigest(plan: Plan): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex');
}

/** Throws what stands in the way, as one Failure. */
export function refuseBlocked(plan: Plan): void {
  const blockers = plan.notices.filter((notice) => notice.grade === 'blocker');
  const [first] = blockers;
  if (first === undefined) return;
  throw new Failure('needs-person', 'blocker', first.text, {
    during: blockers
      .slice(1)
      .map((notice) => notice.text)
      .join('; '),
    hint: first.hint,
  });
}

/** Whether an earlier run began this very plan: what differs on the destination now is its own doing. */
async function begunBefore(folder: Folder, digest: string): Promise<boolean> {
  if (!existsSync(folder.path('runs'))) return false;
  for (const name of await readdir(folder.path('runs'))) {
    const file = folder.path('runs', name, 'journal.jsonl');
    if (!existsSync(file)) continue;
    if ((await readFile(file, 'utf8')).includes(`"plan":"${digest}"`)) return true;
  }
  return false;
}

function stale(why: string): Failure {
  return new Failure('refused', 'stale-plan', `the plan is out of date: ${why}`, {
    hint: 'make a new one with: opstimal-move plan FOLDER DEST',
  });
}

/** The plan that shall be done, or the Failure that says why it may not be. */
async function* currentPlan(options: ApplyOptions): Work<Plan> {
  const { folder, destination } = options;
  const plan = await folder.readPlan();
  const fresh = async function* (why: Failure): Work<Plan> {
    if (options.replan !== true) throw why;
    return yield* makePlanNow(options);
  };
  if (plan === null) {
    return yield* fresh(
      new Failure('usage', 'plan', `there is no plan in ${folder.name}`, {
        hint: 'make one with: opstimal-move plan FOLDER DEST',
      }),
    );
  }
  const machine = await ask(destination, osFact);
  if (!machine.known) {
    throw new Failure('failed', 'plan', `cannot tell which machine ${destination.name} is`, {
      during: machine.reason,
    });
  }
  if (machine.value.machineId !== plan.destination.machineId) {
    return yield* fresh(stale(`it was made for ${plan.destination.name}, which is another machine`));
  }
  if ((await folder.manifestDigest()) !== plan.manifestDigest) {
    return yield* fresh(stale('the manifest or a decision has changed since'));
  }
  if (await begunBefore(folder, planDigest(plan))) return plan;
  const now = yield* digestNow(options, plan);
  if (now !== plan.destinationDigest) return yield* fresh(stale(`${destination.name} has changed since`));
  return plan;
}

/**
 * Does exactly the saved plan. Throws Failure `refused` when it is stale, `needs-person` when something stands in the
 * way, `failed` when no package can be installed at all. Single steps that fail are in the result.
 */
export async function* apply(options: ApplyOptions): Work<ApplyResult> {
  const { folder, destination, surroundings } = options;
  const plan = yield* currentPlan(options);
  refuseBlocked(plan);
  const run = await folder.startRun('apply', surroundings.now());
  const time = () => new Date(surroundings.now()).toISOString();
  await run.journal({
    at: time(),
    what: 'begin',
    by: surroundings.by,
    plan: planDigest(plan),
    machineId: plan.destination.machineId,
  });
  const units = plan.holds.map((one) => one.unit);
  if (destination.live) {
    await settlePolicy(destination);
    if (units.length > 0) {
      yield { kind: 'phase', name: 'hold', text: `holding ${units.length} services on ${destination.name}` };
      await run.journal({ at: time(), what: 'hold', units });
      await holdUnits(destination, units);
    }
  }
  const old = await keepOldForms(destination, run, plan.steps, run.directory.split('/').at(-1) as string);
  await run.journal({ at: time(), what: 'kept', kept: old.kept.length, absent: old.absent });

  const result = { changed: 0, ok: 0, failures: [] as { id: string; title: string; reason: string }[] };
  for (const segment of segmentsOf(plan.steps)) {
    if (surroundings.signal.aborted) throw interrupted();
    yield { kind: 'phase', name: segment.kind, text: phaseText(segment.kind, segment.steps) };
    await run.journal({ at: time(), what: 'doing', steps: segment.steps.map(([, step]) => step.id) });
    yield* doSegment(options, plan, run, segment, result);
  }
  // A package's script may have started what it brought although it was told not to.
  if (destination.live) await holdUnits(destination, units);
  await run.journal({ at: time(), what: 'end', ...result });
  return {
    changed: result.changed,
    ok: result.ok,
    failed: result.failures.length,
    failures: result.failures,
  };
}

function interrupted(): Failure {
  return new Failure('interrupted', 'interrupted', 'interrupted; what is done stays done', {
    hint: 'run the same command again to go on',
  });
}

function phaseText(kind: Kind, steps: readonly Numbered[]): string {
  const number = steps.length;
  switch (kind) {
    case 'packages':
      return 'installing packages; their services stay stopped';
    case 'passwords':
      return `password hashes of ${number} ${number === 1 ? 'user' : 'users'}`;
    case 'files':
      return `${number} ${number === 1 ? 'file' : 'files'}`;
    case 'shell':
      return [...new Set(steps.map(([, step]) => step.kind))].join(', ');
  }
}

async function* doSegment(
  options: ApplyOptions,
  plan: Plan,
  run: Run,
  segment: { readonly kind: Kind; readonly steps: readonly Numbered[] },
  result: { changed: number; ok: number; failures: { id: string; title: string; reason: string }[] },
): AsyncGenerator<Event, void, void> {
  const { destination, surroundings } = options;
  const of = plan.steps.length;
  const byIndex = new Map(segment.steps);
  const accept = async (outcome: Outcome): Promise<Event> => {
    const step = byIndex.get(outcome.index) as Step;
    if (outcome.state === 'failed') {
      result.failures.push({ id: step.id, title: step.title, reason: outcome.reason });
    } else result[outcome.state] += 1;
    await run.journal({ what: outcome.state, step: step.id, reason: outcome.reason });
    return {
      kind: 'step',
      index: outcome.index,
      of,
      title: step.title,
      state: outcome.state,
      text: outcome.reason,
    };
  };
  const outcomes = outcomesOf(options, segment, await accountsOf(destination, segment.kind));
  for await (const one of outcomes) {
    if ('kind' in one) {
      yield one;
      continue;
    }
    yield await accept(one);
    if (surroundings.signal.aborted && segment.kind === 'shell') throw interrupted();
  }
}

/** On a disk the names of owners are the disk's, and not those of the machine it is mounted on. */
async function accountsOf(destination: Host, kind: Kind): Promise<Accounts | null> {
  if (destination.root === '' || kind !== 'files') return null;
  const answer = await ask(destination, accountsFact);
  return answer.known ? answer.value : null;
}

async function* outcomesOf(
  options: ApplyOptions,
  segment: { readonly kind: Kind; readonly steps: readonly Numbered[] },
  accounts: Accounts | null,
): AsyncGenerator<Event | Outcome, void, void> {
  const { folder, source, destination, surroundings } = options;
  const sealed = options.sealed ?? null;
  const context = { folder, source, sealed, destination, accounts };
  switch (segment.kind) {
    case 'shell':
      yield* runSteps(destination, segment.steps);
      return;
    case 'files':
      yield* placeFiles(context, segment.steps);
      return;
    case 'passwords':
      yield* setPasswords(source, sealed, destination, segment.steps);
      return;
    case 'packages': {
      const local: Numbered[] = [];
      for (const one of segment.steps) {
        if (one[1].files.length === 0) continue;
        const { code } = await destination.run(['sh', '-c', one[1].check]);
        if (code !== 0) local.push(one);
      }
      // A deb that does not arrive is told by apt, with the reason.
      for await (const outcome of placeFiles(context, local)) void outcome;
      yield* installPackages(destination, segment.steps, surroundings.signal);
      if (local.length > 0) {
        const paths = local.flatMap(([, step]) => step.files.map((file) => unquote(file.path)));
        await destination.run(['rm', '-f', '--', ...paths]);
        await destination.run(['rmdir', '--ignore-fail-on-non-empty', '/var/cache/opstimal-move']);
      }
    }
  }
}

async function* setPasswords(
  source: Host | null,
  sealed: Sealed | null,
  destination: Host,
  steps: readonly Numbered[],
): AsyncGenerator<Outcome, void, void> {
  const users = new Map(steps.map(([index, step]) => [step.id.slice('password:'.length), index]));
  if (source === null && sealed === null) {
    for (const index of users.values()) {
      yield { index, state: 'failed', reason: 'the source cannot be read' };
    }
    return;
  }
  const wanted = source === null ? await (sealed as Sealed).shadow() : await readShadow(source);
  const before = samePasswords(wanted, await readShadow(destination));
  const pending = [...users.keys()].filter((user) => !before.has(user) && wanted.has(user));
  const reason = await writePasswords(wanted, destination, pending);
  const after = pending.length === 0 ? before : samePasswords(wanted, await readShadow(destination));
  for (const [user, index] of users) {
    if (before.has(user)) yield { index, state: 'ok', reason: '' };
    else if (after.has(user)) yield { index, state: 'changed', reason: '' };
    else {
      const why = wanted.has(user)
        ? 'it is not as on the source afterwards'
        : 'the source has no such user any more';
      yield { index, state: 'failed', reason: reason ?? why };
    }
  }
}
