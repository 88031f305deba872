import { quote, toBytes } from '../../bytes.ts';
import { Failure } from '../../failure.ts';
import type { Channel, Host } from '../../host/host.ts';
import type { Bytes } from '../../types.ts';
import { clientError, parseAnswer } from './engine.ts';
import { pgConnection } from './sql.ts';

/** One running or stopped cluster, by pg_lsclusters(1). */
export interface Cluster {
  readonly version: number;
  readonly name: string;
  readonly port: string;
  readonly online: boolean;
  readonly directory: Bytes;
}

/** pg_lsclusters -h: version, name, port, status, owner, data directory, log file. */
export function parseClusters(output: string): readonly Cluster[] {
  return output.split('\n').flatMap((line) => {
    const match = /^(\S+)\s+(\S+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\/.*?)\s+(?:\/\S*|\S*log\S*)\s*$/.exec(line);
    if (match === null) return [];
    const [, version = '', name = '', port = '', status = '', , directory = ''] = match;
    const major = Number.parseInt(version, 10);
    return [{ version: major, name, port, online: /^online/.test(status), directory }];
  });
}

/** pg_lsclusters takes a third of a second; what it said last is good until `clustersOf` is asked again. */
const known = new WeakMap<Host, readonly Cluster[]>();

export async function knownClusters(host: Host): Promise<readonly Cluster[]> {
  return known.get(host) ?? clustersOf(host);
}

export async function clustersOf(host: Host): Promise<readonly Cluster[]> {
  const answer = await host.run([
    'sh',
    '-c',
    'command -v pg_lsclusters >/dev/null || exit 0; exec pg_lsclusters -h',
  ]);
  if (answer.code !== 0) {
    throw new Failure('failed', 'database', `cannot list the PostgreSQL clusters of ${host.name}`, {
      during: quote(answer.stderr.toString('latin1').trim()),
    });
  }
  const clusters = parseClusters(answer.stdout.toString('latin1'));
  known.set(host, clusters);
  return clusters;
}

// The working directory must be one that postgres may enter, else every program warns about it.
const asPostgres = 'cd / && export PGCLIENTENCODING=UTF8 && exec runuser -u postgres -- "$@"';

/** A program that runs as postgres, on a channel of its own. */
export function postgresStream(host: Host, ...argv: string[]): Promise<Channel> {
  return host.stream(['sh', '-c', asPostgres, 'postgres', ...argv.map(toBytes)]);
}

/**
 * Runs SQL in one database, stops at the first error and gives what was printed: rows without frame, one a line.
 * Errors are terse, so that no statement (and no password hash in it) is part of one.
 */
export async function psql(host: Host, cluster: Cluster, database: string, sql: string): Promise<string> {
  const answer = await host.run(
    [
      'sh',
      '-c',
      asPostgres,
      'postgres',
      ...['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=terse', '-p', cluster.port],
      ...['-d', toBytes(pgConnection(database)), '-f', '-'],
    ],
    { input: Buffer.from(sql, 'utf8') },
  );
  if (answer.code !== 0) {
    const reason = clientError(answer.stderr.toString('utf8'));
    throw new Failure('failed', 'database', `PostgreSQL on ${host.name} refused: ${reason}`, {
      during: `asking the database ${quote(toBytes(database))}`,
      hint: /FATAL/.test(reason)
        ? 'postgres has to be let in locally without a password (peer in pg_hba.conf)'
        : '',
    });
  }
  return answer.stdout.toString('utf8');
}

/** One value in JSON. */
export async function psqlJson<T>(host: Host, cluster: Cluster, database: string, sql: string): Promise<T> {
  return parseAnswer<T>(await psql(host, cluster, database, sql), `PostgreSQL on ${host.name}`);
}

/** Waits until a cluster takes connections; the unit is active a moment earlier. */
export async function awaitCluster(host: Host, cluster: Cluster): Promise<void> {
  const answer = await host.run(
    [
      'sh',
      '-c',
      'cd /; n=0; while [ $n -lt 150 ]; do runuser -u postgres -- psql -XAtqc "select 1" -p "$1" -d postgres >/dev/null 2>&1 && exit 0; n=$((n+1)); sleep 0.2; done; exit 1',
      'wait',
      cluster.port,
    ],
    { timeoutSeconds: 120 },
  );
  if (answer.code !== 0) {
    throw new Failure('failed', 'database', `PostgreSQL on ${host.name} does not take connections`, {
      during: `cluster ${cluster.version}/${cluster.name} on port ${cluster.port}`,
      hint: `see why: ssh to ${host.name}, then journalctl -u postgresql@${cluster.version}-${cluster.name}`,
    });
  }
}

/** The cluster of the destination that takes over a cluster of the source: same name, else the only one. */
export function counterpart(cluster: Cluster, there: readonly Cluster[]): Cluster | null {
  const same = there.filter((one) => one.name === cluster.name);
  if (same.length > 0) return same.reduce((newest, one) => (one.version > newest.version ? one : newest));
  return there.length === 1 ? (there[0] as Cluster) : null;
}
