import { Failure } from '../../failure.ts';
import type { Notice } from '../../types.ts';
import { clientError, type Engine } from './engine.ts';
import { accountsOf, createAccounts, grantAll, isOwnAccount } from './mariadb-accounts.ts';
import { mariaAnswers, mariaDump, mariaLines, mariaLoad, mariaRows, mariaVersion } from './mariadb-client.ts';
import { observeMariadb } from './mariadb-observe.ts';
import { pipeAcross } from './pipe.ts';
import { mariaName } from './sql.ts';

const ownSchemas = "('mysql', 'information_schema', 'performance_schema', 'sys')";

const databasesQuestion = `SELECT JSON_ARRAY(s.SCHEMA_NAME, COALESCE(CAST(SUM(t.DATA_LENGTH + t.INDEX_LENGTH) AS UNSIGNED), 0))
FROM information_schema.SCHEMATA s LEFT JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = s.SCHEMA_NAME
WHERE s.SCHEMA_NAME NOT IN ${ownSchemas} GROUP BY s.SCHEMA_NAME ORDER BY s.SCHEMA_NAME;`;

/** Statements that clients run to change rows or tables. */
const writing =
  '^Com_(insert|update|delete|replace|load|truncate|call_procedure|alter_table|create_table|drop_table|rename_table)(_select|_multi)?$';

/** Things that live in system tables and are made by hand. */
const byHandQuestion = `
SELECT JSON_ARRAY('a loadable function', name) FROM mysql.func;
SELECT JSON_ARRAY('a connection to another server', Server_name) FROM mysql.servers;
SELECT JSON_ARRAY('a table with history, of which only today travels', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME))
  FROM information_schema.TABLES WHERE TABLE_TYPE = 'SYSTEM VERSIONED';
`;

const loadTimeZones = `
client=$(command -v mariadb || command -v mysql)
tool=$(command -v mariadb-tzinfo-to-sql || command -v mysql_tzinfo_to_sql) || exit 1
"$tool" /usr/share/zoneinfo 2>/dev/null | "$client" mysql
`;

/** Without a default of its own since 11.5, a table of an old dump that names no collation would get another one. */
const oldCollations = "/*M!110200 SET SESSION character_set_collations = '' */;\n";

