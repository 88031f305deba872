import { expect, test } from '@jest/globals';
import { translateAccessList } from '../../src/stream/access-lists.ts';

/** `user::rw-, user:1000:rw-, group::r--, group:1200:r--, mask::rw-, other::---` as the kernel stores it. */
function list(user: number, group: number): string {
  const bytes = Buffer.alloc(4 + 6 * 8, 0xff);
  bytes.writeUInt32LE(2, 0);
  const entries = [
    [0x01, 6, 0xffffffff],
    [0x02, 6, user],
    [0x04, 4, 0xffffffff],
    [0x08, 4, group],
    [0x10, 6, 0xffffffff],
    [0x20, 0, 0xffffffff],
  ] as const;
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + index * 8);
    bytes.writeUInt16LE(permissions, 6 + index * 8);
    bytes.writeUInt32LE(id, 8 + index * 8);
  }
  return bytes.toString('latin1');
}

test('people and groups of an access list get the numbers they have on the destination', () => {
  const there = translateAccessList(list(1000, 1200), new Map([[1000, 1002]]), new Map([[1200, 999]]));
  expect(there).toBe(list(1002, 999));
});

test('a user is not looked up among the groups', () => {
  const numbers = new Map([[1000, 7]]);
  expect(translateAccessList(list(1000, 1000), numbers, new Map())).toBe(list(7, 1000));
});

test('a number that has no name stays', () => {
  expect(translateAccessList(list(4242, 4243), new Map([[1000, 1]]), new Map())).toBe(list(4242, 4243));
});

test('what is no access list is passed on untouched', () => {
  for (const value of ['', 'text', '\x03\0\0\0', `${list(1, 2)}x`])
    expect(translateAccessList(value, new Map([[1, 2]]), new Map())).toBe(value);
});
