import { execFile } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Place } from '../types.ts';
import type { ConnectOptions } from './host.ts';

type SshPlace = Extract<Place, { kind: 'ssh' }>;

/** What ssh's configuration says about one place; names as in ssh_config(5). */
export interface SshSettings {
  /** Whether there is an `ssh` on this machine. Without one only defaults are known. */
  readonly hasClient: boolean;
  readonly user: string;
  readonly hostname: string;
  readonly port: number;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Socket of the agent; null = none. */
  readonly identityAgent: string | null;
  readonly certificateFiles: readonly string[];
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hashKnownHosts: boolean;
  readonly hostKeyAlias: string | null;
  readonly strictHostKeyChecking: 'yes' | 'ask' | 'accept-new' | 'no';
  readonly proxyJump: string | null;
  readonly proxyCommand: string | null;
  readonly connectTimeoutSeconds: number | null;
  readonly passwordAuthentication: boolean;
  readonly keyboardInteractiveAuthentication: boolean;
  readonly publicKeyAuthentication: boolean;
  readonly addressFamily: 'any' | 'inet' | 'inet6';
  /** Things only the system's client understands, by the name of their option. */
  readonly onlyClient: readonly string[];
}

/** The configuration file to use instead of ~/.ssh/config: an option of the caller, or OPSTIMAL_SSH_CONFIG. */
export function configFile(options: Pick<ConnectOptions, 'environment' | 'sshConfig'>): string | null {
  return options.sshConfig ?? options.environment.OPSTIMAL_SSH_CONFIG ?? null;
}

/** Options of the `ssh` program that name this place. */
export function clientArguments(
  place: SshPlace,
  options: Pick<ConnectOptions, 'environment' | 'sshConfig'>,
): string[] {
  const file = configFile(options);
  return [
    ...(file === null ? [] : ['-F', file]),
    ...(place.port === undefined ? [] : ['-p', String(place.port)]),
    ...(place.user === undefined ? [] : ['-l', place.user]),
  ];
}

function askClient(place: SshPlace, options: ConnectOptions): Promise<string | null> {
  const args = ['-G', ...clientArguments(place, options), '--', place.host];
  return new Promise((resolve, reject) => {
    const env = { ...options.environment } as NodeJS.ProcessEnv;
    execFile('ssh', args, { env, encoding: 'latin1', timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (error.code === 'ENOENT') return resolve(null);
      const words = quote(stderr.trim().split('\n').at(-1) ?? '');
      reject(
        new Failure('usage', 'ssh-config', `ssh does not understand its configuration: ${words}`, {
          during: `looking up ${place.text} with ssh -G`,
          hint: 'correct the file it names; `ssh -G HOST` shows the same message',
          cause: error,
        }),
      );
    });
  });
}