export const mariadb: Engine = {
  name: 'mariadb',
  units: /^(mariadb|mysql|mysqld)(@.*)?\.service$/,

  answers: mariaAnswers,

  async major(host) {
    return (await mariaVersion(host))[0];
  },

  async list(host) {
    const rows = await mariaRows<[string, number]>(host, databasesQuestion);
    return rows.map(([name, bytes]) => ({ name, bytes: Number(bytes) }));
  },

  async *prepare({ source, destination, madeByUs }) {
    const notices: Notice[] = [];
    yield { kind: 'note', grade: 'info', text: 'looking whether MariaDB can take over' };
    const [from, to] = [await mariaVersion(source), await mariaVersion(destination)];
    if (to[0] < from[0] || (to[0] === from[0] && to[1] < from[1])) {
      notices.push({
        grade: 'care',
        subject: 'mariadb',
        text: `MariaDB on ${destination.name} is older (${to.join('.')}) than on ${source.name} (${from.join('.')})`,
        hint: 'tables that use newer features will not load',
      });
    }
    const wanted = new Set((await this.list(source)).map((one) => one.name));
    const foreign = (await this.list(destination)).filter(
      (one) => wanted.has(one.name) && !madeByUs(one.name),
    );
    if (foreign.length > 0) {
      const names = foreign.map((one) => one.name).join(', ');
      throw new Failure(
        'failed',
        'database-exists',
        `${destination.name} has a database ${names} that this move did not make`,
        {
          hint: `look at it; if it can go, remove it there: mariadb-admin drop ${foreign[0]?.name}`,
        },
      );
    }
    for (const [what, name] of await mariaRows<[string, string]>(source, byHandQuestion)) {
      notices.push({
        grade: 'by-hand',
        subject: 'mariadb',
        text: `${what} is not carried: ${name}`,
        hint: '',
      });
    }
    const root = async (host: typeof source) =>
      (await accountsOf(host)).find((account) => account.name === 'root@localhost');
    if ((await root(source))?.create.join() !== (await root(destination))?.create.join()) {
      notices.push({
        grade: 'by-hand',
        subject: 'mariadb',
        text: `root@localhost gets in another way on ${source.name}; ${destination.name} keeps its own`,
        hint: 'only if something logs in as root: ALTER USER root@localhost …',
      });
    }
    return notices;
  },

  async quiet(source) {
    const [state] = await mariaLines(source, 'SELECT @@GLOBAL.event_scheduler;');
    if (state !== 'ON') return [];
    const argv = (to: string) =>
      [
        'sh',
        '-c',
        'exec "$(command -v mariadb || command -v mysql)" -e "SET GLOBAL event_scheduler = $1"',
        'events',
        to,
      ] as const;
    return [{ what: 'event scheduler of MariaDB', argv: argv('OFF'), inverse: argv('ON') }];
  },

  async wake(destination) {
    await mariaLines(destination, 'SET GLOBAL event_scheduler = ON;');
  },

  async writes(source) {
    const lines = await mariaLines(
      source,
      `SELECT CAST(SUM(VARIABLE_VALUE) AS UNSIGNED) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME REGEXP '${writing}';`,
    );
    return lines.join('\n');
  },

  async *transfer({ source, destination, signal, journal, madeByUs }) {
    const databases = await this.list(source);
    const accounts = (await accountsOf(source)).filter((account) => !isOwnAccount(account));
    // Events must not run before everything is there; cutover wakes them.
    await mariaLines(destination, 'SET GLOBAL event_scheduler = OFF;');
    for (const { name } of databases) {
      await journal({ step: 'database', engine: 'mariadb', name, state: 'begun' });
      if (madeByUs(name)) await mariaLines(destination, `DROP DATABASE IF EXISTS ${mariaName(name)};`);
    }
    // Before the data: views and routines name their definers.
    await mariaLines(destination, createAccounts(accounts));
    let bytes = 0;
    if (databases.length > 0) {
      const total = databases.reduce((sum, one) => sum + one.bytes, 0);
      const piped = yield* pipeAcross(
        await mariaDump(
          source,
          databases.map((one) => one.name),
        ),
        await mariaLoad(destination),
        { label: 'loading MariaDB', current: databases.map((one) => one.name).join(', '), total },
        signal,
        oldCollations,
      );
      bytes = piped.bytes;
      if (piped.failed !== null) {
        const [tool, host] = piped.failed === 'source' ? ['mariadb-dump', source] : ['mariadb', destination];
        throw new Failure('failed', 'database', 'the databases of MariaDB could not be carried', {
          during: `${tool} on ${host.name}: ${clientError(piped[piped.failed].stderr)}`,
        });
      }
      if (!/\n-- Dump completed( on [^\n]*)?\n*$/.test(piped.tail)) {
        throw new Failure('failed', 'database', `the dump of MariaDB on ${source.name} ended too early`, {
          during: 'its last line is missing',
          hint: 'run the same command again',
        });
      }
    }
    await mariaLines(destination, grantAll(accounts));
    const notices: Notice[] = [];
    const zones = 'SELECT COUNT(*) > 0 FROM mysql.time_zone_name;';
    if ((await mariaLines(source, zones))[0] === '1' && (await mariaLines(destination, zones))[0] !== '1') {
      const loaded = await destination.run(['sh', '-c', loadTimeZones], { timeoutSeconds: 300 });
      if (loaded.code !== 0) {
        notices.push({
          grade: 'by-hand',
          subject: 'mariadb',
          text: 'names of time zones could not be loaded',
          hint: 'mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql',
        });
      }
    }
    for (const { name } of databases)
      await journal({ step: 'database', engine: 'mariadb', name, state: 'done' });
    return { databases: databases.length, bytes, notices };
  },

  async finish() {
    return [];
  },

  observe: observeMariadb,
};
