/**
 * Which files hold a secret: by place, and by the format of what is in them. A file is never left out because of
 * it; it travels, but its content is never at rest in the folder and never shown.
 *
 * Words alone are wrong both ways: `passwd: files` in nsswitch.conf is none, `requirepass x` is one. So a name
 * must stand as a whole key, with a value that is no path, no reference and no setting.
 */
import type { Bytes } from '../types.ts';
import { PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';

const placed: readonly Bytes[] = [
  '/etc/ssl/private',
  '/etc/letsencrypt/accounts',
  '/etc/letsencrypt/keys',
  '/etc/letsencrypt/archive/*/privkey*.pem',
  '/etc/apt/auth.conf',
  '/etc/apt/auth.conf.d',
  '/etc/bind/*.key',
  '/etc/credstore',
  '/etc/credstore.encrypted',
  '/etc/dkimkeys',
  '/etc/dovecot/private',
  '/etc/exim4/passwd.client',
  '/etc/gitlab/gitlab-secrets.json',
  '/etc/ipsec.secrets',
  '/etc/krb5.keytab',
  '/etc/mysql/debian.cnf',
  '/etc/nut/upsd.users',
  '/etc/opendkim/keys',
  '/etc/openvpn/**/*.key',
  '/etc/postfix/*sasl*passw*',
  '/etc/postfix/sasl_passwd*',
  '/etc/postfix/sasl/**',
  '/etc/ppp/*-secrets',
  '/etc/samba/*.tdb',
  '/etc/swanctl/private',
  '/etc/wireguard/*.conf',
  '/etc/wireguard/*.key',
  '/etc/**/.env',
  '/etc/**/*htpasswd*',
  '/etc/**/*.keytab',
];

/** Places below /etc whose files are secret, whatever is in them. */
export function secretPlaces(): PathRules<Ruling> {
  const rules = new PathRules<Ruling>();
  const ruling: Ruling = {
    class: 'secret',
    carry: 'manifest',
    rule: 'secret.place',
    reason: 'keys and passwords',
    evidence: 'by its place',
  };
  for (const path of placed) rules.add(path, ruling);
  return rules;
}

/** Whether a file of somebody's data holds secrets by its name: `.env` beside an application. */
export function secretData(path: Bytes): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name === '.env' || /^\.env\.(local|production|staging|prod)$/.test(name) || name === '.htpasswd';
}

export interface FoundSecret {
  /** Counted from 1. */
  readonly line: number;
  /** For example `value of requirepass`; never the value. */
  readonly what: string;
}

const names =
  'pass(?:word|wd|phrase)?|pwd|[a-z]*_pw|secret|token|requirepass|masterauth|bindpw|rootpw|psk|community|' +
  'credentials?|(?:api|app|access|account|secret|encryption|signing|private|preshared|shared|auth|session|master|jwt|hmac|des|storage|license)[_-]?key(?:[_-]base)?|' +
  'secret[_-]?key[_-]?base|password[_-]?salt|auth[_-]?salt';

/** A whole key, a sign that gives it a value, and the value; quoted or up to a blank. */
const assignment = new RegExp(
  `(?:^|[\\s;,{(&?"'\\[<>$])([A-Za-z0-9_.-]*(?:${names}))["'\\]]*\\s*(=>|=|:|,)\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"',;)}\\]&]+))`,
  'gi',
);
/** Configuration in which a blank gives the value. */
const blankAssignment =
  /^\s*(requirepass|masterauth|bindpw|rootpw|secret|password|rpcpassword)\s+(?:"([^"]*)"|(\S+))\s*$/i;
