import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { redact } from '../../src/decide/redact.ts';
import { findSecret, secretData, secretPlaces } from '../../src/decide/secrets.ts';

interface Case {
  readonly name: string;
  readonly path: string;
  readonly content: string;
  readonly line: number;
  readonly value: string;
}
function fixture<T = Case[]>(name: string): T {
  return parse(readFileSync(new URL(`../../fixtures/secrets/${name}.yaml`, import.meta.url), 'utf8')) as T;
}

test.each([...fixture('enroll-misses'), ...fixture('applications')])(
  'a secret is found and not shown: $name',
  ({ path, content, line, value }) => {
    const found = findSecret(path, content);
    expect(found?.line).toBe(line);
    expect(content).toContain(value);
    expect(`${found?.what}${redact(path, content)}`).not.toContain(value);
  },
);

test.each(fixture('enroll-false-drops'))('no secret: $name', ({ path, content }) => {
  expect(findSecret(path, content)).toBeNull();
  expect(redact(path, content)).toBe(content);
});

const named = fixture<{ secret: string[]; open: string[] }>('names');
test.each(named.secret)('%s is secret by its name', (path) => {
  expect(secretData(path)).toBe(true);
});
test.each(named.open)('%s is none', (path) => {
  expect(secretData(path)).toBe(false);
});

test.each([
  ['/etc/redis/redis.conf', 'requirepass hunter2'],
  ['/etc/redis/redis.conf', 'masterauth "hunter2"'],
  ['/etc/redis/users.acl', 'user worker on >hunter2 ~* +@all'],
  ['/etc/app/env', 'DATABASE_URL=postgres://app:hunter2@db/app'],
  ['/etc/wireguard/wg0.conf', 'PresharedKey = 6wFkLBSbqjLBgJWCw0LxSpOVYLYJrAUdvYzlBlTcAwI='],
  ['/etc/nginx/users', 'anna:$apr1$Sg4dPkGG$cHiThjUGvQSp6cZ2rYdZd.'],
  ['/etc/postfix/relay', '[smtp.example.com]:587 anna@example.com:hunter2'],
  ['/etc/roundcube/config.inc.php', "$config['default_pw'] = 'hunter2';"],
  ['/etc/app.php', "define('DB_PASSWORD', 'hunter2');"],
  ['/etc/app.php', "'secret' => 'hunter2',"],
  ['/etc/app.yaml', '  password: hunter2'],
  ['/etc/app.json', '{"apiKey": "hunter2"}'],
  ['/etc/dovecot/dovecot-sql.conf.ext', 'connect = host=localhost dbname=mail user=mail password=hunter2'],
  ['/etc/dovecot/users', 'anna@example.com:{SHA512-CRYPT}$6$abc$defdefdefdef::::::'],
  ['/etc/ssl/site.key', '-----BEGIN PRIVATE KEY-----'],
  ['/etc/ssl/site.key', '-----BEGIN RSA PRIVATE KEY-----'],
  ['/etc/systemd/system/app.service', 'Environment="DB_PASSWORD=hunter2"'],
  ['/etc/cron.d/backup', 'RESTIC_PASSWORD=hunter2'],
  ['/etc/app.ini', 'SECRET_KEY = hunter2'],
  ['/etc/grants.sql', "create user app identified by 'hunter2';"],
])('%s holds a secret: %s', (path, line) => {
  const found = findSecret(path, `# first line\n${line}\n`);
  expect(found?.line).toBe(2);
  expect(found?.what).not.toContain('hunter2');
});

test.each([
  ['/etc/nsswitch.conf', 'passwd:         files systemd'],
  ['/etc/nsswitch.conf', 'shadow:         files'],
  ['/etc/postfix/main.cf', 'smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd'],
  ['/etc/postfix/main.cf', 'smtpd_tls_key_file = /etc/ssl/private/site.key'],
  ['/etc/postfix/transport', 'example.com smtp:[relay.example.com]:25'],
  ['/etc/postfix/virtual', 'info@example.com anna'],
  ['/etc/apparmor.d/local/usr.sbin.x', '/etc/passwd r,'],
  ['/etc/pam.d/common-password', 'password [success=1 default=ignore] pam_unix.so obscure yescrypt'],
  ['/etc/ssh/sshd_config', 'PasswordAuthentication no'],
  ['/etc/login.defs', 'PASS_MAX_DAYS 99999'],
  ['/etc/redis/redis.conf', '# requirepass foobared'],
  ['/etc/nginx/sites-available/site', 'auth_basic_user_file /etc/nginx/htpasswd;'],
  ['/etc/nginx/sites-available/site', 'ssl_certificate_key /etc/ssl/private/site.key;'],
  ['/etc/postgresql/15/main/pg_hba.conf', 'host all all 127.0.0.1/32 scram-sha-256'],
  ['/etc/postgresql/15/main/postgresql.conf', 'password_encryption = scram-sha-256'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what such a file says
  ['/etc/app.yaml', 'password: ${DB_PASSWORD}'],
  ['/etc/app.ini', 'password_file = /run/secrets/db'],
  ['/etc/app.ini', 'token = '],
  ['/etc/apt/sources.list', 'deb https://example.com/debian stable main'],
  ['/etc/dovecot/conf.d/auth.ext', '  driver = passwd'],
  ['/etc/sudoers.d/image', 'debian ALL=(ALL) NOPASSWD:ALL'],
  ['/etc/sudoers.d/deploy', 'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl'],
])('%s holds none: %s', (path, line) => {
  expect(findSecret(path, `${line}\n`)).toBeNull();
});

test('keys are secret by their place', () => {
  const places = secretPlaces();
  expect(places.of('/etc/letsencrypt/archive/example.com/privkey3.pem')?.class).toBe('secret');
  expect(places.of('/etc/letsencrypt/live/example.com/fullchain.pem')).toBeNull();
  expect(places.of('/etc/postfix/sasl_passwd')?.class).toBe('secret');
  expect(places.of('/etc/nginx/conf.d/htpasswd')?.class).toBe('secret');
  expect(places.of('/etc/passwd')).toBeNull();
});

test('a long line of nearly a key takes no time', () => {
  const begun = process.hrtime.bigint();
  findSecret('/etc/x', `${'a_'.repeat(1_000_000)}\n${'"password'.repeat(100_000)}`);
  expect(Number(process.hrtime.bigint() - begun) / 1e9).toBeLessThan(1);
});
