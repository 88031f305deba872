import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mark, redact } from '../../src/decide/redact.ts';
import { findSecret } from '../../src/decide/secrets.ts';

/** Forms in which a value stands in files and output. `§` is the value. */
const forms: readonly (readonly [path: string, form: string])[] = [
  ['/etc/redis/redis.conf', 'port 1\nrequirepass §\nmaxmemory 1'],
  ['/etc/redis/redis.conf', 'requirepass "§"'],
  ['/etc/redis/redis.conf', '#requirepass §'],
  ['/etc/redis/redis.conf', '  # masterauth §'],
  ['/etc/redis/users.acl', 'user worker on >§ ~* +@all'],
  ['/etc/redis/redis.conf', 'user worker on >other >§ ~* +@all'],
  ['/etc/app/env', 'DATABASE_URL=postgres://app:§@db/app'],
  ['/etc/app/env', 'export DATABASE_URL="mysql://app:§@db:3306/app?x=1"'],
  ['/etc/app/env', '# DATABASE_URL=postgres://app:§@db/app'],
  ['/etc/wireguard/wg0.conf.save', '[Interface]\nPrivateKey = §\nAddress = 10.0.0.1/24'],
  ['/etc/app/wg', 'PresharedKey = §'],
  ['/etc/nginx/users', 'anna:$apr1$abcdefgh$§'],
  ['/etc/nginx/users', 'anna:{PLAIN}§'],
  ['/etc/postfix/relay', '[smtp.example.com]:587 anna@example.com:§'],
  ['/etc/postfix/main.cf', 'smtp_sasl_password_maps = static:anna:§'],
  ['/etc/roundcube/config.inc.php', "$config['default_pw'] = '§';"],
  ['/etc/app.php', "define('DB_PASSWORD', '§');"],
  ['/etc/app.php', "  // define( 'AUTH_KEY',   '§' );"],
  ['/etc/app.php', "'secret' => '§',\n'x' => 1"],
  ['/etc/app.php', "$dbpassword = '§' . '§';"],
  ['/etc/app.yaml', 'db:\n  password: §\n  user: app'],
  ['/etc/app.yaml', "db: {user: app, password: '§', x: 1}"],
  ['/etc/app.yaml', 'db: {user: app, password: §, x: 1}'],
  ['/etc/app.yaml', 'key:\n  secret_key: |\n    §\n    §\n\n    §\nport: 1'],
  ['/etc/app.yaml', 'passwords:\n  - §\n  - §\nport: 1'],
  ['/etc/app.yaml', 'env:\n  - name: DB_PASSWORD\n    password: >-\n      §'],
  ['/etc/app.yaml', 'password: first\n  §\nport: 1'],
  ['/etc/app.json', '{"apiKey": "§", "port": 1}'],
  ['/etc/app.json', '{"x":"{\\"password\\":\\"§\\",\\"port\\":1}"}'],
  [
    '/etc/app.json',
    '{"a":1,"private_key":"-----BEGIN PRIVATE KEY-----\\n§\\n§\\n-----END PRIVATE KEY-----\\n","b":2}',
  ],
  ['/etc/app.json', '{"name": "DB_PASSWORD", "value": "§"}'],
  ['/etc/app.json', '{"tokens": ["§", "§"]}'],
  ['/etc/app.toml', 'secret = """\n§\n§\n"""\nport = 1'],
  ['/etc/app.toml', "token = '§'"],
  ['/etc/app.ini', '[db]\npassword = § ; §\nuser = app'],
  ['/etc/app.ini', ';password = §'],
  ['/etc/app.ini', 'SECRET_KEY=first §'],
  ['/etc/app.xml', '<password>§</password>'],
  ['/etc/app.xml', '<Resource username="app" password="§" url="x"/>'],
  ['/etc/app.xml', '<property name="password" value="§"/>'],
  ['/etc/dovecot/sql', 'connect = host=localhost dbname=mail user=mail password=§'],
  ['/etc/dovecot/sql', '#connect = host=localhost dbname=mail user=mail password=§'],
  ['/etc/dovecot/sql', 'connect = password=§ dbname=mail'],
  ['/etc/app.cs', 'Server=db;User Id=app;Password=§;Database=app'],
  ['/etc/systemd/system/app.service', '[Service]\nEnvironment="DB_PASSWORD=§ §" "X=1"'],
  ['/etc/systemd/system/app.service', 'Environment=DB_PASSWORD=§ X=1'],
  ['/etc/cron.d/backup', '0 1 * * * root mysqldump -u root -p§ app'],
  ['/etc/cron.d/backup', '0 1 * * * root sshpass -p § ssh x'],
  ['/etc/cron.d/backup', '0 1 * * * root curl -u anna:§ https://example.com'],
  ['/etc/cron.d/backup', '0 1 * * * root backup --password § --verbose'],
  ['/etc/cron.d/backup', '0 1 * * * root backup --password=§ --verbose'],
  ['/etc/cron.d/backup', '0 1 * * * root curl -H "Authorization: Bearer §" https://example.com'],
  ['/etc/nginx/site', '  fastcgi_param DB_PASSWORD §;'],
  ['/etc/nginx/site', '  proxy_set_header X-Api-Key "§";'],
  ['/etc/nginx/site', '  proxy_set_header Authorization "Basic §";'],
  ['/etc/apache2/site', 'SetEnv DB_PASSWORD "§"'],
  ['/etc/haproxy/haproxy.cfg', '  stats auth admin:§'],
  ['/etc/haproxy/haproxy.cfg', '  user anna insecure-password §'],
  ['/etc/keepalived/keepalived.conf', '    auth_pass §'],
  ['/etc/bind/named.conf.local', 'key "x" { algorithm hmac-sha256;\n  secret "§";\n};'],
  ['/etc/grants.sql', "create user app identified by '§';"],
  ['/etc/grants.sql', "ALTER ROLE app WITH LOGIN PASSWORD '§' VALID UNTIL 'x';"],
  ['/etc/app.key', '-----BEGIN RSA PRIVATE KEY-----\n§\n§\n-----END RSA PRIVATE KEY-----\nport 1'],
  ['/etc/app.key', '  -----BEGIN OPENSSH PRIVATE KEY-----\n  §\n  §'],
  ['/etc/app.key', '§0123456789012345\n§\n-----END PRIVATE KEY-----'],
  [
    '/etc/app.yaml',
    'tls:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    §\n    §\n    -----END PRIVATE KEY-----\n  x: 1',
  ],
  [
    '/etc/openvpn/x.conf',
    '<tls-auth>\n-----BEGIN OpenVPN Static key V1-----\n§\n§\n-----END OpenVPN Static key V1-----\n</tls-auth>',
  ],
  ['/etc/x.ppk', 'Public-Lines: 1\nAAAA\nPrivate-Lines: 2\n§\n§\nPrivate-MAC: 00'],
  ['/etc/netrc', 'machine example.com login anna password §'],
  ['/etc/exports.env', '.env'],
  ['/srv/app/.env', 'ANYTHING=§'],
  ['/etc/ssl/private/x', '§'],
  ['', 'psql: error: connection to "postgres://app:§@db/app" failed'],
  ['', 'sh: 3: PASSWORD=§: not found'],
];

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/_-';
const value = fc
  .array(fc.constantFrom(...letters), { minLength: 12, maxLength: 60 })
  .map((signs) => `q7Z${signs.join('')}`);

