/** What is at the paths of a destination that a plan would touch. */
import type { SeenPath } from '../decide/plan.ts';
import { type Host, onHost } from '../host/host.ts';
import type { Accounts, Bytes } from '../types.ts';
import { sha256 } from './read.ts';

const program =
  'xargs -0 -r sh -c \'exec find "$@" -maxdepth 0 -printf "%y\\0%u\\0%g\\0%U\\0%G\\0%m\\0%s\\0%l\\0%p\\0"\' find 2>/dev/null; exit 0';

const fieldsOfOne = 9;

/** Kinds, owners, modes, targets and SHA-256 of those paths that exist. `accounts` name the owners on a disk. */
export async function lookAt(
  host: Host,
  paths: readonly Bytes[],
  accounts: Accounts | null = null,
): Promise<Map<Bytes, SeenPath>> {
  const seen = new Map<Bytes, SeenPath>();
  if (paths.length === 0) return seen;
  const input = Buffer.from([...new Set(paths)].map((path) => `${onHost(host, path)}\0`).join(''), 'latin1');
  const { stdout } = await host.run(['sh', '-c', program, 'look'], { input });
  const fields = stdout.toString('latin1').split('\0');
  const users = new Map((accounts?.users ?? []).map((one) => [String(one.uid), one.name]));
  const groups = new Map((accounts?.groups ?? []).map((one) => [String(one.gid), one.name]));
  const files: Bytes[] = [];
  for (let at = 0; at + fieldsOfOne <= fields.length; at += fieldsOfOne) {
    const [letter, user, group, uid, gid, mode, size, target, full] = fields.slice(at) as string[];
    const path = (full as Bytes).slice(host.root.length);
    const type = { f: 'file', d: 'directory', l: 'link' }[letter as string] as SeenPath['type'] | undefined;
    if (type === 'file') files.push(path);
    seen.set(path, {
      type: type ?? 'other',
      owner: (host.root === '' ? user : users.get(uid as string)) ?? (uid as string),
      group: (host.root === '' ? group : groups.get(gid as string)) ?? (gid as string),
      mode: mode as string,
      size: Number(size),
      sha256: null,
      target: type === 'link' ? (target as Bytes) : null,
    });
  }
  for (const [path, digest] of await sha256(host, files)) {
    const one = seen.get(path);
    if (one !== undefined) seen.set(path, { ...one, sha256: digest });
  }
  return seen;
}
