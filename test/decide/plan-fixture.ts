/** A small source and a small destination, as facts, for tests of the plan. */
import { createHash } from 'node:crypto';
import type { Available, PlanInput } from '../../src/decide/plan.ts';
import { versionPairs } from '../../src/decide/rename.ts';
import type { Facts, InstalledPackage, Manifest, Profile, Resource, Unit } from '../../src/types.ts';

const none = { known: false, reason: 'not asked' } as const;
const zero = { files: 0, bytes: 0 };

export function known<T>(value: T): { known: true; value: T } {
  return { known: true, value };
}

export function installed(name: string, more: Partial<InstalledPackage> = {}): InstalledPackage {
  return {
    name,
    architecture: 'amd64',
    version: '1.0',
    status: 'installed',
    source: name,
    priority: 'optional',
    section: 'admin',
    essential: false,
    multiArchSame: false,
    automatic: false,
    held: false,
    depends: '',
    provides: '',
    conffiles: [],
    ...more,
  };
}

export function unit(name: string, more: Partial<Unit> = {}): Unit {
  return {
    name,
    state: 'enabled',
    preset: 'enabled',
    active: 'active',
    fragment: `/usr/lib/systemd/system/${name}`,
    dropIns: [],
    user: '',
    type: 'simple',
    stateDirectories: [],
    cacheDirectories: [],
    logsDirectories: [],
    runtimeDirectories: [],
    readWritePaths: [],
    workingDirectory: '',
    execStart: [],
    environmentFiles: [],
    requires: [],
    after: [],
    ...more,
  };
}

export function facts(more: Partial<Facts> = {}): Facts {
  return {
    os: known({
      id: 'debian',
      version: '13',
      codename: 'trixie',
      name: 'Debian GNU/Linux 13 (trixie)',
      architecture: 'amd64',
      hostname: 'new',
      machineId: 'b'.repeat(32),
    }),
    packages: known([
      installed('base-files', { essential: true }),
      installed('cron', { priority: 'important' }),
    ]),
    origins: none,
    owned: none,
    recordedDigests: none,
    unpacked: none,
    repositories: known([]),
    accounts: known({
      users: [
        { name: 'root', uid: 0, gid: 0, gecos: '', home: '/root', shell: '/bin/bash', password: 'locked' },
        {
          name: 'debian',
          uid: 1000,
          gid: 1000,
          gecos: '',
          home: '/home/debian',
          shell: '/bin/bash',
          password: 'locked',
        },
      ],
      groups: [
        { name: 'root', gid: 0, members: [] },
        { name: 'debian', gid: 1000, members: [] },
        { name: 'sudo', gid: 27, members: ['debian'] },
      ],
    }),
    units: known([unit('cron.service'), unit('ssh.service')]),
    unitDirectives: known([]),
    alternatives: known([]),
    diversions: known([]),
    statOverrides: known([]),
    pathFilters: known([]),
    tmpfiles: known([]),
    sysusers: known([]),
    logrotate: known([]),
    mounts: known([
      {
        target: '/',
        root: '/',
        source: '/dev/vda1',
        type: 'ext4',
        options: 'rw',
        device: '8:1',
        size: 40e9,
        used: 2e9,
        available: 30e9,
        inodesAvailable: 2e6,
      },
    ]),
    ports: known([]),
    ucf: none,
    openForWriting: none,
    deletedOpen: none,
    clockAhead: none,
    ...more,
  };
}

export const php: Profile = {
  name: 'php-fpm',
  title: 'PHP',
  detect: { packages: ['php*-fpm'] },
  version: { package: 'php*', of: 'name', pattern: '^php([0-9]+\\.[0-9]+)-(?:fpm|cli)$' },
  paths: [],
  units: ['php{version}-fpm.service'],
  tier: 'application',
  packages: [{ from: 'php{old}-*', to: 'php{new}-*' }],
  moves: [{ from: '/etc/php/{old}/', to: '/etc/php/{new}/' }],
  rewrites: [{ files: ['/etc/nginx/**'], from: 'php{old}-fpm', to: 'php{new}-fpm' }],
  provenance: 'test',
};

export const postgresql: Profile = {
  name: 'postgresql',
  title: 'PostgreSQL',
  detect: { packages: ['postgresql-*'] },
  version: { package: 'postgresql-*', of: 'name', pattern: '^postgresql-([0-9]+)$' },
  paths: [],
  dump: 'postgresql',
  units: ['postgresql.service', 'postgresql@{version}-*.service'],
  tier: 'database',
  packages: [{ from: 'postgresql-{old}', to: 'postgresql-{new}' }],
  moves: [{ from: '/etc/postgresql/{old}/', to: '/etc/postgresql/{new}/' }],
  crossing: [{ files: ['/etc/postgresql/*/*/postgresql.conf'], how: 'postgresql-settings' }],
  provenance: 'test',
};

export const offered: Available = new Map(
  [
    'cron',
    'nginx',
    'php8.4-fpm',
    'php8.4-cli',
    'php8.4-mysql',
    'postgresql-17',
    'ntpsec',
    'mariadb-server',
  ].map((name) => [name, { candidate: '9', provides: [] }]),
);

export function manifest(resources: readonly Resource[], more: Partial<Manifest> = {}): Manifest {
  return {
    opstimal: 'manifest/2',
    host: { name: 'old', os: 'debian', version: '11', codename: 'bullseye', architecture: 'amd64' },
    profiles: [
      { name: 'php-fpm', version: '7.4' },
      { name: 'postgresql', version: '13' },
    ],
    resources,
    classes: {
      immutable: zero,
      edited: zero,
      mutable: zero,
      secret: zero,
      identity: zero,
      ephemeral: zero,
      undecided: zero,
    },
    undecided: [],
    incomplete: [],
    ...more,
  };
}

export function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Attachments by their names. */
export function input(
  made: Manifest,
  more: Partial<PlanInput> = {},
  attachments: Readonly<Record<string, string>> = {},
): PlanInput {
  const destination = more.destination ?? facts();
  const profiles = [php, postgresql];
  const available = more.available ?? known(offered);
  return {
    manifest: made,
    manifestDigest: 'd'.repeat(64),
    sourceMachineId: 'a'.repeat(32),
    source: null,
    destinationName: 'new',
    destination,
    destinationLive: true,
    seen: new Map(),
    looked: [],
    available,
    repositories: new Map(),
    profiles,
    pairs: versionPairs(made, destination, profiles, available.known ? available.value : new Map()),
    renames: [],
    localDebs: new Map(),
    attachment: (from) => Buffer.from(attachments[from] ?? ''),
    passwordsSame: new Set(),
    secretsSame: new Set(),
    sourceReadable: true,
    carriedBefore: false,
    cutOver: false,
    ...more,
  };
}
