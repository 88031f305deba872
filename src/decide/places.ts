/** What a path is by where it lies, when nothing else explains it: the Filesystem Hierarchy Standard as rules. */
import type { Accounts, Bytes } from '../types.ts';
import { literally, PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';

function ruling(rule: string, reason: string, made: Ruling['class'], carry: Ruling['carry']): Ruling {
  return { class: made, carry, rule, reason, evidence: 'by its place' };
}

const config = ruling('place.etc', 'configuration that no package owns', 'mutable', 'manifest');
const data = ruling('place.data', 'data', 'mutable', 'stream');
const state = ruling('place.state', 'state of a service', 'mutable', 'stream');
const build = ruling('place.local', 'installed by hand', 'mutable', 'stream');
const home = ruling('place.home', 'home directory', 'mutable', 'stream');
const cache = ruling('place.cache', 'cache', 'ephemeral', 'none');
const temporary = ruling('place.temporary', 'temporary', 'ephemeral', 'none');
const log = ruling('place.log', 'log', 'ephemeral', 'none');
const system = ruling(
  'undecided.system',
  'in a directory of the system, owned by no package',
  'undecided',
  'none',
);
const rest = ruling('undecided.rest', 'nothing explains it', 'undecided', 'none');
const empty = ruling('place.top', 'top directory of the system', 'immutable', 'none');
const keys = ruling('repository.key', 'key of a package source', 'mutable', 'manifest');
const rootKeys: Ruling = {
  class: 'mutable',
  carry: 'manifest',
  rule: 'merge.root-keys',
  reason: 'SSH keys that may log in as root; merged, never overwritten',
  evidence: 'by its place',
  single: true,
};

const table: readonly (readonly [Ruling, 'tree' | 'path', readonly Bytes[]])[] = [
  [rest, 'tree', ['/']],
  [empty, 'path', ['/', '/mnt', '/media', '/home', '/srv', '/opt', '/usr', '/var', '/etc', '/tmp', '/root']],
  [config, 'tree', ['/etc']],
  [system, 'tree', ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']],
  [build, 'tree', ['/usr/local', '/opt', '/usr/src']],
  [keys, 'tree', ['/usr/share/keyrings']],
  [
    data,
    'tree',
    ['/srv', '/var/www', '/var/mail', '/var/local', '/var/opt', '/var/backups', '/var/games', '/var/ftp'],
  ],
  [state, 'tree', ['/var/lib', '/var/spool', '/var/cache/bind']],
  [
    rest,
    'tree',
    [
      '/var',
      '/var/lib/docker',
      '/var/lib/containerd',
      '/var/lib/containers/storage',
      '/var/lib/lxd',
      '/var/lib/incus',
    ],
  ],
  [state, 'tree', ['/var/lib/docker/volumes', '/var/lib/containers/storage/volumes']],
  [
    temporary,
    'tree',
    ['/tmp', '/var/tmp', '/var/crash', '/var/spool/squid', '/lost+found', '/**/lost+found'],
  ],
  [cache, 'tree', ['/var/cache']],
  [log, 'tree', ['/var/log']],
  [
    ruling('place.swap', 'swap', 'ephemeral', 'none'),
    'path',
    ['/swapfile', '/swap.img', '/swap', '/var/swap', '/var/swapfile'],
  ],
  [home, 'tree', ['/root', '/home']],
  [rootKeys, 'path', ['/root/.ssh/authorized_keys', '/root/.ssh/authorized_keys2']],
];

/** Where the last word is said; answers for every path. */
export function places(swapFiles: readonly Bytes[]): PathRules<Ruling> {
  const rules = new PathRules<Ruling>();
  for (const [made, scope, paths] of table) for (const path of paths) rules.add(path, made, scope);
  const swap = ruling('place.swap', 'swap', 'ephemeral', 'none');
  for (const path of swapFiles) rules.add(literally(path), swap, 'path');
  return rules;
}

/**
 * A directory below /var/log or /var/cache that no package owns: what is in it does not travel, but the service
 * that was set up by hand will not start where it is missing.
 */
export const keptDirectory: Ruling = {
  class: 'mutable',
  carry: 'stream',
  rule: 'place.kept-directory',
  reason: 'directory that a service expects; what is in it stays behind',
  evidence: 'made by hand: no package owns it',
  single: true,
};

/** Directories there that the system itself makes when it wants them. */
const unasked =
  /^\/var\/(log\/(private|installer|journal|apt|runit|sysstat|unattended-upgrades)|cache\/(private|apt|debconf|man|ldconfig|fontconfig|swcatalog|app-info|apt-xapian-index|apparmor|cracklib|PackageKit|dictionaries-common|cups|snapd))(\/|$)/;

export function isKeptDirectory(path: Bytes): boolean {
  if (unasked.test(path)) return false;
  return path.startsWith('/var/log/') || /^\/var\/cache\/[^/]+$/.test(path);
}

const homeCaches = [
  '.cache',
  '.npm/_cacache',
  '.npm/_logs',
  '.cargo/registry',
  '.composer/cache',
  '.local/share/Trash',
  '.thumbnails',
];
const homeSecrets = [
  '.ssh/id_*',
  '.ssh/*.pem',
  '.ssh/*.key',
  '.gnupg/private-keys-v1.d',
  '.gnupg/secring.gpg',
  '.pgpass',
  '.my.cnf',
  '.netrc',
  '.git-credentials',
  '.aws/credentials',
  '.config/rclone/rclone.conf',
  '.docker/config.json',
  '.kube/config',
  '.vault-token',
  '.password-store',
];

/** Homes that are no home of anybody: shared by many, or not there. */
const noHome =
  /^\/?$|^\/(bin|dev|etc|home|nonexistent|opt|proc|run|sbin|srv|sys|tmp|usr|var)$|^\/(run|usr|dev|proc|sys|bin|sbin)\/|^\/var\/(lib|cache|log|spool|tmp|www)$/;

/** Caches and secrets in homes, wherever the homes are. */
export function homes(accounts: Accounts | null): PathRules<Ruling> {
  const rules = new PathRules<Ruling>();
  const cached = ruling('home.cache', 'cache in a home directory', 'ephemeral', 'none');
  const secret = ruling('home.secret', 'key or password in a home directory', 'secret', 'stream');
  const open = ruling('place.home', 'home directory', 'mutable', 'stream');
  const roots = new Set<Bytes>(['/root', '/home/*']);
  for (const user of accounts?.users ?? []) {
    if (noHome.test(user.home)) continue;
    roots.add(literally(user.home));
    if (user.uid >= 1000 && user.uid < 60000) rules.add(literally(user.home), open);
  }
  for (const root of roots) {
    for (const name of homeCaches) rules.add(`${root}/${name}`, cached);
    // Of two patterns that are equally deep the earlier wins: the public half is no secret.
    rules.add(`${root}/.ssh/*.pub`, open);
    for (const name of homeSecrets) rules.add(`${root}/${name}`, secret);
  }
  return rules;
}

/** Directories of units made by systemd for a service (systemd.exec(5)). */
export function unitDirectories(
  units: readonly {
    readonly name: string;
    readonly stateDirectories: readonly Bytes[];
    readonly cacheDirectories: readonly Bytes[];
    readonly logsDirectories: readonly Bytes[];
    readonly runtimeDirectories: readonly Bytes[];
  }[],
): PathRules<Ruling> {
  const rules = new PathRules<Ruling>();
  const add = (
    kind: string,
    directive: string,
    made: Ruling['class'],
    unit: string,
    paths: readonly Bytes[],
  ) => {
    for (const path of paths) {
      if (!path.startsWith('/')) continue;
      rules.add(literally(path), {
        class: made,
        carry: made === 'mutable' ? 'stream' : 'none',
        rule: `unit.${kind}`,
        reason: `${kind} of ${unit}`,
        evidence: `${directive}= of ${unit}`,
      });
    }
  };
  for (const unit of units) {
    add('state', 'StateDirectory', 'mutable', unit.name, unit.stateDirectories);
    add('cache', 'CacheDirectory', 'ephemeral', unit.name, unit.cacheDirectories);
    add('log', 'LogsDirectory', 'ephemeral', unit.name, unit.logsDirectories);
    add('runtime', 'RuntimeDirectory', 'ephemeral', unit.name, unit.runtimeDirectories);
  }
  return rules;
}
