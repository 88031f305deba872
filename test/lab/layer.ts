/** A root that took work to make, kept as one read-only directory over its base. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { baseKey } from './base.ts';
import { command } from './command.ts';
import { type LabHost, powerOff, startHost, stopHost } from './host.ts';
import { locked } from './lock.ts';
import { removeOlder, removeTree } from './older.ts';
import { serverUrl, wwwDirectory } from './server.ts';
import { cacheDirectory, type Release } from './settings.ts';

/** Each layer is a folder here with `provision.sh` and what it needs. */
export const layers: Readonly<Record<string, { readonly releases: readonly Release[] }>> = {
  handbuilt: { releases: ['11', '12'] },
};

const here = dirname(fileURLToPath(import.meta.url));

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
    try {
      hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
    } catch {
      // a directory
    }
  return hash.digest('hex');
}

/**
 * Directory of the layer, made if it is not there yet. Two empty hosts get the folder as /root/provision: one runs
 * `archive.sh`, whose tar the lab's web server offers from then on; the other runs `provision.sh URL` with the
 * address of that archive, and what it changed is the layer.
 */
export async function ensureLayer(
  name: string,
  release: Release,
  say: (text: string) => void = () => {},
): Promise<string> {
  const about = layers[name];
  if (!about?.releases.includes(release)) throw new Error(`no layer ${name} for Debian ${release}`);
  const folder = join(here, name);
  const key = createHash('sha256')
    .update([digestOf(folder), await baseKey(release), serverUrl].join())
    .digest('hex')
    .slice(0, 12);
  const directory = join(cacheDirectory, `layer-${name}-${release}-${key}`);
  if (existsSync(directory)) return directory;
  return locked(directory, async () => {
    if (existsSync(directory)) return directory;
    say(`making the layer ${name} for Debian ${release} (some minutes) …`);
    const url = `${serverUrl}/${name}-${release}`;
    await onBuilder(`archive-${name}-${release}`, release, folder, async (host) => {
      const archive = await host.run('cd /root/provision && exec bash ./archive.sh', { encoding: 'latin1' });
      const served = join(wwwDirectory, `${name}-${release}`);
      await removeTree(served);
      mkdirSync(served, { recursive: true });
      await command(['tar', '-C', served, '-xf', '-'], { input: Buffer.from(archive, 'latin1') });
    });
    await onBuilder(`make-${name}-${release}`, release, folder, async (host) => {
      await host.run(`cd /root/provision && exec bash ./provision.sh '${url}' </dev/null 2>&1`, {
        seconds: 1200,
      });
      await host.run('rm -rf /root/provision');
      renameSync(await powerOff(host.name), directory);
    });
    await removeOlder(directory);
    return directory;
  });
}

async function onBuilder(
  name: string,
  release: Release,
  folder: string,
  work: (host: LabHost) => Promise<void>,
): Promise<void> {
  const host = await startHost({ name, release });
  try {
    const packed = await command(['tar', '-C', folder, '-cf', '-', '.'], { encoding: 'latin1' });
    await host.run('mkdir -p /root/provision && tar -C /root/provision -xf -', {
      input: Buffer.from(packed, 'latin1'),
    });
    await work(host);
  } finally {
    if (!process.env.OPSTIMAL_LAB_KEEP) await stopHost(name);
  }
}
