/**
 * What maintainer scripts and tools of the system write without owning it, on Debian and its family. A recipe
 * makes these again; each row was seen on installed systems.
 *
 * To call something immutable that is not is the one mistake that loses data. So no row speaks for whatever lies in
 * a directory: it names exact paths, or says what besides the name must prove that the tool made it. What has no
 * proof is taken for somebody's.
 */
import { parentOf } from '../bytes.ts';
import type { Bytes, Entry, EntryType } from '../types.ts';
import { PathRules } from './path-rules.ts';
import { type Ruling, usualCarry } from './ruling.ts';
import type { Witness } from './witness.ts';

/** What the rows look at. */
type Named = Pick<Entry, 'path' | 'type' | 'target'>;

/**
 * What must hold besides the name. `packaged directory`: the directory it lies in belongs to a package.
 * `packaged target`: a link to a path of a package. A row without it speaks of paths that only the tool writes.
 */
type When = 'packaged directory' | 'packaged target' | ((entry: Named, witness: Witness) => boolean);

interface Row {
  readonly rule: string;
  readonly reason: string;
  readonly class: Ruling['class'];
  readonly type: EntryType;
  readonly paths: readonly Bytes[];
  /** What the path must be besides: for names that globs cannot tell. */
  readonly matching?: RegExp;
  readonly when?: When;
}

function nameOf(path: Bytes): Bytes {
  return path.slice(path.lastIndexOf('/') + 1);
}

function row(
  rule: string,
  reason: string,
  type: EntryType,
  paths: readonly Bytes[],
  more: { readonly when?: When; readonly matching?: RegExp; readonly class?: Ruling['class'] } = {},
): Row {
  return { rule, reason, class: 'immutable', type, paths, ...more };
}

/** `/usr/lib/x/__pycache__/a.cpython-311.opt-1.pyc` and `/usr/lib/x/a.pyc` stand for `/usr/lib/x/a.py`. */
function sourceOf(path: Bytes): Bytes | null {
  const cached = /^(.*)\/__pycache__\/([^/]+)\.[a-z]+-?\d+(?:\.opt-\d)?\.pyc$/s.exec(path);
  if (cached !== null) return `${cached[1]}/${cached[2]}.py`;
  return path.endsWith('.pyc') && !path.includes('/__pycache__/') ? path.slice(0, -1) : null;
}

/** Directories of links that packages make for their own modules, and where these lie. */
const enabledFrom: readonly (readonly [Bytes, Bytes])[] = [
  ['/etc/runit/runsvdir/', '/etc/sv/'],
  ['/etc/nginx/modules-enabled/', '/usr/share/nginx/modules-available/'],
  ['/etc/fonts/conf.d/', '/usr/share/fontconfig/conf.avail/'],
];

