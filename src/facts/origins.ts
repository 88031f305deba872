/**
 * Where apt would get a package from: `apt-cache policy` for all installed packages (apt-cache(8)). The cache is
 * built in memory, because apt would otherwise write it to disk, and the source is read only.
 */
import { quote } from '../bytes.ts';
import type { Bytes, PackageOrigins } from '../types.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';

const program = `
command -v apt-cache >/dev/null || { echo 'apt is not installed' >&2; exit 3; }
[ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -print -quit)" ] || {
  echo 'apt has no package lists; apt-get update was never run' >&2
  exit 3
}
set -e
dpkg-query -W -f '\${db:Status-Status} \${binary:Package}\\n' |
  sed -n 's/^installed //p' |
  xargs apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy --
echo end
`;

/**
 * By package name, `name:architecture` for a foreign architecture. When the installed version has been replaced in
 * the repository by a newer one, the origin is where that one comes from: the package can be had from there. null =
 * no repository has it, or only older versions of it (built by hand under a known name).
 */
export const origins: Fact<PackageOrigins> = {
  name: 'origins',
  live: true,
  question: () => ['sh', '-c', program, 'ask'],
  parse(output) {
    const text = output.toString('latin1');
    if (!text.endsWith('\nend\n')) throw new Error('the answer is cut off');
    const found = new Map<string, { origin: string | null; candidate: string | null }>();
    for (const part of text.slice(0, -'end\n'.length).split(/\n(?=\S)/)) {
      const name = /^([A-Za-z0-9][A-Za-z0-9+._:-]*):\n/.exec(part)?.[1];
      if (name === undefined) throw new Error(`apt-cache makes no sense: ${quote(part.slice(0, 80))}`);
      found.set(name, readPolicy(name, part));
    }
    return found;
  },
  summary(value) {
    const places = new Set([...value.values()].map(({ origin }) => origin));
    const local = [...value.values()].filter(({ origin }) => origin === null).length;
    places.delete(null);
    return `${count(places.size, 'repository', 'repositories')}, ${count(local, 'package')} from none`;
  },
};

function readPolicy(name: string, part: Bytes): { origin: string | null; candidate: string | null } {
  const installed = /^ {2}Installed: (\S+)$/m.exec(part)?.[1];
  const candidate = /^ {2}Candidate: (\S+)$/m.exec(part)?.[1];
  if (installed === undefined || candidate === undefined)
    throw new Error(`apt-cache makes no sense for ${name}`);
  const places = new Map<string, string>();
  let version = '';
  for (const line of part.split('\n')) {
    const head = /^ (?:\*\*\*| {3}) (\S+) -?\d+(?: \(.*\))?$/.exec(line);
    if (head !== null) {
      version = head[1] as string;
      continue;
    }
    const place = /^ +-?\d+ (\S+:\S+) (\S+)(?: \S+)? Packages$/.exec(line);
    if (place !== null && version !== '' && !places.has(version)) {
      places.set(version, `${(place[1] as string).replace(/:\/\/[^/@]*@/, '://')} ${place[2]}`);
    }
  }
  return {
    origin: places.get(installed) ?? (candidate === installed ? null : (places.get(candidate) ?? null)),
    candidate: candidate === '(none)' ? null : candidate,
  };
}
