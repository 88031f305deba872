/**
 * A small Debian made by hand in a directory: dpkg's database, a few packages in every state a file can be in, and
 * what somebody left lying around. Scanned as `disk:`; nothing runs, no root is needed.
 */
import { createHash } from 'node:crypto';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface MadePackage {
  readonly name: string;
  readonly status?: 'installed' | 'config-files';
  readonly automatic?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  readonly conffiles?: Readonly<Record<string, string>>;
  /** Unpacked long ago, so that every file of it is suspect. */
  readonly old?: boolean;
  readonly extra?: string;
}

const packages: readonly MadePackage[] = [
  {
    name: 'base-files',
    files: { '/usr/share/base-files/motd': 'welcome\n', '/usr/bin/true': 'true' },
    conffiles: { '/etc/issue': 'Debian\n' },
    extra: 'Essential: yes\nPriority: required\n',
  },
  { name: 'dpkg', files: { '/usr/bin/dpkg': 'dpkg' }, extra: 'Essential: yes\nPriority: required\n' },
  {
    name: 'tool',
    files: { '/usr/bin/tool': 'tool', '/usr/share/tool/data': 'data', '/opt/vendor/bin/run': 'run' },
    conffiles: {
      '/etc/tool/tool.conf': 'level = 1\n',
      '/etc/tool/edited.conf': 'level = 1\n',
      '/etc/tool/removed.conf': 'level = 1\n',
      '/etc/tool/secret.conf': 'level = 1\n',
    },
  },
  {
    name: 'given',
    files: {
      '/usr/lib/tmpfiles.d/given.conf':
        'L /depot/given/link - - - - ../target\nf /depot/given/same - - - - made\nf /etc/given.conf - - - - made\n',
      '/usr/share/given/kept': 'kept',
      '/usr/share/given/removed.bin': 'removed',
      '/usr/share/doc/given/removed.bin': 'removed',
      '/usr/share/given/left-out/removed.bin': 'removed',
    },
  },
  { name: 'late', old: true, files: { '/usr/lib/late/same': 'same', '/usr/lib/late/patched': 'shipped' } },
  {
    name: 'gone',
    status: 'config-files',
    conffiles: { '/etc/gone.conf': 'gone\n', '/etc/gone-edited.conf': 'gone\n' },
  },
  { name: 'libneeded', automatic: true, files: { '/usr/lib/libneeded.so': 'lib' } },
  {
    name: 'nginx',
    files: { '/usr/sbin/nginx': 'nginx' },
    conffiles: { '/etc/nginx/nginx.conf': 'http {}\n' },
  },
  { name: 'nginx-common', files: { '/usr/share/nginx/x': 'x' } },
];

/** What was changed after the packages were unpacked. */
const edits: Readonly<Record<string, string>> = {
  '/etc/tool/edited.conf': 'level = 2\n',
  '/etc/tool/secret.conf': 'level = 1\npassword = hunter2\n',
  '/usr/lib/late/patched': 'patched by hand',
  '/etc/gone-edited.conf': 'gone, but not forgotten\n',
};

const hostile = '/srv/odd/-rf \n\u001b[31m';

