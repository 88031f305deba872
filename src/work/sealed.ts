/**
 * Secrets at rest: `sealed/`, in the age format, for the recipients in `recipients.txt`.
 *
 *     web1.move/
 *     ├─ recipients.txt      for whom; without it nothing secret is stored
 *     └─ sealed/
 *        ├─ <hex>.age        one secret file; the manifest says which
 *        ├─ shadow.age       lines of /etc/shadow of the users in the manifest
 *        └─ seen.jsonl       size, times and inode of what was sealed
 *
 * What is secret is only ever in memory as it was: it is sealed before anything is written. age(1) reads these files
 * as well, so that nobody needs this program to get at them.
 *
 * Sealing is random, and a scan of an unchanged server shall not change the folder: a sealed file stays while size,
 * times and inode on the source and the recipients are as they were. Nothing that depends on the content is stored: a
 * digest would let short passwords be guessed.
 *
 * Anybody who knows a recipient can make a file for it; so a sealed file says what the secret was, not who wrote it.
 * Whoever may write to the folder is trusted, as with the manifest.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { unquote } from '../bytes.ts';
import { namedFiles } from '../decide/attachments.ts';
import { canonical } from '../decide/manifest-yaml.ts';
import {
  checkRecipient,
  parseRecipients,
  sealedName,
  sealedShadow,
  stampOf,
  withRecipients,
} from '../decide/recipients.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, Entry, Manifest, PathResource, UserResource } from '../types.ts';
import { fileLimit } from './apply-files.ts';
import { linesOfShadow, parseShadow, type Shadow } from './apply-passwords.ts';
import { type Folder, writeWhole } from './folder.ts';
import { readSmallFiles } from './read.ts';

const recipientsFile = 'recipients.txt';
const seenFile = 'seen.jsonl';

/** For whom the folder seals; empty = nothing is sealed. */
export async function readRecipients(folder: Folder): Promise<string[]> {
  const file = folder.path(recipientsFile);
  if (!existsSync(file)) return [];
  return parseRecipients(await readFile(file, 'utf8'), join(folder.name, recipientsFile));
}

/** Recipients of a file that a person names. */
export async function recipientsFrom(file: string): Promise<string[]> {
  const found = parseRecipients(await readGiven(file, 'recipient'), file);
  if (found.length > 0) return found;
  throw new Failure('usage', 'recipient', `${file} names no recipient`);
}

/** Remembers recipients in the folder, and gives all it has now. */
export async function addRecipients(folder: Folder, words: readonly string[]): Promise<string[]> {
  for (const word of words) checkRecipient(word, word.slice(0, 80));
  await seal(Buffer.from('x'), words);
  const known = await readRecipients(folder);
  const added = [...new Set(words)].filter((word) => !known.includes(word));
  if (added.length > 0) {
    const file = folder.path(recipientsFile);
    const text = existsSync(file) ? await readFile(file, 'utf8') : '';
    await writeWhole(file, withRecipients(text, added));
  }
  return [...known, ...added];
}

async function readGiven(file: string, topic: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause) => {
    throw new Failure('usage', topic, `${file} cannot be read`, { cause });
  });
}

/** Content for these recipients. Failure `usage` where one is mistyped. */
async function seal(content: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const one of recipients) {
    try {
      encrypter.addRecipient(one);
    } catch (cause) {
      throw new Failure('usage', 'recipient', `${one} is no age recipient; is it mistyped?`, { cause });
    }
  }
  return encrypter.encrypt(content);
}

/**
 * Makes an identity in a new file that only its owner reads, and gives its recipient. Refuses a file that exists, and
 * one in the folder: a key beside what it opens protects nothing.
 */
export async function makeKey(folder: Folder, file: string, now: number): Promise<string> {
  const path = resolve(file);
  if (`${dirname(path)}${sep}`.startsWith(`${folder.directory}${sep}`)) {
    throw new Failure('usage', 'age-identity', `${file} would lie beside what it opens`, {
      hint: 'keep the key outside of the folder',
    });
  }
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const handle = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EEXIST' ? 'exists and is not overwritten' : 'cannot be written';
    throw new Failure('usage', 'age-identity', `${file} ${why}`, {
      hint:
        cause.code === 'EEXIST'
          ? 'to use the key that is there: --recipient, with what age-keygen -y prints of it'
          : '',
      cause,
    });
  });
  try {
    await handle.writeFile(
      `# created: ${new Date(now).toISOString()}\n# public key: ${recipient}\n${identity}\n`,
    );
    await handle.sync();
  } finally {
    await handle.close();
  }
  return recipient;
}

/** What became of the secrets of a scan. */
export interface Sealing {
  readonly manifest: Manifest;
  /** Files and passwords that are sealed now, and those that are in the folder in no form. */
  readonly sealed: number;
  readonly open: number;
  readonly recipients: number;
}

