import { createHmac } from 'node:crypto';
import type { Observation } from '../../decide/report.ts';
import { translatePostgresqlSettings } from '../../decide/settings-postgresql.ts';
import type { Host } from '../../host/host.ts';
import type { ObserveOptions } from './engine.ts';
import { type Cluster, knownClusters, psqlJson } from './postgresql-client.ts';

// Every value is spelled the same on every version under these.
const session = `SET search_path = ''; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
SET bytea_output = 'hex'; SET extra_float_digits = 1; SET statement_timeout = 0; SET lock_timeout = 0;
`;

/** Privileges as sorted text; MAINTAIN came with PostgreSQL 17 and is part of ALL there. */
const privileges = (acl: string) => `
  (SELECT coalesce(string_agg(entry, ', ' ORDER BY entry), '') FROM (
     SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END || '=' ||
            string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ',' ORDER BY a.privilege_type) AS entry
     FROM aclexplode(${acl}) a WHERE a.privilege_type <> 'MAINTAIN' GROUP BY a.grantee) e)`;

const serverQuestion = `${session}
SELECT json_build_object(
  'version', current_setting('server_version_num')::int,
  'roles', (SELECT json_object_agg(rolname, concat_ws(' ',
      CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolinherit THEN 'inherit' END,
      CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolcreatedb THEN 'createdb' END,
      CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolreplication THEN 'replication' END,
      CASE WHEN rolbypassrls THEN 'bypassrls' END, 'limit ' || rolconnlimit, 'until ' || rolvaliduntil))
    FROM pg_authid WHERE rolname !~ '^pg_'),
  'passwords', (SELECT coalesce(json_object_agg(rolname, rolpassword), '{}') FROM pg_authid WHERE rolpassword IS NOT NULL),
  'memberships', (SELECT coalesce(json_object_agg(g.rolname || ' to ' || m.rolname, a.admin), '{}')
    FROM (SELECT roleid, member, bool_or(admin_option) AS admin FROM pg_auth_members GROUP BY 1, 2) a
    JOIN pg_authid g ON g.oid = a.roleid JOIN pg_authid m ON m.oid = a.member WHERE m.rolname !~ '^pg_'),
  'settings of roles', (SELECT coalesce(json_object_agg(
      coalesce(r.rolname, 'all') || ' in ' || coalesce(d.datname, 'all'), array_to_string(s.setconfig, E'\\n')), '{}')
    FROM pg_db_role_setting s LEFT JOIN pg_authid r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase),
  'tablespaces', (SELECT coalesce(json_object_agg(spcname, pg_get_userbyid(spcowner) || ' ' || pg_tablespace_location(oid)), '{}')
    FROM pg_tablespace WHERE spcname !~ '^pg_'),
  'databases', (SELECT json_object_agg(datname, concat_ws(' ', pg_get_userbyid(datdba), pg_encoding_to_char(encoding),
      datcollate, datctype, 'limit ' || datconnlimit,
      ${privileges("coalesce(datacl, acldefault('d', datdba))")}))
    FROM pg_database WHERE datname !~ '^template[01]$'),
  'connectable', (SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE datallowconn AND NOT datistemplate),
  'settings', (SELECT json_object_agg(lower(name), concat_ws(' x ', reset_val, unit)) FROM pg_settings),
  'configured', (SELECT coalesce(json_agg(json_build_array(name, setting) ORDER BY seqno), '[]') FROM pg_file_settings WHERE applied)
);`;

interface Server {
  readonly version: number;
  readonly roles: Record<string, string>;
  readonly passwords: Record<string, string>;
  readonly memberships: Record<string, boolean>;
  readonly 'settings of roles': Record<string, string>;
  readonly tablespaces: Record<string, string>;
  readonly databases: Record<string, string>;
  readonly connectable: readonly string[];
  readonly settings: Record<string, string>;
  readonly configured: readonly (readonly [string, string])[];
}

/** Bytes of a table above which only its rows are counted: a digest reads and hashes everything. */
const digestLimit = 64 * 1024 * 1024;

const outside = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'";
const own = (catalogue: string, oid: string) =>
  `NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = '${catalogue}'::regclass AND x.objid = ${oid} AND x.deptype = 'e')`;
