import { createHmac } from 'node:crypto';
import type { Observation } from '../../decide/report.ts';
import type { Host } from '../../host/host.ts';
import type { ObserveOptions } from './engine.ts';
import { accountsOf, canonicalGrant, isOwnAccount } from './mariadb-accounts.ts';
import { mariaAnswers, mariaLines, mariaRows, mariaVersion } from './mariadb-client.ts';
import { mariaName, mariaText } from './sql.ts';

const carried = (column: string) =>
  `${column} NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')`;

const schemaQuestion = `
SELECT JSON_ARRAY('databases', '', SCHEMA_NAME, CONCAT(DEFAULT_CHARACTER_SET_NAME, ' ', DEFAULT_COLLATION_NAME))
  FROM information_schema.SCHEMATA WHERE ${carried('SCHEMA_NAME')};
SELECT JSON_ARRAY('tables made', TABLE_SCHEMA, TABLE_NAME, CONCAT_WS(' ', ENGINE, TABLE_COLLATION))
  FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND ${carried('TABLE_SCHEMA')};
SELECT JSON_ARRAY('columns', TABLE_SCHEMA, TABLE_NAME, CONCAT(COUNT(*), ' ',
    MD5(GROUP_CONCAT(CONCAT_WS(' ', COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLLATION_NAME) ORDER BY ORDINAL_POSITION SEPARATOR '\\n'))))
  FROM information_schema.COLUMNS WHERE ${carried('TABLE_SCHEMA')} GROUP BY TABLE_SCHEMA, TABLE_NAME;
SELECT JSON_ARRAY('indexes', TABLE_SCHEMA, CONCAT(TABLE_NAME, '.', INDEX_NAME), GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX))
  FROM information_schema.STATISTICS WHERE ${carried('TABLE_SCHEMA')} GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME;
SELECT JSON_ARRAY('views', TABLE_SCHEMA, TABLE_NAME, CONCAT(DEFINER, ' ', SECURITY_TYPE))
  FROM information_schema.VIEWS WHERE ${carried('TABLE_SCHEMA')};
SELECT JSON_ARRAY('routines', ROUTINE_SCHEMA, ROUTINE_NAME, CONCAT(ROUTINE_TYPE, ' ', DEFINER, ' ', MD5(ROUTINE_DEFINITION)))
  FROM information_schema.ROUTINES WHERE ${carried('ROUTINE_SCHEMA')};
SELECT JSON_ARRAY('triggers', TRIGGER_SCHEMA, TRIGGER_NAME, CONCAT(EVENT_OBJECT_TABLE, ' ', DEFINER, ' ', MD5(ACTION_STATEMENT)))
  FROM information_schema.TRIGGERS WHERE ${carried('TRIGGER_SCHEMA')};
SELECT JSON_ARRAY('events', EVENT_SCHEMA, EVENT_NAME, CONCAT(STATUS, ' ', DEFINER, ' ', MD5(EVENT_DEFINITION)))
  FROM information_schema.EVENTS WHERE ${carried('EVENT_SCHEMA')};
`;

const rowSourcesQuestion = `
SELECT JSON_ARRAY('table', t.TABLE_SCHEMA, t.TABLE_NAME, COALESCE(t.DATA_LENGTH, 0), JSON_ARRAYAGG(c.COLUMN_NAME))
  FROM information_schema.TABLES t JOIN information_schema.COLUMNS c
    ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
  WHERE t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND ${carried('t.TABLE_SCHEMA')}
  GROUP BY t.TABLE_SCHEMA, t.TABLE_NAME;
SELECT JSON_ARRAY('sequence', TABLE_SCHEMA, TABLE_NAME, 0, JSON_ARRAY())
  FROM information_schema.TABLES WHERE TABLE_TYPE = 'SEQUENCE' AND ${carried('TABLE_SCHEMA')};
`;

/** Bytes of a table above which only its rows are counted. */
const digestLimit = 64 * 1024 * 1024;

type RowSource = ['table' | 'sequence', string, string, number, readonly string[]];

function rowQuestion([kind, schema, table, bytes, columns]: RowSource): string {
  const from = `${mariaName(schema)}.${mariaName(table)}`;
  const what = `${mariaText(schema)}, ${mariaText(table)}`;
  if (kind === 'sequence') {
    return `SELECT JSON_ARRAY('sequences', ${what}, CAST(next_not_cached_value AS CHAR)) FROM ${from};`;
  }
  // Columns by name, since information_schema gives them in no order within an aggregate.
  const parts = [...columns].sort().map((column) => `COALESCE(HEX(CONCAT(${mariaName(column)})), 'N')`);
  const digest =
    bytes > digestLimit
      ? "''"
      : `COALESCE(CONCAT(' ', SUM(CAST(CONV(SUBSTRING(MD5(CONCAT_WS('|', ${parts.join(', ')})), 1, 15), 16, 10) AS UNSIGNED))), '')`;
  return `SELECT JSON_ARRAY('tables', ${what}, CONCAT(COUNT(*), ' rows', ${digest})) FROM ${from};`;
}