test.each(forms)('%s: %s', (path, form) => {
  fc.assert(
    fc.property(value, (canary) => {
      const shown = redact(
        path,
        form.replaceAll('§', () => canary),
      );
      for (let at = 0; at + 6 <= canary.length; at += 1) {
        expect(shown).not.toContain(canary.slice(at, at + 6));
      }
    }),
    { numRuns: 20 },
  );
});

test('a password may hold any sign where its format lets it', () => {
  const hard = fc.string({
    minLength: 8,
    maxLength: 40,
    unit: fc.constantFrom(...`${letters}!#$%&()*,.:;<=>?@[]^{|}~ '`),
  });
  fc.assert(
    fc.property(hard, (text) => {
      const canary = `q7Z${text}w`;
      if (/define|DB_PAS|export|passw|secret|port/.test(canary)) return;
      for (const [path, content] of [
        ['/etc/app.json', JSON.stringify({ password: canary, port: 1 })],
        ['/etc/app.php', `define('DB_PASSWORD', '${canary.replaceAll("'", "\\'")}');`],
        ['/etc/app.ini', `[db]\npassword = ${canary}\nport = 1`],
        ['/etc/app.sh', `export DB_PASSWORD='${canary.replaceAll("'", `'"'"'`)}'`],
        ['/etc/app.yaml', `password: '${canary.replaceAll("'", "''")}'`],
      ] as const) {
        const shown = redact(path, content);
        for (let at = 0; at + 6 <= canary.length; at += 1) {
          expect(shown).not.toContain(canary.slice(at, at + 6));
        }
      }
    }),
  );
});

test('a password that looks a little like a call is a password', () => {
  expect(redact('/etc/app.ini', 'password = q7Z.(hunter2\n')).toBe(`password = ${mark}\n`);
  expect(redact('/etc/app.ini', 'password = q7Z.x(hunter2\n')).toBe(`password = ${mark}\n`);
  const code = 'password = base64.b64decode(value)\nsecret = std::env::var(name)\n';
  expect(redact('/etc/app.py', code)).toBe(code);
});

test('what is no secret stays as it is, byte for byte', () => {
  const plain = [
    'passwd: files systemd\nlisten 80;\r\nserver_name \xe4\xff;\n',
    'smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\n',
    '# requirepass foobared\n# password for the database: see the vault\n',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what such a file says
    'password: ${DB_PASSWORD}\npassword_file = /run/secrets/db\nPasswordAuthentication no\n',
    '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQq\n-----END CERTIFICATE-----\n',
    '-----BEGIN PUBLIC KEY-----\nMIIBszCCAVmgAwIBAgIUQq\n-----END PUBLIC KEY-----\n',
    'proxy_pass http://127.0.0.1:8080/a@b;\n',
    'ssl_certificate_key /etc/ssl/private/site.key;\n',
    '',
  ];
  for (const text of plain) expect(redact('/etc/x', text)).toBe(text);
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\0', '\xff', '"', "'", '{', '#', '-') }),
      (text) => {
        expect(redact('/etc/x', text)).toBe(text);
      },
    ),
  );
});

