/**
 * Whether a lockfile names every piece exactly: by a digest, by an exact version of a public index, or by a commit.
 * Pieces that come from a directory of this machine are named by nothing. Contents come from strangers: what makes no
 * sense pins nothing.
 */

import type { Bytes } from '../types.ts';

export interface Pins {
  readonly isExact: boolean;
  /** What stands against it; empty where nothing does. */
  readonly why: string;
  /** Names of pieces, where the lockfile need not hold all that is installed; null = it is made to be whole. */
  readonly names: ReadonlySet<string> | null;
  /** Runtime that the lockfile itself names. */
  readonly runtime?: string;
}

const exact: Pins = { isExact: true, why: '', names: null };
function loose(why: string): Pins {
  return { isExact: false, why, names: null };
}
const senseless = loose('its lockfile makes no sense');

export function pinsOf(name: string, content: Bytes): Pins {
  switch (name) {
    case 'package-lock.json':
    case 'npm-shrinkwrap.json':
      return npm(parsed(content));
    case 'yarn.lock':
      return yarn(content);
    case 'pnpm-lock.yaml':
      return pnpm(content);
    case 'composer.lock':
      return composer(parsed(content));
    case 'Gemfile.lock':
      return bundler(content);
    case 'Cargo.lock':
      return cargo(content);
    case 'gradle.lockfile':
      return /^[^#\s:]+:[^:\s]+:[^=\s]+=/m.test(content) ? exact : senseless;
    case 'requirements.txt':
      return requirements(content);
    case 'Pipfile.lock':
      return pipenv(parsed(content));
    case 'uv.lock':
    case 'poetry.lock':
    case 'pdm.lock':
      return tomlLock(content);
    default:
      return senseless;
  }
}

const commitAtEnd = /#[0-9a-f]{40,64}$/;

function npm(lock: unknown): Pins {
  const { packages, dependencies } = objectOf(lock);
  const pieces = Object.entries(objectOf(packages ?? dependencies)).filter(([name]) => name !== '');
  if (packages === undefined && dependencies === undefined) return senseless;
  for (const [name, piece] of pieces) {
    const { link, resolved, integrity, version, inBundle, bundled } = objectOf(piece);
    if (inBundle === true || bundled === true || typeof integrity === 'string') continue;
    if (link === true || (typeof version === 'string' && version.startsWith('file:')))
      return loose(`${short(name)} comes from a directory of this machine`);
    // A work space of the project itself.
    if (resolved === undefined && packages !== undefined && !name.includes('node_modules/')) continue;
    const from = String(resolved ?? version ?? '');
    if (!commitAtEnd.test(from)) return loose(`${short(name)} is named without a digest`);
  }
  return exact;
}

function short(name: string): string {
  return /^[\x21-\x7e]{1,100}$/.test(name) ? name : 'a piece';
}

function yarn(content: Bytes): Pins {
  const isNew = /^__metadata:/m.test(content);
  const blocks = content
    .split(/\n(?=\S)/)
    .filter((block) => /^[ \t]+version:? /m.test(block) && !block.startsWith('__metadata'));
  for (const block of blocks) {
    const name = short(/^"?(@?[^@"\s]+)@/.exec(block)?.[1] ?? '');
    if (isNew) {
      if (/^[ \t]+resolution: .*@(workspace|patch):/m.test(block)) continue;
      if (!/^[ \t]+checksum:/m.test(block) && !/^[ \t]+resolution: .*commit=[0-9a-f]{40}/m.test(block))
        return loose(`${name} is named without a digest`);
    } else if (!/^[ \t]+integrity /m.test(block) && !/^[ \t]+resolved .*#[0-9a-f]{40}/m.test(block)) {
      return loose(`${name} is named without a digest`);
    }
  }
  return blocks.length === 0 && !/yarn lockfile|__metadata/.test(content) ? senseless : exact;
}

