/** A file of this machine as a listing would give it. */
import { lstatSync, readlinkSync } from 'node:fs';
import type { Bytes, Entry } from '../../src/types.ts';

export function entryOf(root: string, path: Bytes): Entry {
  const full = Buffer.from(`${root}${path}`, 'latin1');
  const stat = lstatSync(full, { bigint: true });
  const type = stat.isFile() ? 'f' : stat.isDirectory() ? 'd' : stat.isSymbolicLink() ? 'l' : 's';
  return {
    path,
    type,
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    user: stat.uid === 0n ? 'root' : null,
    group: stat.gid === 0n ? 'root' : null,
    size: Number(stat.size),
    mtime: stat.mtimeNs,
    ctime: stat.ctimeNs,
    device: Number(stat.dev),
    inode: Number(stat.ino),
    links: Number(stat.nlink),
    blocks: Number(stat.blocks),
    ...(type === 'l' ? { target: readlinkSync(full, 'latin1') } : {}),
  };
}