const rowsOf = `'SELECT count(*)::text || '' rows'' || coalesce('' '' || CASE WHEN %s THEN
  sum((''x'' || substr(md5((t.*)::text), 1, 15))::bit(60)::bigint)::text END, '''') AS c FROM ONLY %I.%I t'`;

const databaseQuestion = `${session}
SELECT json_build_object(
  'extensions', (SELECT coalesce(json_object_agg(extname, extversion), '{}') FROM pg_extension),
  'tables', (SELECT coalesce(json_object_agg(n.nspname || '.' || c.relname,
      (xpath('/table/row/c/text()', query_to_xml(format(${rowsOf},
        (pg_table_size(c.oid) <= ${digestLimit})::text, n.nspname, c.relname), false, false, '')))[1]::text), '{}')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND ${outside} AND ${own('pg_class', 'c.oid')}),
  'materialized views', (SELECT coalesce(json_object_agg(n.nspname || '.' || c.relname,
      (xpath('/table/row/c/text()', query_to_xml(format(${rowsOf},
        (pg_table_size(c.oid) <= ${digestLimit})::text, n.nspname, c.relname), false, false, '')))[1]::text), '{}')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND c.relispopulated AND ${outside} AND ${own('pg_class', 'c.oid')}),
  'sequences', (SELECT coalesce(json_object_agg(schemaname || '.' || sequencename, coalesce(last_value::text, 'not used yet')), '{}')
    FROM pg_sequences),
  'objects', (SELECT coalesce(json_object_agg(kind, amount), '{}') FROM (
      SELECT CASE c.relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'partitioned tables' WHEN 'v' THEN 'views'
          WHEN 'm' THEN 'materialized views' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'foreign tables'
          WHEN 'c' THEN 'composite types' ELSE 'indexes' END AS kind, count(*)::text AS amount
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c', 'i', 'I') AND c.relpersistence <> 't' AND ${outside} AND ${own('pg_class', 'c.oid')} GROUP BY 1
      UNION ALL SELECT 'functions', count(*)::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE ${outside} AND ${own('pg_proc', 'p.oid')}
      UNION ALL SELECT 'triggers', count(*)::text FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT 'policies', count(*)::text FROM pg_policy
      UNION ALL SELECT 'event triggers', count(*)::text FROM pg_event_trigger
      UNION ALL SELECT 'publications', count(*)::text FROM pg_publication
      UNION ALL SELECT 'constraints', count(*)::text FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
        WHERE k.contype <> 'n' AND ${outside} AND ${own('pg_constraint', 'k.oid')}
      UNION ALL SELECT 'indexes not valid', count(*)::text FROM pg_index WHERE NOT indisvalid) o),
  'large objects', (SELECT count(*)::text || ', ' || (SELECT coalesce(sum(length(data)), 0)::text FROM pg_largeobject) || ' bytes, ' ||
      (SELECT coalesce(sum(('x' || substr(md5(loid::text || ' ' || pageno::text || ' ' || md5(data)), 1, 15))::bit(60)::bigint), 0)::text FROM pg_largeobject)
    FROM pg_largeobject_metadata),
  'grants', (SELECT coalesce(json_object_agg(name, value), '{}') FROM (
      SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || n.nspname || '.' || c.relname AS name,
          pg_get_userbyid(c.relowner) || ': ' || ${privileges(`coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))`)} AS value
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't' AND ${outside} AND ${own('pg_class', 'c.oid')}
      UNION ALL SELECT 'column ' || n.nspname || '.' || c.relname || '.' || a.attname, ${privileges('a.attacl')}
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND ${outside} AND ${own('pg_class', 'c.oid')}
      UNION ALL SELECT 'schema ' || n.nspname, pg_get_userbyid(n.nspowner) || ': ' || ${privileges("coalesce(n.nspacl, acldefault('n', n.nspowner))")}
        FROM pg_namespace n WHERE ${outside} AND ${own('pg_namespace', 'n.oid')}
      UNION ALL SELECT 'function ' || n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
          pg_get_userbyid(p.proowner) || ': ' || ${privileges("coalesce(p.proacl, acldefault('f', p.proowner))")}
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${outside} AND ${own('pg_proc', 'p.oid')}
      UNION ALL SELECT 'large object ' || l.oid::text, pg_get_userbyid(l.lomowner) || ': ' || ${privileges("coalesce(l.lomacl, acldefault('L', l.lomowner))")}
        FROM pg_largeobject_metadata l
      UNION ALL SELECT 'default ' || pg_get_userbyid(d.defaclrole) || ' ' || coalesce(n.nspname, 'everywhere') || ' ' || d.defaclobjtype::text,
          ${privileges('d.defaclacl')}
        FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace) g)
);`;

