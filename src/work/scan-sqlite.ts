/** Looks for SQLite databases by their first bytes (sqlite.org/fileformat2.html). */
import { type Host, onHost } from '../host/host.ts';
import type { Bytes } from '../types.ts';

const magic = 'SQLite format 3\0';

/** Whether any of these files, each of 512 bytes at least, is an SQLite database. */
export async function hasSqlite(source: Host, paths: readonly Bytes[]): Promise<boolean> {
  if (paths.length === 0) return false;
  const names = Buffer.from(paths.map((path) => `${onHost(source, path)}\0`).join(''), 'latin1');
  const answer = await source.run(['xargs', '-0', '-r', 'head', '-q', '-c', String(magic.length), '--'], {
    input: names,
  });
  // A file that vanished leaves nothing behind, so the pieces still begin at every sixteenth byte.
  const text = answer.stdout.toString('latin1');
  for (let at = 0; at + magic.length <= text.length; at += magic.length) {
    if (text.startsWith(magic, at)) return true;
  }
  return false;
}
