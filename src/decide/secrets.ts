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
  '/etc/ceph/*.keyring',
  '/etc/chrony/chrony.keys',
  '/etc/credstore',
  '/etc/credstore.encrypted',
  '/etc/cryptsetup-keys.d',
  '/etc/davfs2/secrets',
  '/etc/dkimkeys',
  '/etc/dovecot/private',
  '/etc/exim4/passwd.client',
  '/etc/gitlab/gitlab-secrets.json',
  '/etc/gitlab/initial_root_password',
  '/etc/heimdal-kdc/m-key',
  '/etc/ipsec.d/private',
  '/etc/ipsec.d/*.secrets',
  '/etc/ipsec.secrets',
  '/etc/krb5.keytab',
  '/etc/krb5kdc/stash',
  '/etc/mysql/debian.cnf',
  '/etc/ntp.keys',
  '/etc/ntpsec/ntp.keys',
  '/etc/nut/upsd.users',
  '/etc/opendkim/keys',
  '/etc/openvpn/**/*.key',
  '/etc/pgbouncer/userlist.txt',
  '/etc/postfix/*sasl*passw*',
  '/etc/postfix/sasl_passwd*',
  '/etc/postfix/sasl/**',
  '/etc/ppp/*-secrets',
  '/etc/rancher/k3s/k3s.yaml',
  '/etc/rsyncd.secrets',
  '/etc/samba/*.tdb',
  '/etc/security/opasswd',
  '/etc/swanctl/private',
  '/etc/swanctl/rsa',
  '/etc/swanctl/ecdsa',
  '/etc/swanctl/pkcs8',
  '/etc/swanctl/pkcs12',
  '/etc/wireguard/*.conf',
  '/etc/wireguard/*.key',
  '/etc/**/.env',
  '/etc/**/*htpasswd*',
  '/etc/**/*.keytab',
  '/etc/**/*privkey*.pem',
  '/etc/**/*.{p12,pfx,jks,keystore,kdbx}',
  '/etc/**/private-keys-v1.d',
  '/etc/**/secring.gpg',
  '/etc/**/.{pgpass,netrc,my.cnf,git-credentials}',
  '/etc/**/.smbcredentials',
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

/** Names that say by themselves that a file of somebody's data holds keys or passwords, wherever it lies. */
const names = new Set<Bytes>(
  [
    '.htpasswd htpasswd .pgpass pgpass.conf .my.cnf .mylogin.cnf .netrc _netrc .git-credentials .pypirc .s3cfg .boto',
    '.vault-token .vault_pass .vault_password .msmtprc .esmtprc .fetchmailrc .smbcredentials .erlang.cookie',
    'rclone.conf gitlab-secrets.json wp-config.php acme.json secrets.yml secrets.yaml secrets.json secrets.toml',
    'rsa_key.pem rsa_key.der service-account.json kubeconfig admin.conf secret_key secret_key.txt .secret_key',
    'secring.gpg hs_ed25519_secret_key LocalSettings.php local_settings.py',
  ]
    .join(' ')
    .split(' '),
);
const namesLike =
  /^(?:[\w.-]*\.env|\.env\.[\w.-]+|\.htpasswd[\w.-]*|[\w.-]*privkey\d*\.pem|[\w.-]+\.(?:keytab|p12|pfx|jks|keystore|kdbx|ppk|agekey)|id_(?:rsa|dsa|ecdsa|ed25519|ecdsa_sk|ed25519_sk)|K[\w.+-]+\.private)$/;
/** A file of this name is there to be copied and filled in. */
const pattern =
  /(?:^|[._-])(?:example|sample|template|tmpl|tpl|dist|default|defaults|schema|test|testing|j2)$/;

