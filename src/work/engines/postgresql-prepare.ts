import { quote, toBytes } from '../../bytes.ts';
import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import type { Notice } from '../../types.ts';
import { clientError, type Transfer } from './engine.ts';
import { awaitCluster, type Cluster, psqlJson } from './postgresql-client.ts';

interface Needs {
  readonly databases: readonly string[];
  readonly locales: readonly string[];
  readonly template: Template;
  readonly checksums: boolean;
  readonly subscriptions: boolean;
}
interface Template {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
}

const needsQuestion = `SELECT json_build_object(
  'databases', (SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE datname !~ '^template[01]$'),
  'locales', (SELECT json_agg(DISTINCT l) FROM pg_database, unnest(ARRAY[datcollate::text, datctype::text]) l),
  'template', (SELECT json_build_object('encoding', pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', datctype)
    FROM pg_database WHERE datname = 'template1'),
  'checksums', current_setting('data_checksums') = 'on',
  'subscriptions', EXISTS (SELECT 1 FROM pg_subscription))`;

/** `de_DE.UTF-8` and `de_DE.utf8` are one locale (locale(1) prints the second). */
export function sameLocale(name: string): string {
  const [language = '', codeset = ''] = name.split('.');
  return `${language}.${codeset.toLowerCase().replaceAll(/[^a-z0-9@]/g, '')}`;
}

async function localesOf(host: Host): Promise<ReadonlySet<string>> {
  const answer = await host.run(['locale', '-a']);
  return new Set(['C', 'POSIX', ...answer.stdout.toString('latin1').split('\n')].map(sameLocale));
}

/** Extensions of the source that the destination's server has no files for, by database. */
async function missingExtensions(
  from: Cluster,
  to: Cluster,
  databases: readonly string[],
  { source, destination }: Transfer,
): Promise<string[]> {
  const offered = new Set(
    await psqlJson<string[]>(
      destination,
      to,
      'postgres',
      'SELECT json_agg(name) FROM pg_available_extensions',
    ),
  );
  const missing = new Set<string>();
  for (const database of databases) {
    const used = await psqlJson<string[]>(
      source,
      from,
      database,
      'SELECT json_agg(extname) FROM pg_extension',
    );
    for (const extension of used) if (!offered.has(extension)) missing.add(extension);
  }
  return [...missing].sort();
}

// The old directory is kept aside until the new one stands; pg_createcluster would overwrite the settings that
// apply has put in place, initdb does not touch them.
const initialise = `
set -e
version=$1 name=$2 directory=$3 encoding=$4 collate=$5 ctype=$6 checksums=$7
cd /
pg_ctlcluster "$version" "$name" stop -m fast
rm -rf -- "$directory.opstimal-move"
mv -T -- "$directory" "$directory.opstimal-move"
set -- --encoding="$encoding" --lc-collate="$collate" --lc-ctype="$ctype" --auth-local peer --auth-host scram-sha-256 --no-instructions
[ "$checksums" = on ] && set -- "$@" --data-checksums
if ! runuser -u postgres -- "/usr/lib/postgresql/$version/bin/initdb" -D "$directory" "$@" >/dev/null; then
  rm -rf -- "$directory"
  mv -T -- "$directory.opstimal-move" "$directory"
  pg_ctlcluster "$version" "$name" start
  exit 1
fi
rm -f -- "$directory/postgresql.conf" "$directory/pg_hba.conf" "$directory/pg_ident.conf"
[ ! -e "$directory.opstimal-move/server.crt" ] || cp -P -- "$directory.opstimal-move/server.crt" "$directory.opstimal-move/server.key" "$directory"
rm -rf -- "$directory.opstimal-move"
pg_ctlcluster "$version" "$name" start
`;

/**
 * Finds what would make the load fail while the source still works: databases of somebody else, locales and
 * extensions that are not there. A cluster that holds nothing yet and was made under another locale is made anew
 * under the source's, because every database that people create later takes after it.
 */
export async function preparePostgresql(
  from: Cluster,
  to: Cluster,
  transfer: Transfer,
  journalName: (database: string) => string,
): Promise<Notice[]> {
  const { source, destination } = transfer;
  await awaitCluster(destination, to);
  const needs = await psqlJson<Needs>(source, from, 'postgres', needsQuestion);
  const there = await psqlJson<Needs>(destination, to, 'postgres', needsQuestion);
  const notices: Notice[] = [];

  const foreign = there.databases.filter(
    (name) => name !== 'postgres' && needs.databases.includes(name) && !transfer.madeByUs(journalName(name)),
  );
  if (foreign.length > 0) {
    const names = foreign.map((name) => quote(toBytes(name))).join(', ');
    throw new Failure(
      'failed',
      'database-exists',
      `${destination.name} has a database ${names} that this move did not make`,
      {
        hint: `look at it; if it can go, remove it there: runuser -u postgres -- dropdb ${names.split(', ')[0]}`,
      },
    );
  }

  const locales = await localesOf(destination);
  const missing = needs.locales.filter((name) => !locales.has(sameLocale(name)));
  if (missing.length > 0) {
    throw new Failure(
      'failed',
      'database-locale',
      `${destination.name} has no locale ${missing.join(', ')}, which databases of ${source.name} are made with`,
      {
        hint: `make it there: echo '${missing[0]} UTF-8' >> /etc/locale.gen && locale-gen && systemctl restart postgresql`,
      },
    );
  }

  const extensions = await missingExtensions(from, to, needs.databases, transfer);
  if (extensions.length > 0) {
    throw new Failure(
      'failed',
      'database-extension',
      `PostgreSQL ${to.version} on ${destination.name} has no extension ${extensions.join(', ')}`,
      {
        hint: `install its package there (apt-cache search postgresql-${to.version}), or drop the extension on ${source.name}`,
      },
    );
  }

  if (needs.subscriptions) {
    notices.push({
      grade: 'by-hand',
      subject: 'postgresql',
      text: 'subscriptions are not carried, because they would connect to the publisher at once',
      hint: 'make them again when the source is off for good: CREATE SUBSCRIPTION …',
    });
  }

  const own = there.databases.filter((name) => name !== 'postgres' && !transfer.madeByUs(journalName(name)));
  const differs =
    needs.template.encoding !== there.template.encoding ||
    sameLocale(needs.template.collate) !== sameLocale(there.template.collate) ||
    sameLocale(needs.template.ctype) !== sameLocale(there.template.ctype);
  if (differs && own.length === 0) {
    const { encoding, collate, ctype } = needs.template;
    const checksums = needs.checksums ? 'on' : 'off';
    const answer = await destination.run(
      [
        'sh',
        '-c',
        initialise,
        'initialise',
        String(to.version),
        to.name,
        to.directory,
        encoding,
        collate,
        ctype,
        checksums,
      ],
      { timeoutSeconds: 300 },
    );
    if (answer.code !== 0) {
      throw new Failure(
        'failed',
        'database',
        `cannot make the cluster of ${destination.name} anew with ${encoding} and ${collate}`,
        {
          during: clientError(answer.stderr.toString('utf8')),
        },
      );
    }
    await awaitCluster(destination, to);
  } else if (differs) {
    notices.push({
      grade: 'care',
      subject: 'postgresql',
      text: `new databases on ${destination.name} will have ${there.template.encoding} ${there.template.collate}, on ${source.name} they have ${needs.template.encoding} ${needs.template.collate}`,
      hint: 'the cluster there holds databases of its own and was left as it is',
    });
  }
  return notices;
}
