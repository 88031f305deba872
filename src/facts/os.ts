/**
 * What the system is. os-release(5), hostname(5), machine-id(5); the architecture is the one of the package
 * `dpkg`, because `dpkg --print-architecture` would tell that of the machine which looks at a disk.
 */
import { Buffer } from 'node:buffer';
import { toText } from '../bytes.ts';
import type { OsFact } from '../types.ts';
import { type Archive, archiveOf, optional, readArchive, required } from './archive.ts';
import type { Fact } from './fact.ts';
import { wholeLines } from './lines.ts';
import { nativeArchitecture, readStatus } from './packages.ts';

export const os: Fact<OsFact> = {
  name: 'os',
  live: false,
  question: (root) =>
    archiveOf(root, {
      paths: [
        'etc/os-release',
        'usr/lib/os-release',
        'etc/hostname',
        'etc/machine-id',
        'var/lib/dpkg/status',
      ],
    }),
  parse(output) {
    const archive = readArchive(output);
    const release = readRelease(archive);
    const id = release.get('ID') ?? 'linux';
    if (!/^[a-z0-9._-]+$/.test(id)) throw new Error('os-release names no system');
    const version = release.get('VERSION_ID') ?? '';
    return {
      id,
      version,
      codename: release.get('VERSION_CODENAME') ?? '',
      name: release.get('PRETTY_NAME') ?? `${id} ${version}`.trim(),
      // Without dpkg there is no word for it; the rest still says which system this is.
      architecture: archive.has('/var/lib/dpkg/status') ? nativeArchitecture(readStatus(archive)) : '',
      hostname: oneWord(archive, '/etc/hostname'),
      machineId: oneWord(archive, '/etc/machine-id'),
    };
  },
  summary: (value) => [value.name, value.architecture].filter((word) => word !== '').join(', '),
};

/** /etc/os-release is usually a link to the one in /usr/lib; a file of its own wins. */
function readRelease(archive: Archive): Map<string, string> {
  const own = archive.get('/etc/os-release');
  const content = own?.type === 'file' ? own.content : required(archive, '/usr/lib/os-release');
  const variables = new Map<string, string>();
  for (const line of toText(content.toString('latin1')).split('\n')) {
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim());
    if (match !== null) variables.set(match[1] as string, unquoted(match[2] as string));
  }
  if (variables.size === 0) throw new Error('os-release is empty');
  return variables;
}

/** Shell quoting as os-release(5) allows it: no expansion, backslash before the four special characters. */
function unquoted(value: string): string {
  if (/^'.*'$/.test(value)) return value.slice(1, -1);
  const inner = /^".*"$/.test(value) ? value.slice(1, -1) : value;
  return inner.replaceAll(/\\(["$`\\])/g, '$1');
}

/** First line that is no comment; empty where the file is missing or empty, which both mean "none of its own". */
function oneWord(archive: Archive, path: string): string {
  const content = optional(archive, path);
  if (content === null || content.length === 0) return '';
  const terminated =
    content[content.length - 1] === 10 ? content : Buffer.concat([content, Buffer.from('\n')]);
  const line = wholeLines(terminated, path).find((text) => text.trim() !== '' && !text.startsWith('#')) ?? '';
  if (!/^[A-Za-z0-9._-]*$/.test(line.trim())) throw new Error(`${path} makes no sense`);
  return line.trim();
}
