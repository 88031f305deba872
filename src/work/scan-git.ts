/**
 * What only git can tell of a checkout: how many commits are on no remote, what was added to the index, the text of
 * the change. It runs as the owner of the checkout, who could run it anyway, with an empty environment, and with
 * everything switched off by which a configuration starts programs: monitors, hooks, filters, drivers for differences,
 * transports. Nothing is written: no lock, no refreshed index. A checkout whose parts belong to several people, or
 * that others may write into, is not asked about; nor is anything on a disk, whose owners are nobody here.
 */

import { quote } from '../bytes.ts';
import { findSecret, secretData, secretPlaces } from '../decide/secrets.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, Entry } from '../types.ts';
import type { Checkout } from './scan-checkouts.ts';

export interface AskedOfGit {
  readonly unpushed: number;
  /** Paths that differ between the last commit and the index. */
  readonly staged: readonly Bytes[];
  readonly patch: Buffer | null;
  /** Why there is no patch although something changed; empty where nothing stood against it. */
  readonly withheld: string;
}

const places = secretPlaces();

/** Bytes. */
const patchLimit = 1024 ** 2;
/** Checkouts in one command line. */
const atOnce = 200;

const switchedOff = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.attributesFile=/dev/null',
  'core.untrackedCache=false',
  'core.splitIndex=false',
  'core.alternateRefsCommand=true',
  'protocol.allow=never',
  'submodule.recurse=false',
  'log.showSignature=false',
].map((setting) => `-c ${setting}`);

/**
 * One line each: number, word, value; names and texts in base64. A filter that the repository names would run when
 * files are compared, so then there is no comparison.
 */
const program = `
git() { timeout -k 5 120 /usr/bin/git ${switchedOff.join(' ')} -C "$top" "$@" </dev/null 2>/dev/null; }
number=0
for top; do
  if [ -n "$(git rev-parse --git-dir)" ] && [ -z "$(git rev-parse --show-prefix)" ]; then
    if git rev-parse -q --verify HEAD >/dev/null; then
      unpushed=$(git rev-list --count HEAD --branches --not --remotes)
      printf '%s staged %s\\n' "$number" "$(git diff-index --cached --name-only -z --no-renames --ignore-submodules=all HEAD -- | head -c 4194304 | base64 -w 0)"
      if git config --includes --list --name-only -z | tr '\\0' '\\n' | grep -q '^filter\\.'; then
        printf '%s filters -\\n' "$number"
      else
        printf '%s patch %s\\n' "$number" "$(git diff-index -p --src-prefix=a/ --dst-prefix=b/ --no-color --no-ext-diff --no-textconv --no-renames --full-index --ignore-submodules=all HEAD -- | head -c ${patchLimit + 1} | base64 -w 0)"
      fi
    else
      unpushed=$(git rev-list --count --branches --not --remotes)
    fi
    printf '%s unpushed %s\\n' "$number" "\${unpushed:--}"
  fi
  number=$((number + 1))
done
`;

const environment = [
  'PATH=/usr/bin:/bin',
  'HOME=/nonexistent',
  'XDG_CONFIG_HOME=/nonexistent',
  'LC_ALL=C',
  'GIT_CONFIG_NOSYSTEM=1',
  'GIT_CONFIG_GLOBAL=/dev/null',
  'GIT_ATTR_NOSYSTEM=1',
  'GIT_OPTIONAL_LOCKS=0',
  'GIT_NO_LAZY_FETCH=1',
  'GIT_ALLOW_PROTOCOL=none',
  'GIT_TERMINAL_PROMPT=0',
  'GIT_PAGER=cat',
  'GIT_TRACE2=0',
  'GIT_TRACE2_EVENT=0',
  'GIT_TRACE2_PERF=0',
] as const;

export interface Asked {
  /** Why nothing was asked at all although there is something to ask; null else. */
  readonly reason: string | null;
  /** What git said of one checkout, or why it was not asked. */
  of(checkout: Checkout): AskedOfGit | string;
}

/** `about`: entries of work trees, repositories and their configuration. One shell for each owner. */
export async function askGit(
  source: Host,
  checkouts: readonly Checkout[],
  about: ReadonlyMap<Bytes, Entry>,
): Promise<Asked> {
  const said = new Map<Checkout, AskedOfGit | string>();
  const of = (checkout: Checkout) => said.get(checkout) ?? 'git said nothing of it';
  const refuse = (why: string, reason: string | null = null): Asked => {
    for (const one of checkouts) said.set(one, why);
    return { reason, of };
  };
  if (!source.live) return refuse('git is not run on a disk');
  if (!source.privileged) return refuse('without root nothing is run as the owner');
  const tool = await source.run(['sh', '-c', '[ -x /usr/bin/git ] && command -v setpriv >/dev/null']);
  if (tool.code !== 0) return refuse('git is not installed there');
  const owners = new Map<number, { readonly entry: Entry; readonly checkouts: Checkout[] }>();
  for (const one of checkouts) {
    const entry = ownerOf(one, about);
    if (typeof entry === 'string') {
      said.set(one, entry);
      continue;
    }
    const group = owners.get(entry.uid) ?? { entry, checkouts: [] };
    group.checkouts.push(one);
    owners.set(entry.uid, group);
  }
  const failed: string[] = [];
  for (const { entry, checkouts: all } of owners.values()) {
    for (let at = 0; at < all.length; at += atOnce) {
      const some = all.slice(at, at + atOnce);
      try {
        await askAsOwner(source, entry, some, said);
      } catch (error) {
        failed.push(`git as ${entry.user ?? entry.uid}: ${(error as Error).message}`);
      }
    }
  }
  return { reason: failed[0] ?? null, of };
}

