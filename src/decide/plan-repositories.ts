/** Repositories beyond the distribution's own: their keys and source files, and fresh package lists. */
import { createHash } from 'node:crypto';
import { quote, unquote } from '../bytes.ts';
import type { Facts, Manifest, PlannedFile, RepositoryResource } from '../types.ts';
import type { PlanInput } from './plan-input.ts';
import { PartBuilder, type PlanPart } from './plan-part.ts';
import { assign } from './plan-shell.ts';

/** Codenames of Debian and the suites that follow it around. */
const debianSuite =
  /^(?:buster|bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable)(?:-(?:updates|security|backports|backports-sloppy|proposed-updates)|\/updates)?$/;

function host(uri: string): string {
  return /^[a-z+]+:\/\/(?:[^@/]*@)?([^/:]+)/i.exec(uri)?.[1] ?? '';
}

/** Whether a repository is the distribution's archive or a mirror of it: the destination has its own. */
export function isDistribution(repository: RepositoryResource, destination: Facts['repositories']): boolean {
  if (!repository.suites.every((suite) => debianSuite.test(suite))) return false;
  const own = new Set(
    (destination.known ? destination.value : []).flatMap((one) =>
      one.uris.map((uri) => uri.replace(/\/$/, '')),
    ),
  );
  return repository.uris.every((uri) => {
    if (own.has(uri.replace(/\/$/, ''))) return true;
    if (/(^|\.)debian\.org$/.test(host(uri))) return true;
    return /^[a-z+]+:\/\/[^/]+(?:\/[^/]+)*?\/debian(?:-security)?\/?$/.test(uri) &&
      repository.key === undefined
      ? !/(nginx|docker|nodesource|postgresql|mariadb|sury)/.test(uri)
      : false;
  });
}

/** Repositories of the manifest that travel. */
export function carriedRepositories(
  manifest: Manifest,
  destination: Facts['repositories'],
): RepositoryResource[] {
  return manifest.resources.filter(
    (one): one is RepositoryResource => 'repository' in one && !isDistribution(one, destination),
  );
}

/** Suites that follow the release's codename, for another release. */
export function suitesFor(
  suites: readonly string[],
  from: string,
  to: string,
): readonly { readonly from: string; readonly to: string }[] {
  if (from === '' || to === '' || from === to) return [];
  return suites
    .filter((suite) => suite === from || suite.startsWith(`${from}-`) || suite.startsWith(`${from}/`))
    .map((suite) => ({ from: suite, to: to + suite.slice(from.length) }));
}

/** Suite names stand as words of their own in both forms of a sources file. */
export function replaceSuites(
  text: string,
  rewrites: readonly { readonly from: string; readonly to: string }[],
): string {
  return rewrites.reduce((result, { from, to }) => {
    const word = from.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return result.replaceAll(new RegExp(`(?<=^|[\\s:])${word}(?=$|\\s)`, 'gm'), to);
  }, text);
}

/** One file may name several repositories: each file once. */
export function repositoryFiles(
  repositories: readonly RepositoryResource[],
): ReadonlyMap<string, RepositoryResource> {
  return new Map(repositories.map((one) => [one.file, one]));
}

export function planRepositories(input: PlanInput, installsPackages: boolean): PlanPart {
  const part = new PartBuilder();
  const all = input.manifest.resources.filter((one): one is RepositoryResource => 'repository' in one);
  const carried = carriedRepositories(input.manifest, input.destination.repositories);
  part.ok += all.length - carried.length;
  if (!input.destinationLive) {
    if (carried.length > 0) {
      part.unknown += carried.length;
      part.notice('by-hand', 'repositories', 'repositories are not added: not supported yet on a disk');
    }
    return part;
  }
  for (const [file, resource] of repositoryFiles(carried)) planOne(part, input, file, resource);
  if (part.steps.length > 0 || installsPackages) {
    part.step({
      id: 'repository-lists',
      kind: 'repository',
      symbol: '~',
      title: 'package lists',
      detail: 'apt-get update',
      // Fresh = younger than a day and than every file that says where packages come from.
      check:
        'l=/var/lib/apt/lists/partial; [ -n "$(find "$l" -maxdepth 0 -mmin -1440 2>/dev/null)" ] && ' +
        '[ -n "$(find /var/lib/apt/lists -maxdepth 1 -name \'*Packages*\' -print -quit)" ] && ' +
        '[ -z "$(find /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/keyrings -newer "$l" -print -quit 2>/dev/null)" ]',
      apply:
        'apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o APT::Update::Error-Mode=any update && touch /var/lib/apt/lists/partial',
    });
  }
  return part;
}

function planOne(part: PartBuilder, input: PlanInput, file: string, resource: RepositoryResource): void {
  const probe = input.repositories.get(file);
  const text = probe?.text ?? null;
  const plannedFile = (path: string, content: PlannedFile['content']): PlannedFile => ({
    path,
    owner: 'root',
    group: 'root',
    mode: '0644',
    content,
    rewrites: [],
  });
  const files = [plannedFile(file, text === null ? { from: resource.from } : { text })];
  const digests = new Map([
    [file, text === null ? resource.sha256 : createHash('sha256').update(text).digest('hex')],
  ]);
  if (resource.key !== undefined) {
    files.unshift(plannedFile(resource.key.path, { from: resource.key.from }));
    digests.set(resource.key.path, resource.key.sha256);
  }
  const same = [...digests].every(([path, digest]) => {
    const seen = input.seen.get(unquote(path));
    return seen?.type === 'file' && seen.sha256 === digest;
  });
  if (same) {
    part.ok += 1;
    return;
  }
  if (probe?.state === 'unreachable') {
    part.notice(
      'care',
      `repository ${resource.repository}`,
      `the destination cannot read ${resource.uris.join(', ')} (${resource.suites.join(', ')})`,
      'its packages may be missing; check the address and whether it serves the new release',
    );
  }
  for (const rewrite of probe?.suites ?? []) {
    part.notice(
      'care',
      `repository ${resource.repository}`,
      `suite ${rewrite.from} becomes ${rewrite.to}, as the destination's release`,
    );
  }
  part.step({
    id: `repository:${quote(unquote(file))}`,
    kind: 'repository',
    symbol: input.seen.has(unquote(file)) ? '~' : '+',
    title: resource.repository,
    detail: `${resource.uris.join(' ')} in ${file}`,
    check: [...digests]
      .map(
        ([path, digest]) =>
          `${assign('p', unquote(path))}; [ "$(sha256sum <"$p" 2>/dev/null)" = '${digest}  -' ]`,
      )
      .join(' && '),
    apply: '',
    files,
  });
}
