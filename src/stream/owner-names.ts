/** Names of owners on a disk: its own passwd and group files speak, not those of the machine that mounts it. */
import type { Host } from '../host/host.ts';
import type { Bytes, Entry } from '../types.ts';

function byNumber(content: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of content.split('\n')) {
    const [name, , number] = line.split(':');
    if (name === undefined || name === '' || number === undefined || !/^\d+$/.test(number)) continue;
    // The first line wins, as in getpwuid(3).
    if (!names.has(Number(number))) names.set(Number(number), name);
  }
  return names;
}

/** Owner and group files of a host's root; empty where the root has none. Names are byte strings. */
export async function ownerTables(
  host: Host,
): Promise<{ readonly users: ReadonlyMap<number, string>; readonly groups: ReadonlyMap<number, string> }> {
  const read = async (path: string) => {
    const answer = await host.run(['cat', '--', `${host.root}${path}`]);
    return answer.code === 0 ? answer.stdout.toString('latin1') : '';
  };
  return { users: byNumber(await read('/etc/passwd')), groups: byNumber(await read('/etc/group')) };
}

/** Looks numbers up in the files of the host's own root. */
export async function namesOf(
  host: Host,
): Promise<(uid: number, gid: number) => { user: string | null; group: string | null }> {
  const { users, groups } = await ownerTables(host);
  return (uid, gid) => ({ user: users.get(uid) ?? null, group: groups.get(gid) ?? null });
}

/** Owner of an entry as a header of the stream tells it. */
export type OwnersThere = (entry: Pick<Entry, 'uid' | 'gid' | 'user' | 'group'>) => {
  readonly uid: number;
  readonly gid: number;
  readonly user: Bytes;
  readonly group: Bytes;
};

/**
 * How owners are written for a destination: a running one knows its names itself, the numbers stand in where a name
 * is unknown there; for a disk the numbers are looked up in its own files.
 */
export async function ownersThere(destination: Host): Promise<OwnersThere> {
  if (destination.root === '') {
    return (entry) => ({ uid: entry.uid, gid: entry.gid, user: entry.user ?? '', group: entry.group ?? '' });
  }
  const { users, groups } = await ownerTables(destination);
  const turned = (names: ReadonlyMap<number, string>) =>
    new Map([...names].reverse().map(([number, name]) => [name, number]));
  const userNumbers = turned(users);
  const groupNumbers = turned(groups);
  return (entry) => ({
    uid: (entry.user === null ? undefined : userNumbers.get(entry.user)) ?? entry.uid,
    gid: (entry.group === null ? undefined : groupNumbers.get(entry.group)) ?? entry.gid,
    user: '',
    group: '',
  });
}