/** Whose checkout it is: everything that decides what git does must be one person's own. */
function ownerOf(checkout: Checkout, about: ReadonlyMap<Bytes, Entry>): Entry | string {
  const parts = [checkout.path, checkout.directory, checkout.common, `${checkout.common}/config`].map(
    (path) => about.get(path),
  );
  const first = parts[1];
  if (first === undefined || parts.some((one) => one === undefined)) return 'its parts are not all there';
  if (parts.some((one) => one?.uid !== first.uid)) return 'its parts have several owners';
  const inside = parts.slice(1);
  if (first.uid === 0 && inside.some((one) => ((one?.mode ?? 0) & 0o022) !== 0))
    return 'others than root may write into it';
  if (checkout.doubts.length > 0) return checkout.doubts[0] as string;
  return first;
}

async function askAsOwner(
  source: Host,
  owner: Entry,
  checkouts: readonly Checkout[],
  said: Map<Checkout, AskedOfGit | string>,
): Promise<void> {
  const groups = owner.user === null ? '--clear-groups' : '--init-groups';
  const answer = await source.run(
    [
      'setpriv',
      `--reuid=${owner.uid}`,
      `--regid=${owner.gid}`,
      groups,
      '--no-new-privs',
      '--',
      'env',
      '-i',
      ...environment,
      'sh',
      '-c',
      program,
      'git',
      ...checkouts.map(({ path }) => path),
    ],
    { timeoutSeconds: 3600, limit: 1024 ** 3 },
  );
  if (answer.code !== 0)
    throw new Error(quote(answer.stderr.toString('latin1').trim().split('\n').at(-1) ?? ''));
  const words = new Map<string, string>();
  for (const line of answer.stdout.toString('latin1').split('\n')) {
    const match = /^(\d+ [a-z]+) (\S*)$/.exec(line);
    if (match !== null) words.set(match[1] as string, match[2] as string);
  }
  for (const [number, checkout] of checkouts.entries()) {
    const unpushed = words.get(`${number} unpushed`) ?? '';
    if (!/^\d{1,9}$/.test(unpushed)) continue;
    if (checkout.isBare) {
      said.set(checkout, { unpushed: Number(unpushed), staged: [], patch: null, withheld: '' });
      continue;
    }
    const decoded = (word: string) => Buffer.from(words.get(`${number} ${word}`) ?? '', 'base64');
    const staged = decoded('staged')
      .toString('latin1')
      .split('\0')
      .filter((one) => one !== '');
    const withheld = words.has(`${number} filters`)
      ? 'its configuration names filters'
      : unfit(decoded('patch'), checkout.path);
    said.set(checkout, {
      unpushed: Number(unpushed),
      staged,
      patch: withheld === '' ? decoded('patch') : null,
      withheld,
    });
  }
}

/** Why a change is not kept: it is too large, or holds a secret. `top`: the work tree, whose place may say so. */
export function unfit(patch: Buffer, top: Bytes): string {
  if (patch.length > patchLimit) return 'it is larger than 1 MiB';
  const lines = patch.toString('latin1').split('\n');
  const names = lines.flatMap((line) => {
    const [, quoted, plain] = /^(?:---|\+\+\+) (?:"[ab](\/.*)"|[ab](\/.*?))\t?$/.exec(line) ?? [];
    return quoted === undefined ? (plain ?? []) : unescaped(quoted);
  });
  const isSecret = (name: Bytes) => {
    const path = top === '/' ? name : top + name;
    return secretData(path) || places.of(path) !== null;
  };
  if (names.some(isSecret)) return 'it touches a file of secrets';
  // The first column says what became of the line; behind the numbers of a piece stands a line above it.
  const plain = lines.map((line) => line.replace(/^(?:@@ -[0-9,]+ \+[0-9,]+ @@ ?|[ +-])/, '')).join('\n');
  return findSecret('', plain) === null ? '' : 'it holds a secret';
}

/** A name as git quotes it (git-config(1), `core.quotePath`): bytes in octal. */
function unescaped(name: Bytes): Bytes {
  return name.replaceAll(/\\(?:([0-7]{3})|(.))/g, (_whole, octal: string | undefined, sign: string) =>
    octal === undefined ? sign : String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
  );
}
