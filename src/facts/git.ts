/**
 * A git repository read from its files alone (gitrepository-layout(5), gitformat-index(5), git-config(1)). Asking git
 * would run what the repository's own configuration names, and nothing here shall run what a stranger wrote.
 */
import type { Buffer } from 'node:buffer';
import { quote } from '../bytes.ts';
import type { Bytes } from '../types.ts';

export interface GitSetting {
  /** Lower case. */
  readonly section: string;
  readonly name: Bytes | null;
  /** Lower case. */
  readonly key: string;
  readonly value: Bytes;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b', '"': '"', '\\': '\\' };

/** Settings of a config file in their order; files that it includes are not read. Lines that make no sense are left out. */
export function parseGitConfig(content: Bytes): GitSetting[] {
  const settings: GitSetting[] = [];
  let section = '';
  let name: Bytes | null = null;
  const lines = content.replaceAll('\r\n', '\n').split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    let line = (lines[index] as string).trimStart();
    const head = /^\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (head !== null) {
      section = (head[1] as string).toLowerCase();
      name = head[2] === undefined ? null : head[2].replaceAll(/\\(.)/g, '$1');
      line = line.slice(head[0].length).trimStart();
    }
    const setting = /^([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?$/s.exec(line);
    if (section === '' || setting === null) continue;
    let raw = setting[2] ?? '';
    while (/(?:^|[^\\])(?:\\\\)*\\$/.test(raw) && index + 1 < lines.length && raw.length < 65536) {
      index += 1;
      raw = raw.slice(0, -1) + lines[index];
    }
    settings.push({ section, name, key: (setting[1] as string).toLowerCase(), value: plainValue(raw) });
  }
  return settings;
}

/** Without quotes and comments; blanks outside of quotes count only between words. */
function plainValue(raw: Bytes): Bytes {
  let value = '';
  let kept = 0;
  let isQuoted = false;
  for (let at = 0; at < raw.length; at += 1) {
    const character = raw[at] as string;
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === '#' || character === ';')) break;
    else if (character === '\\') {
      at += 1;
      value += escapes[raw[at] ?? ''] ?? '';
    } else value += character;
    if (isQuoted || !/[ \t]/.test(character)) kept = value.length;
  }
  return value.slice(0, kept);
}

/** The last value of a setting, as git takes it. */
export function settingOf(settings: readonly GitSetting[], section: string, key: string): Bytes | null {
  return (
    settings.findLast((one) => one.section === section && one.name === null && one.key === key)?.value ?? null
  );
}