interface Piece {
  readonly name: string;
  readonly stamp: string;
  readonly read: () => Promise<Buffer | undefined>;
}

/** Seals every secret file that the manifest carries, and the passwords of its users, as far as they can be read. */
export async function sealSecrets(input: {
  readonly source: Host;
  readonly folder: Folder;
  readonly manifest: Manifest;
  /** Of secret files and /etc/shadow, as they were listed. */
  readonly entries: ReadonlyMap<Bytes, Entry>;
}): Promise<Sealing> {
  const { source, folder, manifest, entries } = input;
  const recipients = await readRecipients(folder);
  const secrets = manifest.resources.filter(isSecretFile);
  if (recipients.length === 0) {
    return { manifest, sealed: 0, open: secrets.length, recipients: 0 };
  }
  await mkdir(folder.path('sealed'), { recursive: true, mode: 0o700 });
  const seen = await readSeen(folder);
  const isKept = (piece: Piece) =>
    seen.get(piece.name) === piece.stamp && existsSync(folder.path(piece.name));
  const pieces = new Map<Bytes, Piece>();
  for (const { path: quoted } of secrets) {
    const path = unquote(quoted);
    const entry = entries.get(path);
    if (entry === undefined) continue;
    pieces.set(path, {
      name: sealedName(path),
      stamp: stampOf(entry, recipients),
      read: async () => undefined,
    });
  }
  const stale = [...pieces].filter(([, piece]) => !isKept(piece)).map(([path]) => path);
  const contents = await readSmallFiles(source, stale, fileLimit);
  for (const path of stale) {
    const piece = pieces.get(path) as Piece;
    pieces.set(path, { ...piece, read: async () => contents.get(path) });
  }
  const shadow = shadowPiece(source, manifest, entries.get('/etc/shadow'), recipients);
  const now = new Map<string, string>();
  for (const piece of [...pieces.values(), ...(shadow === null ? [] : [shadow])]) {
    if (!isKept(piece)) {
      const content = await piece.read();
      if (content === undefined) {
        // What could not be read this time is not lost because of it.
        const before = seen.get(piece.name);
        if (before !== undefined && existsSync(folder.path(piece.name))) now.set(piece.name, before);
        continue;
      }
      await writeWhole(folder.path(piece.name), await seal(content, recipients));
      content.fill(0);
    }
    now.set(piece.name, piece.stamp);
  }
  if (source.privileged) await removeOthers(folder, now);
  await writeSeen(folder, now);
  const resources = manifest.resources.map((one) => {
    if (!isSecretFile(one)) return one;
    const name = sealedName(unquote(one.path));
    return now.has(name) ? { ...one, sealed: name } : one;
  });
  const sealed = resources.filter((one) => isSecretFile(one) && one.sealed !== undefined).length;
  return {
    manifest: canonical({ ...manifest, resources }),
    sealed,
    open: secrets.length - sealed,
    recipients: recipients.length,
  };
}

function isSecretFile(one: Manifest['resources'][number]): one is PathResource {
  return 'path' in one && 'kind' in one && one.kind === 'file' && 'secret' in one && one.secret === true;
}

function shadowPiece(
  source: Host,
  manifest: Manifest,
  entry: Entry | undefined,
  recipients: readonly string[],
): Piece | null {
  const users = manifest.resources
    .filter((one): one is UserResource => 'user' in one && 'uid' in one && one.user !== 'root')
    .map((one) => one.user);
  if (entry === undefined || users.length === 0) return null;
  return {
    name: sealedShadow,
    stamp: stampOf(entry, recipients, users.join('\n')),
    read: async () => {
      const text = await source.readFile('/etc/shadow').catch((error) => {
        if (error instanceof Failure) return undefined;
        throw error;
      });
      return text === undefined ? undefined : linesOfShadow(text, new Set(users));
    },
  };
}

/** By name: the stamp of what was sealed last. A file that is damaged makes everything sealed anew. */
async function readSeen(folder: Folder): Promise<Map<string, string>> {
  const text = await readFile(folder.path('sealed', seenFile), 'utf8').catch(() => '');
  const seen = new Map<string, string>();
  for (const line of text.split('\n')) {
    try {
      const { sealed, stamp } = JSON.parse(line) as { sealed: string; stamp: string };
      seen.set(sealed, stamp);
    } catch {}
  }
  return seen;
}

async function writeSeen(folder: Folder, now: ReadonlyMap<string, string>): Promise<void> {
  const lines = [...now].sort(([left], [right]) => (left < right ? -1 : 1));
  const text = lines.map(([sealed, stamp]) => `${JSON.stringify({ sealed, stamp })}\n`).join('');
  const file = folder.path('sealed', seenFile);
  if ((await readFile(file, 'utf8').catch(() => null)) !== text) await writeWhole(file, text);
}

