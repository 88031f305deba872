/**
 * Steps as one shell program. It goes in by stdin, so that one channel is enough for all of them; all of it is one
 * function, because a program that is read from stdin loses what its commands read from there. Results are framed
 * by the step's number: what a step prints cannot pass for a result.
 */
import { redactText } from '../decide/redact-text.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Step } from '../types.ts';

export interface Outcome {
  readonly index: number;
  readonly state: 'ok' | 'changed' | 'failed';
  /** Last words of a step that failed. */
  readonly reason: string;
}

const frame = `
last() { tail -c 600 | base64 -w 0; }
step() {
  if ( "c$1" ) </dev/null >/dev/null 2>&1; then echo "ok $1"; return; fi
  if said=$( ( "a$1" ) </dev/null 2>&1 ); then
    if ( "c$1" ) </dev/null >/dev/null 2>&1; then echo "changed $1"; return; fi
    said="it ran, and still is not as it shall be: $said"
  fi
  echo "failed $1 $(printf '%s' "$said" | last)"
}`;

/** The program for steps with their numbers. */
export function programFor(steps: readonly (readonly [index: number, step: Step])[]): string {
  const bodies = steps.map(
    ([index, step]) =>
      `c${index}() {\n${step.check || 'false'}\n}\na${index}() {\n${step.apply || ':'}\n}\nstep ${index}\n`,
  );
  return `export LC_ALL=C DEBIAN_FRONTEND=noninteractive\numask 022\nmain() {\n${frame}\n${bodies.join('')}}\nmain </dev/null\n`;
}

/** A line of a program's answer, or null where it is none. */
export function readOutcome(line: string): Outcome | null {
  const match = /^(ok|changed|failed) (\d+)(?: ([A-Za-z0-9+/=]*))?$/.exec(line);
  if (match === null) return null;
  const said = Buffer.from(match[3] ?? '', 'base64').toString('utf8');
  return { index: Number(match[2]), state: match[1] as Outcome['state'], reason: lastLine(said) };
}

/** The last line that says something, for a reason in one line. A password that it repeats is left out. */
export function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^(E:|error|.*: (?:error|fatal))/i.test(line));
  return redactText(errors[0] ?? lines.filter((line) => line !== '').at(-1) ?? '')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, 300);
}

/**
 * Programs of steps speak of `/` and of a running system. On a disk that would be the machine it is mounted on, so
 * whoever runs one asks here first.
 */
export function mustRun(host: Host): void {
  if (host.live && host.root === '') return;
  throw new Failure('refused', 'disk', `${host.name} does not run, so only files can be written there`, {
    during: 'packages, users, units, directories and links are not supported yet on a disk',
  });
}

/** Runs steps in their order and gives each outcome as it comes. Throws Failure `refused` for a disk. */
export async function* runSteps(
  host: Host,
  steps: readonly (readonly [index: number, step: Step])[],
): AsyncGenerator<Outcome, void, void> {
  if (steps.length === 0) return;
  mustRun(host);
  const channel = await host.stream(['sh']);
  channel.stdin.on('error', () => {});
  channel.stdin.end(programFor(steps));
  const missing = new Set(steps.map(([index]) => index));
  let rest = '';
  let ended = false;
  try {
    for await (const part of channel.stdout) {
      rest += (part as Buffer).toString('latin1');
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const outcome = readOutcome(line);
        if (outcome === null || !missing.delete(outcome.index)) continue;
        yield outcome;
      }
    }
    ended = true;
  } finally {
    if (!ended) channel.kill();
  }
  const { code, stderr } = await channel.done;
  if (missing.size > 0) {
    throw new Failure('failed', 'apply', `the program on ${host.name} ended too early`, {
      during: lastLine(stderr) || `exit code ${code}`,
      hint: 'run the same command again; what is done stays done',
    });
  }
}