/** Names that many things have, and the directory that makes them a secret. */
const namesBelow: readonly (readonly [name: RegExp, directory: RegExp])[] = [
  [
    /\.(?:key|pem|der)$/,
    /\/(?:ssl|tls|certs?|certificates|private|keys?|pki|acme|\.acme\.sh|letsencrypt|dkim|dkimkeys|opendkim)(?:\/|$)/,
  ],
  [
    /^(?:server|client|ca|private)[_-]?key\.pem$|^server\.key$/,
    /^\/var\/lib\/(?:mysql|postgresql|mariadb)(?:\/|$)/,
  ],
  [/^(?:master\.key|database\.yml|credentials\.yml|[\w-]+\.key)$/, /\/config(?:\/credentials)?$/],
  [/^config\.php$/, /\/(?:nextcloud|owncloud)[^/]*\/config$/],
  [/^[\w.-]+\.config\.php$/, /\/(?:nextcloud|owncloud)[^/]*\/config$/],
  [/^config$/, /\/\.?(?:n8n|kube)$/],
  [/^settings(?:\.local)?\.php$/, /\/sites\/[^/]+$/],
  [/^env\.php$/, /\/app\/etc$/],
  [/^parameters\.(?:yml|yaml|php)$/, /\/(?:app\/)?config$/],
  [/^app\.ini$/, /\/(?:gitea|forgejo|gogs)(?:\/|$)/],
  [/^config\.json$/, /\/\.docker$|\/vaultwarden(?:\/data)?$|\/bitwarden_rs(?:\/data)?$/],
  [
    /^(?:auth|auth_provider\.homeassistant|onboarding|core\.config_entries|application_credentials)$/,
    /\/\.storage$/,
  ],
  [
    /^(?:credentials\.xml|identity\.key\.enc|secret\.key(?:\.not-so-secret)?)$/,
    /\/(?:jenkins|\.jenkins|jenkins_home)[^/]*$/,
  ],
  [
    /./,
    /\/(?:jenkins|\.jenkins|jenkins_home)\/secrets(?:\/|$)|\/private-keys-v1\.d$|\/\.password-store(?:\/|$)|\/\.aws$/,
  ],
  [/^(?:token|node-token|agent-token|.*\.key)$/, /\/k3s\/server(?:\/|$)/],
  [/^\.npmrc$|^\.gem$|^credentials(?:\.toml)?$/, /^\/(?:root|home\/[^/]+)(?:\/\.(?:gem|cargo))?$/],
];

/** Trees of services whose files are keys, passwords or hashes. */
const places: readonly Bytes[] = [
  '/var/lib/docker/swarm',
  '/var/lib/containers/storage/secrets',
  '/var/lib/libvirt/secrets',
  '/var/lib/samba/private',
  '/var/lib/snmp/snmpd.conf',
  '/var/lib/phpmyadmin/blowfish_secret.inc.php',
  '/var/lib/tor/keys',
  '/var/lib/krb5kdc',
  '/var/lib/heimdal-kdc',
  '/var/lib/private/secrets',
  '/var/lib/credentials',
  '/var/lib/cloud/instances/*/user-data.txt*',
  '/var/lib/NetworkManager/secret_key',
];
const dataPlaces = new PathRules<true>();
for (const path of places) dataPlaces.add(path, true);

/**
 * Whether a file of somebody's data holds secrets, by its name and place: `.env` beside an application, the
 * configuration of applications that keep their keys there, keys of services. Its content is not looked at.
 */
export function secretData(path: Bytes): boolean {
  const at = path.lastIndexOf('/');
  const name = path.slice(at + 1);
  if (names.has(name)) return true;
  if (namesLike.test(name)) return !pattern.test(name.replace(/\.env$/, ''));
  if (dataPlaces.of(path) !== null) return true;
  const directory = path.slice(0, at);
  return namesBelow.some(([like, where]) => like.test(name) && where.test(directory) && !isPublic.test(name));
}

/** The public half of a pair of keys. */
const isPublic =
  /^(?:(?:full)?chain|cert|ca|ca-cert|server-cert|client-cert|public)[\w-]*\.|\.(?:pub|crt|cer)$|(?:cert|chain|public|ca|crt|dhparams?|dh\d*)\.(?:pem|der|key)$/i;

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
