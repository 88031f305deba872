/**
 * Which files hold a secret: by place, and by the format of what is in them. A file is never left out because of
 * it; it travels, but its content is never at rest in the folder and never shown.
 */
import type { Bytes } from '../types.ts';
import { PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';
import { secretsIn } from './secret-forms.ts';

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

/** The first secret in a configuration file, or null. */
export function findSecret(path: Bytes, content: Bytes): FoundSecret | null {
  for (const { line, what } of secretsIn(path, content)) return { line, what };
  return null;
}
