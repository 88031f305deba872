/**
 * What unit files that somebody wrote say about paths: those of the system in /etc and /usr/local, and those of people
 * in their homes (systemd.unit(5), "UNIT FILE LOAD PATH"). systemctl tells little of it for the system and nothing for
 * people who are not logged in, so the files are read; a disk answers the same.
 */
import type { Argv, Bytes, UnitDirectives } from '../types.ts';
import { archiveOf, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';
import { expanded } from './snippets.ts';
import { splitWords } from './unit-detail.ts';
import { readSettings } from './unit-files.ts';

/**
 * Adds the unit directories of all homes to the archive's question, which follows. A home that is not there, cannot be
 * read or leads out of the disk is left out.
 */
const program = `
cd "$1/" || exit
here=$(pwd -P)
homes() { [ -L etc/passwd ] || awk -F: 'NF == 7 && $6 ~ /^\\/./ { print substr($6, 2) }' etc/passwd 2>/dev/null | sort -u; }
list=$(homes)
while IFS= read -r home; do
  for directory in "$home/.config/systemd/user" "$home/.local/share/systemd/user"; do
    [ -n "$home" ] && [ -r "$directory" ] && place=$(cd -P "$directory" && pwd -P) || continue
    case $place/ in
    "\${here%/}"/*) set -- "$@" "$directory" '*' 2 ;;
    esac
  done
done <<END
$list
END
shift
exec "$@"
`;

const systemDirectories = ['etc/systemd/system', 'usr/local/lib/systemd/system', 'etc/systemd/user'];

export const unitDirectives: Fact<readonly UnitDirectives[]> = {
  name: 'unitDirectives',
  live: false,
  question: (root): Argv => [
    'sh',
    '-c',
    program,
    'ask',
    root,
    ...archiveOf(root, {
      directories: systemDirectories.map((path) => ({ path, names: '*', depth: 2 })),
    }),
  ],
  parse(output) {
    const files = new Map<string, { unit: string; home: Bytes | null; paths: Bytes[] }>();
    const archive = readArchive(output);
    for (const path of [...archive.keys()].sort(fragmentsFirst)) {
      const match = placed.exec(path);
      if (match === null || archive.get(path)?.type !== 'file') continue;
      const [, place, unit, dropIn] = match as unknown as [string, Bytes, string, string | undefined];
      const name = dropIn === undefined ? unit : unit.slice(0, -'.d'.length);
      if (!unitName.test(name) || (dropIn !== undefined && !/\.d$/.test(unit))) continue;
      const home = /^(.*)\/(?:\.config|\.local\/share)\/systemd\/user$/s.exec(place)?.[1] ?? null;
      const kind = place.endsWith('/user') ? 'user' : 'system';
      const key = `${kind} ${home ?? ''} ${name}`;
      const known = files.get(key) ?? { unit: name, home, paths: [] };
      // Of two unit files with one name the earlier place wins; drop-ins add up.
      if (dropIn !== undefined || known.paths.length === 0) known.paths.push(path);
      files.set(key, known);
    }
    return [...files.values()].map(({ unit, home, paths }) => {
      const settings = new Map<string, Bytes[]>();
      for (const path of paths) {
        const archived = archive.get(path);
        if (archived?.type === 'file') readSettings(archived.content.toString('latin1'), settings);
      }
      return readDirectives(unit, home, paths[0] as Bytes, settings);
    });
  },
  summary(value) {
    const people = value.filter(({ home }) => home !== null).length;
    const all = `${count(value.length, 'unit')} written by hand`;
    return people === 0 ? all : `${all}, ${people} of people`;
  },
};

const placed =
  /^(\/etc\/systemd\/(?:system|user)|\/usr\/local\/lib\/systemd\/system|\/.*\/\.config\/systemd\/user|\/.*\/\.local\/share\/systemd\/user)\/([^/]+)(?:\/([^/]+\.conf))?$/s;
const unitName = /^[A-Za-z0-9:_.\\@-]+\.(service|socket|timer|path|mount|automount|swap|slice|scope|target)$/;

function fragmentsFirst(one: Bytes, other: Bytes): number {
  const depth = (path: Bytes) => (/\.d\/[^/]+$/.test(path) ? 1 : 0);
  return depth(one) - depth(other) || (one < other ? -1 : 1);
}

function readDirectives(
  unit: string,
  home: Bytes | null,
  file: Bytes,
  settings: ReadonlyMap<string, readonly Bytes[]>,
): UnitDirectives {
  const specifiers = specifiersOf(unit, home, file);
  const all = (...names: string[]) => names.flatMap((name) => settings.get(name) ?? []);
  /** Absolute paths with specifiers filled in; what depends on more than the file says is left out. */
  const paths = (values: readonly Bytes[]): Bytes[] =>
    values.flatMap((value) => {
      const path = expanded(value, specifiers)?.replace(/(.)\/+$/, '$1');
      const isPath = path !== undefined && /^\/[^\0]*$/.test(path) && !/\/\.\.?(\/|$)/.test(path);
      return isPath ? [path] : [];
    });
  const unsigned = (value: Bytes) => value.replace(/^[-+!@:|]+/, '');
  const binds = all('BindPaths')
    .flatMap(splitWords)
    .map((word) => unsigned(word).replace(/:.*$/s, ''));
  const writes = all('ReadWritePaths', 'ReadWriteDirectories').flatMap(splitWords).map(unsigned);
  const outputs = all('StandardOutput', 'StandardError').flatMap(
    (value) => /^(?:file|append|truncate):(.*)$/s.exec(value)?.[1] ?? [],
  );
  const credentials = all('LoadCredential', 'LoadCredentialEncrypted').flatMap((value) =>
    splitWords(value).flatMap((word) => /^[^:]+:(.*)$/s.exec(word)?.[1] ?? []),
  );
  const commands = [...settings]
    .filter(([name]) => /^Exec(Condition|Start(Pre|Post)?|Reload|Stop(Post)?)$/.test(name))
    .flatMap(([, lines]) => lines.map((line) => unsigned(splitWords(line)[0] ?? '')));
  return {
    unit,
    home,
    file,
    writes: unique(paths([...writes, ...binds, ...all('RootDirectory').slice(-1)])),
    workingDirectory:
      paths(
        all('WorkingDirectory')
          .slice(-1)
          .map(unsigned)
          .map((path) => (path === '~' ? '' : path)),
      )[0] ?? '',
    programs: unique(paths(commands)),
    outputs: unique(paths(outputs)),
    pidFile: paths(all('PIDFile').slice(-1))[0] ?? '',
    environmentFiles: unique(paths(all('EnvironmentFile').map(unsigned))),
    credentials: unique(paths(credentials)),
  };
}

function unique(paths: readonly Bytes[]): Bytes[] {
  return [...new Set(paths)];
}

/** systemd.unit(5), "SPECIFIERS", as far as files tell. A template says nothing about its instance. */
function specifiersOf(unit: string, home: Bytes | null, file: Bytes): Record<string, Bytes | null> {
  const [, prefix, instance] = /^([^@]*)(?:@(.*))?\.[a-z]+$/.exec(unit) ?? [];
  const isSystem = /\/system\/[^/]+(\/[^/]+)?$/.test(file);
  const ownHome = isSystem ? '/root' : home;
  return {
    h: ownHome,
    i: instance === undefined || instance === '' ? null : instance,
    n: unit,
    N: unit.replace(/\.[a-z]+$/, ''),
    p: prefix ?? null,
    t: isSystem ? '/run' : null,
    S: isSystem ? '/var/lib' : null,
    C: isSystem ? '/var/cache' : null,
    L: isSystem ? '/var/log' : null,
    E: isSystem ? '/etc' : null,
    T: '/tmp',
    V: '/var/tmp',
  };
}