const rows: readonly Row[] = [
  row(
    'generated.accounts',
    'accounts; users and groups are resources of their own',
    'f',
    ['passwd', 'group', 'shadow', 'gshadow']
      .flatMap((name) => [`/etc/${name}`, `/etc/${name}-`])
      .concat('/etc/subuid-', '/etc/subgid-'),
  ),
  row('generated.alternatives', 'made by update-alternatives', 'd', ['/etc/alternatives']),
  row('generated.runlevels', 'made by update-rc.d', 'd', ['/etc/rc[0-6S].d']),
  row(
    'generated.runlevels',
    'made by update-rc.d',
    'f',
    ['boot', 'start', 'stop'].map((name) => `/etc/init.d/.depend.${name}`),
  ),
  row('generated.runlevels', 'made by update-rc.d', 'l', ['/etc/rc[0-6S].d/[SK][0-9][0-9]*'], {
    when: ({ path, target }, witness) => {
      const script = nameOf(path).slice(3);
      return target === `../init.d/${script}` && witness.isPackaged(`/etc/init.d/${script}`);
    },
  }),
  row('generated.certificates', 'made by update-ca-certificates', 'f', [
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/ssl/certs/java/cacerts',
    '/var/lib/ca-certificates-java/fresh',
  ]),
  row('generated.etc', 'made by maintainer scripts', 'd', [
    '/etc/sgml',
    '/etc/xml',
    '/etc/python3',
    '/etc/runit/runsvdir',
    '/etc/runit/runsvdir/{default,current}',
    '/etc/lighttpd/conf-enabled',
    '/etc/apparmor.d/local',
  ]),
  row('generated.etc', 'made by maintainer scripts', 'f', [
    '/etc/python3/debian_config',
    '/etc/apt/apt.conf.d/01autoremove-kernels',
    '/etc/ghc/package.conf.d/package.cache',
    '/etc/ghc/package.conf.d/package.cache.lock',
    '/etc/texmf/web2c/{texmf.cnf,mktex.cnf,fmtutil.cnf,updmap.cfg}',
    '/etc/dictionaries-common/ispell-default',
  ]),
  row('generated.etc', 'made by maintainer scripts', 'f', ['/etc/console-setup/cached_*'], {
    matching: /\/cached_(setup_(font|keyboard|terminal)\.sh|[\w.-]+\.(kmap|psf|acm)\.gz)$/,
  }),
  row(
    'generated.etc',
    'made by maintainer scripts',
    'l',
    [
      '/etc/dpkg/origins/default',
      '/etc/os-release',
      '/etc/rmt',
      '/etc/dictionaries-common/{words,default.aff,default.hash,default.dic}',
      '/etc/lighttpd/conf-enabled/{90-javascript-alias,99-unconfigured}.conf',
      '/etc/apparmor.d/disable/usr.sbin.squid',
    ],
    { when: 'packaged target' },
  ),
  row(
    'generated.etc',
    'made by maintainer scripts',
    'l',
    ['/etc/runit/runsvdir/{default,current}/*', '/etc/nginx/modules-enabled/*', '/etc/fonts/conf.d/*'],
    {
      when: (entry, witness) => {
        const { path, target = '' } = entry;
        const from = enabledFrom.find(([place]) => path.startsWith(place))?.[1] ?? '\0';
        // nginx puts a number before the name.
        const isSame = nameOf(path).replace(/^\d+-/, '') === nameOf(target).replace(/^\d+-/, '');
        return target.startsWith(from) && isSame && witness.leadsToPackage(entry);
      },
    },
  ),
  row(
    'generated.etc',
    'made by maintainer scripts',
    'l',
    ['/etc/dovecot/private/dovecot.key', '/etc/dovecot/private/dovecot.pem'],
    { when: ({ target = '' }) => /^\/etc\/ssl\/(private|certs)\/ssl-cert-snakeoil\.(key|pem)$/.test(target) },
  ),
  row('generated.etc', 'made by maintainer scripts', 'l', ['/etc/sgml/catalog'], {
    when: ({ target }) => target === '/var/lib/sgml-base/supercatalog',
  }),
  row('generated.empty', 'empty directory of every Debian', 'd', ['/etc/opt', '/etc/runit']),
  row(
    'generated.leftover',
    'left by an upgrade',
    'f',
    ['dpkg-dist', 'dpkg-new', 'dpkg-tmp', 'ucf-dist', 'ucf-new'].map((suffix) => `/etc/**/*.${suffix}`),
    {
      class: 'ephemeral',
      when: ({ path }, witness) => witness.isConfiguration(path.replace(/\.[a-z]+-[a-z]+$/, '')),
    },
  ),
  row('generated.leftover', 'left by an upgrade', 'f', ['/etc/ca-certificates.conf.dpkg-old'], {
    class: 'ephemeral',
  }),
  row('generated.units', 'links of enabled units', 'd', [
    '/etc/systemd/{system,user}/*.{wants,requires,upholds}',
  ]),
  row('generated.usr', 'index or cache that triggers write', 'f', [
    '/usr/share/info/dir',
    '/usr/share/info/dir.old',
    '/usr/share/applications/mimeinfo.cache',
    '/usr/share/glib-2.0/schemas/gschemas.compiled',
    '/usr/share/dict/words.pre-dictionaries-common',
    '/usr/lib/locale/locale-archive',
    '/usr/share/snmp/mibs/.index',
  ]),
  row(
    'generated.usr',
    'index or cache that triggers write',
    'f',
    [
      '/usr/share/icons/*/icon-theme.cache',
      '/usr/share/fonts/**/.uuid',
      '/usr/share/fonts/**/{fonts.dir,fonts.scale,fonts.alias,encodings.dir}',
      '/usr/share/vim/**/doc/tags',
      '/usr/lib/gconv/gconv-modules.cache',
      '/usr/lib/*/gconv/gconv-modules.cache',
      '/usr/lib/*/gio/modules/giomodule.cache',
      '/usr/lib/*/gdk-pixbuf-2.0/*/loaders.cache',
      '/usr/lib/*/gtk-*/*/immodules.cache',
      '/usr/lib/ghc*/**/{package.cache,package.cache.lock}',
      '/usr/share/xml/**/catalog.xml.old',
    ],
    { when: 'packaged directory' },
  ),
  row('generated.usr', 'index or cache that triggers write', 'f', ['/usr/lib/jvm/**/classes*.jsa'], {
    matching: /\/classes(_nocoops|_coh|_nocoops_coh)?\.jsa$/,
    when: 'packaged directory',
  }),
  row(
    'generated.usr',
    'made by maintainer scripts',
    'l',
    ['/usr/share/dict/words', '/usr/lib/mysql/plugin/dialog.so', '/usr/lib/jvm/**/jre/lib/security/cacerts'],
    { when: 'packaged target' },
  ),
  row('generated.usr', 'made by maintainer scripts', 'l', ['/usr/share/dict/words'], {
    when: ({ target }) => target === '/etc/dictionaries-common/words',
  }),
  row('generated.usr', 'made by maintainer scripts', 'l', ['/usr/lib/ssl/cert.pem'], {
    when: ({ target }) => target === '/etc/ssl/certs/ca-certificates.crt',
  }),
  row(
    'generated.usr',
    'made by maintainer scripts',
    'l',
    ['/usr/lib/systemd/system/screen-cleanup.service', '/lib/systemd/system/screen-cleanup.service'],
    { when: ({ target }, witness) => target === '/dev/null' && witness.isInstalled('screen') },
  ),
  row('generated.mime', 'made by update-mime-database', 'f', ['/usr/share/mime/*'], {
    matching:
      /\/(XMLnamespaces|aliases|generic-icons|globs2?|icons|magic|mime\.cache|subclasses|treemagic|types|version)$/,
  }),
  row('generated.mime', 'made by update-mime-database', 'f', ['/usr/share/mime/*/*.xml'], {
    when: ({ path }, witness) => witness.isMimeType(path.slice('/usr/share/mime/'.length, -'.xml'.length)),
  }),
  row('generated.mime', 'made by update-mime-database', 'd', ['/usr/share/mime', '/usr/share/mime/*']),
  row('generated.bytecode', 'compiled from packaged Python', 'f', ['/usr/**/*.pyc'], {
    when: ({ path }, witness) => witness.isPackaged(sourceOf(path) ?? ''),
  }),
  row('generated.policy', 'keeps services from starting in images', 'f', ['/usr/sbin/policy-rc.d'], {
    class: 'ephemeral',
  }),
  row('generated.cache', 'profiles as the kernel takes them', 'f', ['/etc/apparmor.d/cache/**'], {
    class: 'ephemeral',
  }),
  row('generated.stamps', 'notes that tools of the system keep for themselves', 'f', ['/var/backups/*'], {
    class: 'ephemeral',
    matching:
      /\/(alternatives\.tar|apt\.extended_states|aptitude\.pkgstates|dpkg\.(arch|diversions|statoverride|status))(\.\d+)?(\.gz)?$|\/(passwd|group|shadow|gshadow)\.bak$/,
  }),
];

