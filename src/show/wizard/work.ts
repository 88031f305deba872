/** The wizard's work done for real: the same functions that the commands call, over the same folder. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quote, unquote } from '../../bytes.ts';
import { Failure } from '../../failure.ts';
import { connect } from '../../host/connect.ts';
import type { Asker, Host } from '../../host/host.ts';
import { parsePlace } from '../../host/place.ts';
import type { Class, Decision, Profile, Work } from '../../types.ts';
import { Folder } from '../../work/folder.ts';
import type { Surroundings } from '../../work/work.ts';
import { rememberDestination, serverName, sourceNames } from '../commands/hosts.ts';
import { profilesOf } from '../commands/profiles.ts';
import type { Session } from '../session.ts';
import { plural } from '../units.ts';
import type { WizardWork } from './effects.ts';
import type { Screen } from './keys.ts';
import type { Batch, Group } from './state.ts';

/** Lines of an explanation that are shown; nobody scrolls further. */
const paneLines = 1000;

/** The parts that are reached once and kept while the wizard is open. */
interface Reached {
  folder: Folder;
  source: Host;
  destination: Host;
}

export function realWork(session: Session): WizardWork {
  let reached: Reached | null = null;
  let profiles: readonly Profile[] | null = null;
  const now = (): Reached => {
    if (reached === null) throw new Error('no host was reached');
    return reached;
  };
  const surroundings = (signal: AbortSignal): Surroundings => ({ ...session.surroundings, signal });
  const known = async (): Promise<readonly Profile[]> => {
    profiles ??= await profilesOf(session);
    return profiles;
  };
  /** One run at a time in a folder: the lock is held while a job runs, not while a person thinks. */
  async function* locked<T>(work: () => Promise<Work<T>>): Work<T> {
    const unlock = await now().folder.lock();
    try {
      return yield* await work();
    } finally {
      await unlock();
    }
  }
  return {
    names: () => offeredNames(session.environment.HOME ?? ''),
    open: (name) => openFolder(name),
    async connect(places, asker, note) {
      reached = await reachBoth(session, places, asker, note);
      const { folder, source, destination } = reached;
      const scanned = existsSync(folder.path('manifest.yaml'));
      return {
        folder: folder.name,
        sourceName: await serverName(source),
        destinationName: await serverName(destination),
        sourceNames: [...new Set([await serverName(source), ...(await sourceNames(folder, source))])],
        scanned,
        lines: [],
      };
    },
    scan: (signal) =>
      locked(async () => {
        const { scan } = await import('../../work/scan.ts');
        const { folder, source } = now();
        return scan({
          folder,
          source,
          profiles: await known(),
          surroundings: surroundings(signal),
          download: true,
        });
      }),
    groups: () => groupsOf(now().folder),
    history: async () => historyOf(await now().folder.decisions()),
    async decide(path, chosen) {
      const { decidePath } = await import('../../work/decide-path.ts');
      const unlock = await now().folder.lock();
      try {
        await decidePath(now().folder, unquote(path), chosen, '', session.surroundings);
      } finally {
        await unlock();
      }
    },
    async explain(path) {
      const [{ explainPath }, { explainText }] = await Promise.all([
        import('../../work/explain.ts'),
        import('../explain-text.ts'),
      ]);
      const { folder } = now();
      const lines = explainText(await explainPath(folder, unquote(path)), folder.name)
        .trimEnd()
        .split('\n');
      if (lines.length <= paneLines) return lines;
      return [
        ...lines.slice(0, paneLines),
        `(${plural(lines.length - paneLines, 'line')} more, opstimal-move explain shows them)`,
      ];
    },
    plan: (signal) =>
      locked(async () => {
        const { plan } = await import('../../work/plan.ts');
        return plan({ ...now(), profiles: await known(), surroundings: surroundings(signal) });
      }),
    apply: (signal) =>
      locked(async () => {
        const { apply } = await import('../../work/apply.ts');
        return apply({ ...now(), profiles: await known(), surroundings: surroundings(signal) });
      }),
    async *sync(signal) {
      const { sync } = await import('../../work/sync.ts');
      const result = yield* locked(async () => sync({ ...now(), surroundings: surroundings(signal) }));
      return {
        pass: {
          pass: result.pass,
          changed: result.changed,
          bytes: result.bytes,
          seconds: result.seconds,
          failed: result.failed.length,
        },
        quiet: result.seconds < 30,
      };
    },
    async *cutover(signal) {
      const { cutover } = await import('../../work/cutover.ts');
      const result = yield* locked(async () =>
        cutover({ ...now(), profiles: await known(), surroundings: surroundings(signal) }),
      );
      const downtime = { predicted: result.predictedSeconds, measured: result.downtimeSeconds };
      return { report: result.report, downtime };
    },
    async *verify(signal) {
      const { verify } = await import('../../work/verify.ts');
      return yield* locked(async () =>
        verify({ ...now(), profiles: await known(), surroundings: surroundings(signal) }),
      );
    },
    async bug(error) {
      const { reportBug } = await import('../bug.ts');
      const text = await reportBug(error, reached?.folder.directory, session.surroundings.now());
      return {
        message: text.split('\n')[0] as string,
        during: '',
        hint: text.split('\n').slice(1).join('\n').trim(),
        topic: 'bug',
      };
    },
  };
}