/** A secret that the source has no more is kept no longer. */
async function removeOthers(folder: Folder, now: ReadonlyMap<string, string>): Promise<void> {
  for (const name of await readdir(folder.path('sealed'))) {
    if (name.endsWith('.age') && !now.has(`sealed/${name}`)) await rm(folder.path('sealed', name));
  }
}

/**
 * Removes what an earlier scan kept in the open of files that are secret now: a password may have come into one since,
 * or a newer version of this program knows more of them. Called after the manifest was written.
 */
export async function forgetOpen(folder: Folder, before: Manifest | null, now: Manifest): Promise<void> {
  const named = new Set(namedFiles(now).map(({ from }) => from));
  const secret = new Set(now.resources.filter(isSecretFile).map((one) => one.path));
  for (const one of before === null ? [] : namedFiles(before)) {
    if (one.content === null || !secret.has(one.content) || named.has(one.from)) continue;
    if (/^files\/[0-9a-f]{32}$/.test(one.from)) await rm(folder.path(one.from), { force: true });
  }
}

/** The sealed secrets of a folder, and the identities that open them. */
export class Sealed {
  readonly #folder: Folder;
  readonly #names: ReadonlyMap<Bytes, string>;
  readonly #identities: readonly string[];
  readonly #file: string;

  private constructor(
    folder: Folder,
    names: ReadonlyMap<Bytes, string>,
    identities: readonly string[],
    file: string,
  ) {
    this.#folder = folder;
    this.#names = names;
    this.#identities = identities;
    this.#file = file;
  }

  /** Reads the identities, as age-keygen writes them. Failure `usage` where there is none in the file. */
  static async open(folder: Folder, file: string): Promise<Sealed> {
    const text = await readGiven(file, 'identity');
    const identities = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    if (
      identities.length === 0 ||
      identities.some((line) => !/^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/.test(line))
    ) {
      const isSealed = text.startsWith('age-encryption.org/') || text.startsWith('-----BEGIN AGE');
      throw new Failure('usage', 'age-identity', `${file} is no identity of age`, {
        hint: isSealed
          ? `it is sealed itself; open it first: --identity <(age -d ${file})`
          : 'it has a line that begins with AGE-SECRET-KEY-1',
      });
    }
    const manifest = await folder.readManifest();
    const names = new Map<Bytes, string>();
    for (const one of manifest.resources) {
      if (isSecretFile(one) && one.sealed !== undefined) names.set(unquote(one.path), one.sealed);
    }
    return new Sealed(folder, names, identities, file);
  }

  /** Paths of the source whose content can be had. */
  get paths(): ReadonlySet<Bytes> {
    return new Set(this.#names.keys());
  }

  async read(paths: Iterable<Bytes>): Promise<Map<Bytes, Buffer>> {
    const found = new Map<Bytes, Buffer>();
    for (const path of paths) {
      const name = this.#names.get(path);
      if (name !== undefined) found.set(path, await this.#unseal(name));
    }
    return found;
  }

  /** Passwords of the manifest's users; empty where none were sealed. */
  async shadow(): Promise<Shadow> {
    if (!existsSync(this.#folder.path(sealedShadow))) return new Map();
    return parseShadow(await this.#unseal(sealedShadow));
  }

  async shadowText(): Promise<Buffer | null> {
    return existsSync(this.#folder.path(sealedShadow)) ? this.#unseal(sealedShadow) : null;
  }

  async #unseal(name: string): Promise<Buffer> {
    const file = join(this.#folder.name, name);
    const content = await readFile(this.#folder.path(name)).catch((cause) => {
      throw new Failure('usage', 'sealed', `${this.#folder.name} is incomplete: ${name} is missing`, {
        hint: 'scan again while the source can be read',
        cause,
      });
    });
    const { Decrypter } = await import('age-encryption');
    const decrypter = new Decrypter();
    try {
      for (const identity of this.#identities) decrypter.addIdentity(identity);
    } catch (cause) {
      throw new Failure('usage', 'age-identity', `${this.#file} holds an identity that is mistyped`, {
        cause,
      });
    }
    try {
      return Buffer.from(await decrypter.decrypt(content));
    } catch (cause) {
      const isOther = /no identity matched/i.test((cause as Error).message);
      throw isOther
        ? new Failure('refused', 'age-identity', `${this.#file} does not open ${file}`, {
            hint: `it is sealed for those in ${join(this.#folder.name, recipientsFile)}`,
            cause,
          })
        : new Failure('failed', 'sealed', `${file} is damaged`, {
            hint: 'scan again while the source can be read',
            cause,
          });
    }
  }
}
