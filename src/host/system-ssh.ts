import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Place } from '../types.ts';
import { CommandHost } from './command-host.ts';
import type { ConnectOptions, Host } from './host.ts';
import { labelOf } from './host-key.ts';
import { type Pipe, spawnPipe } from './pipe.ts';
import { findPrivilege } from './privilege.ts';
import { clientArguments, type SshSettings } from './ssh-config.ts';
import { connectionLost, noAnswer, sentences, unreachable } from './ssh-failure.ts';

const connectSeconds = 20;

/** What the client itself said, without its debugging lines. */
function clientWords(log: string): string[] {
  return log
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(
      (line) => line !== '' && !/^(debug\d:|OpenSSH_|Authenticated to |Transferred:|Bytes per)/.test(line),
    );
}

/** Turns the words of a client that ended into a Failure. Exported for tests. */
export function clientFailure(log: string, place: string, settings: SshSettings): Failure {
  const words = clientWords(log);
  const last = quote(words.at(-1) ?? 'it gave no reason');
  const shown = quote(toBytes(labelOf(settings)));
  const during = 'connecting with the ssh program';
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(log)) {
    const now = /(SHA256:[A-Za-z0-9+/]+)/.exec(words.join('\n'))?.[1] ?? '';
    const offending = /Offending (\S+) key in (.+)/.exec(words.join('\n'));
    return new Failure('refused', 'host-key-changed', `the host key of ${shown} has changed`, {
      during: `${during}: known is the ${offending?.[1] ?? ''} key in ${quote(offending?.[2] ?? 'known_hosts')}; now it shows ${now}`,
      hint: `was the server installed anew? compare the fingerprint on its console, then: ssh-keygen -R '${labelOf(settings)}'`,
    });
  }
  if (/revoked/i.test(words.join('\n'))) {
    return new Failure('refused', 'host-key-revoked', `${shown} shows a host key that is revoked`, {
      during,
    });
  }
  if (/Host key verification failed/.test(log)) {
    return new Failure('refused', 'host-key-unknown', `the host key of ${shown} is not known`, {
      during: `${during}, which cannot ask here`,
      hint: `accept it once with: ssh ${quote(toBytes(place))}`,
    });
  }
  if (/Permission denied|Too many authentication failures|sign_and_send_pubkey/.test(words.join('\n'))) {
    return new Failure('refused', 'login-refused', `${quote(toBytes(place))} refused the login: ${last}`, {
      during: `${during}, which cannot ask for a password or passphrase here`,
      hint: `add the key to ssh-agent with ssh-add, then see that this works: ssh -o BatchMode=yes ${quote(toBytes(place))} true`,
    });
  }
  const patterns = [
    [/Could not resolve hostname|Name or service not known/, 'ENOTFOUND'],
    [/Connection refused/, 'ECONNREFUSED'],
    [/No route to host/, 'EHOSTUNREACH'],
    [/Network is unreachable/, 'ENETUNREACH'],
    [/timed out/i, 'ETIMEDOUT'],
  ] as const;
  for (const [pattern, code] of patterns) {
    // Its own words: behind a jump host only they say which machine it was.
    const line = words.find((text) => pattern.test(text));
    if (line !== undefined) return unreachable(settings, quote(line), sentences[code]?.[1] ?? '');
  }
  return unreachable(settings, last, `see that this works: ssh ${quote(toBytes(place))} true`);
}

/** What `ssh -v` tells about the connection it made. Exported for tests. */
export function describeLog(log: string): { cipher: string; hostKey: string; authentication: string } {
  const cipher = /kex: server->client cipher: (\S+)/.exec(log)?.[1] ?? '';
  const hostKey = [...log.matchAll(/Server host (?:key|certificate): (\S+ SHA256:\S+)/g)].at(-1)?.[1] ?? '';
  const key = [...log.matchAll(/Server accepts key: (\S+)/g)].at(-1)?.[1];
  const method = /using "([a-z-]+)"/.exec(log)?.[1] ?? '';
  return { cipher, hostKey, authentication: key === undefined ? method : `key ${quote(key)}` };
}

/**
 * Runs the master below a shell that ends it when our end of stdin goes away: the master has a session of its own, and
 * would otherwise outlive a program that was killed. Its own stdin is not used (-N). $0 is the socket's directory.
 */
const keeper = [
  'exec 3<&0',
  '"$@" </dev/null & master=$!',
  '{ read -r _ <&3; kill "$master"; } & watch=$!',
  'wait "$master"; code=$?',
  'kill "$watch"; rmdir -- "$0"; exit "$code"',
].join('\n');

/**
 * The same host through the system's `ssh`: one master connection with a private socket, and one client per channel.
 * It asks nothing (BatchMode): keys must be in the agent or without passphrase, and the host key known.
 */
