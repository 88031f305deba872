/**
 * Access control lists name people by number. In the stream they are extended attributes, so the numbers are
 * looked up by name on the source and written as the destination's; otherwise a stranger would get the access.
 *
 * Form of the attribute (linux/posix_acl_xattr.h): version 2 in four bytes, then entries of tag and permissions
 * (two bytes each) and an id (four bytes), all little-endian.
 */
import type { Host } from '../host/host.ts';
import type { Bytes } from '../types.ts';
import { ownerTables } from './owner-names.ts';

/** Tag of an entry for a named user and for a named group. */
const namedUser = 0x02;
const namedGroup = 0x08;

const recordName = /^SCHILY\.xattr\.system\.posix_acl_(access|default)$/;

type Numbers = ReadonlyMap<number, number>;

/** Rewrites the access lists among the pax records of a member. */
export type AccessThere = (records: ReadonlyMap<string, Bytes>) => ReadonlyMap<string, Bytes>;

/** The same list with the numbers of the other machine; a number without a name on both sides stays. */
export function translateAccessList(list: Bytes, users: Numbers, groups: Numbers): Bytes {
  const bytes = Buffer.from(list, 'latin1');
  if (bytes.length < 4 || bytes.length % 8 !== 4 || bytes.readUInt32LE(0) !== 2) return list;
  for (let at = 4; at < bytes.length; at += 8) {
    const tag = bytes.readUInt16LE(at);
    if (tag !== namedUser && tag !== namedGroup) continue;
    const id = bytes.readUInt32LE(at + 4);
    bytes.writeUInt32LE((tag === namedUser ? users : groups).get(id) ?? id, at + 4);
  }
  return bytes.toString('latin1');
}

/** Numbers of one machine → numbers of the other, by name, where they differ. */
function numbers(here: ReadonlyMap<number, string>, there: ReadonlyMap<number, string>): Numbers {
  const byName = new Map([...there].reverse().map(([number, name]) => [name, number]));
  const different = new Map<number, number>();
  for (const [number, name] of here) {
    const other = byName.get(name);
    if (other !== undefined && other !== number) different.set(number, other);
  }
  return different;
}

/** How the access lists of a source are written for a destination. */
export async function accessThere(source: Host, destination: Host): Promise<AccessThere> {
  const [here, there] = await Promise.all([ownerTables(source), ownerTables(destination)]);
  const users = numbers(here.users, there.users);
  const groups = numbers(here.groups, there.groups);
  return (records) => {
    if (![...records.keys()].some((name) => recordName.test(name))) return records;
    return new Map(
      [...records].map(([name, value]) => [
        name,
        recordName.test(name) ? translateAccessList(value, users, groups) : value,
      ]),
    );
  };
}