/**
 * Directories that a tool keeps for itself, and the names of what it writes there, below the directory. Other names
 * are somebody's; names that were not there when it was scanned are the tool's.
 */
const kept: readonly {
  readonly path: Bytes;
  readonly names: RegExp;
  readonly class?: Ruling['class'];
  readonly when?: (name: Bytes, witness: Witness) => boolean;
}[] = [
  { path: '/var/lib/app-info', names: /^(icons\/.+\.png|ya?ml\/.+\.ya?ml(\.gz)?|xmls?\/.+\.xml(\.gz)?)$/s },
  {
    path: '/var/lib/apt-xapian-index',
    names:
      /^(README|cataloged_times\.p|index|index\.\d+\/[\w.-]+|update-(lock|timestamp)|values|values\.conf)$/,
  },
  { path: '/var/lib/aspell', names: /^[\w.+-]+\.(rws|compat|remove)$/ },
  { path: '/var/lib/command-not-found', names: /^commands\.db(\.metadata)?$/ },
  { path: '/var/lib/debtags', names: /^(package-tags|vocabulary)(\.idx)?$/ },
  { path: '/var/lib/doc-base', names: /^info\/(files|status)\.db$/ },
  {
    path: '/var/lib/emacsen-common',
    names: /^state\/(package|flavor)\/(installed|prepared)\/[^/]+$/s,
    when: (name, witness) => witness.isInstalled(nameOf(name)),
  },
  { path: '/var/lib/ghostscript', names: /^fonts\/(Fontmap|cidfmap)$/ },
  { path: '/var/lib/ieee-data', names: /^((iab|mam|oui|oui28|oui36)\.(csv|txt)|\.lastupdate)$/ },
  { path: '/var/lib/ispell', names: /^[\w.+-]+\.(hash|compat|remove)$/ },
  { path: '/var/lib/libxml-sax-perl/ParserDetails.d', names: /^\d\d-XML::[\w:]+$/ },
  { path: '/var/lib/man-db', names: /^auto-update$/ },
  { path: '/var/lib/pam', names: /^(account|auth|password|seen|session|session-noninteractive)$/ },
  { path: '/var/lib/python', names: /^python\d(\.\d+)?_(installed|already_installed)$/ },
  { path: '/var/lib/sgml-base', names: /^supercatalog(\.old)?$/ },
  { path: '/var/lib/shells.state', names: /^$/ },
  { path: '/var/lib/swcatalog', names: /^(icons\/.+\.png|ya?ml\/.+\.ya?ml(\.gz)?|xml\/.+\.xml(\.gz)?)$/s },
  { path: '/var/lib/systemd', names: /^$/ },
  {
    path: '/var/lib/texmf',
    names:
      /^(ls-R(-[\w-]+)?|web2c\/.+\.(fmt|log|base|mem)|fonts\/map\/.+\.map|tex\/generic\/config\/[\w.-]+|dvips\/config\/[\w.-]+)$/s,
  },
  { path: '/var/lib/ucf', names: /^(hashfile|registry)(\.\d+)?$/ },
  {
    path: '/var/lib/ucf/cache',
    names: /^:[^/]+$/s,
    when: (name, witness) => witness.isConfiguration(name.replaceAll(':', '/')),
  },
  { path: '/var/lib/vim', names: /^addons\/doc\/tags$/ },
  { path: '/var/lib/xfonts', names: /^excluded-aliases$/ },
  {
    path: '/var/lib/xml-core',
    names: /^[^/]+$/s,
    when: (name, witness) => name === 'catalog' || witness.isInstalled(name),
  },
  { path: '/var/lib/PackageKit', names: /^transactions\.db(-(wal|shm|journal))?$/, class: 'ephemeral' },
  { path: '/var/lib/apt-listchanges', names: /^(listchanges|snapshot)[\w.-]*$/, class: 'ephemeral' },
  { path: '/var/lib/logrotate', names: /^status(\.tmp)?$/, class: 'ephemeral' },
  { path: '/var/lib/mlocate', names: /^(mlocate\.db|daily\.lock)$/, class: 'ephemeral' },
  { path: '/var/lib/plocate', names: /^(plocate\.db|CACHEDIR\.TAG)$/, class: 'ephemeral' },
  {
    path: '/var/lib/nfs',
    names:
      /^(etab|rmtab|xtab|state|export-lock|\.(etab|rmtab|xtab)\.lock|nfsdcld\/main\.sqlite(-(wal|shm|journal))?|nfsdcltrack\/main\.sqlite|v4recovery\/[0-9a-f]+|sm(\.bak)?\/[\w.:-]+)$/,
    class: 'ephemeral',
  },
  {
    path: '/var/lib/sudo',
    names: /^(lectured|ts)\/[^/]+$/s,
    class: 'ephemeral',
    when: (name, witness) => witness.isUser(nameOf(name)),
  },
  { path: '/var/lib/unattended-upgrades', names: /^kept-back$/, class: 'ephemeral' },
  {
    path: '/var/lib/update-notifier',
    names:
      /^(dpkg-run-stamp|updates-available|hwe-eol|fsck-at-reboot|release-upgrade-available|user\.d\/.+|package-data-downloads\/.+)$/s,
    class: 'ephemeral',
  },
];

