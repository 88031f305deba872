/**
 * Packages are installed by a program that lives on without us: a dropped line must not kill apt in the middle. It
 * writes a log that is read bit by bit; a second apply finds it running and waits for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { aptGet } from '../decide/plan-packages.ts';
import { sh, words } from '../decide/plan-shell.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Event, Step } from '../types.ts';
import { lastLine, mustRun, type Outcome, readOutcome } from './apply-program.ts';

/** On a file system that a reboot empties: what is in there describes a running program. */
const directory = '/run/opstimal-move/packages';

/** While packages are installed no service may start. A policy of the administrator's own is put aside and back. */
const policy = `
policy=/usr/sbin/policy-rc.d
aside=/usr/sbin/policy-rc.d.before-opstimal-move
ours() { grep -q '^# opstimal-move$' "$policy" 2>/dev/null; }
block() {
  if { [ -e "$policy" ] || [ -L "$policy" ]; } && ! ours; then mv -f "$policy" "$aside" || return 1; fi
  printf '#!/bin/sh\\n# opstimal-move\\nexit 101\\n' >"$policy.new" && chmod 755 "$policy.new" && mv -f "$policy.new" "$policy"
}
unblock() {
  ours || return 0
  if [ -e "$aside" ] || [ -L "$aside" ]; then mv -f "$aside" "$policy"; else rm -f "$policy"; fi
}`;

/** Takes away a policy that a run left behind when the machine went down under it. */
export async function settlePolicy(host: Host): Promise<void> {
  mustRun(host);
  const program = `${policy}\nif [ ! -e ${directory}/pid ] || ! kill -0 "$(cat ${directory}/pid)" 2>/dev/null; then unblock; fi`;
  await host.run(['sh', '-c', program]);
}

/** Names that steps install; companions are marked as automatic. */
interface Wish {
  readonly index: number;
  readonly step: Step;
  readonly targets: readonly string[];
  readonly names: readonly string[];
  readonly companion: boolean;
}

function wishOf(index: number, step: Step): Wish {
  const local = step.id.startsWith('package-local:');
  const companion = step.id === 'package-companions';
  const name = step.id.slice(step.id.indexOf(':') + 1);
  const names = companion ? step.detail.split(' ') : [name];
  const targets = local ? step.files.map((file) => file.path) : names;
  return { index, step, names, targets, companion };
}

export function installsPackages(step: Step): boolean {
  return step.kind === 'package' && /^package(?::|-local:|-companions$)/.test(step.id);
}

/** Names of the installed ones among `names`, by one question. */
async function installedOf(host: Host, names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = '${db:Status-Status} ${Package}\\n';
  const { stdout } = await host.run(['dpkg-query', '-W', '-f', format, ...names]);
  return new Set(
    stdout
      .toString('latin1')
      .split('\n')
      .flatMap((line) => (line.startsWith('installed ') ? [line.slice('installed '.length)] : [])),
  );
}

/** The program: all at once, and one by one where that fails. */
export function packageProgram(
  wishes: readonly Pick<Wish, 'index' | 'targets' | 'names' | 'companion'>[],
): string {
  const install = (targets: readonly string[]) =>
    `${aptGet} --no-install-recommends --allow-downgrades install ${words(...targets)}`;
  const asked = wishes.filter((wish) => !wish.companion);
  const companions = wishes.filter((wish) => wish.companion);
  const one = (wish: Pick<Wish, 'index' | 'targets'>) =>
    `if said=$(${install(wish.targets)} 2>&1); then printf '%s\\n' "$said"; else printf '%s\\n' "$said"; echo "failed ${wish.index} $(printf '%s' "$said" | tail -c 3000 | base64 -w 0)"; fi`;
  const batch = (some: readonly (typeof wishes)[number][], single: string[]) =>
    some.length === 0
      ? ''
      : `if ! ${install(some.flatMap((wish) => wish.targets))}; then\n${single.join('\n')}\nfi`;
  return `export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1
umask 022
${policy}
main() {
trap unblock EXIT
trap 'exit 143' TERM INT HUP
block || { echo "opstimal-move: cannot write $policy"; exit 1; }
dpkg --configure -a --force-confold --force-confdef || true
${batch(asked, asked.map(one))}
${batch(
  companions,
  companions.flatMap((wish) => wish.targets.map((target) => one({ index: wish.index, targets: [target] }))),
)}
${companions.map((wish) => `apt-mark auto ${words(...wish.names)} >/dev/null 2>&1`).join('\n')}
}
main </dev/null
`;
}

const start = `
umask 077
mkdir -p ${directory} && cat >${directory}/program || exit 1
rm -f ${directory}/log ${directory}/exit; : >${directory}/log
setsid sh -c 'sh ${directory}/program >>${directory}/log 2>&1 </dev/null; echo $? >${directory}/exit.part; mv ${directory}/exit.part ${directory}/exit' </dev/null >/dev/null 2>&1 &
echo $! >${directory}/pid`;

/** One look: state on the first line, then what the log has from a byte on. */
const look = `
if [ -e ${directory}/exit ]; then echo "ended $(cat ${directory}/exit)"
elif [ -e ${directory}/pid ] && kill -0 "$(cat ${directory}/pid)" 2>/dev/null; then echo running
else echo none; fi
tail -c +"$1" ${directory}/log 2>/dev/null
exit 0`;

