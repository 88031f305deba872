/**
 * People and service accounts. Ids of people are kept where they are free; names are what files are mapped by, so
 * an id that is taken on the destination gives way. Passwords are read from the source while applying.
 */
import { toText, unquote } from '../bytes.ts';
import type { Accounts, GroupResource, UserResource } from '../types.ts';
import type { PlanInput } from './plan-input.ts';
import { PartBuilder, some } from './plan-part.ts';
import { sh, words } from './plan-shell.ts';

/** First id that Debian gives to people (adduser.conf, login.defs). */
const firstPersonId = 1000;

/** Groups and users with reserved ids come before packages, those of packages after, memberships and hashes last. */
export interface AccountPlan {
  readonly before: PartBuilder;
  readonly after: PartBuilder;
}

export function planAccounts(input: PlanInput): AccountPlan {
  const before = new PartBuilder();
  const after = new PartBuilder();
  const users = input.manifest.resources.filter((one): one is UserResource => 'user' in one && 'uid' in one);
  const groups = input.manifest.resources.filter(
    (one): one is GroupResource => 'group' in one && !('user' in one) && 'gid' in one,
  );
  if (users.length + groups.length === 0) return { before, after };
  if (!input.destinationLive) {
    before.unknown += users.length + groups.length;
    before.notice(
      'by-hand',
      'users',
      'users and groups cannot be made: not supported yet on a disk',
      'make them when the system runs',
    );
    return { before, after };
  }
  if (!input.destination.accounts.known) {
    before.unknown += users.length + groups.length;
    before.notice(
      'blocker',
      'users',
      `the destination's users could not be asked: ${input.destination.accounts.reason}`,
    );
    return { before, after };
  }
  const there = input.destination.accounts.value;
  planGroups(before, after, groups, there);
  planUsers(before, after, users, there);
  planMemberships(after, users, groups, there);
  planPasswords(after, users, there, input);
  return { before, after };
}

/** Next id from 1000 on that nobody has and nobody of the manifest wants. */
function freeId(taken: ReadonlySet<number>, wanted: ReadonlySet<number>): number {
  let id = firstPersonId;
  while (taken.has(id) || wanted.has(id)) id += 1;
  return id;
}

function planGroups(
  before: PartBuilder,
  after: PartBuilder,
  groups: readonly GroupResource[],
  there: Accounts,
): void {
  const names = new Set(there.groups.map((one) => one.name));
  const taken = new Map(there.groups.map((one) => [one.gid, one.name]));
  const wanted = new Set(groups.map((one) => one.gid));
  for (const group of groups) {
    if (names.has(group.group)) {
      before.ok += 1;
      continue;
    }
    const name = sh(group.group);
    const check = `getent group ${name} >/dev/null`;
    if (group.system) {
      after.step({
        id: `group:${group.group}`,
        kind: 'group',
        symbol: '+',
        title: `group ${group.group}`,
        detail: 'unless its package makes it; the id does not matter',
        check,
        apply: `if getent group ${group.gid} >/dev/null; then groupadd --system ${name}; else groupadd --system --gid ${group.gid} ${name}; fi`,
      });
      continue;
    }
    const holder = taken.get(group.gid);
    const gid = holder === undefined ? group.gid : freeId(new Set(taken.keys()), wanted);
    taken.set(gid, group.group);
    if (holder !== undefined) {
      before.notice(
        'care',
        `group ${group.group}`,
        `group id ${group.gid} belongs to ${holder} on the destination, so ${group.group} gets ${gid}`,
        'files are mapped by name; only numbers written into configuration must be changed by hand',
      );
    }
    before.step({
      id: `group:${group.group}`,
      kind: 'group',
      symbol: '+',
      title: `group ${group.group}`,
      detail: `id ${gid}`,
      check,
      apply: `groupadd --gid ${gid} ${name}`,
    });
  }
}