/** Address of a remote without user name, password and token, quoted. */
export function publicAddress(url: Bytes): string {
  // A helper's address is a command, or another address in it.
  const helper = /^([A-Za-z0-9-]+)::/.exec(url);
  if (helper !== null) return `${helper[1]}::`;
  const whole = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/s.exec(url);
  if (whole !== null) {
    const [, , authority, path] = whole as unknown as [string, string, Bytes, Bytes];
    const host = authority.replace(/^.*@/s, '');
    // A password may hold / ? # as they are: then what follows the colon is no port.
    const isPort = /^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/.test(host);
    const rest = isPort
      ? host + path
      : url.replace(/^.*(?:@|:\/\/)/s, '').replace(/[?#].*$|:(?!\d*(?:\/|$)).*$/s, '');
    return quote(`${whole[1]}://${rest}`);
  }
  // host:path, unless a slash comes before the colon.
  const short = /^([^/:]*@)?(\[[^\]]*\]|[^/:@]+):(.*)$/s.exec(url);
  if (short !== null) {
    const path = short[3] as string;
    const login = /^[^/]*@(?=[^/@]+:)/.exec(path);
    return quote(login === null ? `${short[2]}:${path}` : path.slice(login[0].length));
  }
  return quote(url);
}

const commit = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** HEAD: the branch it follows, or the commit where it follows none. Null where it is no HEAD. */
export function parseHead(content: Bytes): { readonly ref: Bytes } | { readonly commit: string } | null {
  const text = content.trim();
  if (commit.test(text)) return { commit: text };
  const ref = /^ref:\s*(refs\/\S.*)$/.exec(text)?.[1];
  return ref === undefined || ref.split('/').includes('..') ? null : { ref };
}

/** A ref in a file of its own. */
export function parseRef(content: Bytes): string | null {
  const text = content.trim();
  return commit.test(text) ? text : null;
}

export function parsePackedRefs(content: Bytes): Map<Bytes, string> {
  const refs = new Map<Bytes, string>();
  for (const line of content.split('\n')) {
    const match = /^([0-9a-f]{40}|[0-9a-f]{64}) (refs\/.+)$/.exec(line);
    if (match !== null) refs.set(match[2] as string, match[1] as string);
  }
  return refs;
}

/** Where a `.git` file says that the repository is. */
export function parseGitFile(content: Bytes): Bytes | null {
  return /^gitdir: ([^\0\n]+)\n?$/.exec(content)?.[1] ?? null;
}

export interface IndexEntry {
  /** Relative to the work tree. */
  readonly path: Bytes;
  readonly kind: 'file' | 'link' | 'submodule' | 'directory';
  readonly isExecutable: boolean;
  readonly object: string;
  /** Seconds and nanoseconds, each of 32 bits, as they were when git looked last. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Bytes, of 32 bits. */
  readonly size: number;
  /** Told not to look at it: sparse, or assumed to be unchanged. */
  readonly isSkipped: boolean;
  /** Added without content. */
  readonly isIntended: boolean;
  /** Not 0 while a merge is not finished. */
  readonly stage: number;
}

/**
 * The index of a work tree, versions 2 to 4. Throws an Error where it makes no sense, or keeps its entries in another
 * file (split index).
 */
export function parseGitIndex(content: Buffer, objectBytes: 20 | 32): IndexEntry[] {
  if (content.length < 12 + objectBytes || content.toString('latin1', 0, 4) !== 'DIRC')
    throw new Error('it is no index');
  const version = content.readUInt32BE(4);
  if (version < 2 || version > 4) throw new Error(`its version ${version} is unknown`);
  const count = content.readUInt32BE(8);
  const fixed = 40 + objectBytes + 2;
  if (count * (fixed + 1) > content.length * (version === 4 ? 2 : 1)) throw new Error('it is cut off');
  const entries: IndexEntry[] = [];
  const end = content.length - objectBytes;
  let at = 12;
  let before: Bytes = '';
  // A name of version 4 takes over the begin of the one before it, so a small file may hold any length of names.
  let room = Math.max(4 * content.length, 65536);
  for (let index = 0; index < count; index += 1) {
    if (at + fixed > end) throw new Error('it is cut off');
    const start = at;
    const mode = content.readUInt32BE(at + 24);
    const flags = content.readUInt16BE(at + fixed - 2);
    const isLonger = version >= 3 && (flags & 0x4000) !== 0;
    const more = isLonger ? content.readUInt16BE(at + fixed) : 0;
    let nameAt = at + fixed + (isLonger ? 2 : 0);
    let kept = '';
    if (version === 4) {
      const [dropped, next] = offsetNumber(content, nameAt);
      if (dropped > before.length) throw new Error('a name in it makes no sense');
      kept = before.slice(0, before.length - dropped);
      nameAt = next;
    }
    const nul = content.indexOf(0, nameAt);
    if (nul === -1 || nul >= end) throw new Error('it is cut off');
    const path: Bytes = kept + content.toString('latin1', nameAt, nul);
    if (path.length > 65536) throw new Error('a name in it makes no sense');
    room -= path.length;
    if (room < 0) throw new Error('its names are too long');
    // Version 4 ends a name with one NUL, the others fill up to eight bytes.
    at = version === 4 ? nul + 1 : start + ((nul - start + 8) & ~7);
    before = path;
    const type = mode >>> 12;
    entries.push({
      path,
      kind: type === 0o16 ? 'submodule' : type === 0o12 ? 'link' : type === 0o4 ? 'directory' : 'file',
      isExecutable: (mode & 0o100) !== 0,
      object: content.toString('hex', start + 40, start + 40 + objectBytes),
      seconds: content.readUInt32BE(start + 8),
      nanoseconds: content.readUInt32BE(start + 12),
      size: content.readUInt32BE(start + 36),
      isSkipped: (flags & 0x8000) !== 0 || (more & 0x4000) !== 0,
      isIntended: (more & 0x2000) !== 0,
      stage: (flags >>> 12) & 3,
    });
  }
  if (content.toString('latin1', at, at + 4) === 'link') throw new Error('it is split in two files');
  return entries;
}

/** The number that packs and index version 4 write, most telling bits first. */
function offsetNumber(from: Buffer, start: number): readonly [value: number, next: number] {
  let at = start;
  let byte = from[at] ?? 0;
  let value = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    at += 1;
    byte = from[at] ?? 0;
    value = (value + 1) * 128 + (byte & 0x7f);
    if (value > 0xffffff) throw new Error('a name in it makes no sense');
  }
  return [value, at + 1];
}
