import { readFile, stat } from 'node:fs/promises';
import ssh2, { type BaseAgent as Agent, type ParsedKey } from 'ssh2';
import { quote, toBytes } from '../bytes.ts';
import type { Asker } from './host.ts';
import { keyType } from './known-hosts.ts';
import type { SshSettings } from './ssh-config.ts';

const { BaseAgent, createAgent, utils } = ssh2;
const attempts = 3;

/** One key that can be offered: its public part, and how it signs when the server has accepted it. */
interface Candidate {
  readonly publicKey: ParsedKey;
  readonly label: string;
  readonly sign: (data: Buffer, hash: string | undefined) => Promise<Buffer>;
}

/** Thrown when a passphrase could not be had; the server gets no signature of that key then. */
export class GaveUp extends Error {}

function parsed(key: ParsedKey | ParsedKey[] | Error): ParsedKey | null {
  const first = Array.isArray(key) ? key[0] : key;
  return first === undefined || first instanceof Error ? null : first;
}

function signWith(key: ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  // The type says void: the declaration is wrong, the code returns a Buffer or an Error.
  const signature = key.sign(data, hash) as unknown as Buffer | Error;
  if (signature instanceof Error) throw signature;
  return signature;
}

/** Public key in wire form inside a private key of OpenSSH's own format; it stands there in clear. */
function publicPart(pem: string): Buffer | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(pem)?.[1];
  if (body === undefined) return null;
  const data = Buffer.from(body, 'base64');
  let at = 'openssh-key-v1\0'.length;
  if (data.toString('latin1', 0, at) !== 'openssh-key-v1\0') return null;
  const string = (): Buffer => {
    const length = data.readUInt32BE(at);
    at += 4 + length;
    return data.subarray(at - length, at);
  };
  try {
    // Cipher, name of the key derivation, its options, then the number of keys.
    for (let field = 0; field < 3; field += 1) string();
    at += 4;
    return string();
  } catch {
    return null;
  }
}

function identities(agent: Agent): Promise<ParsedKey[]> {
  return new Promise((resolve) => {
    agent.getIdentities((error, keys) => {
      resolve(error ? [] : ((keys ?? []) as unknown as ParsedKey[]));
    });
  });
}

async function agentCandidates(socket: string | null): Promise<Candidate[]> {
  if (socket === null) return [];
  const agent = createAgent(socket);
  return (await identities(agent)).map((publicKey) => ({
    publicKey,
    label: `key from ssh-agent${publicKey.comment ? ` (${quote(toBytes(publicKey.comment))})` : ''}`,
    sign: (data, hash) =>
      new Promise((resolve, reject) => {
        agent.sign(
          publicKey,
          data,
          hash === undefined ? {} : { hash: hash as 'sha256' },
          (error, signature) => {
            if (error || signature === undefined) reject(error ?? new Error('no signature'));
            else resolve(signature);
          },
        );
      }),
  }));
}

/** Asks for the passphrase, again when it is wrong, up to three times. */
async function unlock(pem: Buffer, file: string, asker: Asker): Promise<ParsedKey> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const passphrase = await asker.secret({ what: 'passphrase', for: quote(toBytes(file)) });
    if (passphrase === null) throw new GaveUp(`no passphrase for ${quote(toBytes(file))}`);
    const key = parsed(utils.parseKey(pem, passphrase));
    if (key !== null) return key;
  }
  throw new GaveUp(`wrong passphrase for ${quote(toBytes(file))}`);
}

export interface CollectedKeys {
  readonly candidates: readonly Candidate[];
  /** Files that hold a security key: only the system's client can use those. */
  readonly securityKeys: readonly string[];
  /** Files with a certificate beside them. */
  readonly certificates: readonly string[];
  /** Files that could not be used, with the reason. */
  readonly unusable: readonly string[];
}

