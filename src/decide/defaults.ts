/**
 * Files that a maintainer script or a tool writes and that people edit as well: what is in them tells. Where nothing
 * is left but comments, defaults and what installed packages asked for, they say nothing about this server.
 */
import type { Bytes } from '../types.ts';
import { nameServiceTemplates, shellsState, type Witness } from './witness.ts';

type Check = (content: Bytes, witness: Witness, path: Bytes) => boolean;

/** Lines without comments and blanks at their ends, the empty ones left out. */
function meaning(content: Bytes): Bytes[] {
  return content
    .split('\n')
    .map((line) => line.replace(/#.*$/s, '').trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '');
}

function lines(fits: RegExp): Check {
  return (content) => meaning(content).every((line) => fits.test(line));
}

function same(left: readonly Bytes[], right: readonly Bytes[]): boolean {
  return [...new Set(left)].sort().join('\n') === [...new Set(right)].sort().join('\n');
}

/** useradd(8) gives each user the next 65536 numbers; ranges that somebody gave are on no other server. */
const subordinates: Check = (content) =>
  meaning(content).every((line, index) => {
    const [name = '', first, count] = line.split(':');
    return /^[a-z_]/i.test(name) && Number(first) === 100_000 + index * 65_536 && count === '65536';
  });

/** dh_apparmor(1) makes an empty one for each profile of a package, under the name of the profile. */
const localProfile: Check = (content, witness, path) => {
  const profile = path.replace('/etc/apparmor.d/local/', '/etc/apparmor.d/');
  const isKnown = witness.isPackaged(profile) || witness.isConfiguration(profile);
  return isKnown && meaning(content).length === 0;
};

/** shells(5): those that update-shells(8) noted, or before it programs of packages that people log in with. */
const shells: Check = (content, witness) => {
  const noted = witness.said(shellsState);
  if (noted !== null) return same(meaning(content), meaning(noted));
  return meaning(content).every((shell) => witness.isPackaged(shell) && !/\/(nologin|false)$/.test(shell));
};

/** update-ca-certificates(8): a line with `!` is a certificate that somebody does not trust. */
const authorities: Check = (content, witness) =>
  meaning(content).every((line) => witness.isPackaged(`/usr/share/ca-certificates/${line}`));

/** update-mime(8) writes everything but what stands between these two lines. */
const mailcap: Check = (content) => {
  const own = /^# *-+ *User Section Begins *-+ *#?$(.*)^# *-+ *User Section Ends *-+ *#?$/ms.exec(content);
  return own !== null && meaning(own[1] as Bytes).length === 0;
};

/** Catalogs of update-xmlcatalog(8) and update-catalog(8): they only name others, all of packages. */
const catalog: Check = (content, witness) => {
  const named = [...content.matchAll(/\bcatalog="file:\/\/([^"]*)"|^CATALOG "?([^"\n]+)"?$/gm)];
  const entries = content.match(/<(?!\?|!|\/?catalog\b)[^>]*>|^(?!\s*(--|<|$|"file:)).+$/gm) ?? [];
  return (
    named.length > 0 &&
    entries.length === named.length &&
    named.every(([, xml, sgml]) => {
      const path = xml ?? sgml ?? '';
      return path.startsWith('/etc/xml/') || path.startsWith('/etc/sgml/') || witness.isPackaged(path);
    })
  );
};

/** pam-auth-update(8): a template with the lines that profiles of packages gave. */
const pam: Check = (content, witness, path) => {
  const name = path.slice(path.indexOf('common-') + 'common-'.length);
  const template = witness.said(`/usr/share/pam/common-${name}`);
  const given = witness.said(`/var/lib/pam/${name}`);
  if (template === null || given === null) return false;
  const type = name.replace(/-.*$/, '');
  const plain = (line: Bytes) => line.replaceAll(/=(end|\d+)\b/g, '=');
  const expected = [
    ...meaning(template).filter((line) => !line.startsWith('$')),
    ...meaning(given)
      .filter((line) => !line.startsWith('Module:'))
      .map((line) => `${type} ${line}`),
  ];
  return same(meaning(content).map(plain), expected.map(plain));
};

/** Words that packages put into nsswitch.conf(5). */
const nameServices: readonly (readonly [name: string, words: RegExp])[] = [
  ['libnss-mdns', / mdns4?(_minimal \[NOTFOUND=return\])?(?= |$)/g],
  ['libnss-myhostname', / myhostname(?= |$)/g],
  ['libnss-mymachines', / mymachines(?= |$)/g],
  ['libnss-resolve', / resolve \[!UNAVAIL=return\]/g],
  ['libnss-systemd', / systemd(?= |$)/g],
  ['libnss-winbind', / winbind(?= |$)/g],
];
const nameService: Check = (content, witness) => {
  const plain = (text: Bytes) =>
    meaning(text).map((line) =>
      nameServices
        .filter(([name]) => witness.isInstalled(name))
        .reduce((left, [, words]) => left.replaceAll(words, ''), line),
    );
  return nameServiceTemplates.some((template) => {
    const text = witness.said(template);
    return text !== null && same(plain(content), plain(text));
  });
};

/** postgresql-common's postinst: a letter in the place of certificates, until somebody puts some there. */
const dummyCertificates: Check = (content) =>
  content.startsWith('This is a dummy root certificate file for PostgreSQL.') &&
  !content.includes('-----BEGIN');

/** pg_updateaptconfig writes it whole, and over again whenever a cluster is made or dropped. */
const keptServers: Check = (content) =>
  content.includes('File maintained by /usr/share/postgresql-common/pg_updateaptconfig') &&
  content
    .split('\n')
    .every((line) => /^\s*(?:\/\/.*|APT|NeverAutoRemove|\{|\};?|"\^postgresql[^"]*";|)$/.test(line));

const checks: readonly (readonly [path: RegExp, check: Check])[] = [
  [/^\/etc\/(hosts\.(allow|deny)|security\/opasswd|environment|modules)$/, lines(/^$/)],
  [/^\/etc\/networks$/, lines(/^(default|loopback|link-local) [0-9.]+$/)],
  [/^\/etc\/apparmor\.d\/local\//, localProfile],
  [/^\/etc\/sub[ug]id$/, subordinates],
  [/^\/etc\/shells$/, shells],
  [/^\/etc\/ca-certificates\.conf$/, authorities],
  [/^\/etc\/mailcap$/, mailcap],
  [/^\/etc\/xml\/(catalog|[^/]+\.xml)(\.old)?$/, catalog],
  [/^\/etc\/sgml\/[^/]+\.cat(\.old)?$/, catalog],
  [/^\/etc\/pam\.d\/common-(account|auth|password|session|session-noninteractive)$/, pam],
  [/^\/etc\/nsswitch\.conf$/, nameService],
  [/^\/etc\/postgresql-common\/root\.crt$/, dummyCertificates],
  [/^\/etc\/apt\/apt\.conf\.d\/02autoremove-postgresql$/, keptServers],
  // Each package of a map type adds its line (postfix-add-filter of the postinst).
  [
    /^\/etc\/postfix\/dynamicmaps\.cf$/,
    lines(
      /^([a-z]+) (?:\/usr\/lib\/postfix\/)?(?:postfix-|dict_)\1\.so(?:\.[0-9.]+)? dict_\1_open(?: mkmap_\1_open)?$/,
    ),
  ],
];

/** Whether a file is as a maintainer script or a tool writes it, so that installing the packages makes it again. */
export function isDefault(path: Bytes, content: Bytes, witness: Witness): boolean {
  return checks.find(([fits]) => fits.test(path))?.[1](content, witness, path) === true;
}
