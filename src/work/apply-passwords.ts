/**
 * Password hashes and ageing go from the source's /etc/shadow to the destination through stdin. They are never in
 * an argument, an event or a message, and in the folder only sealed.
 */
import type { Host } from '../host/host.ts';
import { mustRun } from './apply-program.ts';

/** One line of shadow(5): the hash and six fields of ageing, as text. */
interface ShadowLine {
  readonly hash: string;
  readonly ageing: readonly string[];
}
export type Shadow = ReadonlyMap<string, ShadowLine>;

export async function readShadow(host: Host): Promise<Shadow> {
  return parseShadow(await host.readFile('/etc/shadow'));
}

/** The lines of these users, as they stand in a shadow file. */
export function linesOfShadow(content: Buffer, users: ReadonlySet<string>): Buffer {
  const lines = content.toString('latin1').split('\n');
  const kept = lines.filter((line) => users.has(line.split(':', 1)[0] as string));
  return Buffer.from(kept.map((line) => `${line}\n`).join(''), 'latin1');
}

export function parseShadow(content: Buffer): Shadow {
  const text = content.toString('latin1');
  return new Map(
    text.split('\n').flatMap((line) => {
      const [name, hash, ...ageing] = line.split(':');
      return name === undefined || name === '' || hash === undefined
        ? []
        : [[name, { hash, ageing: ageing.slice(0, 6) }] as const];
    }),
  );
}

/** Accounts that nobody can log in to with a password say so in several ways that mean the same. */
function meaning(hash: string): string {
  return /^[!*]+$/.test(hash) ? '!' : hash;
}

/** Days of the last change differ wherever useradd ran on another day; they count only where ageing is used. */
function ageingOf(line: ShadowLine): string {
  const [last, min, max, warn, inactive, expire] = line.ageing;
  const used = (max !== '' && max !== '99999') || last === '0';
  return [used ? last : '', min, max, warn, inactive, expire].join(':');
}

/** Users of both whose hash and ageing mean the same. */
export function samePasswords(source: Shadow, destination: Shadow): Set<string> {
  const same = new Set<string>();
  for (const [name, line] of source) {
    const there = destination.get(name);
    if (there === undefined) continue;
    if (meaning(line.hash) === meaning(there.hash) && ageingOf(line) === ageingOf(there)) same.add(name);
  }
  return same;
}

const ageingProgram = `
while [ $# -ge 7 ]; do
  chage --lastday "$2" --mindays "$3" --maxdays "$4" --warndays "$5" --inactive "$6" --expiredate "$7" -- "$1" || exit 1
  shift 7
done`;

/** Writes the lines of these users; a reason when the destination's tools refused. */
export async function writePasswords(
  source: Shadow,
  destination: Host,
  users: readonly string[],
): Promise<string | null> {
  mustRun(destination);
  const lines = users.flatMap((user) => {
    const line = source.get(user);
    return line === undefined ? [] : [[user, line] as const];
  });
  if (lines.length === 0) return null;
  const input = lines.map(([user, line]) => `${user}:${line.hash}\n`).join('');
  const set = await destination.run(['chpasswd', '-e'], { input: Buffer.from(input, 'latin1') });
  if (set.code !== 0) return 'chpasswd refused the hashes';
  const ages = lines.flatMap(([user, line]) => {
    const field = (at: number) => (line.ageing[at] === '' ? undefined : line.ageing[at]) ?? '-1';
    return [user, field(0), field(1), field(2), field(3), field(4), field(5)];
  });
  const aged = await destination.run(['sh', '-c', ageingProgram, 'age', ...ages]);
  if (aged.code === 0) return null;
  return `chage refused: ${aged.stderr.toString('utf8').trim().split('\n').at(-1) ?? ''}`;
}