const address = /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*:([^\s@/'"]+)@[^\s'"]/i;
const hash =
  /(?:^|[:\s"'=])(?:\$(?:2[abxy]|1|5|6|7|y|gy|apr1|argon2[a-z]*|pbkdf2[a-z0-9-]*)\$[^\s:]{8,}|\{(?:S?SHA(?:256|512)?|SMD5|MD5|CRYPT|PLAIN|[A-Z0-9-]*CRYPT|ARGON2[A-Z]*|CRAM-MD5)(?:\.[A-Z0-9]+)?\}\S+)/;
const privateKey = /-----BEGIN (?:[A-Z0-9 ]+ )?PRIVATE KEY(?: BLOCK)?-----|-----BEGIN OpenVPN Static key/;
const aclPassword = /^\s*user\s+\S+\s.*\s>\S+/;
const identified = /\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+)?'[^']+'/i;

/** Values that are none: references, paths, lookup tables, settings. */
const noValue =
  /^(?:$|\/|\.{1,2}\/|~\/|\$|%|<|\{\{|@|\*+$|x+$|(?:hash|lmdb|cdb|btree|dbm|texthash|proxy|regexp|pcre|ldap|mysql|pgsql|sqlite|tcp|socketmap|static|unix|file|inet|env|vault):)/i;
const settings = new Set(
  [
    'yes no true false on off none null nil undef ask prompt required optional sufficient requisite default',
    'files systemd compat db nis nisplus ldap sss winbind mymachines dns public',
    'sha256 sha512 md5 yescrypt bcrypt scrypt plain login pam passwd shadow password enabled disabled auto',
    'string text str int bool hidden input 0 1',
  ]
    .join(' ')
    .split(' '),
);

function isValue(value: string): boolean {
  return !noValue.test(value) && !settings.has(value.toLowerCase().replace(/[;,]$/, ''));
}

/** A line of a lookup table of Postfix that gives a host or an address a login. */
function isLogin(line: string): boolean {
  const match = /^\[?[A-Za-z0-9._@-]+\]?(?::\w+)?\s+([^\s:]+):(\S+)\s*$/.exec(line);
  if (match === null) return false;
  const transport =
    /^(smtps?|lmtp|relay|error|discard|retry|local|virtual|uucp|pipe|inet|unix|hold|smtpd|.*dovecot.*|.*-.*)$/i;
  return !transport.test(match[1] as string) && !(match[2] as string).startsWith('[');
}

function inLine(line: string, path: Bytes): string | null {
  if (privateKey.test(line)) return 'a private key';
  if (/^\s*(#|;|\/\/|--|<!--|\*)/.test(line) || line.trim() === '') return null;
  const inAddress = address.exec(line)?.[1];
  if (inAddress !== undefined && isValue(inAddress)) return 'a password in an address';
  if (hash.test(line)) return 'the hash of a password';
  if (aclPassword.test(line)) return 'the password of a user';
  if (identified.test(line)) return 'the password of a database user';
  for (const match of line.matchAll(assignment)) {
    const [, key, sign, double, single, bare] = match;
    const value = double ?? single ?? bare ?? '';
    // A comma gives a value only in a call such as define('DB_PASSWORD', 'x').
    if (sign === ',' && bare !== undefined) continue;
    if (isValue(value)) return `the value of ${key}`;
  }
  const blank = blankAssignment.exec(line);
  if (blank !== null && isValue(blank[2] ?? blank[3] ?? '')) return `the value of ${blank[1]}`;
  if (path.startsWith('/etc/postfix/') && !/\.cf$/.test(path) && isLogin(line)) return 'a login';
  return null;
}

/** The first secret in a configuration file, or null. Lines are looked at up to 4096 bytes. */
export function findSecret(path: Bytes, content: Bytes): FoundSecret | null {
  // Rules of PAM, sudo and mandatory access control speak of passwords and hold none.
  if (/^\/etc\/(pam\.d\/|apparmor\.d\/|selinux\/|security\/|sudoers)/.test(path)) return null;
  let line = 0;
  for (const text of content.split('\n')) {
    line += 1;
    const what = inLine(text.slice(0, 4096), path);
    if (what !== null) return { line, what };
  }
  return null;
}
