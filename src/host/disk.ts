import { lstat, readlink, stat } from 'node:fs/promises';
import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Bytes, Place } from '../types.ts';
import { CommandHost } from './command-host.ts';
import type { ConnectOptions, Host } from './host.ts';
import { localLost, localOpener, localPrivilege } from './local.ts';

/** As the kernel: more links than this in one path are a loop (MAXSYMLINKS). */
const linkLimit = 40;

async function linkTarget(path: Bytes): Promise<Bytes | null> {
  try {
    return (await readlink(Buffer.from(path, 'latin1'), 'buffer')).toString('latin1');
  } catch {
    return null;
  }
}

/**
 * Where the server's `path` lies below `root`, links followed as the server itself would follow them: an absolute
 * target starts at `root` again and `..` never leaves it. Without this, /etc/resolv.conf of a disk could be the one
 * of this machine. The last name is followed too, unless `keepLast`. Throws Failure `failed` on a loop.
 */
export async function locateBelow(root: Bytes, path: Bytes, keepLast = false): Promise<Bytes> {
  let waiting = path.split('/').filter((part) => part !== '' && part !== '.');
  let done: Bytes[] = [];
  for (let links = 0; waiting.length > 0; ) {
    const part = waiting.shift() as Bytes;
    if (part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target =
      keepLast && waiting.length === 0 ? null : await linkTarget(`${root}/${[...done, part].join('/')}`);
    if (target === null) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > linkLimit) {
      throw new Failure('failed', 'read-denied', `${quote(path)} is a loop of symbolic links`);
    }
    if (target.startsWith('/')) done = [];
    waiting = [...target.split('/').filter((name) => name !== ''), ...waiting];
  }
  return done.length === 0 ? root : `${root}/${done.join('/')}`;
}

/**
 * The mounted root of a machine that no longer runs. Commands run here; `root` tells where its `/` is. Throws Failure
 * `usage` when there is no root file system at the place.
 */
export async function connectDisk(
  place: Extract<Place, { kind: 'disk' }>,
  options: Pick<ConnectOptions, 'environment'>,
): Promise<Host> {
  const info = await stat(place.root).catch((cause) => {
    throw new Failure('usage', 'disk', `${quote(toBytes(place.root))} cannot be read`, {
      hint: 'mount the disk first, read-only will do: mount -o ro /dev/sdX1 /mnt/old',
      cause,
    });
  });
  const etc = await lstat(`${place.root}/etc`).catch(() => null);
  const usr = await lstat(`${place.root}/usr`).catch(() => null);
  if (!info.isDirectory() || !etc?.isDirectory() || usr === null) {
    throw new Failure(
      'usage',
      'disk',
      `${quote(toBytes(place.root))} holds no system: no etc and usr in it`,
      {
        hint: 'name the directory on which the old root file system is mounted',
      },
    );
  }
  const { privileged, privilege } = localPrivilege();
  const root = toBytes(place.root);
  return new CommandHost({
    name: place.root,
    place,
    root,
    live: false,
    privileged,
    reach: {
      transport: 'disk',
      because: '',
      address: place.root,
      authentication: '',
      hostKey: '',
      cipher: '',
      nativeCrypto: null,
      privilege,
    },
    open: localOpener(options.environment),
    lost: localLost('this machine'),
    end: async () => {},
    locate: (path, keepLast) => locateBelow(root, path, keepLast),
  });
}