/** Gathers what could be offered to the server, nothing of it unlocked yet; keys of the agent first. */
export async function collectKeys(settings: SshSettings, asker: Asker): Promise<CollectedKeys> {
  const fromAgent = await agentCandidates(settings.identityAgent);
  const fromFiles: Candidate[] = [];
  const named = new Set<string>();
  const securityKeys: string[] = [];
  const certificates: string[] = [];
  const unusable: string[] = [];
  for (const file of settings.identityFiles) {
    const shown = quote(toBytes(file));
    const publicText = await readFile(`${file}.pub`, 'latin1').catch(() => null);
    const publicFile = publicText === null ? null : parsed(utils.parseKey(publicText));
    if (publicFile !== null) named.add(publicFile.getPublicSSH().toString('base64'));
    if (await stat(`${file}-cert.pub`).catch(() => null)) certificates.push(file);
    let pem: Buffer;
    try {
      pem = await readFile(file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') unusable.push(`${shown}: ${code}`);
      continue;
    }
    const blob = publicPart(pem.toString('latin1'));
    if ((blob !== null && keyType(blob).startsWith('sk-')) || publicText?.startsWith('sk-')) {
      securityKeys.push(file);
      continue;
    }
    const key = parsed(utils.parseKey(pem));
    if (key?.isPrivateKey()) {
      named.add(key.getPublicSSH().toString('base64'));
      fromFiles.push({
        publicKey: key,
        label: `key ${shown}`,
        sign: async (data, hash) => signWith(key, data, hash),
      });
      continue;
    }
    const locked = key ?? publicFile ?? (blob === null ? null : parsed(utils.parseKey(blob)));
    // IdentityFile may name a public key whose private part is in the agent.
    if (locked !== null) named.add(locked.getPublicSSH().toString('base64'));
    if (key !== null) continue;
    if (locked === null) {
      unusable.push(`${shown}: not understood; if it has a passphrase, put its public part beside it`);
      continue;
    }
    let unlocked: Promise<ParsedKey> | null = null;
    fromFiles.push({
      publicKey: locked,
      label: `key ${shown}`,
      sign: async (data, hash) => {
        unlocked ??= unlock(pem, file, asker);
        return signWith(await unlocked, data, hash);
      },
    });
  }
  const blobOf = (candidate: Candidate): string => candidate.publicKey.getPublicSSH().toString('base64');
  // As ssh does it: keys that the configuration names come before the others of the agent, since servers count
  // attempts (MaxAuthTries).
  const namedInAgent = fromAgent.filter((candidate) => named.has(blobOf(candidate)));
  const inAgent = new Set(namedInAgent.map(blobOf));
  const others = settings.identitiesOnly
    ? []
    : fromAgent.filter((candidate) => !named.has(blobOf(candidate)));
  return {
    candidates: [
      ...namedInAgent,
      ...others,
      ...fromFiles.filter((candidate) => !inAgent.has(blobOf(candidate))),
    ],
    securityKeys,
    certificates,
    unusable,
  };
}

/**
 * All keys as one agent: ssh2 then asks the server about each public key first, and only a key that it accepts is
 * unlocked. `used` is the label of the key that signed last.
 */
export class KeyRing extends BaseAgent {
  readonly #candidates: readonly Candidate[];
  used = '';
  /** What stopped the last signature, for the person. */
  trouble: unknown = null;

  constructor(candidates: readonly Candidate[]) {
    super();
    this.#candidates = candidates;
  }

  override getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(
      undefined,
      this.#candidates.map((candidate) => candidate.publicKey),
    );
  }

  override sign(
    key: unknown,
    data: Buffer,
    options: unknown,
    done?: (error: Error | undefined, signature?: Buffer) => void,
  ): void {
    const blob = (key as ParsedKey).getPublicSSH();
    const candidate = this.#candidates.find((each) => each.publicKey.getPublicSSH().equals(blob));
    if (candidate === undefined) throw new Error('asked to sign with a key that was never offered');
    candidate.sign(data, (options as { hash?: string }).hash).then(
      (signature) => {
        this.used = candidate.label;
        done?.(undefined, signature);
      },
      (error: unknown) => {
        this.trouble = error;
        done?.(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }
}