interface Database {
  readonly extensions: Record<string, string>;
  readonly tables: Record<string, string>;
  readonly 'materialized views': Record<string, string>;
  readonly sequences: Record<string, string>;
  readonly objects: Record<string, string>;
  readonly 'large objects': string;
  readonly grants: Record<string, string>;
}

/** Settings that say where and how this server stands, not how it was tuned. */
const notTuning =
  /^(ssl_(cert|key)_file|unix_socket_directories|cluster_name|lc_(messages|monetary|numeric|time))$/;

/** What somebody set in a file, under the names of the other version, with the value the server really uses. */
function tuned(server: Server, asVersion: number | null): [string, string][] {
  const major = Math.floor(server.version / 10_000);
  const text = server.configured
    .map(
      ([name, setting]) =>
        `${name} = '${setting.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n')}'`,
    )
    .join('\n');
  const { text: translated } = translatePostgresqlSettings(text, asVersion ?? major);
  return translated.split('\n').flatMap((line) => {
    const [name, written] = /^(\S+) = (.*)$/.exec(line)?.slice(1) ?? [];
    if (name === undefined || notTuning.test(name)) return [];
    return [[name, server.settings[name] ?? (written as string)] as [string, string]];
  });
}

function observeServer(subject: string, server: Server, options: ObserveOptions): Observation[] {
  const every = (group: string, values: Record<string, unknown>, compare: Observation['compare']) =>
    Object.entries(values).map(([key, value]) => ({ subject, group, key, value: String(value), compare }));
  const digest = (name: string, hash: string) =>
    createHmac('sha256', options.key).update(`${name}\0${hash}`).digest('hex');
  const passwords = Object.entries(server.passwords).map(([name, hash]) => [name, digest(name, hash)]);
  const settings =
    options.asVersion === null ? Object.entries(server.settings) : tuned(server, options.asVersion);
  return [
    ...every('versions', { server: String(server.version) }, 'not-lower'),
    ...every('roles', server.roles, 'equal'),
    ...every('passwords of roles', Object.fromEntries(passwords), 'secret'),
    ...every('memberships', server.memberships, 'equal'),
    ...every('settings of roles', server['settings of roles'], 'equal'),
    ...every('tablespaces', server.tablespaces, 'equal'),
    ...every('databases', server.databases, 'equal'),
    ...every('settings', Object.fromEntries(settings), 'equal'),
  ];
}

async function observeCluster(host: Host, cluster: Cluster, options: ObserveOptions): Promise<Observation[]> {
  const subject = cluster.name === 'main' ? 'postgresql' : `postgresql ${cluster.name}`;
  const server = await psqlJson<Server>(host, cluster, 'postgres', serverQuestion);
  const observations = observeServer(subject, server, options);
  for (const name of server.connectable) {
    const database = await psqlJson<Database>(host, cluster, name, databaseQuestion);
    const about = `${subject} ${name}`;
    const every = (group: string, values: Record<string, string>, compare: Observation['compare']) =>
      Object.entries(values).map(([key, value]) => ({ subject: about, group, key, value, compare }));
    observations.push(
      ...every('extensions', database.extensions, 'not-lower'),
      ...every('tables', database.tables, 'exact'),
      // Made anew from their tables by every restore, so one that was stale is fresh now.
      ...every('materialized views', database['materialized views'], 'by-hand'),
      ...every('sequences', database.sequences, 'exact'),
      ...every('objects', database.objects, 'equal'),
      ...every('large objects', { '': database['large objects'] }, 'equal'),
      ...every('grants', database.grants, 'exact'),
    );
  }
  return observations;
}

/**
 * Everything of every running cluster that a move has to keep. With `asVersion` only what was configured is
 * listed, under that version's names; without it every setting, for the other side to be looked up in.
 */
export async function observePostgresql(host: Host, options: ObserveOptions): Promise<Observation[]> {
  const observations: Observation[] = [];
  for (const cluster of await knownClusters(host)) {
    if (cluster.online) observations.push(...(await observeCluster(host, cluster, options)));
  }
  return observations;
}
