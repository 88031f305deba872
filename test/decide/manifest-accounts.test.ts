import { expect, test } from '@jest/globals';
import { accountResources, declaredByPackages } from '../../src/decide/manifest-accounts.ts';
import type { Accounts, SysusersLine, User } from '../../src/types.ts';

function user(name: string, uid: number, more: Partial<User> = {}): User {
  return {
    name,
    uid,
    gid: uid,
    gecos: '',
    home: '/',
    shell: '/usr/sbin/nologin',
    password: 'locked',
    ...more,
  };
}
const people: readonly User[] = [
  user('root', 0, { home: '/root', shell: '/bin/bash' }),
  user('declared', 990),
  user('homed', 991, { home: '/var/lib/homed', shell: '/bin/sh' }),
  user('changed', 992, { shell: '/bin/bash' }),
  user('vmail', 993, { home: '/var/vmail' }),
  user('member', 994),
  user('added', 995),
  user('unused', 996),
  user('anna', 1001, { home: '/home/anna', shell: '/bin/bash' }),
];
const accounts: Accounts = {
  users: people,
  groups: [
    ...people.map(({ name, gid }) => ({ name, gid, members: [] })),
    { name: 'shared', gid: 980, members: ['member', 'anna'] },
    { name: 'own', gid: 981, members: ['added'] },
  ],
};
function line(type: SysusersLine['type'], name: string, more: Partial<SysusersLine> = {}): SysusersLine {
  return {
    file: '/usr/lib/sysusers.d/a.conf',
    line: 1,
    type,
    name,
    id: '',
    gecos: '',
    home: '',
    shell: '',
    ...more,
  };
}
const lines: readonly SysusersLine[] = [
  line('u', 'declared'),
  line('u', 'homed', { home: '/var/lib/homed', shell: '/bin/sh' }),
  line('u', 'changed'),
  line('u', 'added'),
  line('m', 'member', { id: 'shared' }),
  line('g', 'shared'),
  line('u', 'vmail', { file: '/etc/sysusers.d/own.conf', home: '/var/vmail' }),
];
const used = {
  users: new Set(['declared', 'homed', 'changed', 'vmail']),
  groups: new Set(['declared', 'vmail', 'shared']),
};
const owned = { known: true as const, value: new Map([['/usr/lib/sysusers.d/a.conf', 'a']]) };

test('a user that a package declares is made again by it, unless somebody changed or added something', () => {
  const declared = declaredByPackages({ sysusers: { known: true, value: lines }, owned });
  const found = accountResources(accounts, used, declared);
  const users = found.flatMap((one) => ('user' in one ? [one.user] : []));
  const groups = found.flatMap((one) => ('user' in one ? [] : [one.group]));
  expect(users.sort()).toEqual(['added', 'anna', 'changed', 'vmail']);
  // A group that a package declares comes with it, but those of a user must be there when he is made.
  expect(groups.sort()).toEqual(['added', 'anna', 'changed', 'own', 'shared', 'vmail']);
  const alone = accountResources(
    { ...accounts, users: people.filter(({ name }) => name !== 'anna') },
    used,
    declared,
  );
  expect(alone.some((one) => 'group' in one && one.group === 'shared')).toBe(false);
});

test('without the fact, or where no package brings the file, everything that is used travels', () => {
  const unknown = { known: false as const, reason: 'not asked' };
  expect(declaredByPackages({ sysusers: unknown, owned })).toEqual([]);
  expect(declaredByPackages({ sysusers: { known: true, value: lines }, owned: unknown })).toEqual([]);
  const none = { known: true as const, value: new Map<string, string>() };
  expect(declaredByPackages({ sysusers: { known: true, value: lines }, owned: none })).toEqual([]);
  const users = accountResources(accounts, used, []).flatMap((one) => ('user' in one ? [one.user] : []));
  expect(users.sort()).toEqual(['added', 'anna', 'changed', 'declared', 'homed', 'member', 'vmail']);
});
