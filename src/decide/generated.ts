/**
 * What maintainer scripts and tools of the system write without owning it, on Debian and its family. A recipe
 * makes these again; each row was seen on installed systems.
 */
import type { Bytes, Entry } from '../types.ts';
import { PathRules } from './path-rules.ts';
import { type Ruling, usualCarry } from './ruling.ts';

type Row = readonly [
  rule: string,
  reason: string,
  made: Ruling['class'],
  scope: 'tree' | 'path',
  paths: readonly Bytes[],
];

const rows: readonly Row[] = [
  [
    'generated.accounts',
    'accounts; users and groups are resources of their own',
    'immutable',
    'path',
    ['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].flatMap((name) => [
      `/etc/${name}`,
      `/etc/${name}-`,
    ]),
  ],
  [
    'generated.top',
    'links of a merged /usr',
    'immutable',
    'path',
    ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/libo32'],
  ],
  ['generated.alternatives', 'made by update-alternatives', 'immutable', 'tree', ['/etc/alternatives']],
  [
    'generated.runlevels',
    'made by update-rc.d',
    'immutable',
    'tree',
    ['/etc/rc[0-6S].d', '/etc/init.d/.depend.*'],
  ],
  ['generated.pam', 'made by pam-auth-update', 'immutable', 'path', ['/etc/pam.d/common-*', '/etc/pam.conf']],
  [
    'generated.certificates',
    'made by update-ca-certificates',
    'immutable',
    'tree',
    [
      '/etc/ssl/certs/ca-certificates.crt',
      '/etc/ssl/certs/java',
      '/etc/ca-certificates.conf',
      '/etc/ca-certificates.conf.dpkg-old',
      '/var/lib/ca-certificates-java',
    ],
  ],
  [
    'generated.etc',
    'made by maintainer scripts',
    'immutable',
    'tree',
    [
      '/etc/shells',
      '/etc/mailcap',
      '/etc/sgml',
      '/etc/xml',
      '/etc/dictionaries-common',
      '/etc/console-setup/cached_*',
      '/etc/dpkg/origins/default',
      '/etc/os-release',
      '/etc/runit/runsvdir',
      '/etc/rmt',
      '/etc/apparmor.d/cache',
      '/etc/apparmor/init',
      '/etc/X11/default-display-manager',
      '/etc/ghc/package.conf.d',
      '/etc/texmf/web2c',
    ],
  ],
  [
    'generated.file',
    'made by maintainer scripts',
    'immutable',
    'path',
    ['/etc/python3', '/etc/python3/debian_config', '/etc/apt/apt.conf.d/01autoremove-kernels'],
  ],
  ['generated.empty', 'empty directory of every Debian', 'immutable', 'path', ['/etc/opt', '/etc/runit']],
  [
    'generated.leftover',
    'left by an upgrade',
    'ephemeral',
    'path',
    [
      '/etc/**/*.dpkg-dist',
      '/etc/**/*.dpkg-new',
      '/etc/**/*.dpkg-tmp',
      '/etc/**/*.ucf-dist',
      '/etc/**/*.ucf-new',
    ],
  ],
  [
    'generated.units',
    'links of enabled units',
    'immutable',
    'path',
    ['/etc/systemd/{system,user}/*.{wants,requires,upholds}'],
  ],
  [
    'generated.usr',
    'index or cache that triggers write',
    'immutable',
    'tree',
    [
      '/usr/share/info/dir',
      '/usr/share/info/dir.old',
      '/usr/share/mime',
      '/usr/share/applications/mimeinfo.cache',
      '/usr/share/icons/*/icon-theme.cache',
      '/usr/share/glib-2.0/schemas/gschemas.compiled',
      '/usr/share/fonts/**/.uuid',
      '/usr/share/fonts/**/fonts.{dir,scale,alias}',
      '/usr/share/vim/**/doc/tags',
      '/usr/share/vim/addons',
      '/usr/share/dict/words',
      '/usr/share/dict/words.pre-dictionaries-common',
      '/usr/lib/locale',
      '/usr/lib/gconv/gconv-modules.cache',
      '/usr/lib/*/gconv/gconv-modules.cache',
      '/usr/lib/*/gio/modules/giomodule.cache',
      '/usr/lib/*/gdk-pixbuf-2.0/*/loaders.cache',
      '/usr/lib/*/gtk-*/*/immodules.cache',
      '/usr/lib/ghc*/**/package.cache*',
      '/usr/lib/jvm/**/classes*.jsa',
      '/usr/lib/jvm/**/jre/lib/security/cacerts',
      '/usr/lib/cups/**/cups-*',
      '/usr/lib/ssl/cert.pem',
      '/usr/share/postgresql/*/man',
      '/usr/share/snmp/mibs/.index',
      '/usr/share/xml/**/catalog.xml.old',
      '/usr/lib/udev/hwdb.bin',
      '/usr/lib/mysql/plugin/dialog.so',
    ],
  ],
  [
    'generated.bytecode',
    'compiled from packaged Python',
    'immutable',
    'tree',
    [
      '/usr/lib/**/__pycache__',
      '/usr/share/**/__pycache__',
      '/usr/bin/__pycache__',
      '/usr/lib/**/*.pyc',
      '/usr/share/**/*.pyc',
      '/usr/lib/pypy*',
    ],
  ],
  [
    'generated.policy',
    'keeps services from starting in images',
    'ephemeral',
    'path',
    ['/usr/sbin/policy-rc.d'],
  ],
  [
    'generated.var',
    'kept by tools of the system',
    'immutable',
    'tree',
    [
      '/var/lib/app-info',
      '/var/lib/apt-xapian-index',
      '/var/lib/aspell',
      '/var/lib/command-not-found',
      '/var/lib/debtags',
      '/var/lib/dictionaries-common',
      '/var/lib/doc-base',
      '/var/lib/emacsen-common',
      '/var/lib/fontconfig',
      '/var/lib/ghostscript',
      '/var/lib/ieee-data',
      '/var/lib/ispell',
      '/var/lib/man-db',
      '/var/lib/mime-support',
      '/var/lib/pam',
      '/var/lib/python',
      '/var/lib/sgml-base',
      '/var/lib/shells.state',
      '/var/lib/swcatalog',
      '/var/lib/systemd',
      '/var/lib/texmf',
      '/var/lib/ucf',
      '/var/lib/usbutils',
      '/var/lib/vim',
      '/var/lib/xml-core',
    ],
  ],
  [
    'generated.stamps',
    'notes that tools of the system keep for themselves',
    'ephemeral',
    'tree',
    [
      '/var/lib/PackageKit',
      '/var/lib/apt-listchanges',
      '/var/lib/logrotate',
      '/var/lib/mlocate',
      '/var/lib/nfs',
      '/var/lib/plocate',
      '/var/lib/sudo',
      '/var/lib/unattended-upgrades',
      '/var/lib/update-notifier',
      '/var/lib/misc/postfix*',
      '/var/backups/alternatives.tar.*',
      '/var/backups/apt.extended_states*',
      '/var/backups/dpkg.*',
      '/var/backups/{passwd,group,shadow,gshadow}.bak',
      '/var/backups/aptitude.pkgstates*',
    ],
  ],
  [
    'place.linger',
    'users whose services run without a login',
    'mutable',
    'tree',
    ['/var/lib/systemd/linger'],
  ],
];

