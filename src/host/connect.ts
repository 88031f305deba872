import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Place } from '../types.ts';
import type { ConnectOptions, Host } from './host.ts';
import { labelOf } from './host-key.ts';
import type { CollectedKeys } from './keys.ts';
import { KnownHosts } from './known-hosts.ts';
import type { SshSettings } from './ssh-config.ts';

/** Why the system's `ssh` has to do it; empty when ssh2 can. */
function reasonForClient(settings: SshSettings, keys: CollectedKeys, known: KnownHosts): string {
  if (settings.proxyJump !== null) return `ProxyJump ${quote(toBytes(settings.proxyJump))}`;
  if (settings.proxyCommand !== null) return 'ProxyCommand';
  if (settings.certificateFiles.length > 0) return 'CertificateFile';
  if (keys.certificates.length > 0)
    return `a certificate beside ${quote(toBytes(keys.certificates[0] as string))}`;
  if (known.hasAuthority(labelOf(settings))) return '@cert-authority in known_hosts';
  if (keys.candidates.length === 0 && keys.securityKeys.length > 0) {
    return `security key ${quote(toBytes(keys.securityKeys[0] as string))}`;
  }
  return settings.onlyClient[0] ?? '';
}

async function connectSsh(place: Extract<Place, { kind: 'ssh' }>, options: ConnectOptions): Promise<Host> {
  // Loaded when needed: the ssh libraries take longer to start than a whole command without them.
  const [{ readSettings }, { collectKeys }] = await Promise.all([
    import('./ssh-config.ts'),
    import('./keys.ts'),
  ]);
  const settings = await readSettings(place, options);
  const files = [...settings.userKnownHostsFiles, ...settings.globalKnownHostsFiles];
  const [known, keys] = await Promise.all([KnownHosts.read(files), collectKeys(settings, options.asker)]);
  const withClient = async (because: string): Promise<Host> => {
    if (!settings.hasClient) {
      throw new Failure(
        'refused',
        'no-ssh-client',
        `${quote(toBytes(place.text))} needs the ssh program: ${because}`,
        {
          hint: 'apt-get install openssh-client on this machine',
        },
      );
    }
    options.note(`${place.host}: using the system's ssh, because of ${because}`);
    const { connectSystemSsh } = await import('./system-ssh.ts');
    return connectSystemSsh(place, settings, because, options);
  };
  const because = reasonForClient(settings, keys, known);
  if (because !== '') return withClient(because);
  const [{ connectSsh2 }, { NoCommonAlgorithm }] = await Promise.all([
    import('./ssh.ts'),
    import('./ssh-connection.ts'),
  ]);
  try {
    return await connectSsh2(place, settings, keys, known, options);
  } catch (error) {
    if (error instanceof NoCommonAlgorithm) return withClient(quote(toBytes(error.message)));
    throw error;
  }
}

/**
 * Reaches a place. Throws Failure `unreachable` (no answer), `refused` (login, host key, no root rights), `usage` (no
 * such disk, wrong configuration) or `needs-person` (a question without a person), each with the next step.
 */
export async function connect(place: Place, options: ConnectOptions): Promise<Host> {
  if (place.kind === 'local') return (await import('./local.ts')).connectLocal(place, options);
  if (place.kind === 'disk') return (await import('./disk.ts')).connectDisk(place, options);
  return connectSsh(place, options);
}
