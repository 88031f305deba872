import { expect, test } from '@jest/globals';
import { PathRules } from '../../src/decide/path-rules.ts';
import { activate, filesWanted, pathsOf, unitsOf } from '../../src/decide/profile.ts';
import { readProfile } from '../../src/decide/profile-schema.ts';
import type { Ruling } from '../../src/decide/ruling.ts';
import type { Facts, InstalledPackage } from '../../src/types.ts';
import { loadProfiles } from '../../src/work/profiles.ts';

const profiles = await loadProfiles();

type Package = readonly [name: string, version: string, status?: string];

function facts(...packages: readonly Package[]) {
  return {
    packages: {
      known: true,
      value: packages.map(
        ([name, version, status = 'installed']) => ({ name, version, status }) as InstalledPackage,
      ),
    },
    units: { known: false, reason: 'not asked' },
  } as Pick<Facts, 'packages' | 'units'>;
}

async function active(
  known: Pick<Facts, 'packages' | 'units'>,
  files: Readonly<Record<string, string>> = {},
) {
  const contents = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text, 'latin1')]));
  return activate(profiles, known, contents);
}

function rulesOf(all: Awaited<ReturnType<typeof active>>): PathRules<Ruling> {
  const rules = new PathRules<Ruling>();
  for (const { pattern, ruling } of all.flatMap(pathsOf)) rules.add(pattern, ruling);
  return rules;
}

test('a profile is on when its package is installed, and not when only its clients or leftovers are', async () => {
  const names = async (...packages: readonly Package[]) =>
    (await active(facts(...packages))).map(({ profile }) => profile.name);
  expect(await names(['postgresql-15', '15.4'])).toEqual(['postgresql']);
  expect(await names(['postgresql-client-15', '15.4'], ['postgresql-common', '248'])).toEqual([]);
  expect(await names(['redis-server', '7', 'config-files'])).toEqual([]);
  expect(await names(['nginx', '1'], ['php8.2-fpm', '8.2.7'])).toEqual(['nginx', 'php-fpm']);
});

test('versions come from names and versions of packages, the newest one last', async () => {
  const known = facts(
    ['php7.4-fpm', '7.4.33'],
    ['php8.2-fpm', '8.2.7'],
    ['mariadb-server', '1:10.11.6-0+deb12u1'],
  );
  const [mariadb, php] = await active(known);
  expect([mariadb?.version, php?.version, php?.versions]).toEqual(['10.11', '8.2', ['7.4', '8.2']]);
  expect(php === undefined ? [] : unitsOf(php)).toEqual(['php7.4-fpm.service', 'php8.2-fpm.service']);
});

test('data directories come from the configuration, else from the default', async () => {
  const known = facts(['postgresql-15', '15.4'], ['redis-server', '7'], ['mariadb-server', '1:10.11.6-0']);
  const files = {
    '/etc/postgresql/15/main/postgresql.conf':
      "#data_directory = '/not/this'\ndata_directory = '/fast/pg/15'\t# moved\n",
    '/etc/redis/redis.conf': 'dir /fast/redis\n',
    '/etc/mysql/mariadb.conf.d/50-server.cnf': '[mysqld]\n#datadir = /var/lib/mysql\n',
  };
  const rules = rulesOf(await active(known, files));
  expect(rules.of('/fast/pg/15/base/1')?.carry).toBe('dump');
  expect(rules.of('/not/this')).toBeNull();
  expect(rules.of('/fast/redis/dump.rdb')).toMatchObject({
    carry: 'stream',
    evidence: 'named in /etc/redis/redis.conf',
  });
  expect(rules.of('/fast/redis/temp-1.rdb')?.class).toBe('ephemeral');
  expect(rules.of('/var/lib/mysql/shop')).toMatchObject({ carry: 'dump', rule: 'profile.mariadb.data' });
});

test('a path in a configuration is no pattern, and no directory of the whole system', async () => {
  const known = facts(['nginx', '1']);
  const files = {
    '/etc/nginx/sites-enabled/a':
      'root /srv/*/html;\n  root "/srv/b [1]/html/";\n root /;\n root /etc;\n alias /srv/../etc/x;\n root $where;\n',
  };
  const [nginx] = await active(known, files);
  expect(nginx?.settings.roots).toEqual(['/srv/*/html', '/srv/b [1]/html']);
  const rules = rulesOf(nginx === undefined ? [] : [nginx]);
  expect(rules.of('/srv/other/html/x')).toBeNull();
  expect(rules.of('/srv/*/html/x')?.rule).toBe('profile.nginx.site');
  expect(rules.of('/srv/b [1]/html/x')?.rule).toBe('profile.nginx.site');
});