/** Compiled table of generated paths. */
export function generated(): PathRules<Ruling> {
  const rules = new PathRules<Ruling>();
  for (const [rule, reason, made, scope, paths] of rows) {
    const ruling: Ruling = {
      class: made,
      carry: usualCarry(made),
      rule,
      reason,
      evidence: 'known to be written by the system itself',
    };
    for (const path of paths) rules.add(path, ruling, scope);
  }
  return rules;
}

function made(rule: string, reason: string, evidence: string): Ruling {
  return { class: 'immutable', carry: 'none', rule, reason, evidence };
}

const alternativeLink = made(
  'generated.alternative',
  'link that update-alternatives made',
  'points into /etc/alternatives',
);
const certificateLink = made(
  'generated.certificate',
  'link that update-ca-certificates made',
  'points to a trusted certificate',
);
const programLink = made(
  'generated.program',
  'link for programs that moved between /bin and /usr/bin',
  'points to the program of the same name',
);
const settingsLink = made(
  'generated.settings',
  'link for settings that moved',
  'points to where they are now',
);
/** Settings that Debian 13 keeps elsewhere, with a link under the old name or the new one. */
const movedSettings: readonly (readonly [Bytes, Bytes])[] = [
  ['/etc/default/locale', '../locale.conf'],
  ['/etc/vconsole.conf', 'default/keyboard'],
];
const packagedLink = made('generated.link', 'link that a package makes', 'points to a file of a package');
/** Links into /usr/share that packages make for their own modules; without the package they lead nowhere. */
const packagedLinks: readonly (readonly [Bytes, Bytes])[] = [
  ['/etc/nginx/modules-enabled/', '/usr/share/nginx/modules-available/'],
  ['/etc/fonts/conf.d/', '/usr/share/fontconfig/conf.avail/'],
  ['/etc/lighttpd/conf-enabled/90-javascript-alias.conf', '../conf-available/90-javascript-alias.conf'],
];
const unitLink = made(
  'unit.link',
  'unit that is enabled; its state is a resource of its own',
  'link to a unit file',
);
const maskedUnit: Ruling = {
  class: 'edited',
  carry: 'manifest',
  rule: 'unit.masked',
  reason: 'unit switched off for good; its state is a resource of its own',
  evidence: 'points to /dev/null',
  single: true,
};

