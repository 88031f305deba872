import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
interface Line {
  readonly marker: '' | 'revoked' | 'cert-authority';
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
  /** `file:line`, for people. */
  readonly where: string;
}

export type Judgement =
  | { readonly kind: 'known' | 'unknown' }
  | { readonly kind: 'revoked'; readonly where: string }
  | {
      readonly kind: 'changed';
      readonly known: readonly { type: string; fingerprint: string; where: string }[];
    };

/** How known_hosts spells a host: the name, in brackets with the port when that is not 22. */
export function hostLabel(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** Type of a public key in its wire form: the first string in it. Empty when it is none. */
export function keyType(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return length > 0 && length <= 64 && key.length >= 4 + length ? key.toString('latin1', 4, 4 + length) : '';
}

function hashOf(label: string, salt: Buffer): Buffer {
  return createHmac('sha1', salt).update(label, 'utf8').digest();
}

/** Whether a hashed name, `|1|salt|hash`, is this label's. */
function matchesHash(label: string, hashed: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const computed = hashOf(label, Buffer.from(salt, 'base64'));
  return expected.length === computed.length && timingSafeEqual(expected, computed);
}

function matchesGlob(label: string, pattern: string): boolean {
  const expression = pattern
    .toLowerCase()
    .replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(label);
}

/** A host field: hashed, or patterns between commas; one negated pattern that matches rules the line out. */
function matches(label: string, hosts: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(label, hosts);
  let found = false;
  for (const pattern of hosts.split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesGlob(label, pattern.slice(1))) return false;
    } else if (matchesGlob(label, pattern)) found = true;
  }
  return found;
}

function parse(text: string, file: string): Line[] {
  return text.split('\n').flatMap((raw, index): Line[] => {
    const words = raw.trim().split(/[ \t]+/);
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return [];
    let marker: Line['marker'] = '';
    if (words[0].startsWith('@')) {
      const name = (words.shift() as string).slice(1);
      // A marker that is not understood may forbid something: ssh ignores such a line, and so do we.
      if (name !== 'revoked' && name !== 'cert-authority') return [];
      marker = name;
    }
    const [hosts, type, encoded] = words;
    if (hosts === undefined || type === undefined || encoded === undefined) return [];
    const key = Buffer.from(encoded, 'base64');
    if (keyType(key) !== type) return [];
    return [{ marker, hosts, type, key, where: `${file}:${index + 1}` }];
  });
}

/** What the person's known_hosts files say. */
export class KnownHosts {
  readonly #lines: readonly Line[];

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  /**
   * Reads all files. One that does not exist is empty; one that cannot be read could hold the key that is wanted, or
   * its revocation, so it is a Failure `refused`.
   */
  static async read(files: readonly string[]): Promise<KnownHosts> {
    const lines: Line[] = [];
    for (const file of files) {
      let text: string;
      try {
        text = await readFile(file, 'latin1');
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR') continue;
        throw new Failure('refused', 'known-hosts', `cannot read ${quote(toBytes(file))}: ${code}`, {
          during: 'checking the host key',
          hint: 'host keys are only trusted when every known_hosts file can be read',
          cause,
        });
      }
      lines.push(...parse(text, file));
    }
    return new KnownHosts(lines);
  }

  #of(label: string, marker: Line['marker']): Line[] {
    return this.#lines.filter((line) => line.marker === marker && matches(label, line.hosts));
  }

  /** Types of the keys known for a host, without repetition, in the order of the files. */
  types(label: string): string[] {
    return [...new Set(this.#of(label, '').map((line) => line.type))];
  }

  /** Whether an authority may vouch for this host; then its certificate has to be checked, which `ssh` can. */
  hasAuthority(label: string): boolean {
    return this.#of(label, 'cert-authority').length > 0;
  }

  /**
   * Judges the key a host has shown. A key of another type than the known ones counts as changed: that is exactly
   * what somebody in the middle would show.
   */
  judge(label: string, key: Buffer): Judgement {
    const revoked = this.#of(label, 'revoked').find((line) => line.key.equals(key));
    if (revoked) return { kind: 'revoked', where: revoked.where };
    const known = this.#of(label, '');
    if (known.some((line) => line.key.equals(key))) return { kind: 'known' };
    if (known.length === 0) return { kind: 'unknown' };
    return {
      kind: 'changed',
      known: known.map((line) => ({
        type: line.type,
        fingerprint: fingerprint(line.key),
        where: line.where,
      })),
    };
  }
}

/** The line for a host, its name hashed when asked for (HashKnownHosts). */
export function knownHostsLine(label: string, key: Buffer, hashed: boolean): string {
  const salt = randomBytes(20);
  const name = hashed ? `|1|${salt.toString('base64')}|${hashOf(label, salt).toString('base64')}` : label;
  return `${name} ${keyType(key)} ${key.toString('base64')}\n`;
}

/** Adds a line to a known_hosts file, making it (and ~/.ssh) when it does not exist. */
export async function addKnownHost(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1, '\n');
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    await handle.appendFile(last[0] === 0x0a ? line : `\n${line}`);
  } finally {
    await handle.close();
  }
}