/** Settings that say where and how this server stands, not how it was tuned. */
const notTuning = new Set([
  ...['user', 'datadir', 'basedir', 'tmpdir', 'socket', 'pid_file', 'port', 'lc_messages_dir'],
  ...['log_error', 'plugin_dir', 'server_id', 'hostname', 'server_uid', 'version'],
]);

// Files as the package ships them say what the version thinks best, not what somebody chose.
const optionsProgram = `
dpkg-query -W -f='\${Conffiles}\\n' 'mariadb*' 'mysql*' 2>/dev/null
echo '== digests'
find /etc/mysql -name '*.cnf' -type f -exec md5sum {} +
echo '== content'
find /etc/mysql -name '*.cnf' -type f -exec grep -H '' {} +
`;

const serverSection = /^\[(mysqld|server|mariadb|mariadbd|mariadb-server|(mysqld|mariadbd?)-[0-9.]+)\]/;

/** What files of the server set, by the variable's name; with `chosen` only files that the package did not ship so. */
export function parseOptions(output: string, chosen: boolean): ReadonlyMap<string, string> {
  const [shipped = '', digests = '', content = ''] = output.split(/^== (?:digests|content)\n/m);
  const own = new Set(
    digests.split('\n').flatMap((line) => {
      const match = /^([0-9a-f]{32}) [ *](.*)$/.exec(line);
      return match !== null && shipped.includes(` ${match[2]} ${match[1]}`) ? [match[2] as string] : [];
    }),
  );
  const options = new Map<string, string>();
  let applies = false;
  let before = '';
  for (const line of content.split('\n')) {
    const [, file = '', text = ''] = /^(.*?\.cnf):(.*)$/.exec(line) ?? [];
    if (file !== before) applies = false;
    before = file;
    if (text.startsWith('[')) applies = serverSection.test(text);
    const option = /^\s*(?:loose[-_])?([A-Za-z][A-Za-z0-9_-]*)\s*(?:=\s*(.*?)\s*)?(?:\s#.*)?$/.exec(text);
    if (!applies || option === null || (chosen && own.has(file))) continue;
    const name = (option[1] as string).replaceAll('-', '_').toLowerCase();
    if (!notTuning.has(name)) options.set(name, option[2] ?? '');
  }
  return options;
}

/** The server makes these fit its memory, and each version does it in another way: the written value counts. */
const rounded = new Set([
  'innodb_buffer_pool_size',
  'innodb_log_file_size',
  'table_open_cache',
  'open_files_limit',
]);

/** Chosen variables on the source; on the destination all, to be looked up in. */
async function settings(host: Host, chosen: boolean): Promise<readonly (readonly [string, string])[]> {
  const answer = await host.run(['sh', '-c', optionsProgram]);
  const output = answer.stdout.toString('latin1');
  const written = parseOptions(output, chosen);
  const lines = await mariaLines(host, 'SHOW GLOBAL VARIABLES;');
  return lines.flatMap((line) => {
    const [name = '', value = ''] = line.split('\t');
    if (chosen && !written.has(name)) return [];
    if (rounded.has(name)) return [[name, written.get(name) ?? 'not set'] as const];
    return [[name, value.replace(/^(\d+)\.0+$/, '$1')] as const];
  });
}

/** Everything that a move of MariaDB has to keep; see `observePostgresql` for `asVersion`. */
export async function observeMariadb(host: Host, options: ObserveOptions): Promise<Observation[]> {
  if (!(await mariaAnswers(host))) return [];
  const observations: Observation[] = [];
  const add = (
    database: string,
    group: string,
    key: string,
    value: string,
    compare: Observation['compare'],
  ) =>
    observations.push({
      subject: database === '' ? 'mariadb' : `mariadb ${database}`,
      group,
      key,
      value,
      compare,
    });

  const version = (await mariaVersion(host)).join('.');
  add('', 'versions', 'server', version, 'not-lower');
  const rows = await mariaRows<[string, string, string, string | null]>(host, schemaQuestion);
  for (const [group, database, key, value] of rows) {
    add(database, group, key, value ?? '', database === '' ? 'equal' : 'exact');
  }
  const sources = await mariaRows<RowSource>(host, rowSourcesQuestion);
  const counts = await mariaRows<[string, string, string, string]>(host, sources.map(rowQuestion).join('\n'));
  for (const [group, database, key, value] of counts) add(database, group, key, value, 'exact');

  for (const account of await accountsOf(host)) {
    if (isOwnAccount(account)) continue;
    const create = createHmac('sha256', options.key).update(account.create.join('\n')).digest('hex');
    add(
      '',
      account.role ? 'roles' : 'accounts',
      account.name,
      account.role ? 'role' : create,
      account.role ? 'equal' : 'secret',
    );
    add('', 'grants', account.name, account.grants.map(canonicalGrant).sort().join('; '), 'equal');
  }

  for (const [name, value] of await settings(host, options.asVersion !== null)) {
    add('', 'settings', name, value, 'equal');
  }
  return observations;
}
