/**
 * What systemd-tmpfiles makes, cleans and removes (tmpfiles.d(5)). Lines that systemd itself passes over (unknown
 * letters, relative paths) are left out, and so are those whose path depends on what only a running system knows, such
 * as the number of the boot.
 */
import type { Bytes, TmpfilesLine } from '../types.ts';
import { type Archive, archiveOf, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';
import { expanded, fieldsOf, readSnippets, snippetsWanted, unescaped } from './snippets.ts';

const identity = ['etc/hostname', 'etc/machine-id', 'etc/os-release', 'usr/lib/os-release'];

export const tmpfiles: Fact<readonly TmpfilesLine[]> = {
  name: 'tmpfiles',
  live: false,
  question: (root) => archiveOf(root, { paths: identity, directories: [...snippetsWanted('tmpfiles.d')] }),
  parse(output) {
    const archive = readArchive(output);
    const specifiers = specifiersOf(archive);
    return readSnippets(archive, 'tmpfiles.d').flatMap(({ file, lines }) =>
      lines.flatMap(({ number, text }) => readLine(file, number, text, specifiers) ?? []),
    );
  },
  summary(value) {
    const files = new Set(value.map(({ file }) => file));
    const own = [...files].filter((file) => file.startsWith('/etc/')).length;
    const total = `${count(value.length, 'line')} in ${count(files.size, 'file')}`;
    return own === 0 ? total : `${total}, ${own} in /etc`;
  },
};

/** Lines that make something from their argument, with escapes and specifiers in it. */
const withContent = /^[fFw]$/;

function readLine(
  file: Bytes,
  number: number,
  text: Bytes,
  specifiers: Readonly<Record<string, Bytes | null>>,
): TmpfilesLine | null {
  const fields = fieldsOf(text, 6);
  const kind = /^([fFwdDeqQvpLcbCxXrRzZtThHaA])([-+!=~^?$]*)$/.exec(fields?.[0] ?? '');
  const path = expanded(fields?.[1] ?? '', specifiers);
  if (fields === null || kind === null || path === null || !path.startsWith('/')) return null;
  const type = kind[1] as string;
  const modifiers = kind[2] as string;
  const [, , mode = '-', , , age = '-', raw = ''] = fields as Bytes[];
  // Base64 and credentials: content that is not written out in the line.
  const isHidden = /[~^]/.test(modifiers);
  const plain = withContent.test(type) && !isHidden ? unescaped(raw) : raw;
  const argument = isHidden || plain === null ? null : expanded(plain, specifiers);
  const value = (field: Bytes) => (field === '-' ? '' : field);
  return {
    file,
    line: number,
    type,
    modifiers,
    path: tidy(path),
    mode: value(mode),
    age: value(age),
    argument: argument === null ? null : value(argument),
  };
}

/** One slash between names and none at the end. */
function tidy(path: Bytes): Bytes {
  return path.replaceAll(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
}

function specifiersOf(archive: Archive): Record<string, Bytes | null> {
  const word = (path: Bytes): Bytes | null => {
    const archived = archive.get(path);
    const text = archived?.type === 'file' ? archived.content.toString('latin1').trim() : '';
    return /^[A-Za-z0-9._-]+$/.test(text) ? text : null;
  };
  const own = archive.get('/etc/os-release');
  const release = own?.type === 'file' ? own : archive.get('/usr/lib/os-release');
  const system = release?.type === 'file' ? release.content.toString('latin1') : '';
  const variable = (name: string) =>
    new RegExp(`^${name}=["']?([A-Za-z0-9._-]*)["']?\\s*$`, 'm').exec(system)?.[1] ?? '';
  const hostname = word('/etc/hostname');
  return {
    A: variable('IMAGE_VERSION'),
    B: variable('BUILD_ID'),
    C: '/var/cache',
    g: 'root',
    G: '0',
    h: '/root',
    H: hostname,
    l: hostname?.replace(/\..*$/, '') ?? null,
    L: '/var/log',
    m: word('/etc/machine-id'),
    M: variable('IMAGE_ID'),
    o: variable('ID'),
    S: '/var/lib',
    t: '/run',
    T: '/tmp',
    u: 'root',
    U: '0',
    V: '/var/tmp',
    w: variable('VERSION_ID'),
    W: variable('VARIANT_ID'),
  };
}
