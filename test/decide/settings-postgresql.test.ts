import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { translatePostgresqlSettings } from '../../src/decide/settings-postgresql.ts';

/** What pg_createcluster writes uncommented on Debian 11, with four lines of a person in it. */
const debian11 = `
data_directory = '/var/lib/postgresql/13/main'		# use data in another directory
hba_file = '/etc/postgresql/13/main/pg_hba.conf'	# host-based authentication file
ident_file = '/etc/postgresql/13/main/pg_ident.conf'	# ident configuration file
external_pid_file = '/var/run/postgresql/13-main.pid'			# write an extra PID file
#listen_addresses = 'localhost'
port = 5432				# (change requires restart)
max_connections = 100			# (change requires restart)
unix_socket_directories = '/var/run/postgresql'	# comma-separated list of directories
ssl = on
ssl_cert_file = '/etc/ssl/certs/ssl-cert-snakeoil.pem'
ssl_key_file = '/etc/ssl/private/ssl-cert-snakeoil.key'
shared_buffers = 256MB
work_mem 8MB
log_line_prefix = '%m [%p] %q%u@%d '		# special values:
cluster_name = '13/main'			# added to process titles if nonempty
stats_temp_directory = '/var/run/postgresql/13-main.pg_stat_tmp'
max_connections = 250
vacuum_cleanup_index_scale_factor = 0.2
force_parallel_mode = on
wal_keep_segments = 4
include_dir = 'conf.d'			# include files ending in '.conf' from
`;

test('settings cross to a newer major version without the layout of the old cluster', () => {
  const { text, dropped } = translatePostgresqlSettings(debian11, 17);
  expect(text).toBe(
    [
      'port = 5432',
      'ssl = on',
      'shared_buffers = 256MB',
      'work_mem = 8MB',
      "log_line_prefix = '%m [%p] %q%u@%d '",
      'max_connections = 250',
      'debug_parallel_query = on',
      'wal_keep_size = 64MB',
      '',
    ].join('\n'),
  );
  expect(dropped).toEqual([
    { line: 'vacuum_cleanup_index_scale_factor = 0.2', why: 'removed in PostgreSQL 14' },
  ]);
});

test('a setting that still exists in the version asked for stays', () => {
  const text = 'old_snapshot_threshold = 60\nforce_parallel_mode = off\n';
  expect(translatePostgresqlSettings(text, 15)).toEqual({
    text: 'old_snapshot_threshold = 60\nforce_parallel_mode = off\n',
    dropped: [],
  });
});

test('a place of somebody’s own is shown, a certificate of somebody’s own crosses', () => {
  const { text, dropped } = translatePostgresqlSettings(
    "data_directory = '/srv/pg'\nssl_cert_file = '/etc/ssl/own.pem'\ninclude 'tuning.conf'\n",
    17,
  );
  expect(text).toBe("ssl_cert_file = '/etc/ssl/own.pem'\n");
  expect(dropped.map((one) => one.line)).toEqual(["data_directory = '/srv/pg'", "include 'tuning.conf'"]);
});

test('a line that makes no sense is shown, never guessed', () => {
  expect(translatePostgresqlSettings("shared_buffers = '128MB\n", 17)).toEqual({
    text: '',
    dropped: [{ line: "shared_buffers = '128MB", why: 'not understood' }],
  });
});

test('any value survives: what was written is what is read again', () => {
  fc.assert(
    fc.property(
      fc.string().filter((value) => !/[\0\r]/.test(value)),
      (value) => {
        const once = translatePostgresqlSettings(
          `search_path = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n')}'`,
          17,
        );
        expect(once.dropped).toEqual([]);
        expect(translatePostgresqlSettings(once.text, 17).text).toBe(once.text);
      },
    ),
  );
});