async function lookOnce(host: Host, offset: number): Promise<{ state: string; text: Buffer }> {
  const { stdout } = await host.run(['sh', '-c', look, 'look', String(offset + 1)]);
  const end = stdout.indexOf(0x0a);
  return { state: stdout.toString('latin1', 0, end), text: stdout.subarray(end + 1) };
}

/** Follows the log to its end; gives what failed one by one, and the whole log's end. */
async function* follow(
  host: Host,
  signal: AbortSignal,
): AsyncGenerator<Event, { failures: Map<number, string>; tail: string; code: number }, void> {
  const failures = new Map<number, string>();
  let offset = 0;
  let rest = '';
  let tail = '';
  let total: number | null = null;
  let done = 0;
  for (;;) {
    if (signal.aborted) {
      throw new Failure('interrupted', 'interrupted', 'interrupted; the packages go on being installed', {
        hint: 'run the same command again: it waits for them and goes on',
      });
    }
    const { state, text } = await lookOnce(host, offset);
    offset += text.length;
    const lines = (rest + text.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      tail = `${tail}${line}\n`.slice(-8000);
      const outcome = readOutcome(line);
      if (outcome?.state === 'failed') failures.set(outcome.index, outcome.reason);
      const newly = /^\d+ upgraded, (\d+) newly installed/.exec(line);
      if (newly !== null) total = Math.max(total ?? 0, Number(newly[1]));
      const unpacked = /^Setting up (\S+)/.exec(line);
      if (unpacked === null) continue;
      done += 1;
      yield {
        kind: 'progress',
        label: 'packages',
        unit: 'entries',
        done,
        total: total === null ? null : Math.max(total, done),
        same: 0,
        sent: done,
        left: Math.max(0, (total ?? done) - done),
        errors: failures.size,
        current: (unpacked[1] ?? '').replace(/:.*$/, ''),
      };
    }
    if (state.startsWith('ended ')) return { failures, tail, code: Number(state.slice(6)) };
    if (state === 'none') return { failures, tail, code: -1 };
    await sleep(500);
  }
}

/** Installs the packages of steps; local debs are on the destination already. One outcome for each step. */
export async function* installPackages(
  host: Host,
  steps: readonly (readonly [index: number, step: Step])[],
  signal: AbortSignal,
): AsyncGenerator<Event | Outcome, void, void> {
  mustRun(host);
  const wishes = steps.map(([index, step]) => wishOf(index, step));
  const { state } = await lookOnce(host, 0);
  if (state === 'running') {
    yield {
      kind: 'note',
      grade: 'info',
      text: 'packages are still being installed by an earlier run; waiting',
    };
    yield* follow(host, signal);
  }
  const locals = new Set<number>();
  for (const wish of wishes) {
    if (!wish.step.id.startsWith('package-local:')) continue;
    const { code } = await host.run(['sh', '-c', wish.step.check]);
    if (code !== 0) locals.add(wish.index);
  }
  const missingOf = (installed: ReadonlySet<string>, wish: Wish) =>
    wish.names.filter((name) => !installed.has(name.replace(/:.*$/, '')));
  const all = wishes.flatMap((wish) => wish.names);
  const before = await installedOf(host, all);
  const pending = wishes
    .map((wish) => {
      const names = missingOf(before, wish);
      return wish.companion ? { ...wish, names, targets: names } : wish;
    })
    .filter((wish) => locals.has(wish.index) || missingOf(before, wish).length > 0);
  let failures = new Map<number, string>();
  let tail = '';
  if (pending.length > 0) {
    const started = await host.run(['sh', '-c', start], { input: Buffer.from(packageProgram(pending)) });
    if (started.code !== 0) {
      throw new Failure('failed', 'apply', `cannot start the installation of packages on ${host.name}`, {
        during: lastLine(started.stderr.toString('utf8')),
      });
    }
    ({ failures, tail } = yield* follow(host, signal));
  }
  const after = pending.length === 0 ? before : await installedOf(host, all);
  const waiting = new Set(pending.map((wish) => wish.index));
  let failed = 0;
  for (const wish of wishes) {
    const missing = missingOf(after, wish);
    const reason = failures.get(wish.index) ?? (missing.length > 0 ? lastLine(tail) : '');
    if (missing.length > 0) {
      failed += 1;
      const names = wish.companion ? `${missing.join(' ')}: ` : '';
      yield { index: wish.index, state: 'failed', reason: `${names}${reason || 'apt did not install it'}` };
    } else if (locals.has(wish.index) && failures.has(wish.index)) {
      failed += 1;
      yield { index: wish.index, state: 'failed', reason };
    } else {
      yield { index: wish.index, state: waiting.has(wish.index) ? 'changed' : 'ok', reason: '' };
    }
  }
  // One package that cannot be had must not keep the files from coming; a network or a disk that fails must.
  const systemic =
    failures.size === 0 || /Could not get lock|failure resolving|Unable to connect|No space left/i.test(tail);
  if (wishes.length > 0 && failed === wishes.length && systemic) {
    throw new Failure('failed', 'apply', `no package could be installed on ${host.name}`, {
      during: lastLine(tail),
      hint: `try it there: apt-get install ${sh(wishes[0]?.names[0] ?? '')}`,
    });
  }
}