/** Words of a line; a file name with blanks stands in double quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? (match[2] as string));
}

/** Reads the output of `ssh -G`. Exported for tests. */
export function parseSettings(
  output: string,
  place: SshPlace,
  environment: ConnectOptions['environment'],
  home: string,
): SshSettings {
  const values = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const at = line.indexOf(' ');
    if (at < 0) continue;
    const key = line.slice(0, at);
    values.set(key, [...(values.get(key) ?? []), line.slice(at + 1)]);
  }
  const one = (key: string): string | null => {
    const value = values.get(key)?.[0] ?? null;
    return value === null || value === 'none' ? null : value;
  };
  const yes = (key: string, otherwise: boolean): boolean => {
    const value = one(key);
    return value === null ? otherwise : value !== 'no' && value !== 'false';
  };
  // These are names: a user may well be called none.
  const user = values.get('user')?.[0] ?? environment.USER ?? 'root';
  const hostname = values.get('hostname')?.[0] ?? place.host;
  const port = Number(one('port') ?? 22);
  const expand = (path: string): string =>
    path
      .replace(/^~(?=\/|$)/, home)
      .replaceAll(/\$\{(\w+)\}/g, (_whole, name: string) => environment[name] ?? '')
      .replaceAll(/%([%dhnpru])/g, (_whole, token: string) => {
        const tokens: Record<string, string> = { '%': '%', d: home, h: hostname, n: place.host };
        return { ...tokens, p: String(port), r: user, u: environment.USER ?? user }[token] as string;
      });
  const files = (key: string): string[] =>
    (values.get(key) ?? []).flatMap((line) => words(line).map(expand)).filter((file) => file !== 'none');
  const agent = values.get('identityagent')?.[0] ?? 'SSH_AUTH_SOCK';
  const agentSocket =
    agent === 'none'
      ? undefined
      : agent === 'SSH_AUTH_SOCK'
        ? environment.SSH_AUTH_SOCK
        : agent.startsWith('$')
          ? environment[agent.slice(1).replace(/^\{(.*)\}$/, '$1')]
          : expand(agent);
  const strict = { true: 'yes', false: 'no', off: 'no' } as Record<string, string>;
  const checking = one('stricthostkeychecking') ?? 'ask';
  return {
    hasClient: true,
    user,
    hostname,
    port,
    identityFiles: (values.get('identityfile') ?? []).map(expand).filter((file) => file !== 'none'),
    identitiesOnly: yes('identitiesonly', false),
    identityAgent: agentSocket || null,
    certificateFiles: (values.get('certificatefile') ?? []).map(expand),
    userKnownHostsFiles: files('userknownhostsfile'),
    globalKnownHostsFiles: files('globalknownhostsfile'),
    hashKnownHosts: yes('hashknownhosts', false),
    hostKeyAlias: one('hostkeyalias'),
    strictHostKeyChecking: (strict[checking] ?? checking) as SshSettings['strictHostKeyChecking'],
    proxyJump: one('proxyjump'),
    proxyCommand: one('proxycommand'),
    connectTimeoutSeconds: one('connecttimeout') === null ? null : Number(one('connecttimeout')),
    passwordAuthentication: yes('passwordauthentication', true) && !yes('batchmode', false),
    keyboardInteractiveAuthentication: yes('kbdinteractiveauthentication', true) && !yes('batchmode', false),
    publicKeyAuthentication: yes('pubkeyauthentication', true),
    addressFamily: (one('addressfamily') ?? 'any') as SshSettings['addressFamily'],
    onlyClient: (
      [
        ['revokedhostkeys', 'RevokedHostKeys'],
        ['knownhostscommand', 'KnownHostsCommand'],
        ['pkcs11provider', 'PKCS11Provider'],
        ['bindinterface', 'BindInterface'],
        ['bindaddress', 'BindAddress'],
      ] as const
    ).flatMap(([key, name]) => (one(key) === null ? [] : [name])),
  };
}

/** What is known without an ssh client: the usual files, and the place as it was written. */
function defaults(place: SshPlace, environment: ConnectOptions['environment']): SshSettings {
  const home = environment.HOME ?? homedir();
  const output = [
    `user ${place.user ?? environment.USER ?? 'root'}`,
    `hostname ${place.host}`,
    `port ${place.port ?? 22}`,
    ...['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => `identityfile ${home}/.ssh/${name}`),
    `userknownhostsfile "${home}/.ssh/known_hosts" "${home}/.ssh/known_hosts2"`,
    'globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2',
  ];
  return { ...parseSettings(output.join('\n'), place, environment, home), hasClient: false };
}

/** Looks a place up in ssh's configuration: `ssh -G` where there is a client, plain defaults otherwise. */
export async function readSettings(place: SshPlace, options: ConnectOptions): Promise<SshSettings> {
  const output = await askClient(place, options);
  // ssh takes the home directory of the account, whatever HOME says; half of `ssh -G` is expanded that way already.
  if (output !== null) return parseSettings(output, place, options.environment, userInfo().homedir);
  options.note('there is no ssh client on this machine: ~/.ssh/config is not read');
  return defaults(place, options.environment);
}
