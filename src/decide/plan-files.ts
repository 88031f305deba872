/**
 * Configuration files, directories, links and removals. In two steps, because the destination is asked only about
 * the paths that are wanted: first where everything goes and what it holds, then what differs from what is there.
 */

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import picomatch from 'picomatch';
import { parentOf, quote, toBytes, unquote } from '../bytes.ts';
import type { Bytes, Manifest, Notice, PathResource, PlannedFile, Profile, Step } from '../types.ts';
import { directoryLinked } from './classify-packages.ts';
import type { PlanInput } from './plan-input.ts';
import { isUnion, mergeHint } from './plan-merge.ts';
import { count, PartBuilder, type PlanPart, some } from './plan-part.ts';
import { assign, replaceAllText, sh } from './plan-shell.ts';
import { redactText } from './redact-text.ts';
import { fill, type VersionPair } from './rename.ts';
import { translateDovecot } from './settings-dovecot.ts';
import { translatePostgresqlSettings } from './settings-postgresql.ts';

/** One path that the destination shall have. */
export interface Wanted {
  readonly path: Bytes;
  /** Quoted path on the source, where it is another. */
  readonly was: string | null;
  readonly kind: 'file' | 'directory' | 'link' | 'absent' | 'union';
  readonly owner: string;
  readonly group: string;
  /** Octal without leading zeros. */
  readonly mode: string;
  readonly target: Bytes | null;
  readonly content: PlannedFile['content'] | null;
  readonly rewrites: PlannedFile['rewrites'];
  /** Of the content after rewriting; null for secrets, which are compared while applying. */
  readonly sha256: string | null;
  /** Package whose file was removed, for a removal. */
  readonly package: string | null;
}
export interface WantedPaths {
  readonly wanted: readonly Wanted[];
  readonly notices: readonly Notice[];
}