function pnpm(content: Bytes): Pins {
  if (!/^lockfileVersion:/m.test(content)) return senseless;
  for (const match of content.matchAll(/^[ \t]+resolution:[ \t]*(\{[^\n]*)$/gm)) {
    const text = match[1] as string;
    if (/directory:/.test(text)) return loose('a piece comes from a directory of this machine');
    if (!/integrity:|commit: *[0-9a-f]{40}|\/tar\.gz\/[0-9a-f]{40}/.test(text))
      return loose('a piece is named without a digest');
  }
  return exact;
}

function composer(lock: unknown): Pins {
  const whole = objectOf(lock);
  const packages = whole.packages;
  const development = whole['packages-dev'];
  if (!Array.isArray(packages)) return senseless;
  for (const one of [...packages, ...(Array.isArray(development) ? development : [])]) {
    const { name, dist, source, type } = objectOf(one);
    if (type === 'metapackage') continue;
    const [archive, checkout] = [objectOf(dist), objectOf(source)];
    if (archive.type === 'path')
      return loose(`${short(String(name))} comes from a directory of this machine`);
    const reference = archive.reference || checkout.reference || archive.shasum;
    if (typeof reference !== 'string' || reference === '')
      return loose(`${short(String(name))} is named without a commit`);
  }
  return exact;
}

function bundler(content: Bytes): Pins {
  if (!/^(GEM|GIT|PATH)$/m.test(content)) return senseless;
  const said = /^RUBY VERSION\n[ \t]+ruby (\d+\.\d+\.\d+)/m.exec(content)?.[1];
  const runtime = said === undefined ? {} : { runtime: `ruby ${said}` };
  if (/^PATH\n {2}remote: (?!\.\n)/m.test(content))
    return { ...loose('a gem comes from a directory of this machine'), ...runtime };
  return { ...exact, ...runtime };
}

function cargo(content: Bytes): Pins {
  const blocks = content.split(/^\[\[package\]\]$/m).slice(1);
  if (blocks.length === 0) return senseless;
  // Up to cargo 1.40 all digests stand together at the end.
  const isOld = /^"checksum /m.test(content);
  for (const block of blocks) {
    const source = /^source = "([^"\n]+)"/m.exec(block)?.[1];
    // Without a source it is the project itself, or a part of it.
    if (source === undefined || source.startsWith('git+')) continue;
    if (!/^checksum = "[0-9a-f]{64}"/m.test(block) && !isOld)
      return loose('a crate is named without a digest');
  }
  return exact;
}

function tomlLock(content: Bytes): Pins {
  const blocks = content.split(/^\[\[package\]\]$/m).slice(1);
  if (blocks.length === 0 && !/^(version|content-hash|lock-version) *=/m.test(content)) return senseless;
  const isOld = /^\[metadata\.files\]$/m.test(content);
  for (const block of blocks) {
    const name = short(/^name = "([^"\n]+)"/m.exec(block)?.[1] ?? '');
    if (/^source = \{ (directory|path) = /m.test(block) || /^type = "(directory|file)"/m.test(block))
      return loose(`${name} comes from a directory of this machine`);
    const isProject = /^source = \{ (editable|virtual) = /m.test(block);
    const isCommit = /(?:resolved_reference = "|[#@]|rev(?:ision)? = ")[0-9a-f]{40}/.test(block);
    if (!isProject && !isCommit && !isOld && !/(hash = |files = \[|checksum = )/.test(block))
      return loose(`${name} is named without a digest`);
  }
  return exact;
}

function pipenv(lock: unknown): Pins {
  const whole = objectOf(lock);
  if (whole._meta === undefined) return senseless;
  const said = objectOf(objectOf(whole._meta).requires);
  for (const [name, piece] of Object.entries({ ...objectOf(whole.default), ...objectOf(whole.develop) })) {
    const { version, hashes, ref, path, file } = objectOf(piece);
    if (path !== undefined || file !== undefined)
      return loose(`${short(name)} comes from a file of this machine`);
    const isPinned = typeof version === 'string' && version.startsWith('==') && Array.isArray(hashes);
    if (!isPinned && !(typeof ref === 'string' && /^[0-9a-f]{40}$/.test(ref)))
      return loose(`${short(name)} is named without a digest`);
  }
  const python = said.python_full_version ?? said.python_version;
  return typeof python === 'string' && /^[0-9.]{1,20}$/.test(python)
    ? { ...exact, runtime: `python ${python}` }
    : exact;
}

/** Exact where every line is `name==version`, with or without digests, and the file includes no other. */
function requirements(content: Bytes): Pins {
  const names = new Set<string>();
  let why = '';
  const lines = content.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/);
  for (const line of lines) {
    const text = line.replace(/(^|\s)#.*$/, '').trim();
    if (
      text === '' ||
      /^(-i|--index-url|--extra-index-url|--require-hashes|--only-binary|--no-binary|--prefer-binary|--trusted-host)\b/.test(
        text,
      )
    )
      continue;
    const match = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(===?\s*[^\s;,]+)?\s*(.*)$/.exec(text);
    if (match === null || /^(?!--hash=)[^;,<>=!~]/.test(match[3] as string)) {
      why ||= 'its requirements.txt names other files or places';
      continue;
    }
    names.add(pieceName(match[1] as string));
    if (match[2] === undefined || match[2].includes('*') || (match[3] as string).startsWith(','))
      why ||= `${short(match[1] as string)} is named without an exact version`;
  }
  return { isExact: why === '' && names.size > 0, why, names };
}

/** JSON, or null where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Anything as an object; what is none has nothing in it. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** As Python compares names of distributions (PEP 503). */
export function pieceName(piece: string): string {
  return (piece.split(' ')[0] as string).toLowerCase().replaceAll(/[-_.]+/g, '-');
}
