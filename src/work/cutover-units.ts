/** Stops and starts units, and proves that they did. */
import { quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';

interface UnitState {
  readonly name: string;
  readonly active: string;
  readonly result: string;
  readonly triggeredBy: readonly string[];
  readonly controlGroup: string;
}

/** States of units in one question; a unit that does not exist is `inactive`. */
async function statesOf(host: Host, units: readonly string[]): Promise<readonly UnitState[]> {
  if (units.length === 0) return [];
  const answer = await host.run([
    'systemctl',
    'show',
    '--property=Id,ActiveState,Result,TriggeredBy,ControlGroup',
    '--',
    ...units,
  ]);
  const blocks = answer.stdout.toString('latin1').split(/\n\n+/);
  return units.map((name, index) => {
    const fields = new Map(
      (blocks[index] ?? '').split('\n').map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1)] as const;
      }),
    );
    const words = (field: string) => (fields.get(field) ?? '').split(' ').filter((word) => word !== '');
    return {
      name,
      active: fields.get('ActiveState') ?? 'unknown',
      result: fields.get('Result') ?? '',
      triggeredBy: words('TriggeredBy'),
      controlGroup: fields.get('ControlGroup') ?? '',
    };
  });
}

const isUp = (state: string) => /^(active|activating|reloading|refreshing)$/.test(state);

export interface Running {
  readonly units: ReadonlySet<string>;
  /** Timers, sockets and path units that would start a unit again. */
  readonly triggers: ReadonlyMap<string, readonly string[]>;
}

/** Which of the units run, and what triggers them runs with them. */
export async function runningOf(host: Host, units: readonly string[]): Promise<Running> {
  const states = await statesOf(host, units);
  const triggers = new Map(
    states.filter((state) => state.triggeredBy.length > 0).map((state) => [state.name, state.triggeredBy]),
  );
  const others = [...triggers.values()].flat().filter((unit) => !units.includes(unit));
  const up = [...states, ...(await statesOf(host, [...new Set(others)]))].filter((state) =>
    isUp(state.active),
  );
  return { units: new Set(up.map((state) => state.name)), triggers };
}

// cron leaves the jobs it started running when it is stopped; they would write while the last pass reads.
const emptyProgram = `
for n in $(seq 150); do
  left=
  for group in "$@"; do
    for root in /sys/fs/cgroup /sys/fs/cgroup/systemd; do
      [ -r "$root$group/cgroup.procs" ] && grep -q . "$root$group/cgroup.procs" && left="$left $group"
    done
  done
  [ -z "$left" ] && exit 0
  sleep 0.2
done
printf '%s\\n' $left
exit 1`;

/** Stops units in one transaction and proves that nothing of them is left. Throws Failure `failed`. */
export async function stopUnits(host: Host, units: readonly string[]): Promise<void> {
  if (units.length === 0) return;
  const before = await statesOf(host, units);
  const answer = await host.run(['systemctl', 'stop', '--', ...units], { timeoutSeconds: 900 });
  const after = await statesOf(host, units);
  const still = after.filter((state) => isUp(state.active) || state.active === 'deactivating');
  if (still.length > 0) {
    throw new Failure(
      'failed',
      'stop',
      `${still.map((state) => state.name).join(', ')} on ${host.name} did not stop`,
      {
        during: quote(answer.stderr.toString('latin1').trim().split('\n').at(-1) ?? ''),
      },
    );
  }
  // The group of a slice or of a unit without processes is empty and would mean everything.
  const groups = before.map((state) => state.controlGroup).filter((group) => group.length > 1);
  if (groups.length === 0) return;
  const empty = await host.run(['sh', '-c', emptyProgram, 'empty', ...groups], { timeoutSeconds: 120 });
  if (empty.code === 0) return;
  const names = empty.stdout
    .toString('latin1')
    .trim()
    .split('\n')
    .map((group) => group.split('/').at(-1));
  throw new Failure('failed', 'stop', `jobs that ${names.join(', ')} started still run on ${host.name}`, {
    during: 'waited 30 seconds for them to end',
    hint: 'run the same command again when they have ended',
  });
}

const startProgram = `
systemctl reset-failed -- "$@" 2>/dev/null
systemctl start -- "$@"
code=$?
for n in $(seq 300); do
  waiting=
  for unit in "$@"; do
    case $(systemctl show --property=ActiveState --value -- "$unit") in activating|reloading) waiting=1 ;; esac
  done
  [ -z "$waiting" ] && break
  sleep 0.2
done
exit $code`;

async function start(host: Host, units: readonly string[]): Promise<readonly string[]> {
  await host.run(['sh', '-c', startProgram, 'start', ...units], { timeoutSeconds: 900 });
  const states = await statesOf(host, units);
  return states
    .filter((state) => !isUp(state.active) && !(state.active === 'inactive' && state.result === 'success'))
    .map((state) => state.name);
}

/**
 * Starts units in one transaction and waits until they are up; what fails is tried once more, since everybody waits
 * and some failures pass (a port still in use, a busy machine). Gives the names of those that are not up; a unit
 * that ends by itself after its work (`oneshot`) counts as up when it ended well.
 */
export async function startUnits(host: Host, units: readonly string[]): Promise<readonly string[]> {
  if (units.length === 0) return [];
  const failed = await start(host, units);
  if (failed.length === 0) return [];
  await new Promise((wake) => setTimeout(wake, 1000));
  return start(host, failed);
}

/** Last lines that units logged, for the person who has to know why one does not start. */
export async function lastLogOf(host: Host, units: readonly string[]): Promise<string> {
  const answer = await host.run([
    'journalctl',
    '--no-pager',
    '--quiet',
    '--output=cat',
    '--lines=3',
    ...units.map((unit) => `--unit=${unit}`),
  ]);
  return quote(answer.stdout.toString('latin1').trim().replaceAll('\n', '; ')).slice(0, 500);
}
