/** Users and groups that the destination must have, as resources. Passwords are in none of them. */
import { quote } from '../bytes.ts';
import type { Accounts, Facts, GroupResource, SysusersLine, User, UserResource } from '../types.ts';

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

/**
 * What packages declare in sysusers.d(5). What an administrator declared in /etc is configuration, and what no package
 * brings was put there by hand: both travel.
 */
export function declaredByPackages(facts: Pick<Facts, 'sysusers' | 'owned'>): readonly SysusersLine[] {
  if (!facts.sysusers.known || !facts.owned.known) return [];
  const owned = facts.owned.value;
  return facts.sysusers.value.filter(({ file }) => !file.startsWith('/etc/') && owned.has(file));
}

/** Whether an account is still as its declaration makes it; one that somebody changed is theirs. */
function isAsDeclared(user: User, declared: readonly SysusersLine[]): boolean {
  return declared.some(
    (line) =>
      line.type === 'u' &&
      line.name === user.name &&
      user.home === (line.home || '/') &&
      (line.shell === '' ? /\/(nologin|false)$/.test(user.shell) : user.shell === line.shell),
  );
}

/** People always; accounts of services when something that travels needs them or somebody added them to groups. */
export function accountResources(
  accounts: Accounts,
  used: UsedAccounts,
  declared: readonly SysusersLine[],
): (UserResource | GroupResource)[] {
  const groupOf = new Map(accounts.groups.map((group) => [group.gid, group.name]));
  const memberships = new Set(
    declared.filter(({ type }) => type === 'm').map(({ name, id }) => `${name} ${id}`),
  );
  const groupsOfPackages = new Set(declared.filter(({ type }) => type !== 'm').map(({ name }) => name));
  const supplementary = (user: User): string[] =>
    accounts.groups
      .filter((group) => group.gid !== user.gid && group.members.includes(user.name))
      .map((group) => group.name)
      .sort();
  const users = accounts.users.filter((user) => {
    if (isPerson(user.uid)) return true;
    if (user.uid >= firstTransient || user.uid === 0) return false;
    const isAdded = supplementary(user).some((group) => !memberships.has(`${user.name} ${group}`));
    if (user.uid < firstDynamic) return isAdded;
    const isMadeAgain = ofTheSystem.test(user.name) || isAsDeclared(user, declared);
    return isAdded || (used.users.has(user.name) && !isMadeAgain);
  });
  // Users are made before packages are installed, so their groups must be there, whoever declares them.
  const needed = new Set(users.flatMap((user) => [groupOf.get(user.gid) ?? '', ...supplementary(user)]));
  const groups = accounts.groups.filter((group) => {
    if (isPerson(group.gid)) return true;
    return (
      group.gid >= firstDynamic &&
      group.gid < firstPerson &&
      !ofTheSystem.test(group.name) &&
      (needed.has(group.name) || (used.groups.has(group.name) && !groupsOfPackages.has(group.name)))
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
