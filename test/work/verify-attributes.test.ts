import { expect, test } from '@jest/globals';
import { parseAttributes, withNames } from '../../src/work/verify-attributes.ts';

test('blocks of getfattr are read with their odd names, below the root of a disk', () => {
  const output =
    '# file: /mnt/a\\012b\nuser.z=0x01\nuser.a=0x02\n\n# file: /mnt/c\nsecurity.capability=0x00\n\n';
  expect([...parseAttributes(output, '/mnt')]).toEqual([
    ['/a\nb', 'user.a=0x02 user.z=0x01'],
    ['/c', 'security.capability=0x00'],
  ]);
});

test('an ACL that names the same people by other numbers is the same ACL', () => {
  // Version 2; user::rw-, user:1000:rwx, group::r--, mask::rwx, other::---
  const acl = (id: string) =>
    `system.posix_acl_access=0x0200000001000600ffffffff02000700${id}04000400ffffffff10000700ffffffff20000000ffffffff`;
  const source = withNames(acl('e8030000'), { users: new Map([[1000, 'anna']]), groups: new Map() });
  const moved = withNames(acl('ea030000'), { users: new Map([[1002, 'anna']]), groups: new Map() });
  const stranger = withNames(acl('e8030000'), { users: new Map([[1000, 'debian']]), groups: new Map() });
  expect(source).toContain('user:anna:7');
  expect(moved).toBe(source);
  expect(stranger).not.toBe(source);
});
