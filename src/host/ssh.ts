import { constants } from 'node:os';
import type { ClientChannel } from 'ssh2';
import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Place } from '../types.ts';
import { CommandHost } from './command-host.ts';
import type { ConnectOptions, Host } from './host.ts';
import type { CollectedKeys } from './keys.ts';
import { fingerprint, type KnownHosts, keyType } from './known-hosts.ts';
import type { Ending, Pipe } from './pipe.ts';
import { findPrivilege } from './privilege.ts';
import { SftpFiles } from './sftp-files.ts';
import type { SshSettings } from './ssh-config.ts';
import { nativeCrypto, openConnection } from './ssh-connection.ts';
import { connectionLost } from './ssh-failure.ts';

/** A channel of ssh2 as a pipe. */
function pipeOf(channel: ClientChannel, broken: () => string): Pipe {
  let code: number | null = null;
  let killed = false;
  channel.on('exit', (status: number | null, signal?: string) => {
    const numbers = constants.signals as Readonly<Record<string, number>>;
    code = status ?? 128 + (numbers[signal ?? ''] ?? 0);
  });
  const closed = new Promise<void>((settle) => channel.once('close', () => settle()));
  const silent = new Promise<void>((settle) => channel.stderr.once('close', () => settle()));
  const ended: Promise<Ending> = Promise.all([closed, silent]).then(() => {
    // A server that is told to close may say 0, or nothing.
    if (killed) return { code: code || 143, reason: '' };
    if (code !== null) return { code, reason: '' };
    return { code: null, reason: broken() || 'the server closed the channel' };
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    ended,
    kill: () => {
      killed = true;
      channel.signal('TERM');
      channel.close();
    },
  };
}

/**
 * Connects with ssh2 inside this process. Throws Failure `unreachable` or `refused`, and NoCommonAlgorithm when only
 * the system's client could get through.
 */
export async function connectSsh2(
  place: Extract<Place, { kind: 'ssh' }>,
  settings: SshSettings,
  keys: CollectedKeys,
  known: KnownHosts,
  options: ConnectOptions,
): Promise<Host> {
  const native = await nativeCrypto();
  const connection = await openConnection(settings, keys, known, options, native);
  const { client } = connection;
  const name = place.host;
  let broken = '';
  let closing = false;
  client.on('error', (error: Error) => {
    broken ||= error.message;
  });
  client.on('close', () => {
    broken ||= 'the server closed the connection';
  });
  const lost = (reason: string): Failure => connectionLost(name, broken || reason);
  const execute = (line: string): Promise<Pipe> =>
    new Promise((resolve, reject) => {
      if (broken !== '') return reject(lost(broken));
      try {
        client.exec(line, (error, channel) => {
          if (!error) return resolve(pipeOf(channel, () => (closing ? '' : broken)));
          if (broken !== '' || /No response|Not connected/.test(error.message))
            return reject(lost(error.message));
          reject(
            new Failure(
              'failed',
              'no-channel',
              `${name} opens no more sessions: ${quote(toBytes(error.message))}`,
              {
                hint: `raise MaxSessions in /etc/ssh/sshd_config on ${name}`,
                cause: error,
              },
            ),
          );
        });
      } catch (error) {
        reject(lost((error as Error).message));
      }
    });
  const end = async (): Promise<void> => {
    closing = true;
    if (broken !== '') return;
    const closed = new Promise<void>((settle) => client.once('close', () => settle()));
    client.end();
    const timer = setTimeout(() => client.destroy(), 2000);
    await closed;
    clearTimeout(timer);
  };
  try {
    const { open, privileged, privilege } = await findPrivilege(
      execute,
      { host: name, user: settings.user },
      options.asker,
      options.sudo ?? true,
    );
    const host = new CommandHost({
      name,
      place,
      root: '',
      live: true,
      privileged,
      reach: {
        transport: 'ssh2',
        because: '',
        address: `${settings.user}@${settings.hostname}:${settings.port}`,
        authentication: connection.authentication,
        hostKey: `${keyType(connection.hostKey)} ${fingerprint(connection.hostKey)}`,
        cipher: connection.negotiated?.cs.cipher ?? '',
        nativeCrypto: native,
        privilege,
      },
      open,
      lost,
      end,
      locate: async (path) => path,
    });
    // With sudo the sftp server would still run as the login: then files go through the shell.
    return privilege === 'root' ? new SftpFiles(host, connection.sftp, lost) : host;
  } catch (error) {
    await end();
    throw error;
  }
}