test('around a secret everything stays, and its length does not show', () => {
  const short = redact('/etc/x.ini', 'user = a\r\npassword = hunter2\r\nport = 1\n');
  expect(short).toBe(`user = a\r\npassword = ${mark}\r\nport = 1\n`);
  expect(redact('/etc/x.ini', `user = a\r\npassword = ${'hunter2'.repeat(40)}\r\nport = 1\n`)).toBe(short);
});

test('a found secret is a redacted one, and the other way round', () => {
  const line = fc.constantFrom(
    ...forms.map(([, form]) => form),
    'port = 1',
    'passwd: files',
    "it's",
    '"',
    "'x",
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), value, (lines, canary) => {
      const text = lines.join('\n').replaceAll('§', () => canary);
      expect(redact('/etc/x', text) !== text).toBe(findSecret('/etc/x', text) !== null);
    }),
  );
});

test.each([
  ['one long line of nearly keys', 'a_'.repeat(500_000)],
  ['keys without an end', '"password'.repeat(110_000)],
  ['keys with references', 'password=${'.repeat(90_000)],
  ['paths', 'password=/'.repeat(100_000)],
  ['lists without an end', 'password=['.repeat(100_000)],
  ['quotes that do not close', `password="x\\`.repeat(80_000)],
  ['quotes in turn', `p_pw='"p_pw="'`.repeat(70_000)],
  ['addresses', 'a://b:'.repeat(170_000)],
  ['addresses with users', 'a://b:$@'.repeat(120_000)],
  ['hashes', ':$6$'.repeat(250_000)],
  ['hashes of a scheme', ' {A-A-A-'.repeat(120_000)],
  ['begins of keys', '-----BEGIN PRIVATE KEY-----'.repeat(38_000)],
  ['ends of keys', '-----END PRIVATE KEY-----'.repeat(40_000)],
  ['lines that begin keys', '-----BEGIN PRIVATE KEY-----\n'.repeat(37_000)],
  ['lines of keys', `${'A'.repeat(64)}\n`.repeat(16_000)],
  ['blocks in blocks', Array.from({ length: 1400 }, (_, at) => `${' '.repeat(at)}password: |`).join('\n')],
  ['lists below', 'tokens:\n - a\n'.repeat(80_000)],
  ['blanks', `password${' '.repeat(1_000_000)}x`],
  ['blanks between', 'password   '.repeat(90_000)],
  ['options', ' -p --password'.repeat(75_000)],
  ['programs', 'mysql -u a -u curl sshpass '.repeat(38_000)],
  ['users', `user a ${'>a '.repeat(330_000)}`],
  ['separators', `x password=${',;'.repeat(500_000)}`],
  ['separators of many', `x password=a,;`.repeat(70_000)],
  ['words', 'SetEnv '.repeat(140_000)],
  ['introduced', ' password '.repeat(100_000)],
  ['comments', `${'#'.repeat(1_000_000)}password`],
  ['lines of comments', '# password\n'.repeat(90_000)],
  ['backslashes', `password=a${'\\\n'.repeat(500_000)}`],
  ['brackets', `password${']'.repeat(1_000_000)}`],
  ['elements', 'token><'.repeat(140_000)],
])('a megabyte takes no time: %s', (_name, text) => {
  const begun = process.cpuUsage();
  redact('/etc/postfix/x', text);
  const { user, system } = process.cpuUsage(begun);
  expect((user + system) / 1e6).toBeLessThan(4);
});

test.each([
  ['blanks behind a quoted name', `password"${' '.repeat(200_000)}x`],
  ['quotes behind a name', `password${'"'.repeat(200_000)}`],
  ['blanks between a value and the end', `password x${' '.repeat(4000)}y\n`.repeat(100)],
  ['blanks in a quoted value', `password "${' '.repeat(4000)}"y\n`.repeat(100)],
  ['many names behind many blanks', `${' '.repeat(200_000)}${'password=xyzw '.repeat(15_000)}`],
  ['many names without a blank', `a=b&${'password=hunterx&'.repeat(15_000)}`],
  ['a value as long as the file', `password '${'a'.repeat(12_000_000)}`],
  ['a value of escapes as long as the file', `password '${'\\a'.repeat(6_000_000)}`],
])('%s take no more time and room than their length does', (_what, content) => {
  const begin = performance.now();
  expect(redact('/etc/app.conf', content).length).toBeGreaterThan(0);
  expect(performance.now() - begin).toBeLessThan(10_000);
});
