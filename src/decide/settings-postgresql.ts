/**
 * What is set in an old postgresql.conf, as text for a newer major version. The newer version keeps its own
 * file with its own comments; the text made here is laid beside it (`conf.d/`) and wins.
 *
 * Syntax: PostgreSQL manual, "Setting Parameters" 19.1.2: `name = value` or `name value`, one per line, names
 * in any case, strings in single quotes with `''` or `\'` inside, the last line for a name wins.
 */

/** One line of the old file that does not cross, as it stood, and why. */
export interface DroppedSetting {
  readonly line: string;
  readonly why: string;
}
export interface TranslatedSettings {
  /** New text, one setting a line; empty when nothing is left to set. */
  readonly text: string;
  readonly dropped: readonly DroppedSetting[];
}

/**
 * Settings that belong to the place of one cluster on one machine. A value that Debian's pg_createcluster
 * writes is left out without a word; any other is worth a person's look.
 */
const layout: Readonly<Record<string, RegExp>> = {
  data_directory: /^\/var\/lib\/postgresql\/[0-9.]+\/[^/]+$/,
  hba_file: /^\/etc\/postgresql\/[0-9.]+\/[^/]+\/pg_hba\.conf$/,
  ident_file: /^\/etc\/postgresql\/[0-9.]+\/[^/]+\/pg_ident\.conf$/,
  external_pid_file: /^\/(var\/)?run\/postgresql\/[0-9.]+-[^/]+\.pid$/,
  unix_socket_directories: /^\/(var\/)?run\/postgresql$/,
  cluster_name: /^[0-9.]+\/[^/]+$/,
  include_dir: /^conf\.d$/,
  stats_temp_directory: /^\/(var\/)?run\/postgresql\/[0-9.]+-[^/]+\.pg_stat_tmp$/,
  ssl_cert_file: /^\/etc\/ssl\/certs\/ssl-cert-snakeoil\.pem$/,
  ssl_key_file: /^\/etc\/ssl\/private\/ssl-cert-snakeoil\.key$/,
};

/** Of the table above: a value of somebody's own still is a setting and crosses. */
const crossesWhenSet = new Set(['unix_socket_directories', 'cluster_name', 'ssl_cert_file', 'ssl_key_file']);

interface Change {
  readonly in: number;
  readonly name: string;
  /** New spelling of name and value; null = gone. The value comes and goes without quotes. */
  readonly becomes: ((value: string) => readonly [string, string] | null) | null;
  readonly why: string;
}

const renamed = (name: string) => (value: string) => [name, value] as const;

/** Gone or renamed, by the release notes ("Migration to Version …") of the major version named. */
const changes: readonly Change[] = [
  { in: 10, name: 'sql_inheritance', becomes: null, why: 'removed in PostgreSQL 10' },
  {
    in: 10,
    name: 'min_parallel_relation_size',
    becomes: renamed('min_parallel_table_scan_size'),
    why: 'renamed in PostgreSQL 10',
  },
  { in: 11, name: 'replacement_sort_tuples', becomes: null, why: 'removed in PostgreSQL 11' },
  {
    in: 12,
    name: 'default_with_oids',
    becomes: null,
    why: 'tables with OIDs are gone since PostgreSQL 12',
  },
  {
    in: 13,
    name: 'wal_keep_segments',
    // A segment has 16 MB unless initdb was told otherwise; 0 is 0 in both.
    becomes: (value) =>
      /^\d+$/.test(value) ? ['wal_keep_size', value === '0' ? '0' : `${Number(value) * 16}MB`] : null,
    why: 'became wal_keep_size in PostgreSQL 13',
  },
  { in: 14, name: 'operator_precedence_warning', becomes: null, why: 'removed in PostgreSQL 14' },
  { in: 14, name: 'vacuum_cleanup_index_scale_factor', becomes: null, why: 'removed in PostgreSQL 14' },
  {
    in: 14,
    name: 'password_encryption',
    becomes: (value) => [
      'password_encryption',
      /^(on|true|yes|1|t|y)$/i.test(value) ? 'md5' : value.toLowerCase(),
    ],
    why: 'takes no yes or no since PostgreSQL 14',
  },
  { in: 15, name: 'stats_temp_directory', becomes: null, why: 'removed in PostgreSQL 15' },
  { in: 16, name: 'promote_trigger_file', becomes: null, why: 'removed in PostgreSQL 16' },
  { in: 16, name: 'vacuum_defer_cleanup_age', becomes: null, why: 'removed in PostgreSQL 16' },
  {
    in: 16,
    name: 'force_parallel_mode',
    becomes: renamed('debug_parallel_query'),
    why: 'renamed in PostgreSQL 16',
  },
  { in: 17, name: 'old_snapshot_threshold', becomes: null, why: 'removed in PostgreSQL 17' },
  { in: 17, name: 'db_user_namespace', becomes: null, why: 'removed in PostgreSQL 17' },
  { in: 17, name: 'trace_recovery_messages', becomes: null, why: 'removed in PostgreSQL 17' },
  { in: 18, name: 'ssl_ecdh_curve', becomes: renamed('ssl_groups'), why: 'renamed in PostgreSQL 18' },
];

