/**
 * The shape of an error: what, on which machine, why, what next. Lower case, no full stop, no stack. A bug of
 * ours has another shape and never looks like the user's mistake.
 *
 *     error: cannot read /var/lib/mysql on web1: permission denied
 *       while   measuring mutable data (mysql profile)
 *       hint    add this to sudoers on web1: …
 *       code    read-denied    more: opstimal-move help read-denied
 */
import { redactText } from '../decide/redact-text.ts';
import { Failure } from '../failure.ts';
import { exitCode } from './exit.ts';
import { paint } from './paint.ts';
import { redactedFailure } from './redacted.ts';

/** A Failure as lines for stderr; many lines of `during` or `hint` stay aligned. */
export function failureText(failure: Failure, color: boolean): string {
  const { message, during } = redactedFailure(failure);
  const rows: string[] = [`${paint('red', 'error:', color)} ${message}`];
  if (during !== '') rows.push(row('while', during));
  if (failure.hint !== '') rows.push(row('hint', failure.hint));
  rows.push(row('code', `${failure.topic}    more: opstimal-move help ${failure.topic}`));
  return `${rows.join('\n')}\n`;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(7)} ${text.split('\n').join(`\n${' '.repeat(10)}`)}`;
}

/** What is told when something was thrown that is no Failure. `log` is where the stack was written, if it was. */
export function bugText(error: unknown, log: string | null, version: string): string {
  const sentence = redactText(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  return [
    'this is a bug in opstimal-move, not a mistake of yours',
    `  what    ${sentence.split('\n')[0]}`,
    log === null ? `  stack   ${stackOf(error).split('\n').slice(1, 4).join(' |')}` : `  log     ${log}`,
    `  send    the log and the command line; opstimal-move ${version}, Node ${process.version}`,
    '',
  ].join('\n');
}

export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return redactText(String(error));
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`;
  return `${redactText(error.stack ?? error.message)}${cause}`;
}

/** The last JSON line of a command that failed. */
export function failureObject(error: unknown): Record<string, unknown> {
  if (error instanceof Failure) {
    return {
      kind: 'error',
      code: error.code,
      exit: exitCode(error.code),
      ...redactedFailure(error),
    };
  }
  return {
    kind: 'error',
    code: 'bug',
    exit: 1,
    topic: 'bug',
    message: redactText(error instanceof Error ? error.message : String(error)),
    during: '',
    hint: 'this is a bug in opstimal-move',
  };
}
