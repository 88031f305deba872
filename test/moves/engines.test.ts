/** PostgreSQL and MariaDB go from an old major version to a new one, with names and contents that break tools. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compareObservations } from '../../src/decide/report.ts';
import { connect } from '../../src/host/connect.ts';
import type { Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { Engine, Transfer } from '../../src/work/engines/engine.ts';
import { mariadb } from '../../src/work/engines/mariadb.ts';
import { postgresql } from '../../src/work/engines/postgresql.ts';
import { finish } from '../../src/work/work.ts';
import { type LabHost, labAvailable, labEnvironment, startHost, stopHost } from '../lab/lab.ts';

const reason = labAvailable();
const names = { source: 'engines-old', destination: 'engines-new' };
const patience = 10 * 60_000;

const install =
  'export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql postgresql-contrib mariadb-server >/dev/null 2>&1';

const postgresqlData = String.raw`
create role "ad a" login password 'geheim' createdb;
create role bob login password 'bobpw' connection limit 7 valid until '2035-01-01';
create role "we;ird""name" nologin;
create role readers;
grant readers to bob with admin option; grant "we;ird""name" to "ad a";
alter role bob set search_path to shop, public;
create database shop owner "ad a";
create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0;
create database "Wei rd-'""=db" owner bob;
alter database shop set statement_timeout to '77s';
alter role bob in database shop set work_mem to '99MB';
revoke connect on database shop from public; grant connect on database shop to bob;
alter system set work_mem = '6MB'; select pg_reload_conf();
\c shop
create extension citext; create extension hstore;
create schema shop authorization "ad a";
set role "ad a";
create table shop.orders(id bigserial primary key, who citext, at timestamptz default now(), price numeric(10,2), f float8, data jsonb, b bytea, t text[]);
insert into shop.orders(who,price,f,data,b,t) select 'user'||i, i*1.1, i/3.0, jsonb_build_object('i',i,'x','äöü'), decode(md5(i::text),'hex'), array['a','b"c',null] from generate_series(1,5000) i;
create table shop.t(t int, "t.*" text); insert into shop.t values (1,'x'),(null,null);
create table shop.p(id int, d date) partition by range(d);
create table shop.p1 partition of shop.p for values from ('2020-01-01') to ('2021-01-01');
insert into shop.p values (1,'2020-05-05');
create materialized view shop.mv as select count(*) from shop.orders;
create function shop.f(int) returns int language sql as 'select $1+1';
reset role;
grant select on shop.orders to readers; grant usage on schema shop to readers; grant update(price) on shop.orders to bob;
alter default privileges for role "ad a" in schema shop grant select on tables to readers;
revoke execute on function shop.f(int) from public;
select lo_from_bytea(424242, decode(repeat('ff00',5000),'hex')); grant select on large object 424242 to bob;
create sequence public.unused; select nextval('public.unused'), nextval('public.unused');
\c latin
create table z(x text); insert into z values (convert_from('\xe4'::bytea,'LATIN1'));
\c postgres
create table "Ta""b'le; -x"("c""ol" int); insert into "Ta""b'le; -x" values(1),(2);
`;

const mariadbData = String.raw`
create database shop character set utf8mb4;
create database ${'`we-ird``"\' db`'} character set latin1;
create table ${'`we-ird``"\' db`'}.t(x varchar(10) character set latin1) ;
insert into ${'`we-ird``"\' db`'}.t values('ä');
use shop;
create table customers(id int auto_increment primary key, name varchar(80), at datetime(6) default current_timestamp(6), bin varbinary(20), js json, f double, d decimal(12,4), b bit(5), e enum('a','b'), txt text);
insert into customers(name,bin,js,f,d,b,e,txt) select concat('kundé ',seq), unhex(md5(seq)), json_object('i',seq), seq/3, seq*1.1, seq%32, 'a', concat('line\nwith \\ and '' ', char(0), seq) from seq_1_to_3000;
create table ${'`my isam`'}(id int, ${'`c``ol`'} text) engine=MyISAM; insert into ${'`my isam`'} values (1,'x'),(2,null);
create view xdb as select * from ${'`we-ird``"\' db`'}.t;
delimiter //
create procedure p() begin select 1; end//
create trigger tr before insert on customers for each row begin if new.name is null then set new.name='x'; end if; end//
delimiter ;
create event ev on schedule every 1 day do delete from customers where id < 0;
create sequence sq start with 5; select nextval(sq);
create user ada@localhost identified by 'geheim';
create user ${'`b\'o"b`'}@'10.%' identified via unix_socket or mysql_native_password using password('x');
create user expired@'%' identified by 'q' password expire;
create user locked@localhost identified by 'x' require ssl account lock;
create role readers;
grant select on shop.* to readers; grant readers to ada@localhost; set default role readers for ada@localhost;
grant all privileges on shop.* to ada@localhost with grant option;
grant select (txt, name), insert on shop.customers to ${'`b\'o"b`'}@'10.%';
grant execute on procedure shop.p to ${'`b\'o"b`'}@'10.%';
set global event_scheduler = on;
`;

(reason === null ? describe : describe.skip)(
  `engines from Debian 11 to 13${reason === null ? '' : `: ${reason}`}`,
  () => {
    const key = randomBytes(32);
    const lab: { source?: LabHost; destination?: LabHost } = {};
    const hosts: { source?: Host; destination?: Host } = {};

    function transferOf(made: ReadonlySet<string>, journal: unknown[] = []): Transfer {
      return {
        source: hosts.source as Host,
        destination: hosts.destination as Host,
        signal: new AbortController().signal,
        journal: async (line) => void journal.push(line),
        madeByUs: (name) => made.has(name),
      };
    }

    async function differences(engine: Engine): Promise<string[]> {
      const { source, destination } = transferOf(new Set());
      const asVersion = await engine.major(destination);
      const there = await engine.observe(source, { key, asVersion });
      const here = await engine.observe(destination, { key, asVersion: null });
      expect(there.filter((one) => one.group === 'tables').length).toBeGreaterThan(2);
      return compareObservations(there, here)
        .filter((check) => check.state !== 'green')
        .map((check) => `${check.subject}: ${check.text} ${check.source} ${check.destination}`);
    }

    beforeAll(async () => {
      lab.source = await startHost({ name: names.source, release: '11' });
      lab.destination = await startHost({ name: names.destination, release: '13' });
      await Promise.all([lab.source.run(install), lab.destination.run(install)]);
      for (const side of ['source', 'destination'] as const) {
        hosts[side] = await connect(parsePlace(`root@${names[side]}`), {
          asker: { trustHostKey: async () => false, secret: async () => null },
          environment: { ...process.env, ...labEnvironment },
          note: () => {},
        });
      }
      const feed = async (argv: readonly [string, ...string[]], input: string) => {
        const answer = await (hosts.source as Host).run(argv, { input });
        if (answer.code !== 0) throw new Error(answer.stderr.toString());
      };
      await feed(
        [
          'sh',
          '-c',
          'cd / && systemctl start postgresql mariadb && PGCLIENTENCODING=UTF8 exec runuser -u postgres -- psql -Xq -v ON_ERROR_STOP=1 -f -',
        ],
        postgresqlData,
      );
      await feed(['mysql', '--default-character-set=utf8mb4'], mariadbData);
    }, patience);

    afterAll(async () => {
      await hosts.source?.close();
      await hosts.destination?.close();
      await stopHost(names.source);
      await stopHost(names.destination);
    }, patience);

    for (const engine of [postgresql, mariadb]) {
      test(`${engine.name}: everything arrives, and arrives again when the run is repeated`, async () => {
        const journal: { name?: string }[] = [];
        const transfer = transferOf(new Set(), journal);
        await finish(engine.prepare(transfer));
        expect(await engine.writes(transfer.source)).toBe(await engine.writes(transfer.source));
        await finish(engine.transfer(transfer));
        expect(await differences(engine)).toEqual([]);

        const made = new Set(journal.flatMap((line) => line.name ?? []));
        const again = transferOf(made);
        await finish(engine.prepare(again));
        await finish(engine.transfer(again));
        expect(await differences(engine)).toEqual([]);
      }, 120_000);

      test(`${engine.name}: a database that this move did not make is left alone`, async () => {
        await expect(finish(engine.prepare(transferOf(new Set())))).rejects.toMatchObject({
          topic: 'database-exists',
        });
      }, 60_000);
    }

    test('a row written on the source shows in the count of writes and as a difference', async () => {
      const { source } = transferOf(new Set());
      const before = await mariadb.writes(source);
      await source.run(['mysql', '-e', "insert into shop.customers(name) values('late')"]);
      expect(await mariadb.writes(source)).not.toBe(before);
      expect((await differences(mariadb)).some((line) => line.includes('tables: customers differs'))).toBe(
        true,
      );
    }, 60_000);

    test('events that sleep on the source wake on the destination', async () => {
      const { source, destination } = transferOf(new Set());
      const state = async (host: Host) =>
        (await host.run(['mysql', '-Ne', 'select @@event_scheduler'])).stdout.toString().trim();
      const [step] = await mariadb.quiet(source);
      await source.run(step?.argv ?? ['false']);
      expect([await state(source), await state(destination)]).toEqual(['OFF', 'OFF']);
      await mariadb.wake(destination);
      expect(await state(destination)).toBe('ON');
    }, 60_000);
  },
);