interface Setting {
  readonly name: string;
  /** Without quotes. */
  readonly value: string;
  readonly line: string;
}

const settingLine =
  /^\s*([A-Za-z_][A-Za-z0-9_$.]*)(?:\s*=\s*|\s+)('(?:[^'\\\n]|''|\\.)*'|[^\s#'][^\s#]*)\s*(?:#.*)?$/;

function unquoteValue(value: string): string {
  if (!value.startsWith("'")) return value;
  return value.slice(1, -1).replace(/''|\\([0-7]{1,3}|.)/g, (whole, code: string | undefined) => {
    if (whole === "''") return "'";
    const kind = code ?? '';
    if (/^[0-7]/.test(kind)) return String.fromCharCode(Number.parseInt(kind, 8) & 0xff);
    return { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[kind] ?? kind;
  });
}

/** Numbers, units and plain words stand bare, as people write them; everything else in quotes. */
function quoteValue(value: string): string {
  if (/^-?[0-9][A-Za-z0-9.]*$/.test(value) || /^[A-Za-z][A-Za-z0-9_]*$/.test(value)) return value;
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n')}'`;
}

/**
 * Translates the text of one configuration file of an older version for major version `newVersion` (15, 17 …).
 * Settings of the machine's and the cluster's own layout stay behind; what is gone in between is in `dropped`.
 */
export function translatePostgresqlSettings(oldText: string, newVersion: number): TranslatedSettings {
  const dropped: DroppedSetting[] = [];
  const settings = new Map<string, Setting>();
  for (const raw of oldText.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = settingLine.exec(line);
    if (match === null) {
      dropped.push({ line, why: 'not understood' });
      continue;
    }
    const name = (match[1] as string).toLowerCase();
    const value = unquoteValue(match[2] as string);
    if (name in layout || name === 'include' || name === 'include_if_exists') {
      if (layout[name]?.test(value)) continue;
      if (!crossesWhenSet.has(name)) {
        const why = name.startsWith('include')
          ? 'names another file, which has to cross by itself'
          : 'belongs to the place of the old cluster';
        dropped.push({ line, why });
        continue;
      }
    }
    settings.delete(name);
    settings.set(name, { name, value, line });
  }

  const lines: string[] = [];
  for (const setting of settings.values()) {
    let { name, value } = setting;
    let gone: string | null = null;
    for (const change of changes) {
      if (change.name !== name || newVersion < change.in) continue;
      const next = change.becomes?.(value) ?? null;
      if (next === null) {
        gone = change.why;
        break;
      }
      [name, value] = next;
    }
    if (gone === null) lines.push(`${name} = ${quoteValue(value)}`);
    else dropped.push({ line: setting.line, why: gone });
  }
  return { text: lines.map((line) => `${line}\n`).join(''), dropped };
}
