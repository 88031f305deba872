/** Parser of `systemctl show`: blocks of `Property=value`, one block per unit (org.freedesktop.systemd1(5)). */
import type { Bytes, Unit } from '../types.ts';

export const unitProperties = [
  'Id',
  'Names',
  'ActiveState',
  'UnitFileState',
  'UnitFilePreset',
  'FragmentPath',
  'DropInPaths',
  'User',
  'DynamicUser',
  'Type',
  'StateDirectory',
  'CacheDirectory',
  'LogsDirectory',
  'RuntimeDirectory',
  'ReadWritePaths',
  'WorkingDirectory',
  'ExecStart',
  'EnvironmentFiles',
  'Requires',
  'After',
] as const;
type Property = (typeof unitProperties)[number];

export type UnitDetail = Omit<Unit, 'name'>;

/** By every name of the unit, aliases included. */
export function readDetails(text: Bytes): Map<string, UnitDetail> {
  const details = new Map<string, UnitDetail>();
  for (const properties of blocks(text)) {
    const detail = readDetail(properties);
    for (const name of [...words(properties, 'Id'), ...words(properties, 'Names')]) details.set(name, detail);
  }
  return details;
}

type Properties = ReadonlyMap<Property, readonly Bytes[]>;

/** How the value of ExecStart ends; what a command line itself holds may look like anything before. */
const commandEnd = / ; status=\S+ \}$/;

/**
 * An empty line parts two units. A command line may hold newlines, also empty lines and lines that look like a
 * property, so ExecStart goes on until its end; another line that begins no property goes on with the one before.
 */
function blocks(text: Bytes): Properties[] {
  const known = new Set<string>(unitProperties);
  const found: Map<Property, Bytes[]>[] = [];
  let block = new Map<Property, Bytes[]>();
  let last: Bytes[] | null = null;
  let command = false;
  for (const line of text.split('\n')) {
    const name = line.slice(0, Math.max(0, line.indexOf('=')));
    if (!command && line === '') {
      if (block.has('Id')) found.push(block);
      block = new Map();
      last = null;
    } else if (!command && known.has(name)) {
      last = block.get(name as Property) ?? [];
      block.set(name as Property, last);
      last.push(line.slice(name.length + 1));
    } else if (last !== null) {
      last.push(`${last.pop()}\n${line}`);
    } else {
      throw new Error('systemctl show makes no sense');
    }
    if (command || (name === 'ExecStart' && line !== 'ExecStart=')) command = !commandEnd.test(line);
  }
  if (command) throw new Error('systemctl show is cut off');
  if (block.has('Id')) found.push(block);
  return found;
}

function readDetail(properties: Properties): UnitDetail {
  const dynamic = first(properties, 'DynamicUser') === 'yes';
  const preset = first(properties, 'UnitFilePreset');
  return {
    state: first(properties, 'UnitFileState'),
    preset: preset === '-' ? '' : preset,
    active: first(properties, 'ActiveState'),
    fragment: first(properties, 'FragmentPath'),
    dropIns: words(properties, 'DropInPaths'),
    user: first(properties, 'User'),
    type: first(properties, 'Type'),
    ...directoriesOf((name) => words(properties, name), dynamic),
    workingDirectory: first(properties, 'WorkingDirectory').replace(/^!/, ''),
    execStart: all(properties, 'ExecStart').flatMap((value) =>
      [...value.matchAll(/argv\[\]=(.*?) ; (?:ignore_errors|flags)=/gs)].map((match) => match[1] as Bytes),
    ),
    environmentFiles: all(properties, 'EnvironmentFiles').flatMap((value) =>
      [...value.matchAll(/(\/.*?) \(ignore_errors=(?:yes|no)\)/gs)].map((match) => match[1] as Bytes),
    ),
    requires: words(properties, 'Requires'),
    after: words(properties, 'After'),
  };
}

function all(properties: Properties, name: Property): readonly Bytes[] {
  return properties.get(name) ?? [];
}

function first(properties: Properties, name: Property): Bytes {
  return properties.get(name)?.[0] ?? '';
}

function words(properties: Properties, name: Property): Bytes[] {
  return all(properties, name).flatMap(splitWords);
}

/** systemd quotes a word that holds spaces. */
export function splitWords(value: Bytes): Bytes[] {
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/gs)].map(
    (match) => match[2] ?? (match[1] as string).replaceAll(/\\(.)/gs, '$1'),
  );
}

type Directories = Pick<
  Unit,
  'stateDirectories' | 'cacheDirectories' | 'logsDirectories' | 'runtimeDirectories' | 'readWritePaths'
>;

/** Absolute directories. With DynamicUser they are links and the data lies below `private` (systemd.exec(5)). */
export function directoriesOf(
  wordsOf: (
    name: 'StateDirectory' | 'CacheDirectory' | 'LogsDirectory' | 'RuntimeDirectory' | 'ReadWritePaths',
  ) => readonly Bytes[],
  dynamic: boolean,
): Directories {
  const below = (base: string, names: readonly Bytes[]) =>
    names.flatMap((name) => [`${base}/${name}`, ...(dynamic ? [`${base}/private/${name}`] : [])]);
  return {
    stateDirectories: below('/var/lib', wordsOf('StateDirectory')),
    cacheDirectories: below('/var/cache', wordsOf('CacheDirectory')),
    logsDirectories: below('/var/log', wordsOf('LogsDirectory')),
    runtimeDirectories: below('/run', wordsOf('RuntimeDirectory')),
    // `-` before a path: may be missing; `+`: below RootDirectory.
    readWritePaths: wordsOf('ReadWritePaths').map((path) => path.replace(/^[-+]+/, '')),
  };
}
