import { quote, toBytes } from '../../bytes.ts';
import { translatePostgresqlSettings } from '../../decide/settings-postgresql.ts';
import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import type { Notice, Work } from '../../types.ts';
import { clientError, type Engine, type Transfer, type Transferred } from './engine.ts';
import { pipeAcross } from './pipe.ts';
import {
  awaitCluster,
  type Cluster,
  clustersOf,
  counterpart,
  knownClusters,
  postgresStream,
  psql,
  psqlJson,
} from './postgresql-client.ts';
import { observePostgresql } from './postgresql-observe.ts';
import { preparePostgresql } from './postgresql-prepare.ts';
import { globalsFor, pgConnection, pgName, pgText, splitStatements } from './sql.ts';

/** A cluster of the source and the one that takes it over. */
interface Pair {
  readonly from: Cluster;
  readonly to: Cluster;
}

/** Running clusters of the source with their counterparts; one without is left to a person. */
export async function pairs(
  source: Host,
  destination: Host,
): Promise<{ readonly pairs: readonly Pair[]; readonly notices: readonly Notice[] }> {
  const there = await knownClusters(destination);
  const found: Pair[] = [];
  const notices: Notice[] = [];
  for (const from of await knownClusters(source)) {
    if (!from.online) continue;
    const to = counterpart(from, there);
    if (to !== null && !found.some((pair) => pair.to === to)) found.push({ from, to });
    else
      notices.push({
        grade: 'by-hand',
        subject: 'postgresql',
        text: `the cluster ${from.version}/${from.name} has no counterpart on ${destination.name}: more than one cluster is not supported yet`,
        hint: `make it there: pg_createcluster VERSION ${from.name} --start`,
      });
  }
  return { pairs: found, notices };
}

/** Name in the journal: databases of different clusters may have the same one. */
const journalName = (cluster: Cluster, database: string) =>
  cluster.name === 'main' ? database : `${cluster.name}/${database}`;

interface SourceDatabase {
  readonly name: string;
  readonly bytes: number;
  readonly connectable: boolean;
}

const databasesQuestion = `SELECT coalesce(json_agg(json_build_object('name', datname, 'bytes', pg_database_size(oid),
  'connectable', datallowconn) ORDER BY datname), '[]') FROM pg_database WHERE datname !~ '^template[01]$'`;

/** Whether anybody put something into a database that every cluster has. */
const inhabitedQuestion = `SELECT to_json(
  EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)')
  OR EXISTS (SELECT 1 FROM pg_extension WHERE extname <> 'plpgsql')
  OR EXISTS (SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema'))
  OR EXISTS (SELECT 1 FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema'))
  OR EXISTS (SELECT 1 FROM pg_largeobject_metadata))`;

function databasesOf(host: Host, cluster: Cluster): Promise<readonly SourceDatabase[]> {
  return psqlJson(host, cluster, 'postgres', databasesQuestion);
}

/** What pg_dumpall --globals-only says, applied to a server that may have part of it. */
async function transferGlobals({ from, to }: Pair, { source, destination }: Transfer): Promise<void> {
  const dump = await source.run(
    [
      'sh',
      '-c',
      'cd / && exec runuser -u postgres -- pg_dumpall --globals-only -p "$1"',
      'globals',
      from.port,
    ],
    { limit: 64 * 1024 * 1024 },
  );
  const statements = dump.code === 0 ? splitStatements(dump.stdout.toString('utf8')) : null;
  if (statements === null) {
    throw new Failure('failed', 'database', `cannot read the roles of PostgreSQL on ${source.name}`, {
      during:
        dump.code === 0 ? 'pg_dumpall wrote something unexpected' : clientError(dump.stderr.toString('utf8')),
    });
  }
  const there = await psqlJson<{ roles: string[]; tablespaces: string[] }>(
    destination,
    to,
    'postgres',
    `SELECT json_build_object('roles', (SELECT json_agg(rolname) FROM pg_roles),
      'tablespaces', (SELECT json_agg(spcname) FROM pg_tablespace))`,
  );
  const globals = globalsFor(
    statements,
    { roles: new Set(there.roles), tablespaces: new Set(there.tablespaces) },
    from.version < 16 && to.version >= 16,
  );
  for (const { name, location } of globals.tablespaces) {
    const made = await destination.run([
      'install',
      '-d',
      '-o',
      'postgres',
      '-g',
      'postgres',
      '-m',
      '0700',
      '--',
      toBytes(location),
    ]);
    if (made.code !== 0) {
      throw new Failure(
        'failed',
        'database',
        `cannot make the directory of tablespace ${name} on ${destination.name}`,
        {
          during: quote(toBytes(location)),
        },
      );
    }
  }
  await psql(destination, to, 'postgres', globals.statements.join('\n'));
}

/**
 * PostgreSQL before 15 let everybody create objects in `public`; a dump made by such a version leaves that
 * unsaid. Owner and privileges of the source's schema are said again.
 */
