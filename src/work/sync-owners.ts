/** Which owner names of the source the destination does not know. Their numbers stand in, and a person is told. */
import type { Host } from '../host/host.ts';
import { ownerTables } from '../stream/owner-names.ts';
import type { Entry } from '../types.ts';

export interface UnknownNames {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

async function unknownOf(
  host: Host,
  database: 'passwd' | 'group',
  names: ReadonlySet<string>,
): Promise<Set<string>> {
  if (names.size === 0) return new Set();
  const known = new Set<string>();
  if (host.root === '') {
    const answer = await host.run(['getent', '--', database, ...names]);
    // 2: some of the keys were not found. Anything else but 0: nobody can tell, so tar decides. getent(1)
    if (answer.code !== 0 && answer.code !== 2) return new Set();
    for (const line of answer.stdout.toString('latin1').split('\n')) known.add(line.split(':')[0] as string);
  } else {
    const tables = await ownerTables(host);
    for (const name of (database === 'passwd' ? tables.users : tables.groups).values()) known.add(name);
  }
  return new Set([...names].filter((name) => !known.has(name)));
}

/** Asks the destination for every name that owns an entry. */
export async function unknownNames(host: Host, entries: readonly Entry[]): Promise<UnknownNames> {
  const users = new Set<string>();
  const groups = new Set<string>();
  for (const entry of entries) {
    if (entry.user !== null) users.add(entry.user);
    if (entry.group !== null) groups.add(entry.group);
  }
  return { users: await unknownOf(host, 'passwd', users), groups: await unknownOf(host, 'group', groups) };
}
