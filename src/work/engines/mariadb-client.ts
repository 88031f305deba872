import { Failure } from '../../failure.ts';
import type { Channel, Host } from '../../host/host.ts';
import { clientError, parseAnswer } from './engine.ts';

// Debian 11 and older know only the mysql names. root gets in by its socket; where somebody gave it a password
// instead, Debian's maintenance account does.
const asRoot = `
first=$1 second=$2; shift 2
tool=$(command -v "$first" || command -v "$second") || { echo "ERROR: $first is not installed" >&2; exit 127; }
client=$(command -v mariadb || command -v mysql)
if ! "$client" -Ne 'select 1' </dev/null >/dev/null 2>&1 && [ -r /etc/mysql/debian.cnf ]; then
  set -- --defaults-file=/etc/mysql/debian.cnf "$@"
fi
exec "$tool" "$@"
`;

const client = ['mariadb', 'mysql', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'] as const;

// Names and texts of ours are quoted for the default modes, whatever the server was told to be.
const session =
  "SET SESSION sql_mode = ''; SET SESSION group_concat_max_len = 1000000000; SET SESSION time_zone = '+00:00';\n";

/** Runs SQL and gives the lines that came back, columns parted by tabs. An error says the server's words only. */
export async function mariaLines(host: Host, sql: string): Promise<readonly string[]> {
  const answer = await host.run(
    ['sh', '-c', asRoot, 'mariadb', ...client, '--batch', '--raw', '--skip-column-names'],
    { input: Buffer.from(session + sql, 'utf8') },
  );
  if (answer.code !== 0) {
    const reason = clientError(answer.stderr.toString('utf8'));
    throw new Failure(
      'failed',
      'database',
      `MariaDB on ${host.name} refused: ${reason.replaceAll(/'[^']*'?/g, "'…'")}`,
      {
        hint: /Access denied/.test(reason)
          ? 'root has to be let in through the socket, or /root/.my.cnf has to hold its password'
          : '',
      },
    );
  }
  const lines = answer.stdout.toString('utf8').split('\n');
  lines.pop();
  return lines;
}

/** Rows that the SQL makes with JSON_ARRAY, one a line. */
export async function mariaRows<T>(host: Host, sql: string): Promise<readonly T[]> {
  const lines = await mariaLines(host, sql);
  return lines.map((line) => parseAnswer<T>(line, `MariaDB on ${host.name}`));
}

export async function mariaAnswers(host: Host): Promise<boolean> {
  const answer = await host.run(['sh', '-c', asRoot, 'mariadb', ...client, '-Ne', 'select 1']);
  return answer.code === 0;
}

/** Version as [major, minor], for example [10, 11]. */
export async function mariaVersion(host: Host): Promise<readonly [number, number]> {
  const [line = ''] = await mariaLines(host, 'SELECT VERSION();');
  const match = /^(\d+)\.(\d+)\./.exec(line);
  if (match === null || !/mariadb/i.test(line)) {
    throw new Failure('failed', 'database', `the server on ${host.name} is no MariaDB: ${line}`, {
      hint: 'MySQL is not supported yet: its system tables must not be loaded into MariaDB',
    });
  }
  return [Number(match[1]), Number(match[2])];
}

export function mariaDump(host: Host, databases: readonly string[]): Promise<Channel> {
  return host.stream([
    'sh',
    '-c',
    asRoot,
    'mariadb',
    ...['mariadb-dump', 'mysqldump', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'],
    ...[
      '--single-transaction',
      '--quick',
      '--routines',
      '--events',
      '--triggers',
      '--hex-blob',
      '--databases',
    ],
    ...databases.map((name) => Buffer.from(name, 'utf8').toString('latin1')),
  ]);
}

// A dump is hostile input: in binary mode the client runs no command that stands in it, only SQL.
export function mariaLoad(host: Host): Promise<Channel> {
  return host.stream(['sh', '-c', asRoot, 'mariadb', ...client, '--binary-mode', '--batch']);
}
