import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { SshSettings } from './ssh-config.ts';

/** Failure `unreachable`, with the next step. */
export function unreachable(settings: SshSettings, why: string, hint: string, cause?: unknown): Failure {
  const where = `${quote(toBytes(settings.hostname))} port ${settings.port}`;
  return new Failure('unreachable', 'unreachable', `cannot reach ${where}: ${why}`, {
    during: 'connecting',
    hint,
    cause,
  });
}

/** Failure for a connection that broke after it was made. */
export function connectionLost(name: string, reason: string): Failure {
  return new Failure('unreachable', 'connection-lost', `the connection to ${quote(toBytes(name))} broke`, {
    during: quote(toBytes(reason)),
    hint: 'run the same command again: it goes on where it stopped',
  });
}

/** What the system says, in a person's words, and the next step. */
export const sentences: Readonly<Record<string, readonly [string, string]>> = {
  ENOTFOUND: ['no such host name', 'check the spelling, or name an address'],
  EAI_AGAIN: ['the name could not be looked up', 'is there a network? then try again'],
  ECONNREFUSED: ['nothing listens there', 'is sshd running, and on this port? give another as host:port'],
  EHOSTUNREACH: ['no route to the host', 'is it up, and is the address right?'],
  ENETUNREACH: ['no route to its network', 'is there a network, and IPv6 if the address is one?'],
  ETIMEDOUT: ['no answer', 'is it up, and does a firewall let you in?'],
  ECONNRESET: ['it closed the connection', 'see the log of sshd there; it may not want your address'],
  EPIPE: ['it closed the connection', 'see the log of sshd there; it may not want your address'],
};

/** The Failure for an error of the socket or of the handshake. */
export function connectFailure(
  settings: SshSettings,
  error: Error & { code?: string; level?: string },
): Failure {
  const known = error.code === undefined ? undefined : sentences[error.code];
  if (known) return unreachable(settings, known[0], known[1], error);
  if (error.level === 'client-timeout') return noAnswer(settings, 'no answer in time');
  if (/before handshake/i.test(error.message)) {
    return unreachable(settings, 'what answers there is no ssh server', 'check the port: host:port', error);
  }
  return unreachable(
    settings,
    quote(toBytes(error.message)),
    'see that `ssh` itself gets through, and the log of sshd',
    error,
  );
}

export function noAnswer(settings: SshSettings, why: string): Failure {
  return unreachable(settings, why, 'is it up, does a firewall let you in, and is the port right?');
}
