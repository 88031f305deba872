import { expect, test } from '@jest/globals';
import { canonicalGrant, createAccounts, grantAll } from '../../../src/work/engines/mariadb-accounts.ts';
import { parseOptions } from '../../../src/work/engines/mariadb-observe.ts';
import { counterpart, parseClusters } from '../../../src/work/engines/postgresql-client.ts';
import { sameLocale } from '../../../src/work/engines/postgresql-prepare.ts';

test('clusters are read from pg_lsclusters, stopped ones and odd directories too', () => {
  const output = [
    '15  main    5432 online          postgres /var/lib/postgresql/15/main /var/log/postgresql/postgresql-15-main.log',
    '15  reports 5433 down            postgres /srv/pg data /var/log/postgresql/postgresql-15-reports.log',
    '9.6 old     5434 online,recovery postgres /var/lib/postgresql/9.6/old /var/log/postgresql/postgresql-9.6-old.log',
    '',
  ].join('\n');
  expect(parseClusters(output)).toEqual([
    { version: 15, name: 'main', port: '5432', online: true, directory: '/var/lib/postgresql/15/main' },
    { version: 15, name: 'reports', port: '5433', online: false, directory: '/srv/pg data' },
    { version: 9, name: 'old', port: '5434', online: true, directory: '/var/lib/postgresql/9.6/old' },
  ]);
});

test('a cluster is taken over by the newest one of its name, or by the only one', () => {
  const cluster = (version: number, name: string) => ({
    version,
    name,
    port: '1',
    online: true,
    directory: '/',
  });
  expect(counterpart(cluster(15, 'main'), [cluster(17, 'main'), cluster(15, 'main')])?.version).toBe(17);
  expect(counterpart(cluster(15, 'shop'), [cluster(17, 'main')])?.name).toBe('main');
  expect(counterpart(cluster(15, 'shop'), [cluster(17, 'a'), cluster(17, 'b')])).toBeNull();
});

test('a locale is the same however its codeset is spelled', () => {
  expect(sameLocale('de_DE.UTF-8')).toBe(sameLocale('de_DE.utf8'));
  expect(sameLocale('de_DE.UTF-8')).not.toBe(sameLocale('de_DE.ISO-8859-1'));
});

const options = [
  ' /etc/mysql/mariadb.conf.d/50-server.cnf 0123456789abcdef0123456789abcdef',
  '== digests',
  '0123456789abcdef0123456789abcdef  /etc/mysql/mariadb.conf.d/50-server.cnf',
  'ffffffffffffffffffffffffffffffff  /etc/mysql/conf.d/own.cnf',
  '== content',
  '/etc/mysql/mariadb.conf.d/50-server.cnf:[mysqld]',
  '/etc/mysql/mariadb.conf.d/50-server.cnf:expire_logs_days = 10',
  '/etc/mysql/conf.d/own.cnf:[client]',
  '/etc/mysql/conf.d/own.cnf:max_connections = 1',
  '/etc/mysql/conf.d/own.cnf:[mariadb-10.11]',
  '/etc/mysql/conf.d/own.cnf:max-connections = 77   # busy',
  '/etc/mysql/conf.d/own.cnf:skip_name_resolve',
  '/etc/mysql/conf.d/own.cnf:datadir = /srv/mysql',
  '',
].join('\n');

test('only what somebody chose for the server counts, not what its package ships', () => {
  expect([...parseOptions(options, true)]).toEqual([
    ['max_connections', '77'],
    ['skip_name_resolve', ''],
  ]);
  expect(parseOptions(options, false).get('expire_logs_days')).toBe('10');
});

test('accounts are made anew, and grants neither repeat passwords nor depend on the order of columns', () => {
  const account = {
    name: 'ada@%',
    role: false,
    create: ["CREATE USER `ada`@`%` IDENTIFIED BY PASSWORD '*AB' PASSWORD EXPIRE"],
    grants: [
      "GRANT SELECT (`b`, `a, x`) ON `s`.`t` TO `ada`@`%` IDENTIFIED BY PASSWORD '*AB' WITH GRANT OPTION",
    ],
  };
  const role = { name: "rea'der", role: true, create: [], grants: [] };
  expect(createAccounts([role, account])).toBe(
    "CREATE OR REPLACE ROLE 'rea''der';\nCREATE OR REPLACE USER `ada`@`%` IDENTIFIED BY PASSWORD '*AB' PASSWORD EXPIRE;",
  );
  expect(grantAll([account])).toBe('GRANT SELECT (`b`, `a, x`) ON `s`.`t` TO `ada`@`%` WITH GRANT OPTION;');
  expect(canonicalGrant(account.grants[0] as string)).toBe(
    'GRANT SELECT (`a, x`, `b`) ON `s`.`t` TO `ada`@`%` WITH GRANT OPTION',
  );
});