const linger: Ruling = {
  class: 'mutable',
  carry: 'stream',
  rule: 'place.linger',
  reason: 'users whose services run without a login',
  evidence: 'known to be written by the system itself',
};

/** What tools of the system write. */
export class Generated {
  readonly #witness: Witness;
  /** Several rows may speak of one place: the first that holds wins. */
  readonly #rows = new PathRules<{ readonly row: Row; readonly ruling: Ruling }[]>();
  readonly #kept = new PathRules<{ readonly one: (typeof kept)[number]; readonly ruling: Ruling }>();

  constructor(witness: Witness) {
    this.#witness = witness;
    const byPath = new Map<Bytes, { row: Row; ruling: Ruling }[]>();
    for (const one of rows) {
      const ruling: Ruling = {
        class: one.class,
        carry: usualCarry(one.class),
        rule: one.rule,
        reason: one.reason,
        evidence:
          one.when === undefined
            ? 'known to be written by the system itself'
            : 'named by its package or tool',
      };
      for (const path of one.paths) byPath.set(path, [...(byPath.get(path) ?? []), { row: one, ruling }]);
    }
    for (const [path, list] of byPath) this.#rows.add(path, list, path.endsWith('/**') ? 'tree' : 'path');
    for (const one of kept) {
      const made = one.class ?? 'immutable';
      const ruling: Ruling = {
        class: made,
        carry: usualCarry(made),
        rule: made === 'ephemeral' ? 'generated.stamps' : 'generated.var',
        reason:
          made === 'ephemeral'
            ? 'notes that tools of the system keep for themselves'
            : 'kept by tools of the system',
        evidence: 'known to be written by the system itself',
      };
      this.#kept.add(one.path, { one, ruling });
    }
  }