/** What a link is by its target, where that tells. null = it does not. */
export function generatedLink(entry: Entry): Ruling | null {
  const target = entry.target ?? '';
  if (target.startsWith('/etc/alternatives/')) return alternativeLink;
  if (entry.path.startsWith('/etc/ssl/certs/')) {
    const hash = /^[0-9a-f]{8}\.\d+$/.test(entry.path.slice('/etc/ssl/certs/'.length));
    const trusted = /^\/usr\/(local\/)?share\/ca-certificates\//.test(target);
    if (hash || trusted) return certificateLink;
  }
  const program = /^\/usr(\/s?bin\/[^/]+)$/s.exec(entry.path);
  if (program !== null && target === program[1]) return programLink;
  if (movedSettings.some(([path, to]) => entry.path === path && target === to)) return settingsLink;
  if (packagedLinks.some(([from, to]) => entry.path.startsWith(from) && target.startsWith(to)))
    return packagedLink;
  const unit = /^\/etc\/systemd\/(?:system|user)\/(.*)$/s.exec(entry.path);
  if (unit !== null) {
    if (target === '/dev/null') return maskedUnit;
    if (/\.(wants|requires|upholds)\//.test(entry.path)) return unitLink;
    // Another name of a unit: it points to a unit file of a package, or to one beside it.
    const beside = !target.startsWith('/');
    const known = /^\/(usr\/)?lib\/systemd\/|^\/etc\/systemd\//.test(target);
    if ((known || beside) && unit[1] !== 'default.target') return unitLink;
  }
  return null;
}

/**
 * Files that a maintainer script copied from a template of its package: the path, and templates whose recorded
 * digest tells whether it is still the copy. An empty file counts as untouched where `empty` says so.
 */
export const templates: readonly {
  readonly path: Bytes;
  readonly from: readonly Bytes[];
  readonly empty?: true;
}[] = [
  { path: '/etc/adduser.conf', from: ['/usr/share/adduser/adduser.conf'] },
  { path: '/etc/inputrc', from: ['/usr/share/readline/inputrc'] },
  { path: '/etc/memcached.conf', from: ['/usr/share/memcached/memcached.conf.default'] },
  { path: '/etc/profile', from: ['/usr/share/base-files/profile'] },
  { path: '/etc/motd', from: ['/usr/share/base-files/motd'] },
  {
    path: '/etc/nsswitch.conf',
    from: ['/usr/share/base-files/nsswitch.conf', '/usr/share/libc-bin/nsswitch.conf'],
  },
  { path: '/root/.bashrc', from: ['/usr/share/base-files/dot.bashrc', '/etc/skel/.bashrc'] },
  { path: '/root/.profile', from: ['/usr/share/base-files/dot.profile', '/etc/skel/.profile'] },
  { path: '/etc/environment', from: [], empty: true },
  { path: '/etc/inetd.conf', from: [], empty: true },
];

/**
 * Files (and directories of files) that maintainer scripts write when they are missing, and what is left of them when nobody added anything:
 * only lines that fit. They say nothing about this server then.
 */
const defaults: readonly { readonly path: Bytes; readonly lines: RegExp }[] = [
  { path: '/etc/hosts.allow', lines: /^$/ },
  { path: '/etc/hosts.deny', lines: /^$/ },
  { path: '/etc/security/opasswd', lines: /^$/ },
  { path: '/etc/networks', lines: /^$|^(default|loopback|link-local)\s+[0-9.]+$/ },
  { path: '/etc/environment', lines: /^$/ },
  // dh_apparmor(1) makes an empty one for each profile.
  { path: '/etc/apparmor.d/local/', lines: /^$/ },
];

export const untouched: Ruling = made(
  'generated.default',
  'as its package writes it when it is missing',
  'nothing in it but comments and defaults',
);

/** Whether a file is as a maintainer script writes it where there is none. */
export function isDefault(path: Bytes, content: Bytes): boolean {
  const known = defaults.find(
    (one) => one.path === path || (one.path.endsWith('/') && path.startsWith(one.path)),
  );
  if (known === undefined) return false;
  return content.split('\n').every((line) => known.lines.test(line.replace(/#.*$/, '').trim()));
}

/**
 * Links that a package makes when it is installed and never again: where one is missing, somebody removed it, and
 * installing the package would bring it back, for example the default site.
 */
export const linksOnce: readonly { readonly path: Bytes; readonly package: string }[] = [
  { path: '/etc/nginx/sites-enabled/default', package: 'nginx-common' },
  { path: '/etc/apache2/sites-enabled/000-default.conf', package: 'apache2' },
];