export async function connectSystemSsh(
  place: Extract<Place, { kind: 'ssh' }>,
  settings: SshSettings,
  because: string,
  options: ConnectOptions,
): Promise<Host> {
  const name = place.host;
  const seconds = options.connectTimeoutSeconds ?? settings.connectTimeoutSeconds ?? connectSeconds;
  // The path of a socket holds 108 bytes at most, and ssh appends 17 while it makes it.
  const base = tmpdir().length > 60 ? '/tmp' : tmpdir();
  const directory = await mkdtemp(join(base, 'opstimal-'));
  const socket = join(directory, 'ssh');
  const common = [
    ...clientArguments(place, options),
    ...['-o', 'BatchMode=yes', '-S', socket, '-T', '-x', '-a'],
    ...['-o', 'ClearAllForwardings=yes', '-o', 'PermitLocalCommand=no'],
    ...['-o', 'RequestTTY=no', '-o', 'RemoteCommand=none'],
  ];
  // It cannot ask here; and what is called `no` would let a changed key pass, which `accept-new` does not.
  const checking = { yes: 'yes', ask: 'yes', no: 'accept-new', 'accept-new': 'accept-new' };
  const master = await spawnPipe(
    '/bin/sh',
    [
      ...['-c', keeper, directory, 'ssh', ...common],
      ...['-o', `StrictHostKeyChecking=${checking[settings.strictHostKeyChecking]}`],
      ...['-v', '-M', '-N', '-o', 'ControlPersist=no', '-o', `ConnectTimeout=${seconds}`],
      ...['-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=4', '-o', 'Compression=no'],
      ...['-o', 'Ciphers=^aes128-gcm@openssh.com,aes256-gcm@openssh.com'],
      ...['--', place.host],
    ],
    { ...options.environment, LC_ALL: 'C' },
  );
  let log = '';
  let broken = '';
  master.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString('latin1')).slice(-256 * 1024);
  });
  master.stdout.resume();
  void master.ended.then(() => {
    broken = clientWords(log).at(-1) ?? 'the ssh program ended';
  });
  const lost = (reason: string): Failure => connectionLost(name, broken || reason);
  const cleanUp = async (): Promise<void> => {
    master.kill();
    await master.ended;
    await rm(directory, { recursive: true, force: true });
  };

  try {
    await untilReady(socket, place.host, master, seconds, settings);
  } catch (error) {
    await cleanUp();
    throw error instanceof Failure ? error : clientFailure(log, place.text, settings);
  }
  const described = describeLog(log);
  // Only the beginning is of interest; the rest would fill memory with debugging lines.
  log = '';

  const execute = async (line: string): Promise<Pipe> => {
    if (broken !== '') throw lost(broken);
    const pipe = await spawnPipe(
      'ssh',
      [
        // The master has read the configuration. Without it this must fail, not connect with other options.
        ...['-F', '/dev/null', '-S', socket, '-o', 'ControlMaster=no', '-o', 'ProxyCommand=false'],
        ...['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-T', '-x', '-a', '--', place.host, line],
      ],
      { ...options.environment, LC_ALL: 'C' },
    );
    const ended = pipe.ended.then(async (ending) => {
      if (ending.code !== 255) return ending;
      // 255 is the client's own code, and may be the command's too: only a dead master tells them apart.
      await Promise.race([master.ended, new Promise((settle) => setTimeout(settle, 500).unref())]);
      return broken === '' ? ending : { code: null, reason: broken };
    });
    return { ...pipe, ended };
  };
  try {
    const { open, privileged, privilege } = await findPrivilege(
      execute,
      { host: name, user: settings.user },
      options.asker,
      options.sudo ?? true,
    );
    return new CommandHost({
      name,
      place,
      root: '',
      live: true,
      privileged,
      reach: {
        transport: 'ssh',
        because,
        address: `${settings.user}@${settings.hostname}:${settings.port}`,
        nativeCrypto: null,
        privilege,
        ...described,
      },
      open,
      lost,
      end: cleanUp,
      locate: async (path) => path,
    });
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

function check(socket: string, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('ssh', ['-F', '/dev/null', '-S', socket, '-O', 'check', '--', host], (error) =>
      resolve(error === null),
    );
  });
}

/** Waits for the master's socket. Rejects with null when the client ended, with a Failure when time is over. */
async function untilReady(
  socket: string,
  host: string,
  master: Pipe,
  seconds: number,
  settings: SshSettings,
): Promise<void> {
  const state = { ended: false };
  void master.ended.then(() => {
    state.ended = true;
  });
  // ConnectTimeout covers one hop; a jump host, or a slow proxy, needs its own time.
  const until = performance.now() + seconds * 2000;
  while (!(await check(socket, host))) {
    if (state.ended) throw null;
    if (performance.now() > until) throw noAnswer(settings, `no answer within ${seconds * 2} seconds`);
    await Promise.race([master.ended, new Promise((settle) => setTimeout(settle, 50))]);
  }
}
