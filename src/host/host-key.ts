import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { ConnectOptions } from './host.ts';
import {
  addKnownHost,
  fingerprint,
  hostLabel,
  type KnownHosts,
  keyType,
  knownHostsLine,
} from './known-hosts.ts';
import type { SshSettings } from './ssh-config.ts';

/** Signature algorithms that prove a key of each type (RFC 8332 for RSA), best first, as ssh2 names them. */
const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** Name under which known_hosts files know the place. */
export function labelOf(settings: SshSettings): string {
  return settings.hostKeyAlias?.toLowerCase() ?? hostLabel(settings.hostname, settings.port);
}

/** Host key algorithms to offer: those of keys already known come first, or the server would show another key. */
export function offeredAlgorithms(known: KnownHosts, settings: SshSettings): string[] {
  const types = known.types(labelOf(settings));
  const all = Object.entries(algorithmsOf);
  const wanted = all.filter(([type]) => types.includes(type));
  return [...new Set([...wanted, ...all].flatMap(([, algorithms]) => algorithms))];
}

const remove = (settings: SshSettings, file: string): string =>
  `ssh-keygen -f ${file} -R '${labelOf(settings)}'`;

/**
 * Decides on the key a host has shown, and remembers one that the person accepts. Throws Failure `refused` for a key
 * that changed (whatever StrictHostKeyChecking says), is revoked, or is not to be trusted.
 */
export async function verifyHostKey(
  key: Buffer,
  known: KnownHosts,
  settings: SshSettings,
  options: ConnectOptions,
): Promise<void> {
  const label = labelOf(settings);
  const shown = quote(toBytes(label));
  const type = keyType(key);
  const print = fingerprint(key);
  const during = 'checking the host key';
  const judgement = known.judge(label, key);
  if (judgement.kind === 'known') return;
  if (judgement.kind === 'revoked') {
    throw new Failure('refused', 'host-key-revoked', `${shown} shows a host key that is revoked: ${print}`, {
      during: `${during}; revoked in ${quote(toBytes(judgement.where))}`,
      hint: 'somebody may be between you and the server; ask who runs it',
    });
  }
  if (judgement.kind === 'changed') {
    const before = judgement.known.map(
      (one) => `${one.type} ${one.fingerprint} (${quote(toBytes(one.where))})`,
    );
    const file = judgement.known[0]?.where.replace(/:\d+$/, '') ?? '';
    throw new Failure('refused', 'host-key-changed', `the host key of ${shown} has changed`, {
      during: `${during}: known is ${before.join(', ')}; now it shows ${type} ${print}`,
      hint: `was the server installed anew? compare the fingerprint on its console, then: ${remove(settings, file)}`,
    });
  }
  // ssh looks under the plain name too when a port is given, for entries that were made without one.
  if (settings.hostKeyAlias === null && settings.port !== 22) {
    if (known.judge(hostLabel(settings.hostname, 22), key).kind === 'known') return;
  }
  if (settings.strictHostKeyChecking === 'yes') {
    throw new Failure('refused', 'host-key-unknown', `the host key of ${shown} is not known`, {
      during: `${during}: it shows ${type} ${print}, and StrictHostKeyChecking is yes`,
      hint: `add the key to ${settings.userKnownHostsFiles[0] ?? 'known_hosts'} after comparing the fingerprint`,
    });
  }
  if (settings.strictHostKeyChecking === 'ask') {
    const trusted = await options.asker.trustHostKey({ host: shown, type, fingerprint: print });
    if (!trusted) {
      throw new Failure('refused', 'host-key-unknown', `the host key of ${shown} was not accepted`, {
        during: `${during}: it shows ${type} ${print}`,
        hint: 'compare it with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the console of the server',
      });
    }
  }
  const file = settings.userKnownHostsFiles[0];
  if (file === undefined || file === '/dev/null') return;
  try {
    await addKnownHost(file, knownHostsLine(label, key, settings.hashKnownHosts));
    options.note(`added the ${type} host key of ${shown} (${print}) to ${quote(toBytes(file))}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    options.note(`the host key of ${shown} could not be added to ${quote(toBytes(file))}: ${code}`);
  }
}
