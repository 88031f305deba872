/**
 * /etc/ld.so.cache: where the loader finds each library without being told (ldconfig(8); layout: dl-cache.h of
 * glibc). Every place that ld.so.conf names is in it, so nobody has to follow that file's includes.
 */
import { Buffer } from 'node:buffer';
import type { Bytes } from '../types.ts';

export interface CachedLibrary {
  readonly soname: Bytes;
  readonly path: Bytes;
  /** Second byte of the flags: which ABI it is for. */
  readonly abi: number;
}

const magic = Buffer.from('glibc-ld.so.cache1.1');
const headLength = 48;
const entryLength = 24;

/** Throws an Error for a file that is no cache of glibc, or is cut off. */
export function parseLibraryCache(content: Buffer): CachedLibrary[] {
  // Up to glibc 2.31 the older form stands in front.
  const start = content.indexOf(magic);
  if (start === -1 || start + headLength > content.length)
    throw new Error('/etc/ld.so.cache is no cache of glibc');
  const cache = content.subarray(start);
  // 3 = big endian; 0 and 2 = the order of the machine, which is little everywhere but on s390x.
  const big = ((cache[28] as number) & 3) === 3;
  const word = (at: number) => (big ? cache.readUInt32BE(at) : cache.readUInt32LE(at));
  const count = word(20);
  if (headLength + count * entryLength > cache.length) throw new Error('/etc/ld.so.cache is cut off');
  const textAt = (at: number): Bytes => {
    const end = cache.indexOf(0, at);
    if (at >= cache.length || end === -1) throw new Error('/etc/ld.so.cache is cut off');
    return cache.toString('latin1', at, end);
  };
  return Array.from({ length: count }, (_, index) => {
    const at = headLength + index * entryLength;
    return { abi: (word(at) >>> 8) & 0xff, soname: textAt(word(at + 4)), path: textAt(word(at + 8)) };
  });
}

/** ABI in the cache of a program's machine; null = nobody knows, so any will do. */
export function abiOf(machine: number, bits: 32 | 64): number | null {
  const known: Readonly<Record<string, number>> = {
    '3/32': 0x00,
    '62/64': 0x03,
    '62/32': 0x08,
    '183/64': 0x0a,
    '21/64': 0x05,
    '22/64': 0x04,
    '243/64': 0x10,
  };
  return known[`${machine}/${bits}`] ?? null;
}
