import type { Client, ConnectConfig, NegotiatedAlgorithms } from 'ssh2';
import SftpClient from 'ssh2-sftp-client';
import { Authentication } from './authentication.ts';
import type { ConnectOptions } from './host.ts';
import { offeredAlgorithms, verifyHostKey } from './host-key.ts';
import type { CollectedKeys } from './keys.ts';
import type { KnownHosts } from './known-hosts.ts';
import type { SshSettings } from './ssh-config.ts';
import { connectFailure, noAnswer } from './ssh-failure.ts';

/** AES-GCM needs half the CPU of chacha20 where the processor has AES (every server of ten years). */
const ciphers = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

const connectSeconds = 20;
const keepaliveSeconds = 15;

/** The server and ssh2 share no algorithm; the system's client may still know one. */
export class NoCommonAlgorithm extends Error {}

/** Whether ssh2 uses its native crypto; without it, it goes on silently in JavaScript at half the speed. */
export async function nativeCrypto(): Promise<boolean> {
  // Not part of ssh2's interface, but the only place that tells.
  const module = (await import('ssh2/lib/protocol/crypto.js' as string)) as {
    default: { bindingAvailable?: boolean };
  };
  return module.default.bindingAvailable === true;
}

/** Time for the server to answer, not for the person: it stands still while a question is open. */
class Patience {
  readonly #milliseconds: number;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(seconds: number, onEnd: () => void) {
    this.#milliseconds = seconds * 1000;
    this.#onEnd = onEnd;
    this.start();
  }
  start(): void {
    this.stop();
    this.#timer = setTimeout(this.#onEnd, this.#milliseconds);
  }
  stop(): void {
    clearTimeout(this.#timer);
  }
  async asking<T>(question: Promise<T>): Promise<T> {
    this.stop();
    try {
      return await question;
    } finally {
      this.start();
    }
  }
}

export interface Connection {
  readonly sftp: SftpClient;
  readonly client: Client;
  readonly negotiated: NegotiatedAlgorithms | null;
  readonly hostKey: Buffer;
  readonly authentication: string;
}

/**
 * Connects, checks the host key and logs in. Rejects with a Failure, or with NoCommonAlgorithm.
 */
export function openConnection(
  settings: SshSettings,
  keys: CollectedKeys,
  known: KnownHosts,
  options: ConnectOptions,
  native: boolean,
): Promise<Connection> {
  // Its default listeners print to stdout.
  const sftp = new SftpClient('opstimal-move', { error: () => {}, end: () => {}, close: () => {} });
  const client = (sftp as unknown as { client: Client }).client;
  return new Promise((resolve, reject) => {
    let patience: Patience | undefined;
    let hostKey: Buffer = Buffer.alloc(0);
    let refused: unknown = null;
    let negotiated: NegotiatedAlgorithms | null = null;
    const finish = (settle: () => void): void => {
      patience?.stop();
      client.off('error', onError).off('close', onClose).off('ready', onReady);
      settle();
    };
    const fail = (error: unknown): void => {
      finish(() => reject(error));
      // Errors of a connection that is given up are nobody's.
      client.on('error', () => {});
      client.destroy();
    };
    // Questions stop the clock, whoever asks them.
    const asker: ConnectOptions['asker'] = {
      secret: (question) => (patience as Patience).asking(options.asker.secret(question)),
      trustHostKey: (question) => (patience as Patience).asking(options.asker.trustHostKey(question)),
    };
    const authentication = new Authentication(settings, asker, keys);
    const onReady = (): void => {
      finish(() => resolve({ sftp, client, negotiated, hostKey, authentication: authentication.used }));
    };
    const onClose = (): void =>
      fail(refused ?? connectFailure(settings, new Error('it closed the connection')));
    const onError = (error: Error & { code?: string; level?: string }): void => {
      if (refused !== null) fail(refused);
      // A key that could not sign: ssh2 goes on with the next one.
      else if (error.level === 'agent') return;
      else if (error.level === 'client-authentication') {
        if (!/All configured authentication methods failed/.test(error.message)) return;
        try {
          fail(authentication.failure());
        } catch (bug) {
          fail(bug);
        }
      } else if (/no matching/i.test(error.message)) fail(new NoCommonAlgorithm(error.message));
      else fail(connectFailure(settings, error));
    };
    client.on('error', onError).on('close', onClose).on('ready', onReady);
    client.on('connect', () => client.setNoDelay(true));
    client.on('handshake', (algorithms) => {
      negotiated = algorithms;
    });
    const config: ConnectConfig = {
      host: settings.hostname,
      port: settings.port,
      username: settings.user,
      forceIPv4: settings.addressFamily === 'inet',
      forceIPv6: settings.addressFamily === 'inet6',
      readyTimeout: 0,
      keepaliveInterval: keepaliveSeconds * 1000,
      keepaliveCountMax: 4,
      hostVerifier: (key: Buffer, verify: (trusted: boolean) => void) => {
        hostKey = Buffer.from(key);
        verifyHostKey(hostKey, known, settings, { ...options, asker }).then(
          () => verify(true),
          (error: unknown) => {
            refused = error;
            verify(false);
          },
        );
      },
      authHandler: authentication.handler,
      algorithms: {
        serverHostKey: offeredAlgorithms(known, settings) as never,
        ...(native ? { cipher: [...ciphers] } : {}),
      },
    };
    const seconds = options.connectTimeoutSeconds ?? settings.connectTimeoutSeconds ?? connectSeconds;
    patience = new Patience(seconds, () => fail(noAnswer(settings, `no answer within ${seconds} seconds`)));
    client.connect(config);
  });
}