async function reachBoth(
  session: Session,
  places: { source: string; destination: string; folder: string },
  asker: Asker,
  note: (text: string) => void,
): Promise<Reached> {
  const options = { asker, environment: session.environment, note };
  const [from, to] = [parsePlace(places.source), parsePlace(places.destination)];
  note(`connecting to ${places.source}`);
  const source = await connect(from, options);
  session.closing.push(() => source.close());
  note(`connecting to ${places.destination}`);
  const destination = await connect(to, options);
  session.closing.push(() => destination.close());
  const folder = await Folder.create(places.folder || Folder.nameFor(await serverName(source)));
  await rememberDestination(folder, destination);
  return { folder, source, destination };
}

/** Folders of the working directory first, then the aliases of ~/.ssh/config (`Host` lines without patterns). */
async function offeredNames(home: string): Promise<string[]> {
  const here = (await readdir('.')).filter(
    (name) => name.endsWith('.move') && existsSync(join(name, 'hosts.yaml')),
  );
  const text = await readFile(join(home, '.ssh/config'), 'utf8').catch(() => '');
  const aliases = text.split('\n').flatMap((line) => {
    const match = /^\s*Host(?:\s+|\s*=\s*)(.+)$/i.exec(line);
    return match === null
      ? []
      : (match[1] as string)
          .trim()
          .split(/\s+/)
          .filter((name) => !/[*?!"]/.test(name));
  });
  return [...new Set([...here.sort(), ...aliases])];
}

/** Which screen a folder goes on with: by the newest of its runs. */
async function openFolder(name: string): Promise<{ source: string; destination: string; at: Screen }> {
  if (!existsSync(join(name, 'hosts.yaml'))) {
    throw new Failure('usage', 'folder', `${name} is no migration folder`, {
      hint: 'type the place of the source instead, for example root@web1',
    });
  }
  const folder = await Folder.create(name);
  const { source, destination } = await folder.readHosts();
  return { source: source?.place ?? '', destination: destination?.place ?? '', at: await goOnAt(folder) };
}

async function goOnAt(folder: Folder): Promise<Screen> {
  if (!existsSync(folder.path('manifest.yaml'))) return 'scan';
  const runs = (await readdir(folder.path('runs')).catch(() => [])).sort();
  const last = runs.map((run) => /^[^-]+-([a-z]+)/.exec(run)?.[1] ?? '').findLast((name) => name in afterRun);
  if (last !== undefined) return afterRun[last] as Screen;
  return existsSync(folder.path('plan.json')) ? 'plan' : 'review';
}

/** A plan that has nothing left to do says so itself, so apply goes on there. */
const afterRun: Readonly<Record<string, Screen>> = {
  scan: 'review',
  plan: 'plan',
  apply: 'plan',
  sync: 'sync',
  rollback: 'sync',
  cutover: 'verify',
  move: 'verify',
  verify: 'verify',
};

/** Undecided first, then the largest; empty groups say nothing. */
async function groupsOf(folder: Folder): Promise<readonly Group[]> {
  const groups: Group[] = [];
  for (const verdict of (await folder.verdictIndex()).all()) {
    if (verdict.files === 0 && verdict.bytes === 0 && verdict.rule !== 'decision') continue;
    groups.push({
      path: quote(verdict.path),
      class: verdict.class,
      bytes: verdict.bytes,
      files: verdict.files,
      reason: quote(verdict.reason),
    });
  }
  const open = (group: Group): number => (group.class === 'undecided' ? 0 : 1);
  return groups.sort(
    (one, other) => open(one) - open(other) || other.bytes - one.bytes || (one.path < other.path ? -1 : 1),
  );
}

/** Each decision as a batch of its own, so that undo works on what earlier runs decided. */
function historyOf(decisions: readonly Decision[]): Batch[] {
  const last = new Map<string, Class | null>();
  return decisions.map((decision) => {
    const path = quote(decision.path);
    const before = last.get(path) ?? null;
    last.set(path, decision.class);
    return { paths: [path], before: [before], after: decision.class };
  });
}