async function transferPublicSchema({ from, to }: Pair, database: string, transfer: Transfer): Promise<void> {
  if (from.version >= 15) return;
  const schema = await psqlJson<{
    owner: string;
    grants: { to: string | null; what: string; grantable: boolean }[];
  } | null>(
    transfer.source,
    from,
    database,
    `SELECT coalesce((SELECT json_build_object('owner', pg_get_userbyid(nspowner), 'grants',
      (SELECT coalesce(json_agg(json_build_object('to', CASE WHEN grantee = 0 THEN NULL ELSE pg_get_userbyid(grantee) END,
        'what', privilege_type, 'grantable', is_grantable)), '[]')
       FROM aclexplode(coalesce(nspacl, acldefault('n', nspowner)))))
      FROM pg_namespace WHERE nspname = 'public'), 'null'::json)`,
  );
  if (schema === null) return;
  const statements = [
    `ALTER SCHEMA public OWNER TO ${pgName(schema.owner)};`,
    'REVOKE ALL ON SCHEMA public FROM PUBLIC, pg_database_owner;',
    ...schema.grants.map(
      (grant) =>
        `GRANT ${grant.what} ON SCHEMA public TO ${grant.to === null ? 'PUBLIC' : pgName(grant.to)}${grant.grantable ? ' WITH GRANT OPTION' : ''};`,
    ),
  ];
  await psql(transfer.destination, to, database, statements.join('\n'));
}

/**
 * Settings of a database do not hold in the session that restores it, so a materialized view that depends on them
 * (a time zone) was computed under others. Made again in a session of its own, in the order of their creation.
 */
const refreshViews = `DO $$ DECLARE view regclass; BEGIN
  IF EXISTS (SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()) THEN
    FOR view IN SELECT oid FROM pg_class WHERE relkind = 'm' AND relispopulated ORDER BY oid LOOP
      EXECUTE 'REFRESH MATERIALIZED VIEW ' || view;
    END LOOP;
  END IF;
END $$;`;

async function* transferDatabase(
  { from, to }: Pair,
  database: SourceDatabase,
  transfer: Transfer,
): Work<number> {
  const { source, destination } = transfer;
  const shared = database.name === 'postgres' || database.name === 'template1';
  const name = journalName(to, database.name);
  await transfer.journal({ step: 'database', engine: 'postgresql', name, state: 'begun' });
  if (!shared && transfer.madeByUs(name)) {
    await psql(destination, to, 'postgres', `DROP DATABASE IF EXISTS ${pgName(database.name)} WITH (FORCE);`);
  }
  const dump = await postgresStream(
    source,
    ...[
      'pg_dump',
      '-Fc',
      '-Z',
      '1',
      '--no-subscriptions',
      '-p',
      from.port,
      '-d',
      pgConnection(database.name),
    ],
  );
  const restore = await postgresStream(
    destination,
    ...['pg_restore', '--exit-on-error', '-p', to.port],
    ...(shared ? ['--clean', '--if-exists', '-d', pgConnection(database.name)] : ['-C', '-d', 'postgres']),
  );
  const piped = yield* pipeAcross(
    dump,
    restore,
    { label: 'loading PostgreSQL', current: quote(toBytes(database.name)), total: null },
    transfer.signal,
  );
  if (piped.failed !== null) {
    const [tool, host] = piped.failed === 'source' ? ['pg_dump', source] : ['pg_restore', destination];
    const shown = quote(toBytes(database.name));
    throw new Failure('failed', 'database', `the database ${shown} could not be carried`, {
      during: `${tool} on ${host.name}: ${clientError(piped[piped.failed].stderr)}`,
    });
  }
  await transferPublicSchema({ from, to }, database.name, transfer);
  await psql(destination, to, database.name, refreshViews);
  await transfer.journal({ step: 'database', engine: 'postgresql', name, state: 'done' });
  return piped.bytes;
}

/** ALTER SYSTEM writes into the data directory, which no file pass carries. */
async function transferAutoSettings(
  { from, to }: Pair,
  { source, destination }: Transfer,
): Promise<{ readonly changed: boolean; readonly notices: readonly Notice[] }> {
  const file = `${from.directory}/postgresql.auto.conf`;
  const exists = await source.run(['test', '-s', file]);
  if (exists.code !== 0) return { changed: false, notices: [] };
  const { text, dropped } = translatePostgresqlSettings(
    (await source.readFile(file)).toString('utf8'),
    to.version,
  );
  for (const line of text.split('\n')) {
    const match = /^(\S+) = (.*)$/.exec(line);
    if (match === null) continue;
    const value = (match[2] as string).startsWith("'") ? (match[2] as string) : pgText(match[2] as string);
    // A list is one string in the file; ALTER SYSTEM takes lists only as separate words for those settings.
    const items =
      /^(shared_preload_libraries|local_preload_libraries|session_preload_libraries|search_path|temp_tablespaces|unix_socket_directories|synchronous_standby_names)$/.test(
        match[1] as string,
      )
        ? value
            .slice(1, -1)
            .split(/\s*,\s*/)
            .map((item) => `'${item.replace(/^"(.*)"$/, '$1')}'`)
            .join(', ')
        : value;
    await psql(destination, to, 'postgres', `ALTER SYSTEM SET ${match[1]} = ${items};`);
  }
  const notices = dropped.map(({ line, why }) => ({
    grade: 'care' as const,
    subject: 'postgresql',
    text: `the setting ${line} of ALTER SYSTEM does not cross: ${why}`,
    hint: '',
  }));
  return { changed: text !== '', notices };
}