  #holds(row: Row, entry: Named): boolean {
    if (row.type !== entry.type || row.matching?.test(entry.path) === false) return false;
    if (row.when === undefined) return true;
    if (row.when === 'packaged directory') return this.#witness.isPackaged(parentOf(entry.path));
    if (row.when === 'packaged target') return this.#witness.leadsToPackage(entry);
    return row.when(entry, this.#witness);
  }

  /** null = no tool is known to have made exactly this. */
  of(entry: Named): Ruling | null {
    const { path } = entry;
    if (path.startsWith('/var/lib/systemd/linger')) return linger;
    const held = this.#rows.of(path)?.find(({ row }) => this.#holds(row, entry));
    if (held !== undefined) return held.ruling;
    const found = this.#kept.of(path);
    if (found === null) return null;
    const name = path.slice(found.one.path.length + 1);
    if (entry.type === 'd') {
      // A directory of the tool's, or one with something of the tool's in it: what is in it decides.
      return name === '' || this.#witness.isPackaged(path) ? found.ruling : null;
    }
    if (entry.type !== 'f' || !found.one.names.test(name)) return null;
    return found.one.when?.(name, this.#witness) === false ? null : found.ruling;
  }

  /** What a name would be that was not there when the directory was scanned. */
  ofNew(directory: Bytes): Ruling | null {
    if (directory.startsWith('/var/lib/systemd/linger')) return linger;
    return this.#kept.of(directory)?.ruling ?? null;
  }
}

function made(rule: string, reason: string, evidence: string): Ruling {
  return { class: 'immutable', carry: 'none', rule, reason, evidence };
}

const topLink = made('generated.top', 'link of a merged /usr', 'points to the directory of the same name');
const alternativeLink = made(
  'generated.alternative',
  'link that update-alternatives made',
  'in the database of update-alternatives',
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
const unitLink = made(
  'unit.link',
  'unit that is enabled; its state is a resource of its own',
  'its unit file says so',
);
const maskedUnit: Ruling = {
  class: 'edited',
  carry: 'manifest',
  rule: 'unit.masked',
  reason: 'unit switched off for good; its state is a resource of its own',
  evidence: 'points to /dev/null',
  single: true,
};
const maskedByPackage = made(
  'unit.masked-leftover',
  'unit of a removed package',
  'its package keeps a mark of it',
);

/** The links of a merged /usr at the top: they stand before the package lists, which may name them. */
export function isTopLink(entry: Entry): boolean {
  const name = /^\/(bin|sbin|lib|lib32|lib64|libx32|libo32)$/.exec(entry.path)?.[1];
  return name !== undefined && (entry.target ?? '').replace(/^\//, '') === `usr/${name}`;
}

/** What a link is by its target, where that tells. null = it does not. */
export function generatedLink(entry: Entry, witness: Witness): Ruling | null {
  const { path } = entry;
  const target = entry.target ?? '';
  if (isTopLink(entry)) return topLink;
  if (witness.isAlternative(entry)) return alternativeLink;
  if (path.startsWith('/etc/ssl/certs/')) return witness.isTrusted(entry) ? certificateLink : null;
  const program = /^\/usr(\/s?bin\/[^/]+)$/s.exec(path);
  if (program !== null && target === program[1] && witness.isPackaged(target)) return programLink;
  if (movedSettings.some(([from, to]) => path === from && target === to)) return settingsLink;
  if (/^\/etc\/systemd\/(system|user)\//.test(path)) {
    if (target === '/dev/null') {
      const mark = `/var/lib/systemd/deb-systemd-helper-masked/${nameOf(path)}`;
      return witness.isMarked(mark) ? maskedByPackage : maskedUnit;
    }
    if (witness.isEnablement(entry)) return unitLink;
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
  { path: '/etc/security/opasswd', from: [], empty: true },
  { path: '/etc/inetd.conf', from: [], empty: true },
  // Postfix's postinst copies what multi-instance set-ups begin with.
  { path: '/etc/postfix/main.cf.proto', from: ['/usr/share/postfix/main.cf.dist'] },
  { path: '/etc/postfix/master.cf.proto', from: ['/usr/share/postfix/master.cf.dist'] },
  // cupsd's maintainer scripts link those that are to be used.
  ...['dnssd', 'ipp', 'lpd', 'serial', 'snmp', 'socket', 'usb'].map((name) => ({
    path: `/usr/lib/cups/backend/${name}`,
    from: [`/usr/lib/cups/backend-available/${name}`],
  })),
  { path: '/usr/lib/cups/backend/mdns', from: ['/usr/lib/cups/backend-available/dnssd'] },
];

export const untouched: Ruling = made(
  'generated.default',
  'as its package or a tool writes it',
  'nothing in it but comments, defaults and what packages asked for',
);

/**
 * Links that a package makes when it is installed and never again: where one is missing, somebody removed it, and
 * installing the package would bring it back, for example the default site.
 */
export const linksOnce: readonly { readonly path: Bytes; readonly package: string }[] = [
  { path: '/etc/nginx/sites-enabled/default', package: 'nginx-common' },
  { path: '/etc/apache2/sites-enabled/000-default.conf', package: 'apache2' },
];
