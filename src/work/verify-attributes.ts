/** Extended attributes, ACLs and capabilities, by the tools that a host has for them. */
import { quote } from '../bytes.ts';
import { compareObservations, type Observation } from '../decide/report.ts';
import type { Host } from '../host/host.ts';
import { onHost } from '../host/host.ts';
import type { Bytes, Check, Entry } from '../types.ts';

// getfattr prints a block per file that has any; ACLs and capabilities are attributes, too. The pattern `-` means all.
const program = `
command -v getfattr >/dev/null || exit 77
xargs -0 -r getfattr -h -d -m - -e hex --absolute-names -- 2>/dev/null
:`;

/** getfattr's blocks: `# file: NAME` with octal escapes, then `name=value` lines. */
export function parseAttributes(output: string, root: Bytes): ReadonlyMap<Bytes, string> {
  const found = new Map<Bytes, string>();
  for (const block of output.split('\n\n')) {
    const [first = '', ...lines] = block.trim().split('\n');
    if (!first.startsWith('# file: ')) continue;
    const path = first
      .slice('# file: '.length)
      .replaceAll(/\\([0-7]{3})/g, (_whole, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    found.set(root === '' ? path : path.slice(root.length), lines.sort().join(' '));
  }
  return found;
}

async function attributesOf(host: Host, paths: readonly Bytes[]): Promise<ReadonlyMap<Bytes, string> | null> {
  const answer = await host.run(['sh', '-c', program], {
    input: Buffer.from(paths.map((path) => `${onHost(host, path)}\0`).join(''), 'latin1'),
    timeoutSeconds: 600,
  });
  if (answer.code === 77) return null;
  return parseAttributes(answer.stdout.toString('latin1'), host.root);
}

/**
 * Attributes of the entries given, value by value. ACLs name users by number, which may rightly differ between two
 * hosts: they are compared with the numbers turned into names.
 */
export async function compareAttributes(
  source: Host,
  destination: Host,
  entries: readonly Entry[],
): Promise<Check[]> {
  const paths = entries
    .filter((entry) => entry.type === 'f' || entry.type === 'd')
    .map((entry) => entry.path);
  if (paths.length === 0) return [];
  const [here, there] = await Promise.all([attributesOf(source, paths), attributesOf(destination, paths)]);
  if (here === null || there === null) {
    const which = here === null ? source.name : destination.name;
    return [
      {
        state: 'by-hand',
        subject: 'files',
        text: `extended attributes, ACLs and capabilities were not compared: ${which} has no getfattr (apt-get install attr)`,
      },
    ];
  }
  const [names, namesThere] = await Promise.all([idsOf(source), idsOf(destination)]);
  const observations = (found: ReadonlyMap<Bytes, string>, ids: Ids): Observation[] =>
    [...found].map(([path, value]) => ({
      subject: 'files',
      group: 'extended attributes',
      key: quote(path),
      value: withNames(value, ids),
      compare: 'exact',
    }));
  const checks = compareObservations(observations(here, names), observations(there, namesThere));
  return checks.length > 0
    ? checks
    : [{ state: 'green', subject: 'files', text: 'no extended attributes on either side' }];
}

interface Ids {
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
}

async function idsOf(host: Host): Promise<Ids> {
  const table = async (file: string) => {
    const text = (await host.readFile(file)).toString('latin1');
    return new Map(
      text.split('\n').flatMap((line): [number, string][] => {
        const [name = '', , id] = line.split(':');
        return id === undefined ? [] : [[Number(id), name]];
      }),
    );
  };
  return { users: await table('/etc/passwd'), groups: await table('/etc/group') };
}

/** posix_acl_xattr: version 2 in four bytes, then entries of tag and permissions (2 bytes each) and an id (4). */
export function withNames(attributes: string, ids: Ids): string {
  return attributes.replaceAll(
    /(system\.posix_acl_(?:access|default))=0x02000000([0-9a-f]*)/g,
    (_whole, name: string, hex: string) => {
      const bytes = Buffer.from(hex, 'hex');
      const entries: string[] = [];
      for (let at = 0; at + 8 <= bytes.length; at += 8) {
        const [tag, bits, id] = [
          bytes.readUInt16LE(at),
          bytes.readUInt16LE(at + 2),
          bytes.readUInt32LE(at + 4),
        ];
        const who =
          tag === 0x02
            ? `user:${ids.users.get(id) ?? id}`
            : tag === 0x08
              ? `group:${ids.groups.get(id) ?? id}`
              : `tag${tag}`;
        entries.push(`${who}:${bits}`);
      }
      return `${name}=${entries.sort().join(',')}`;
    },
  );
}