async function restartCluster(host: Host, cluster: Cluster): Promise<void> {
  const answer = await host.run(
    ['pg_ctlcluster', String(cluster.version), cluster.name, 'restart', '-m', 'fast'],
    {
      timeoutSeconds: 300,
    },
  );
  if (answer.code !== 0) {
    throw new Failure(
      'failed',
      'database',
      `PostgreSQL on ${host.name} does not start with the settings of the source`,
      {
        during: clientError(answer.stderr.toString('utf8')),
      },
    );
  }
  await awaitCluster(host, cluster);
}

async function* transferPair(pair: Pair, transfer: Transfer): Work<Transferred> {
  const notices: Notice[] = [];
  await transferGlobals(pair, transfer);
  let bytes = 0;
  let count = 0;
  const databases = await databasesOf(transfer.source, pair.from);
  const template = { name: 'template1', bytes: 0, connectable: true };
  for (const database of [template, ...databases]) {
    if (!database.connectable) {
      notices.push({
        grade: 'by-hand',
        subject: 'postgresql',
        text: `the database ${quote(toBytes(database.name))} takes no connections and was not carried`,
        hint: 'allow connections to it, or leave it behind',
      });
      continue;
    }
    const everywhere = database.name === 'postgres' || database.name === 'template1';
    if (
      everywhere &&
      !(await psqlJson<boolean>(transfer.source, pair.from, database.name, inhabitedQuestion))
    ) {
      // Empty, but who may create in it is a grant all the same.
      await transferPublicSchema(pair, database.name, transfer);
      continue;
    }
    bytes += yield* transferDatabase(pair, database, transfer);
    count += 1;
  }
  return { databases: count, bytes, notices };
}

export const postgresql: Engine = {
  name: 'postgresql',
  units: /^postgresql(@.*)?\.service$/,

  async answers(host) {
    return (await clustersOf(host)).some((cluster) => cluster.online);
  },

  async major(host) {
    return Math.max(0, ...(await knownClusters(host)).map((cluster) => cluster.version));
  },

  async list(host) {
    const sizes = [];
    for (const cluster of await knownClusters(host)) {
      if (!cluster.online) continue;
      for (const { name, bytes } of await databasesOf(host, cluster)) {
        sizes.push({ name: journalName(cluster, name), bytes });
      }
    }
    return sizes;
  },

  async *prepare(transfer) {
    // What was known may be from before the servers were started.
    await Promise.all([clustersOf(transfer.source), clustersOf(transfer.destination)]);
    const { pairs: found, notices } = await pairs(transfer.source, transfer.destination);
    const all = [...notices];
    for (const pair of found) {
      yield {
        kind: 'note',
        grade: 'info',
        text: `looking whether PostgreSQL ${pair.to.version} can take over`,
      };
      const name = (database: string) => journalName(pair.to, database);
      all.push(...(await preparePostgresql(pair.from, pair.to, transfer, name)));
      const settings = await transferAutoSettings(pair, transfer);
      all.push(...settings.notices);
      if (settings.changed) await restartCluster(transfer.destination, pair.to);
    }
    return all;
  },

  async quiet() {
    return [];
  },

  async wake() {},

  async writes(source) {
    const marks: string[] = [];
    for (const cluster of await knownClusters(source)) {
      if (!cluster.online) continue;
      for (const database of await databasesOf(source, cluster)) {
        if (!database.connectable) continue;
        const sum = await psql(
          source,
          cluster,
          database.name,
          'SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables',
        );
        marks.push(`${journalName(cluster, database.name)}=${sum.trim()}`);
      }
    }
    return marks.join('\n');
  },

  async *transfer(transfer) {
    const { pairs: found, notices } = await pairs(transfer.source, transfer.destination);
    const all = [...notices];
    let bytes = 0;
    let databases = 0;
    for (const pair of found) {
      const done = yield* transferPair(pair, transfer);
      bytes += done.bytes;
      databases += done.databases;
      all.push(...done.notices);
    }
    return { databases, bytes, notices: all };
  },

  async finish(destination) {
    const notices: Notice[] = [];
    for (const cluster of await knownClusters(destination)) {
      const channel = await postgresStream(
        destination,
        ...['vacuumdb', '--all', '--analyze-only', '--quiet', '-p', cluster.port],
      );
      channel.stdin.end();
      channel.stdout.resume();
      const { code, stderr } = await channel.done;
      if (code === 0) continue;
      notices.push({
        grade: 'care',
        subject: 'postgresql',
        text: `statistics could not be made: ${clientError(stderr)}`,
        hint: 'vacuumdb --all --analyze-only',
      });
    }
    return notices;
  },

  observe: observePostgresql,
};
