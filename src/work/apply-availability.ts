/**
 * What the destination could install. apt's own lists are asked where they exist. Where there are none, and for
 * repositories that the destination does not read yet, lists are fetched into a private directory that is gone
 * afterwards: a plan changes nothing.
 */
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { Available, Offer, RepositoryProbe } from '../decide/plan.ts';
import { replaceSuites, suitesFor } from '../decide/plan-repositories.ts';
import { sh } from '../decide/plan-shell.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Answered, RepositoryResource } from '../types.ts';

/** A repository that shall be read, with its files as the source has them. */
export interface CarriedRepository {
  readonly resource: RepositoryResource;
  readonly text: string;
  readonly key: Buffer | null;
  /** The form in which the destination reads it already; null = not at all. */
  readonly present: 'same' | 'rewritten' | null;
}
export interface Availability {
  readonly available: Answered<Available>;
  readonly repositories: ReadonlyMap<string, RepositoryProbe>;
}

// The last paragraph may lack its blank line.
const offers = String.raw`apt-cache "$@" dumpavail 2>/dev/null | awk '
/^Package: / { name = $2 }
/^Version: / { version = $2 }
/^Provides: / { provides = substr($0, 11) }
/^$/ { if (name != "") print name "\t" version "\t" provides; name = version = provides = "" }
END { if (name != "") print name "\t" version "\t" provides }'`;

const library = `
fetch() {
  apt-get -q -o Dir::State::Lists="$d/$1" -o Dir::Cache="$d/cache" -o Acquire::Languages=none -o Acquire::Retries=2 \
    -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o Debug::NoLocking=true $2 update >"$d/said" 2>&1
  [ -n "$(find "$d/$1" -maxdepth 1 -name '*Packages*' -print -quit)" ]
}
offers() {
${offers}
}
`;

function blob(content: string | Buffer): string {
  return Buffer.from(content).toString('base64');
}

/** The whole question as one program. Its answer is gzipped; lines that begin with `#` say how it went. */
function program(directory: string, carried: readonly CarriedRepository[], from: string, to: string): string {
  const asked = carried.flatMap((one, index) => {
    if (one.present !== null) return [];
    const name = one.resource.file.slice(one.resource.file.lastIndexOf('/') + 1);
    const keyPath = `${directory}/keys/${index}.${one.resource.key?.path.endsWith('.asc') ? 'asc' : 'gpg'}`;
    const text =
      one.resource.key === undefined ? one.text : one.text.replaceAll(one.resource.key.path, keyPath);
    const rewrites = suitesFor(one.resource.suites, from, to);
    const attempts = [
      ...(rewrites.length > 0 ? [['rewritten', replaceSuites(text, rewrites)] as const] : []),
      ['same', text] as const,
    ];
    const tries = attempts.map(
      ([word, content], attempt) =>
        `mkdir -p "$d/parts-${index}-${attempt}" "$d/lists-${index}-${attempt}/partial"\n` +
        `echo ${blob(content)} | base64 -d >"$d/parts-${index}-${attempt}/"${sh(name)}\n` +
        `if fetch lists-${index}-${attempt} "-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$d/parts-${index}-${attempt}"; then ` +
        `echo "#repository ${index} ${word}"; offers -o Dir::State::Lists="$d/lists-${index}-${attempt}" -o Dir::Cache="$d/cache-${index}-${attempt}" ` +
        `-o Dir::State::status=/dev/null -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$d/parts-${index}-${attempt}"; break; fi`,
    );
    const key = one.key === null ? '' : `echo ${blob(one.key)} | base64 -d >${sh(keyPath)}\n`;
    return [`${key}while :; do\n${tries.join('\n')}\necho "#repository ${index} unreachable"; break; done`];
  });
  return `export LC_ALL=C DEBIAN_FRONTEND=noninteractive
umask 022
main() {
d=${sh(directory)}
mkdir "$d" || exit 1
trap 'rm -rf "$d"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$d/keys" "$d/cache" "$d/lists/partial"
${library}
{
if [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -print -quit 2>/dev/null)" ]; then
  echo '#lists own'; offers -o Dir::Cache="$d/cache-own"
elif fetch lists ''; then
  echo '#lists fetched'; offers -o Dir::State::Lists="$d/lists" -o Dir::Cache="$d/cache-fetched"
else
  printf '#lists none %s\\n' "$(grep -m 1 '^[EW]:' "$d/said" | tr -d '\\n')"
fi
${asked.join('\n')}
echo '#end'
} | gzip -1
}
main </dev/null
`;
}

function formOf(
  one: CarriedRepository,
  word: string,
  from: string,
  to: string,
): Pick<RepositoryProbe, 'suites' | 'text'> {
  if (word !== 'rewritten') return { suites: [], text: null };
  const suites = suitesFor(one.resource.suites, from, to);
  return { suites, text: replaceSuites(one.text, suites) };
}

/** Reads the program's answer. Exported for tests. */
export function readAvailability(
  text: string,
  carried: readonly CarriedRepository[],
  from: string,
  to: string,
): Availability {
  const repositories = new Map<string, RepositoryProbe>();
  for (const one of carried) {
    repositories.set(one.resource.file, {
      ...formOf(one, one.present ?? 'same', from, to),
      state: one.present === null ? 'not asked' : 'offered',
    });
  }
  const available = new Map<string, Offer>();
  let known: Answered<Available> = { known: false, reason: 'apt gave no answer' };
  let ended = false;
  for (const line of text.split('\n')) {
    if (line === '#end') ended = true;
    const lists = /^#lists (own|fetched|none)(?: (.*))?$/.exec(line);
    if (lists !== null) {
      known =
        lists[1] === 'none'
          ? { known: false, reason: lists[2] || 'the destination has no package lists and cannot fetch them' }
          : { known: true, value: available };
    }
    const repository = /^#repository (\d+) (rewritten|same|unreachable)$/.exec(line);
    if (repository !== null) {
      const one = carried[Number(repository[1])];
      if (one === undefined) continue;
      repositories.set(one.resource.file, {
        ...formOf(one, repository[2] as string, from, to),
        state: repository[2] === 'unreachable' ? 'unreachable' : 'offered',
      });
    }
    if (line.startsWith('#')) continue;
    const [name, candidate, provides] = line.split('\t');
    if (name === undefined || name === '' || candidate === undefined) continue;
    available.set(name, {
      candidate,
      provides: (provides ?? '')
        .split(',')
        .map((one) => one.trim().split(/[\s(:]/)[0] ?? '')
        .filter((one) => one !== ''),
    });
  }
  if (!ended) known = { known: false, reason: 'the answer of apt was cut off' };
  return { available: known, repositories };
}

/** Asks the destination what it offers, now and after the carried repositories are added. */
export async function askAvailability(
  host: Host,
  carried: readonly CarriedRepository[],
  from: string,
  to: string,
): Promise<Availability> {
  const directory = `/var/tmp/opstimal-move-${randomBytes(6).toString('hex')}`;
  const answer = await host.run(['sh'], {
    input: Buffer.from(program(directory, carried, from, to)),
    limit: 256 * 1024 ** 2,
    timeoutSeconds: 900,
  });
  if (answer.code !== 0 || answer.stdout.length === 0) {
    throw new Failure('failed', 'plan', `cannot ask ${host.name} which packages it offers`, {
      during: answer.stderr.toString('utf8').trim().split('\n').at(-1) ?? '',
    });
  }
  return readAvailability(gunzipSync(answer.stdout).toString('utf8'), carried, from, to);
}
