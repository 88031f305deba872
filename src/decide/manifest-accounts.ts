/** Users and groups that the destination must have, as resources. Passwords are in none of them. */
import { quote } from '../bytes.ts';
import type { Accounts, GroupResource, User, UserResource } from '../types.ts';

/** Ids below are given out by base-passwd and the same on every Debian; those from 1000 on belong to people. */
const firstDynamic = 100;
const firstPerson = 1000;
/** From here on systemd gives ids to services for as long as they run (systemd.exec(5), DynamicUser). */
const firstTransient = 60000;

/** Accounts that every system makes for itself. */
const ofTheSystem =
  /^(root|nobody|nogroup|_apt|messagebus|polkitd|sshd|_ssh|tss|uuidd|systemd-.*|tcpdump|landscape|pollinate|_chrony|rdma|sgx|kvm|render|netdev|crontab|input|lxd|ssl-cert|plocate|mlocate|_flatpak|debian)$/;

export interface UsedAccounts {
  /** Owners of what is carried, and whom services of ours run as. */
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

function isPerson(id: number): boolean {
  return id >= firstPerson && id < firstTransient;
}

/** People always; accounts of services when something that travels needs them or somebody added them to groups. */
export function accountResources(accounts: Accounts, used: UsedAccounts): (UserResource | GroupResource)[] {
  const groupOf = new Map(accounts.groups.map((group) => [group.gid, group.name]));
  const supplementary = (user: User): string[] =>
    accounts.groups
      .filter((group) => group.gid !== user.gid && group.members.includes(user.name))
      .map((group) => group.name)
      .sort();
  const users = accounts.users.filter((user) => {
    if (isPerson(user.uid)) return true;
    if (user.uid >= firstTransient || user.uid === 0) return false;
    const isAdded = supplementary(user).length > 0;
    if (user.uid < firstDynamic) return isAdded;
    return isAdded || (used.users.has(user.name) && !ofTheSystem.test(user.name));
  });
  const wanted = new Set<string>(used.groups);
  for (const user of users) {
    for (const name of [groupOf.get(user.gid) ?? '', ...supplementary(user)]) wanted.add(name);
  }
  const groups = accounts.groups.filter((group) => {
    if (isPerson(group.gid)) return true;
    return (
      group.gid >= firstDynamic &&
      group.gid < firstPerson &&
      wanted.has(group.name) &&
      !ofTheSystem.test(group.name)
    );
  });
  return [
    ...groups.map(
      (group): GroupResource => ({
        group: group.name,
        gid: group.gid,
        system: group.gid < firstPerson,
      }),
    ),
    ...users.map(
      (user): UserResource => ({
        user: user.name,
        uid: user.uid,
        group: groupOf.get(user.gid) ?? String(user.gid),
        groups: supplementary(user),
        gecos: user.gecos,
        home: quote(user.home),
        shell: quote(user.shell),
        system: user.uid < firstPerson,
        password: user.password,
      }),
    ),
  ];
}