test.each([
  ['mail_location = maildir:/var/mail/vhosts/%d/%n', '/var/mail/vhosts'],
  ['  mail_path = /srv/mail/%{user}', '/srv/mail'],
  ['  args = uid=vmail gid=vmail home=/var/vmail/%d/%n', '/var/vmail'],
])('Dovecot’s `%s` is mail in %s', async (line, path) => {
  const [dovecot] = await active(facts(['dovecot-core', '1:2.3.19']), {
    '/etc/dovecot/dovecot.conf': `${line}\n`,
  });
  expect(dovecot?.settings.mail).toEqual([path]);
});

test('a Maildir in a home is no path of its own', async () => {
  const [dovecot] = await active(facts(['dovecot-core', '1:2.3.19']), {
    '/etc/dovecot/dovecot.conf': '# mail_location = maildir:/x\nmail_location = maildir:~/Maildir\n',
  });
  expect(dovecot?.settings.mail).toEqual([]);
});

test('only files of services that are there are asked for', async () => {
  const wanted = filesWanted(profiles, facts(['postgresql-13', '13.9']));
  expect(wanted).toContain('/etc/postgresql/13/*/postgresql.conf');
  expect(wanted.some((glob) => glob.includes('nginx'))).toBe(false);
});

test.each([
  ['title: x', 'titel: x', 'nothing called titel is known here'],
  ['tier: actor', 'tier: boss', 'tier must be'],
  ['units: [a.service]', 'units: a.service', 'units must be a list'],
  ["pattern: '^(a)'", "pattern: '^(a'", 'pattern cannot be used: missing closing'],
  ["pattern: '^(a)'", "pattern: '^(?=a)'", 'pattern cannot be used: invalid or unsupported Perl syntax'],
  ["pattern: '^(a)'", "pattern: '^(a)(b)'", 'pattern has more than one group'],
  ['files: [/etc/x]', 'files: [/root/x]', 'entry 1 must begin with /etc/'],
  ['files: [/etc/x]', 'files: ["/etc/*"]', 'entry 1 must begin with /etc/'],
  ['files: [/etc/x]', 'files: [/etc/x/../../root]', 'entry 1 may not go through'],
  ['paths: []', 'paths: [{path: "/a/+(a+(b))", class: mutable, kind: x}]', 'path may not hold'],
  ['paths: []', 'paths: [{path: "/a/*a*a*a", class: mutable, kind: x}]', 'path has more than two \\*'],
  ['paths: []', 'paths: [{path: "/a/{b,{c,d}}", class: mutable, kind: x}]', 'path has more than one {…}'],
  [
    'paths: []',
    'paths: [{path: "/**/a/**/b/**", class: mutable, kind: x}]',
    'path has \\*\\* more than twice',
  ],
  ['paths: []', `paths: [{path: "\${nothing}/a", class: mutable, kind: x}]`, 'no setting called nothing'],
  [
    'paths: []',
    'paths: [{path: "/a/{version}", class: mutable, kind: x}]',
    '{version} is used and no version',
  ],
  ['paths: []', 'paths: [{path: "/a", class: mutable, kind: x, carry: dump}]', 'nothing dumps this path'],
  ['packages: [x]', '', 'detect names nothing'],
  ['title: x', 'title: "x\\e[2J"', 'title holds a control character'],
])('a profile with %s → %s is refused with line and column', (from, to, sentence) => {
  const text = [
    'name: x',
    'title: x',
    'detect: {packages: [x]}',
    'settings:',
    '  - name: s',
    '    files: [/etc/x]',
    "    pattern: '^(a)'",
    '    take: all',
    '    default: []',
    'paths: []',
    'units: [a.service]',
    'tier: actor',
    'provenance: x',
    '',
  ].join('\n');
  expect(readProfile(text, 'profiles/x.yaml').name).toBe('x');
  expect(() => readProfile(text.replace(from, to), 'profiles/x.yaml')).toThrow(
    new RegExp(`^profiles/x\\.yaml:\\d+:\\d+: .*${sentence}`),
  );
});
