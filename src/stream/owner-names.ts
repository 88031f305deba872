/** Names of owners on a disk: its own passwd and group files speak, not those of the machine that mounts it. */
import type { Host } from '../host/host.ts';

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
