/** Scan, plan, apply, sync, cutover, verify in one. Each stage can be run again, so the whole can. */
import { undecidedGroups } from '../decide/manifest.ts';
import { reportOf } from '../decide/report.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Notice, Profile, Report, Work } from '../types.ts';
import { apply } from './apply.ts';
import { cutover } from './cutover.ts';
import { machineIdOf } from './cutover-ready.ts';
import type { Folder } from './folder.ts';
import { plan } from './plan.ts';
import { pastCutover } from './runs.ts';
import { scan } from './scan.ts';
import { sync } from './sync.ts';
import { verify } from './verify.ts';
import type { Surroundings } from './work.ts';

export interface Move {
  readonly source: Host;
  readonly destination: Host;
  readonly folder: Folder;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
  /** Stop before the cutover; nothing changes on the source. */
  readonly rehearse?: boolean;
  /** Whether this machine may download packages for the originals of edited files. Default: no. */
  readonly download?: boolean;
}
export interface MoveResult {
  readonly report: Report;
  /** Null for a rehearsal, which has none. */
  readonly downtimeSeconds: number | null;
  readonly predictedSeconds: number | null;
  readonly folder: string;
  readonly notices: readonly Notice[];
}

async function refuseUndecided(folder: Folder, destination: Host): Promise<void> {
  const open = undecidedGroups(await folder.verdictIndex());
  if (open.length === 0) return;
  const names = open.map((group) => group.path);
  const shown = names.slice(0, 5).join(', ');
  throw new Failure(
    'needs-person',
    'undecided',
    `${open.length} places are undecided: ${shown}${names.length > 5 ? ' …' : ''}`,
    {
      during: `nothing explains what they are, and nothing was changed on ${destination.name}`,
      hint: `say what each is: opstimal-move decide ${folder.name} ${names[0]} mutable   (or immutable, ephemeral …)`,
    },
  );
}

/**
 * Moves a server. Goes on where an earlier run stopped; after a finished cutover only verifies. Throws Failure
 * `needs-person` for undecided paths and blockers, and those of every stage.
 */
export async function* move(request: Move): Work<MoveResult> {
  const { source, destination, folder, profiles, surroundings } = request;
  const both = { folder, source, destination, profiles, surroundings };
  const past = await pastCutover(folder, await machineIdOf(destination));
  const notices: Notice[] = [];

  if (past.state === 'none') {
    yield { kind: 'phase', name: 'move', text: '1/6 scan' };
    yield* scan({ source, folder, profiles, surroundings, download: request.download ?? false });
    await refuseUndecided(folder, destination);
    yield { kind: 'phase', name: 'move', text: '2/6 plan' };
    const made = yield* plan(both);
    notices.push(...made.notices);
    yield { kind: 'phase', name: 'move', text: '3/6 apply' };
    const applied = yield* apply({ ...both, replan: true });
    if (applied.failed > 0) {
      const [first] = applied.failures;
      throw new Failure(
        'partial',
        'apply',
        `${applied.failed} steps of apply failed, the first: ${first?.title}`,
        {
          during: first?.reason ?? '',
          hint: 'repair that and run the same command again; what is done is not done twice',
        },
      );
    }
    yield { kind: 'phase', name: 'move', text: '4/6 sync' };
    const synced = yield* sync({ folder, source, destination, surroundings, untilQuiet: true });
    for (const { path, reason } of synced.failed) {
      notices.push({ grade: 'care', subject: 'sync', text: `${path} was not carried: ${reason}`, hint: '' });
    }
  }
  if (request.rehearse === true) {
    if (past.state !== 'none') {
      throw new Failure(
        'usage',
        'rehearse',
        `${folder.name} was cut over already: there is nothing left to rehearse`,
        {
          hint: `take it back first: opstimal-move rollback ${folder.name}`,
        },
      );
    }
    yield { kind: 'phase', name: 'move', text: '6/6 verify' };
    const report = yield* verify(both);
    return { report, downtimeSeconds: null, predictedSeconds: null, folder: folder.directory, notices };
  }

  yield { kind: 'phase', name: 'move', text: '5/6 cutover' };
  const result = yield* cutover(both);
  yield { kind: 'phase', name: 'move', text: '6/6 verify' };
  const verified = yield* verify(both);
  const seen = new Set(verified.checks.map((check) => `${check.subject}\0${check.text}`));
  const more = result.report.checks.filter(
    (check) =>
      check.state !== 'green' &&
      !seen.has(`${check.subject}\0${check.text}`) &&
      !seen.has(`${check.subject}\0${check.text}, when it was loaded`),
  );
  return {
    report: reportOf([...verified.checks, ...more]),
    downtimeSeconds: result.downtimeSeconds,
    predictedSeconds: result.predictedSeconds,
    folder: folder.directory,
    notices,
  };
}