/** What no package knows. */
const strays: Readonly<Record<string, string>> = {
  '/etc/motd': 'welcome\n',
  '/etc/app.conf': 'interval = 5\n',
  '/etc/redis.conf': 'requirepass hunter2\n',
  '/etc/ssl/private/site.key': '-----BEGIN PRIVATE KEY-----\nhunter2\n',
  '/etc/letsencrypt/archive/a/cert1.pem': 'certificate\n',
  '/etc/nginx/sites-available/site': 'server {\n  root /data/site;\n}\n',
  '/etc/ssh/ssh_host_ed25519_key': 'hunter2\n',
  '/etc/apt/sources.list.d/vendor.list':
    'deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://vendor.example/debian stable main\n',
  '/etc/apt/keyrings/vendor.gpg': 'key',
  '/usr/bin/unknown': 'who put this here\n',
  '/usr/local/bin/own': 'own',
  '/opt/own/app': 'app',
  '/data/site/index.html': 'hello\n',
  '/data/site/.env': 'TOKEN=hunter2\n',
  '/data/mystery/file': 'mystery\n',
  '/depot/given/same': 'made',
  '/etc/given.conf': 'mine',
  '/depot/shop/orders': 'orders',
  '/depot/shop/shop.pid': '12\n',
  '/depot/shop/keys.conf': 'DB_PASSWORD=correct-horse-9\n',
  '/depot/shop/out.log': 'log',
  '/depot/credential': 'hunter2',
  '/etc/systemd/system/shop.service':
    '[Service]\nReadWritePaths=/depot/shop\nPIDFile=/depot/shop/shop.pid\nEnvironmentFile=-/depot/shop/keys.conf\nLoadCredential=key:/depot/credential\n',
  '/etc/logrotate.d/shop': '/srv/logged/*.log /srv/logged/*.sql {\n  daily\n}\n',
  '/srv/logged/app.log': 'log',
  '/srv/logged/app.log.1.gz': 'log',
  '/srv/logged/dump.sql': 'dump',
  '/srv/logged/dump.sql.1': 'dump',
  '/etc/dpkg/dpkg.cfg.d/small': 'path-exclude=/usr/share/given/left-out/*\n',
  '/srv/app/package-lock.json': '{}',
  '/srv/app/package.json': '{}',
  '/srv/app/node_modules/left-pad/index.js': 'pad',
  '/srv/app/app.db': `SQLite format 3\0${'x'.repeat(1000)}`,
  '/srv/deployed/releases/2/package-lock.json': '{}',
  '/srv/deployed/releases/2/node_modules/left-pad/index.js': 'pad',
  '/srv/linked/poetry.lock': '',
  '/srv/linked/venv/pyvenv.cfg': '',
  '/srv/linked/venv/bin/app': 'app',
  '/etc/systemd/system/deployed.service':
    '[Service]\nWorkingDirectory=/srv/deployed/current\nExecStart=/usr/bin/node server.js\n',
  '/etc/systemd/system/linked.service': '[Service]\nExecStart=/usr/local/bin/linked\n',
  '/srv/other/node_modules/vendored/index.js': 'no lockfile, so it is theirs',
  '/srv/tagged/cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55\n',
  '/srv/tagged/cache/thing': 'cache',
  '/srv/liar/CACHEDIR.TAG': 'not the signature\n',
  '/srv/liar/thing': 'data',
  '/srv/skipped/.nobackup': '',
  '/srv/skipped/thing': 'told to skip',
  '/home/anna/notes': 'notes',
  '/home/anna/.cache/thumbnails/1.png': 'png',
  '/home/anna/.ssh/id_ed25519': 'hunter2',
  '/home/anna/.ssh/id_ed25519.pub': 'public',
  '/root/.ssh/authorized_keys': 'ssh-ed25519 AAAA root\n',
  '/var/log/app/app.log': 'log',
  '/var/cache/app/thing': 'cache',
  '/var/lib/app/state.json': '{}',
  '/var/lib/nginx/body/1': 'temporary',
  '/var/spool/cron/crontabs/anna': '* * * * * true\n',
  '/swapfile': 'swap',
  [hostile]: 'hostile',
};

const system: Readonly<Record<string, string>> = {
  '/etc/os-release':
    'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  '/etc/hostname': 'made\n',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/etc/hosts': '127.0.0.1 localhost\n192.0.2.7 printer.example printer\n',
  '/etc/fstab': '/dev/sda1 / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n',
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\nanna:x:1001:1001:Anna:/home/anna:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n',
  '/etc/group': 'root:x:0:\nadm:x:4:anna\nanna:x:1001:\nnogroup:x:65534:\n',
  '/etc/shadow': 'root:*:19000::::::\nanna:$6$x$y:19000::::::\nnobody:*:19000::::::\n',
  '/etc/gshadow': 'root:*::\nadm:*::anna\nanna:!::\n',
  '/etc/apt/sources.list': 'deb http://mirror.example/debian bookworm main\n',
  '/var/lib/dpkg/arch': 'amd64\n',
  '/var/lib/dpkg/diversions': '/usr/bin/true\n/usr/bin/true.real\n:\n',
  '/var/lib/dpkg/statoverride': 'root adm 4750 /usr/bin/tool\n',
  '/usr/bin/true': 'a wrapper\n',
};