interface Crossing {
  readonly profile: Profile;
  readonly pair: VersionPair | undefined;
  readonly how: NonNullable<Profile['crossing']>[number]['how'];
  readonly note: string;
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function octal(mode: string | undefined, fallback: string): string {
  return Number.parseInt(mode ?? fallback, 8).toString(8);
}

/** A profile's pattern with the versions filled in, as it is written for the source. */
function fitsFile(patterns: readonly string[], pair: VersionPair | undefined, path: Bytes): boolean {
  return patterns.some((pattern) => {
    const filled = pair === undefined ? pattern : fill(pattern.replaceAll('{version}', pair.old), pair);
    return picomatch(filled, { dot: true })(path) || (filled.endsWith('/') && path.startsWith(filled));
  });
}

/** Where things go on the destination and what they hold. */
export function wantedPaths(input: {
  readonly manifest: Manifest;
  readonly profiles: readonly Profile[];
  readonly pairs: readonly VersionPair[];
  readonly attachment: (from: string) => Buffer;
}): WantedPaths {
  const notices: Notice[] = [];
  const wanted: Wanted[] = [];
  const active = input.manifest.profiles.flatMap(({ name }) => {
    const profile = input.profiles.find((one) => one.name === name);
    return profile === undefined ? [] : [{ profile, pair: input.pairs.find((one) => one.profile === name) }];
  });
  const dovecot: { path: string; text: string }[] = [];
  const masked = new Set(
    input.manifest.resources.flatMap((one) =>
      'unit' in one && 'state' in one && one.state === 'masked' ? [`/etc/systemd/system/${one.unit}`] : [],
    ),
  );
  for (const resource of input.manifest.resources) {
    if (!('path' in resource) || !('kind' in resource)) continue;
    const source = unquote(resource.path);
    // The link is how systemd notes that a unit is masked; the unit's own step stops it, too.
    if (resource.kind === 'link' && resource.target === '/dev/null' && masked.has(source)) continue;
    if (resource.kind === 'link' && resource.note?.startsWith(directoryLinked) === true) {
      notices.push(byHand(resource, 'move the directory to the disk it belongs on here, and make the link'));
      continue;
    }
    const crossing = crossingOf(source, active);
    if (crossing?.how === 'by-hand') {
      notices.push(byHand(resource, crossing.note || `${crossing.profile.title} must be set up by hand`));
      continue;
    }
    if (crossing?.how === 'postgresql-settings' && resource.from !== undefined && crosses(crossing.pair)) {
      const made = postgresqlSettings(source, crossing.pair, input.attachment(resource.from), notices);
      if (made !== null) wanted.push(made);
      continue;
    }
    // Passwd files and keys beside the configuration go over as they are.
    if (
      crossing?.how === 'dovecot-settings' &&
      needsDovecot(crossing.pair) &&
      /\.conf(\.ext)?$/.test(source)
    ) {
      if (resource.kind === 'file' && resource.from !== undefined) {
        dovecot.push({ path: source, text: input.attachment(resource.from).toString('utf8') });
      } else if (resource.kind === 'file') {
        notices.push(byHand(resource, 'its settings must be written again in the language of Dovecot 2.4'));
      }
      continue;
    }
    wanted.push(plain(resource, source, active, input.attachment));
  }
  if (dovecot.length > 0) {
    const { text, dropped } = translateDovecot(dovecot);
    for (const { line, why } of dropped) notices.push(droppedNotice('dovecot', line, why));
    wanted.push(madeFile('/etc/dovecot/conf.d/99-opstimal-move.conf', text, 'root', 'root', '644'));
  }
  wanted.sort((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0));
  return { wanted, notices };
}

function crossingOf(
  path: Bytes,
  active: readonly { profile: Profile; pair: VersionPair | undefined }[],
): Crossing | null {
  for (const { profile, pair } of active) {
    for (const rule of profile.crossing ?? []) {
      if (fitsFile(rule.files, pair, path)) return { profile, pair, how: rule.how, note: rule.note ?? '' };
    }
  }
  return null;
}

function crosses(pair: VersionPair | undefined): pair is VersionPair {
  return pair !== undefined && pair.old !== pair.new;
}

/** Dovecot 2.4 has another configuration language than all before it. */
function needsDovecot(pair: VersionPair | undefined): boolean {
  const number = (version: string) => {
    const [major, minor] = version.split('.');
    return Number(major) * 100 + Number(minor ?? 0);
  };
  return pair !== undefined && number(pair.old) < 204 && number(pair.new) >= 204;
}

function byHand(resource: PathResource, hint: string): Notice {
  return {
    grade: 'by-hand',
    subject: resource.path,
    text: `${resource.path} is not written`,
    hint: resource.from === undefined ? hint : `${hint}; the source's is ${resource.from} in the folder`,
  };
}

function droppedNotice(subject: string, line: string, why: string): Notice {
  return {
    grade: 'care',
    subject,
    text: `setting left out: ${redactText(line.trim())}`,
    hint: why,
  };
}

function madeFile(path: Bytes, text: string, owner: string, group: string, mode: string): Wanted {
  return {
    path,
    was: null,
    kind: 'file',
    owner,
    group,
    mode,
    target: null,
    content: { text },
    rewrites: [],
    sha256: sha256(text),
    package: null,
  };
}

function postgresqlSettings(
  source: Bytes,
  pair: VersionPair,
  content: Buffer,
  notices: Notice[],
): Wanted | null {
  const cluster = /^\/etc\/postgresql\/[^/]+\/([^/]+)\//.exec(source)?.[1];
  if (cluster === undefined) return null;
  if (cluster !== 'main') {
    notices.push({
      grade: 'blocker',
      subject: `postgresql cluster ${cluster}`,
      text: `clusters beside main are not supported yet: ${cluster}`,
      hint: 'move it by hand with pg_createcluster and pg_dump, and take its files out of manifest.yaml',
    });
    return null;
  }
  const { text, dropped } = translatePostgresqlSettings(
    content.toString('utf8'),
    Number.parseInt(pair.new, 10),
  );
  for (const { line, why } of dropped) notices.push(droppedNotice(`postgresql ${pair.new}`, line, why));
  const name = source.endsWith('/postgresql.conf')
    ? 'opstimal-move.conf'
    : source.slice(source.lastIndexOf('/') + 1);
  return madeFile(
    `/etc/postgresql/${pair.new}/${cluster}/conf.d/${name}`,
    text,
    'postgres',
    'postgres',
    '644',
  );
}

/** A path that goes over as it is, with the version in its name and text changed where a profile says so. */
function plain(
  resource: PathResource,
  source: Bytes,
  active: readonly { profile: Profile; pair: VersionPair | undefined }[],
  attachment: (from: string) => Buffer,
): Wanted {
  let path = source;
  let target = resource.target === undefined ? null : unquote(resource.target);
  const rewrites: { from: string; to: string }[] = [];
  for (const { profile, pair } of active) {
    if (pair === undefined || pair.old === pair.new) continue;
    for (const move of profile.moves ?? []) {
      const [from, to] = [toBytes(fill(move.from, pair)), toBytes(fill(move.to, pair))];
      if (path.startsWith(from)) path = to + path.slice(from.length);
      else if (`${path}/` === from) path = to.replace(/\/$/, '');
      if (target?.startsWith(from)) target = to + target.slice(from.length);
    }
    for (const rule of profile.rewrites ?? []) {
      if (!fitsFile(rule.files, pair, source)) continue;
      rewrites.push({ from: fill(rule.from, pair), to: fill(rule.to, pair) });
    }
    // A link such as mods-enabled/php7.4.conf names the version in its target, too.
    if (target !== null) target = replaceAllText(target, rewrites);
  }
  const secret = resource.secret === true || resource.from === undefined;
  const content =
    resource.kind !== 'file' ? null : secret ? { source: resource.path } : { from: resource.from as string };
  let digest = resource.sha256 ?? null;
  const useful: typeof rewrites = [];
  if (content !== null && 'from' in content && rewrites.length > 0) {
    const before = attachment(content.from).toString('latin1');
    useful.push(...rewrites.filter((rewrite) => before.includes(toBytes(rewrite.from))));
    digest = sha256(Buffer.from(replaceAllText(before, useful), 'latin1'));
  } else if (content !== null && 'source' in content) {
    useful.push(...rewrites);
    digest = null;
  }
  return {
    path,
    was: path === source ? null : resource.path,
    kind: isUnion(path) && resource.kind === 'file' ? 'union' : resource.kind,
    owner: resource.owner ?? 'root',
    group: resource.group ?? 'root',
    mode: octal(resource.mode, resource.kind === 'directory' ? '755' : '644'),
    target,
    content,
    rewrites: useful,
    sha256: digest,
    package: resource.base?.package ?? null,
  };
}

/** Compares what is wanted with what is there. */
export function planFiles(input: PlanInput, installs: ReadonlySet<string>): PlanPart {
  const part = new PartBuilder();
  const { wanted, notices } = wantedPaths(input);
  part.notices.push(...notices);
  const groups: Record<Wanted['kind'], Step[]> = { directory: [], file: [], union: [], link: [], absent: [] };
  const later: string[] = [];
  for (const one of wanted) {
    const seen = input.seen.get(one.path);
    const hint = mergeHint(one.path);
    if (isSame(one, input)) {
      part.ok += 1;
      continue;
    }
    if (hint !== undefined) {
      if (hint !== null) {
        part.notices.push({
          grade: 'by-hand',
          subject: quote(one.path),
          text: `${quote(one.path)} differs and is not overwritten`,
          hint:
            one.content !== null && 'from' in one.content
              ? `${hint}; the source's is ${one.content.from} in the folder`
              : hint,
        });
      }
      continue;
    }
    if (one.content !== null && 'source' in one.content && !isReadable(one.content.source, input)) {
      part.unknown += 1;
      part.notice(
        'by-hand',
        quote(one.path),
        `${quote(one.path)} is a secret, and the source cannot be read`,
        'put it in place by hand, or give --identity FILE where the folder holds it sealed',
      );
      continue;
    }
    if (one.kind === 'absent' && seen === undefined) {
      // A package that the plan installs brings the file back, so the removal must come after it.
      const returns = one.package !== null && installs.has(one.package);
      if (!returns) {
        part.ok += 1;
        continue;
      }
    }
    if (!input.destinationLive && one.kind !== 'file') {
      later.push(quote(one.path));
      continue;
    }
    groups[one.kind].push(stepFor(one, seen !== undefined, input.sourceReadable));
  }
  if (later.length > 0) {
    part.unknown += later.length;
    part.notice(
      'by-hand',
      'directories, links and removals',
      `${count(later.length, 'directory, link or removal', 'directories, links and removals')} not supported yet on a disk: ${some(later)}`,
      'apply again when the system runs',
    );
  }
  // Each group is one program or one archive; directories come first, so that files find their place.
  part.steps.push(...groups.directory, ...groups.file, ...groups.union, ...groups.link, ...groups.absent);
  return part;
}

/** Whether a secret can be read while applying. `path` is quoted. */
function isReadable(path: string, input: PlanInput): boolean {
  return input.sourceReadable || input.sealed?.paths.has(unquote(path)) === true;
}

/** Whether the destination's path is as it is wanted. */
function isSame(one: Wanted, input: PlanInput): boolean {
  const seen = input.seen.get(one.path);
  if (one.kind === 'absent') return false;
  if (seen === undefined) return false;
  if (one.kind === 'link') return seen.type === 'link' && seen.target === one.target;
  const owned = seen.owner === one.owner && seen.group === one.group && seen.mode === one.mode;
  if (one.kind === 'directory') return seen.type === 'directory' && owned;
  if (seen.type !== 'file') return false;
  if (one.kind === 'union') return input.secretsSame.has(one.path);
  if (!owned) return false;
  return one.sha256 === null ? input.secretsSame.has(one.path) : seen.sha256 === one.sha256;
}

function stepFor(one: Wanted, exists: boolean, isSourceReadable: boolean): Step {
  const shown = quote(one.path);
  const path = assign('p', one.path);
  const owner = `${one.owner}:${one.group}`;
  const moved = one.was === null ? '' : `${one.was} on the source`;
  const owned = `[ "$(stat -c '%U %G %a' "$p" 2>/dev/null)" = ${sh(`${one.owner} ${one.group} ${one.mode}`)} ]`;
  const base = { title: shown, detail: moved, files: [] };
  const symbol = exists ? '~' : '+';
  switch (one.kind) {
    case 'directory':
      return {
        ...base,
        id: `directory:${shown}`,
        kind: 'file',
        symbol,
        check: `${path}; [ -d "$p" ] && [ ! -L "$p" ] && ${owned}`,
        apply: `${path}; mkdir -p -- "$p" && chown ${sh(owner)} "$p" && chmod ${one.mode} "$p"`,
      };
    case 'link': {
      const target = assign('t', one.target ?? '');
      return {
        ...base,
        id: `link:${shown}`,
        kind: 'file',
        symbol,
        detail: `to ${quote(one.target ?? '')}`,
        check: `${path}; ${target}; [ -L "$p" ] && [ "$(readlink "$p"; echo .)" = "$t$(echo; echo .)" ]`,
        apply: `${path}; ${target}; if [ -d "$p" ] && [ ! -L "$p" ]; then rmdir -- "$p" || exit 1; fi; ${assign('d', parentOf(one.path))}; mkdir -p -- "$d" && ln -sfn -- "$t" "$p"`,
      };
    }
    case 'absent':
      return {
        ...base,
        id: `removal:${shown}`,
        kind: 'removal',
        symbol: '-',
        detail: 'removed on the source on purpose',
        check: `${path}; [ ! -e "$p" ] && [ ! -L "$p" ]`,
        apply: `${path}; if [ -d "$p" ] && [ ! -L "$p" ]; then rmdir -- "$p"; else rm -f -- "$p"; fi`,
      };
    case 'union':
    case 'file': {
      const content = one.content as PlannedFile['content'];
      const planned: PlannedFile = {
        path: shown,
        owner: one.owner,
        group: one.group,
        mode: one.mode.padStart(4, '0'),
        content,
        rewrites: one.rewrites,
      };
      const secret = 'source' in content;
      const digest =
        one.sha256 === null || one.kind === 'union'
          ? '[ -f "$p" ]'
          : `[ "$(sha256sum <"$p" 2>/dev/null)" = '${one.sha256}  -' ]`;
      return {
        ...base,
        id: `${one.kind}:${shown}`,
        kind: 'file',
        symbol,
        detail: [
          moved,
          secret
            ? isSourceReadable
              ? 'read from the source while applying'
              : 'as it was sealed in the folder'
            : '',
          one.kind === 'union' ? 'lines of both sides' : '',
          ...one.rewrites.map((rewrite) => `${rewrite.from} becomes ${rewrite.to}`),
        ]
          .filter((text) => text !== '')
          .join('; '),
        check: `${path}; ${digest} && ${owned}`,
        // The content travels beside the program, in one archive for all files.
        apply: '',
        files: [planned],
      };
    }
  }
}