function planUsers(
  before: PartBuilder,
  after: PartBuilder,
  users: readonly UserResource[],
  there: Accounts,
): void {
  const present = new Map(there.users.map((one) => [one.name, one]));
  const taken = new Map(there.users.map((one) => [one.uid, one.name]));
  const wanted = new Set(users.map((one) => one.uid));
  for (const user of users) {
    const name = sh(user.user);
    const [home, shell] = [toText(unquote(user.home)), toText(unquote(user.shell))];
    const old = present.get(user.user);
    const same = old !== undefined && toText(old.home) === home && toText(old.shell) === shell;
    if (user.user === 'root' || same || (old !== undefined && user.system)) {
      before.ok += 1;
      continue;
    }
    const check = `[ "$(getent passwd ${name} | cut -d: -f6-7)" = ${sh(`${home}:${shell}`)} ]`;
    if (old !== undefined) {
      before.step({
        id: `user:${user.user}`,
        kind: 'user',
        symbol: '~',
        title: `user ${user.user}`,
        detail: `exists with id ${old.uid}; home and shell become ${user.home} and ${user.shell}`,
        check,
        apply: `usermod --home ${sh(home)} --shell ${sh(shell)} ${name}`,
      });
      continue;
    }
    const make = `useradd --comment ${sh(user.gecos)} --home-dir ${sh(home)} --shell ${sh(shell)} --no-create-home --no-user-group`;
    const group = `--gid ${sh(user.group)}`;
    if (user.system) {
      after.step({
        id: `user:${user.user}`,
        kind: 'user',
        symbol: '+',
        title: `user ${user.user}`,
        detail: 'unless its package makes it; the id does not matter',
        check: `getent passwd ${name} >/dev/null`,
        apply: `if getent passwd ${user.uid} >/dev/null; then ${make} --system ${group} ${name}; else ${make} --system --uid ${user.uid} ${group} ${name}; fi`,
      });
      continue;
    }
    const holder = taken.get(user.uid);
    const uid = holder === undefined ? user.uid : freeId(new Set(taken.keys()), wanted);
    taken.set(uid, user.user);
    if (holder !== undefined) {
      before.notice(
        'care',
        `user ${user.user}`,
        `user id ${user.uid} belongs to ${holder} on the destination, so ${user.user} gets ${uid}`,
        'files are mapped by name; only numbers written into configuration must be changed by hand',
      );
    }
    // A person whose main group comes with a package (www-data is static, docker is not) waits for it.
    const early =
      there.groups.some((one) => one.name === user.group) ||
      before.steps.some((one) => one.id === `group:${user.group}`);
    (early ? before : after).step({
      id: `user:${user.user}`,
      kind: 'user',
      symbol: '+',
      title: `user ${user.user}`,
      detail: `id ${uid}, home ${user.home}, shell ${user.shell}`,
      check,
      apply: `${make} --uid ${uid} ${group} ${name}`,
    });
  }
}

function planMemberships(
  after: PartBuilder,
  users: readonly UserResource[],
  groups: readonly GroupResource[],
  there: Accounts,
): void {
  const members = new Map(there.groups.map((one) => [one.name, new Set(one.members)]));
  const mainGroups = new Map(there.users.map((one) => [one.name, one.gid]));
  const gids = new Map(there.groups.map((one) => [one.name, one.gid]));
  void groups;
  for (const user of users) {
    const missing = user.groups.filter(
      (group) =>
        group !== user.group &&
        !members.get(group)?.has(user.user) &&
        (mainGroups.get(user.user) === undefined || gids.get(group) !== mainGroups.get(user.user)),
    );
    if (missing.length === 0 || user.user === 'root') {
      if (user.groups.length > 0) after.ok += 1;
      continue;
    }
    const name = sh(user.user);
    after.step({
      id: `member:${user.user}`,
      kind: 'user',
      symbol: '~',
      title: `user ${user.user} in ${some(missing, 8)}`,
      check: `have=" $(id -nG ${name} 2>/dev/null) "; for group in ${words(...missing)}; do case "$have" in *" $group "*) ;; *) exit 1 ;; esac; done`,
      apply: `for group in ${words(...missing)}; do getent group "$group" >/dev/null || { echo "there is no group $group"; continue; }; usermod -a -G "$group" ${name}; done`,
    });
  }
}

function planPasswords(
  after: PartBuilder,
  users: readonly UserResource[],
  there: Accounts,
  input: PlanInput,
): void {
  const present = new Map(there.users.map((one) => [one.name, one]));
  for (const user of users) {
    if (user.user === 'root') continue;
    const old = present.get(user.user);
    if (input.passwordsSame.has(user.user)) {
      after.ok += 1;
      continue;
    }
    // Locked on both sides, and an account of the system that nobody logs in to: nothing to say.
    const closed = (state: string | undefined) => state === undefined || state === 'locked';
    if (closed(user.password) && (user.system || closed(old?.password)) && user.system) continue;
    const isReadable = input.sourceReadable || input.sealed?.users.has(user.user) === true;
    if (user.password === 'unknown' || !isReadable) {
      if (user.password !== 'locked') {
        after.unknown += 1;
        after.notice(
          'by-hand',
          `user ${user.user}`,
          `the password of ${user.user} cannot be read on the source, so the account stays closed`,
          `set one on the destination: passwd ${user.user}`,
        );
      }
      continue;
    }
    if (old?.password === 'set') {
      after.notice(
        'care',
        `user ${user.user}`,
        `${user.user} has a password on the destination already; the source's takes its place`,
      );
    }
    const state = { set: 'P', locked: 'L', none: 'NP' }[user.password];
    after.step({
      id: `password:${user.user}`,
      kind: 'user',
      symbol: '~',
      title: `password of ${user.user}`,
      detail: input.sourceReadable
        ? 'hash and ageing, read from the source while applying'
        : 'hash and ageing, as they were sealed in the folder',
      check: `[ "$(passwd -S ${sh(user.user)} | cut -d' ' -f2)" = ${state} ]`,
      apply: 'chpasswd -e',
    });
  }
}