function md5(content: string): string {
  return createHash('md5').update(content, 'latin1').digest('hex');
}

export async function put(root: string, path: string, content: string): Promise<void> {
  const place = join(root, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, Buffer.from(content, 'latin1'));
}

function parents(path: string): string[] {
  const found: string[] = [];
  for (let at = dirname(path); at !== '/'; at = dirname(at)) found.unshift(at);
  return found;
}

/** Makes the root in an empty directory, with more packages where they are asked for. */
export async function makeRoot(root: string, more: readonly MadePackage[] = []): Promise<void> {
  const status: string[] = [];
  const automatic: string[] = [];
  for (const one of [...packages, ...more]) {
    const [files, conffiles] = [one.files ?? {}, one.conffiles ?? {}];
    for (const [path, content] of Object.entries(files)) {
      if (path.endsWith('removed.bin')) continue;
      await put(root, path === '/usr/bin/true' ? '/usr/bin/true.real' : path, content);
    }
    for (const [path, content] of Object.entries(conffiles)) {
      if (!path.endsWith('removed.conf')) await put(root, path, content);
    }
    const all = [...Object.keys(files), ...Object.keys(conffiles)];
    const list = [...new Set(all.flatMap((path) => [...parents(path), path]))].sort();
    const info = join(root, 'var/lib/dpkg/info', one.name);
    await put(root, `/var/lib/dpkg/info/${one.name}.list`, `/.\n${list.join('\n')}\n`);
    await put(
      root,
      `/var/lib/dpkg/info/${one.name}.md5sums`,
      Object.entries(files)
        .map(([path, content]) => `${md5(content)}  ${path.slice(1)}\n`)
        .join(''),
    );
    const when = new Date(one.old === true ? 1_000_000_000_000 : 4_000_000_000_000);
    await utimes(`${info}.list`, when, when);
    const lines = Object.entries(conffiles).map(([path, content]) => `\n ${path} ${md5(content)}`);
    status.push(
      `Package: ${one.name}\nStatus: ${one.status === 'config-files' ? 'deinstall ok config-files' : 'install ok installed'}\n` +
        `${one.extra ?? 'Priority: optional\n'}Section: misc\nArchitecture: amd64\nVersion: 1.0\nMaintainer: nobody <nobody@example.org>\n` +
        `Description: made up\n${lines.length === 0 ? '' : `Conffiles:${lines.join('')}\n`}\n`,
    );
    if (one.automatic === true)
      automatic.push(`Package: ${one.name}\nArchitecture: amd64\nAuto-Installed: 1\n\n`);
  }
  await put(root, '/var/lib/dpkg/status', status.join(''));
  await put(root, '/var/lib/apt/extended_states', automatic.join(''));
  await mkdir(join(root, 'var/lib/dpkg/alternatives'), { recursive: true });
  for (const [path, content] of Object.entries({ ...system, ...strays, ...edits }))
    await put(root, path, content);
  await symlink('../target', join(root, 'depot/given/link'));
  await symlink('releases/2', join(root, 'srv/deployed/now'));
  await symlink('/srv/deployed/now', join(root, 'srv/deployed/current'));
  await symlink('/srv/linked/venv/bin/app', join(root, 'usr/local/bin/linked'));
  await mkdir(join(root, 'mnt/nas'), { recursive: true });
  await mkdir(join(root, 'etc/nginx/sites-enabled'), { recursive: true });
  await symlink('../sites-available/site', join(root, 'etc/nginx/sites-enabled/site'));
  await mkdir(join(root, 'etc/letsencrypt/live/a'), { recursive: true });
  await symlink('../../archive/a/cert1.pem', join(root, 'etc/letsencrypt/live/a/cert.pem'));
}
