/** The root file system of a fresh Debian server, one per release, made once and kept. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, command } from './command.ts';
import { locked } from './lock.ts';
import { removeOlder } from './older.ts';
import { cacheDirectory, type Release, releases } from './settings.ts';
import { aptOptions, sourceLines } from './sources.ts';

/** What a provider's plain image has, and nothing a move would have to bring. */
const packages = [
  'acl',
  'adduser',
  'apt',
  'attr',
  'ca-certificates',
  'cron',
  'dbus',
  'e2fsprogs',
  'iproute2',
  'libcap2-bin',
  'netbase',
  'openssh-server',
  'procps',
  'sudo',
  'systemd',
  'systemd-sysv',
  'tzdata',
];

// Two hosts from one base must not be one machine: each gets an identity of its own when it is started.
const withoutIdentity = [
  'rm -f "$1"/etc/ssh/ssh_host_*',
  ': > "$1/etc/machine-id"',
  'rm -f "$1/var/lib/dbus/machine-id" "$1/etc/hostname" "$1/etc/resolv.conf"',
];

// The account a provider's image comes with: the first uid a person would get is taken already.
const firstAccount = [
  'chroot "$1" useradd -m -u 1000 -s /bin/bash -c Debian debian',
  'echo "debian ALL=(ALL) NOPASSWD:ALL" > "$1/etc/sudoers.d/90-image"',
  'chmod 0440 "$1/etc/sudoers.d/90-image"',
];

/** Key of everything that went into a base: another recipe is another base. */
export async function baseKey(release: Release): Promise<string> {
  const recipe = ['2', sourceLines(release), await aptOptions(), packages, firstAccount, withoutIdentity];
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
}

/** Directory of the base, built if it is not there yet (about half a minute and 250 MB). Never written to. */
export async function ensureBase(release: Release): Promise<string> {
  const directory = join(cacheDirectory, `base-${release}-${await baseKey(release)}`);
  if (existsSync(directory)) return directory;
  mkdirSync(cacheDirectory, { recursive: true, mode: 0o755 });
  return locked(directory, async () => {
    if (existsSync(directory)) return directory;
    const building = `${directory}.building`;
    rmSync(building, { recursive: true, force: true });
    const lines = await reachable(release);
    const options = await aptOptions();
    await command(
      [
        'mmdebstrap',
        '--quiet',
        '--variant=minbase',
        '--mode=root',
        `--include=${packages.join(',')}`,
        ...options.map((option) => `--aptopt=${option.replace(/;$/, '')}`),
        ...[...firstAccount, ...withoutIdentity].map((line) => `--customize-hook=${line}`),
        releases[release],
        building,
        ...lines,
      ],
      { seconds: 900 },
    );
    renameSync(building, directory);
    await removeOlder(directory);
    return directory;
  });
}

/** An old release may have lost its `-updates` or `-security`; those that do not answer are left out. */
async function reachable(release: Release): Promise<string[]> {
  const kept: string[] = [];
  for (const line of sourceLines(release)) {
    const [, uri = '', suite = ''] = line.split(' ');
    const url = `${uri.replace(/\/$/, '')}/dists/${suite}/InRelease`;
    // apt's own helper knows this machine's proxy and certificates.
    const asked = [
      '/usr/lib/apt/apt-helper',
      'download-file',
      url,
      join(cacheDirectory, `probe-${process.pid}`),
    ];
    if (suite === releases[release] || (await attempt(asked, { seconds: 60 })).status === 0) kept.push(line);
    rmSync(join(cacheDirectory, `probe-${process.pid}`), { force: true });
  }
  return kept;
}
