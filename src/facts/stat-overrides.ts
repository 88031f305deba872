/**
 * Owners and modes that a package or a person set in place of the shipped ones (dpkg-statoverride(1)). dpkg does not
 * record who did it; a maintainer script that sets the same on the same path does it again wherever its package is
 * installed.
 */
import type { Argv, Bytes, StatOverride } from '../types.ts';
import { type Archive, archiveOf, optional, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count, senseless, wholeLines } from './lines.ts';
import { packageOfInfo } from './on-disk.ts';

const file = '/var/lib/dpkg/statoverride';

/** Hands the archive's question the names of the few scripts that speak of overrides. dpkg's names hold no blank. */
const program = `
info=var/lib/dpkg/info
for script in $(cd "$1/" && grep -lF dpkg-statoverride $info/*.postinst 2>/dev/null); do
  set -- "$@" $info "\${script##*/}" 1
done
shift
exec "$@"
`;

export const statOverrides: Fact<readonly StatOverride[]> = {
  name: 'statOverrides',
  live: false,
  question: (root): Argv => [
    'sh',
    '-c',
    program,
    'ask',
    root,
    ...archiveOf(root, { paths: ['var/lib/dpkg/statoverride'] }),
  ],
  parse(output) {
    const archive = readArchive(output);
    const content = optional(archive, file);
    if (content === null) return [];
    const scripts = scriptsOf(archive);
    return wholeLines(content, file).map((line, index) => {
      const match = /^(#?[A-Za-z0-9._$-]+) (#?[A-Za-z0-9._$-]+) ([0-7]{1,5}) (\/.*)$/s.exec(line);
      if (match === null) throw senseless(file, index, line);
      const [, user, group, mode, path] = match as unknown as [string, string, string, string, Bytes];
      const by = scripts.find(({ text }) => sets(text, `${user} ${group} ${mode} ${path}`))?.name ?? null;
      return { path, user, group, mode, by };
    });
  },
  summary(value) {
    const own = value.filter(({ by }) => by === null).length;
    const all = count(value.length, 'override');
    return own === value.length ? all : `${all}, ${own} not by a package`;
  },
};

function scriptsOf(archive: Archive): { readonly name: string; readonly text: Bytes }[] {
  return [...archive]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([path, archived]) => {
      const name = packageOfInfo(path, 'postinst');
      if (name === null || archived.type !== 'file') return [];
      return { name, text: filledIn(archived.content.toString('latin1')) };
    });
}

/**
 * A script with one space between words, no quotes, and variables filled in where it gives them one plain value. A
 * variable that a command fills stays as it is: what cannot be told counts as set by a person, which is safe.
 */
function filledIn(script: Bytes): Bytes {
  const values = new Map<string, Bytes>();
  const lines = script
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => !/^\s*#/.test(line));
  const fill = (text: Bytes) =>
    text.replaceAll(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (whole, braced: string, bare: string) => {
      return values.get(braced ?? bare) ?? whole;
    });
  return lines
    .map((line) => {
      const assigned = /^\s*([A-Za-z_]\w*)=(?:"([^"`]*)"|'([^']*)'|([^\s"'`;]*))\s*;?\s*$/.exec(line);
      if (assigned !== null) {
        const [, name, double, single, bare] = assigned;
        values.set(name as string, single ?? fill(double ?? bare ?? ''));
      } else {
        for (const [, name] of line.matchAll(/(?:^|\s)([A-Za-z_]\w*)=/g)) values.delete(name as string);
      }
      return fill(line).replaceAll(/["']/g, '').replaceAll(/\s+/g, ' ').trim();
    })
    .join('\n');
}

/**
 * Whether one command names owner, group, mode and path in this order, as dpkg-statoverride takes them. In a loop the
 * path is its variable, and a line `for NAME in ...` names the path.
 */
function sets(script: Bytes, override: Bytes): boolean {
  const wanted = override.replace(/ 0*([0-7]+) \//, ' $1 /');
  const path = override.slice(override.indexOf('/'));
  const lines = script.split('\n').map((line) => ` ${line.replaceAll(/ 0+([0-7]+) (?=[/$])/g, ' $1 ')} `);
  const looped = lines.flatMap((line) => {
    const loop = /^ for ([A-Za-z_]\w*) in (.*?)(?:;.*)?$/s.exec(line);
    return loop !== null && ` ${loop[2]} `.includes(` ${path} `) ? [`$${loop[1]}`] : [];
  });
  const ways = [wanted, ...looped.map((name) => `${wanted.slice(0, wanted.indexOf('/'))}${name}`)];
  return lines.some((line) => ways.some((way) => line.includes(` ${way} `)));
}
