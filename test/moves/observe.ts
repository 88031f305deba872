/**
 * What a server answers and holds, so that the source before a move and the destination after it can be
 * compared. Each observation is a plain value for `toEqual`; nothing in it depends on numbers of users, versions
 * of software or the order in which something was made. Looking changes nothing, except where a comment says so.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../lab/lab.ts';

const here = dirname(fileURLToPath(import.meta.url));
const program = (name: string) => readFileSync(join(here, name), 'utf8');
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

/**
 * Runs a shell program given as text; nothing of it has to survive another shell's quoting. What goes wrong in it
 * is part of the answer: a server that lacks something differs from one that has it, it does not end the look.
 */
async function shell(host: LabHost, script: string): Promise<string> {
  return host.run('bash -uo pipefail -s', {
    input: `exec 2>&1\ncd /\nexport LC_ALL=C.UTF-8\n${script}\nexit 0\n`,
  });
}

function python(host: LabHost, name: string, words: readonly string[]): Promise<string> {
  const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return host.run(`python3 - ${quoted}`, { input: program(name) });
}

// -------------------------------------------------------------------------------------------------- web

export interface WebAnswer {
  readonly status: number;
  readonly type: string | undefined;
  /** The body itself where it is short text, else its digest. */
  readonly body: string;
  readonly certificate?: string;
}

export function get(
  host: LabHost,
  protocol: 'http' | 'https',
  path: string,
  login?: string,
): Promise<WebAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: host.address,
      path,
      headers: { host: 'shop.example' },
      servername: 'shop.example',
      rejectUnauthorized: false, // it signed itself; the fingerprint is compared instead
      agent: false as const,
      timeout: 20_000,
      ...(login === undefined ? {} : { auth: login }),
    };
    const request = (protocol === 'http' ? plainRequest : secureRequest)(options, (response) => {
      const chunks: Buffer[] = [];
      // A closed socket forgets its certificate: ask while it is open.
      const socket = response.socket as Socket & { getPeerCertificate?: () => { fingerprint256: string } };
      const certificate = socket.getPeerCertificate?.().fingerprint256;
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'],
          body: body.length < 2000 ? body.toString('utf8') : sha256(body),
          ...(certificate === undefined ? {} : { certificate }),
        });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`${path}: no answer within 20 s`)));
    request.on('error', reject);
    request.end();
  });
}

const pages = [
  '/',
  '/products.php',
  '/orders.php',
  '/config.php',
  '/internal/',
  '/uploads/2019/photo%2012.jpg',
  '/uploads/2019/gr%C3%B6%C3%9Fe.txt',
  '/missing',
];

export async function observeWeb(host: LabHost): Promise<Record<string, WebAnswer>> {
  const answers: Record<string, WebAnswer> = {};
  for (const protocol of ['http', 'https'] as const)
    for (const page of pages) {
      const answer = await get(host, protocol, page);
      // nginx's own error pages name its version.
      answers[`${protocol} ${page}`] = answer.status < 400 ? answer : { ...answer, body: '' };
    }
  answers['https /internal/ as anna'] = await get(host, 'https', '/internal/', 'anna:bees');
  return answers;
}

// ------------------------------------------------------------------------------------------- PostgreSQL

const psql = `psql() { runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -d "$1"; }`;

const ownedSchemas = `nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname NOT LIKE 'pg_temp%'`;

const clusterQuestions = `
SELECT 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
  rolbypassrls, rolconnlimit, rolpassword, rolvaliduntil AT TIME ZONE 'UTC'
  FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C";
SELECT 'member', r.rolname, m.rolname, admin_option FROM pg_auth_members
  JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member
  WHERE m.rolname !~ '^pg_' ORDER BY 2, 3;
SELECT 'setting', datname, rolname, setconfig FROM pg_db_role_setting
  LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole ORDER BY 2, 3;
SELECT 'database', datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype,
  shobj_description(oid, 'pg_database')
  FROM pg_database WHERE datname NOT IN ('template0', 'template1', 'postgres') ORDER BY 2;
SELECT 'tuned', name, setting FROM pg_settings WHERE name IN ('shared_buffers', 'work_mem', 'max_connections',
  'log_min_duration_statement', 'random_page_cost', 'effective_cache_size', 'track_io_timing') ORDER BY 2;
SELECT 'hba', type, database, user_name, address, auth_method FROM pg_hba_file_rules
  WHERE error IS NULL AND user_name <> '{all}' ORDER BY line_number;
SELECT 'hba error', error FROM pg_hba_file_rules WHERE error IS NOT NULL;
SELECT 'conf error', error FROM pg_file_settings WHERE error IS NOT NULL;`;

// Rows of tables only: loading a dump refreshes materialized views, however stale they were.
const databaseQuestions = `
SELECT 'extension', extname FROM pg_extension ORDER BY 2;
SELECT 'relation', nspname, relname, relkind, pg_get_userbyid(relowner), relrowsecurity, relispopulated FROM pg_class
  JOIN pg_namespace n ON n.oid = relnamespace WHERE ${ownedSchemas} ORDER BY nspname COLLATE "C", relname COLLATE "C";
SELECT 'column', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
  WHERE ${ownedSchemas} AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'v', 'm')
  ORDER BY nspname COLLATE "C", relname COLLATE "C", attnum;
SELECT 'grant', c.oid::regclass, CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(e.grantee) END,
  e.privilege_type FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace, aclexplode(relacl) AS e
  WHERE ${ownedSchemas} AND e.grantee <> relowner ORDER BY 2, 3, 4;
SELECT 'column grant', attrelid::regclass, attname, pg_get_userbyid(e.grantee), e.privilege_type
  FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace,
  aclexplode(attacl) AS e WHERE ${ownedSchemas} ORDER BY 2, 3, 4, 5;
SELECT 'schema grant', nspname, pg_get_userbyid(e.grantee), e.privilege_type FROM pg_namespace,
  aclexplode(nspacl) AS e WHERE ${ownedSchemas} AND nspname <> 'public' ORDER BY 2, 3, 4;
SELECT 'default grant', pg_get_userbyid(defaclrole), defaclnamespace::regnamespace, defaclobjtype,
  pg_get_userbyid(e.grantee), e.privilege_type FROM pg_default_acl, aclexplode(defaclacl) AS e
  WHERE e.grantee <> defaclrole ORDER BY 2, 3, 4, 5, 6;
SELECT 'index', indexrelid::regclass, indisvalid FROM pg_index i JOIN pg_class c ON c.oid = indrelid
  JOIN pg_namespace n ON n.oid = relnamespace WHERE ${ownedSchemas} ORDER BY 2;
SELECT 'constraint', conrelid::regclass, conname, contype, convalidated FROM pg_constraint c
  JOIN pg_namespace n ON n.oid = connamespace WHERE ${ownedSchemas} AND contype <> 'n' ORDER BY 2, 3;
SELECT 'function', p.oid::regprocedure, pg_get_userbyid(proowner), md5(prosrc) FROM pg_proc p
  JOIN pg_namespace n ON n.oid = pronamespace WHERE ${ownedSchemas} AND probin IS NULL ORDER BY 2;
SELECT 'trigger', tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 2, 3;
SELECT 'policy', polrelid::regclass, polname, polcmd, pg_get_expr(polqual, polrelid) FROM pg_policy ORDER BY 2, 3;
SELECT 'sequence', schemaname, sequencename, sequenceowner, last_value, increment_by FROM pg_sequences ORDER BY 2, 3;
SELECT 'large object', oid, pg_get_userbyid(lomowner), md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY oid;
SELECT format('SELECT ''rows'', %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")) FROM %s AS t;',
    c.oid::regclass, c.oid::regclass)
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE ${ownedSchemas} AND relkind = 'r'
  ORDER BY nspname COLLATE "C", relname COLLATE "C" \\gexec`;

export async function observePostgresql(host: LabHost): Promise<Record<string, string[]>> {
  const result: Record<string, string[]> = {};
  const ask = async (database: string, questions: string) =>
    lines(
      await shell(
        host,
        `${psql}\npsql '${database}' <<'END'\nSET client_encoding = 'UTF8';\nSET timezone = 'UTC';\n${questions}\nEND`,
      ),
    );
  result.cluster = await ask('postgres', clusterQuestions);
  for (const line of result.cluster) {
    const [kind, name = ''] = line.split('|');
    if (kind === 'database') result[`database ${name}`] = await ask(name, databaseQuestions);
  }
  return result;
}

/** Whether roles can log in with their passwords, and what they may see. */
export async function observePostgresqlLogins(host: LabHost): Promise<string[]> {
  return lines(
    await shell(
      host,
      `as() { PGPASSWORD=$2 psql -XAtq -h "\${4:-127.0.0.1}" -U "$1" -d shop -c "$3" 2>&1 | head -1 | sed 's/^.*\\(FATAL\\|ERROR\\)/\\1/' || true; }
as shop-app s3cret 'SELECT current_user, count(*) FROM orders'
as legacy 'old habits' 'SELECT current_user, count(*) FROM shop.orders'
as shop-app wrong 'SELECT 1'
as report-reader 'read only' 'SELECT current_user, count(*) FROM shop.orders'
as report-reader 'read only' 'DELETE FROM shop.orders'`,
    ),
  );
}

// ---------------------------------------------------------------------------------------------- MariaDB

/** Columns of a column grant in one order: each version has its own. */
function sortColumns(grant: string): string {
  return grant.replace(
    /\((`[^)]*`)\)/g,
    (_, columns: string) => `(${columns.split(', ').sort().join(', ')})`,
  );
}

export async function observeMariadb(host: LabHost): Promise<string[]> {
  const own = `NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')`;
  return lines(
    await shell(
      host,
      `ask() { mariadb -N --default-character-set=utf8mb4 -e "SET time_zone = '+00:00'; $1"; }
ask "SELECT 'database', schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name ${own} ORDER BY 2"
ask "SELECT 'table', table_schema, table_name, table_type, engine, table_collation, auto_increment FROM information_schema.tables WHERE table_schema ${own} AND table_type <> 'VIEW' ORDER BY 2, 3"
ask "SELECT 'column', table_schema, table_name, column_name, column_type, is_nullable, column_default, character_set_name FROM information_schema.columns WHERE table_schema ${own} ORDER BY 2, 3, ordinal_position"
ask "SELECT 'index', table_schema, table_name, index_name, column_name, index_type FROM information_schema.statistics WHERE table_schema ${own} ORDER BY 2, 3, 4, seq_in_index"
ask "SELECT 'view', table_schema, table_name, definer, security_type FROM information_schema.views WHERE table_schema ${own} ORDER BY 2, 3"
ask "SELECT 'routine', routine_schema, routine_name, routine_type, definer, md5(routine_definition), sql_mode FROM information_schema.routines WHERE routine_schema ${own} ORDER BY 2, 3"
ask "SELECT 'trigger', trigger_schema, trigger_name, definer, md5(action_statement) FROM information_schema.triggers WHERE trigger_schema ${own} ORDER BY 2, 3"
ask "SELECT 'event', event_schema, event_name, definer, md5(event_definition), interval_value, interval_field, starts, status, event_comment FROM information_schema.events ORDER BY 2, 3"
ask "SELECT 'tuned', variable_name, variable_value FROM information_schema.global_variables WHERE variable_name IN ('INNODB_BUFFER_POOL_SIZE', 'MAX_CONNECTIONS', 'EVENT_SCHEDULER', 'SLOW_QUERY_LOG', 'LONG_QUERY_TIME') ORDER BY 2"
ask "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema ${own} AND table_type = 'BASE TABLE' ORDER BY 1, 2" | while read -r schema table; do
  printf 'rows\\t%s\\t%s\\t%s\\n' "$schema" "$table" "$(ask "SELECT * FROM \\\`$schema\\\`.\\\`$table\\\` ORDER BY 1" | sha256sum)"
done
ask "SELECT user, is_role, host FROM mysql.user WHERE user NOT IN ('root', 'mysql', 'mariadb.sys', 'PUBLIC', '') ORDER BY 1, 2" | while IFS=$'\\t' read -r user role from; do
  if [ "$role" = Y ]; then ask "SHOW GRANTS FOR \\\`$user\\\`"; else ask "SHOW CREATE USER '$user'@'$from'"; ask "SHOW GRANTS FOR '$user'@'$from'"; fi
done
ask "SELECT 'default role', user, host, default_role FROM mysql.user WHERE default_role <> '' ORDER BY 2"
mariadb -N -u shop '-ppa$$w"o'"'"'rd' shop_web -e 'SELECT gross(10), COUNT(*) FROM cheap'`,
    ),
  ).map(sortColumns);
}

// ------------------------------------------------------------------------------------------------ Redis

export async function observeRedis(host: LabHost): Promise<Record<string, string[]>> {
  await host.run('cat > /run/keys.lua', { input: program('keys.lua') });
  const answer = await shell(
    host,
    `export REDISCLI_AUTH=redis-secret
for db in 0 1 2 3; do echo "database $db"; redis-cli -n $db --eval /run/keys.lua; done
echo settings
for name in appendonly maxmemory maxmemory-policy requirepass; do redis-cli config get $name | paste -sd ' '; done
rm /run/keys.lua
env -u REDISCLI_AUTH redis-cli ping | cut -c1-6`,
  );
  const result: Record<string, string[]> = {};
  let part: string[] = [];
  for (const line of lines(answer))
    if (/^(database \d+|settings)$/.test(line)) {
      part = [];
      result[line] = part;
    } else part.push(line);
  return result;
}

// ------------------------------------------------------------------------------------------ application

export interface Rows {
  readonly healthy: string;
  readonly rows: number;
  readonly last: number;
  /** Name of the machine that wrote the last row. */
  readonly lastHost: string;
  readonly sha256: string;
}

/** Rows of the live writer; with `last` only those up to that number, to compare a beginning. */
export async function observeRows(host: LabHost, last?: number): Promise<Rows> {
  const words = ['/srv/app/data/app.db', ...(last === undefined ? [] : [String(last)])];
  return JSON.parse(await python(host, 'rows.py', words)) as Rows;
}

// ------------------------------------------------------------------------------------------------- mail

export interface MailAnswers {
  /** Owner, path and digest of every letter; where it lies (new or cur) and its flags are the reader's business. */
  readonly letters: string[];
  readonly imap: string[];
  readonly aliases: string[];
}

/** A few lines of a line protocol: sends each when the answer to the one before has come. */
function talk(
  host: LabHost,
  port: number,
  script: readonly (readonly [RegExp, string])[],
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host.address, port, timeout: 20_000 });
    const said: string[] = [];
    let waiting = [...script];
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString('latin1');
      for (let at = rest.indexOf('\r\n'); at >= 0; at = rest.indexOf('\r\n')) {
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        said.push(line);
        const [next] = waiting;
        if (next?.[0].test(line)) {
          waiting = waiting.slice(1);
          socket.write(`${next[1]}\r\n`);
        }
      }
    });
    socket.on('close', () => resolve(said));
    socket.on('timeout', () => socket.destroy(new Error(`port ${port}: silent after ${said.join(' / ')}`)));
    socket.on('error', reject);
  });
}

export async function observeMail(host: LabHost): Promise<MailAnswers> {
  const letters = await shell(
    host,
    `find /home/*/Maildir /var/vmail -type f \\( -path '*/new/*' -o -path '*/cur/*' \\) -printf '%u %p\\0' |
while IFS= read -r -d '' line; do
  file=\${line#* }
  printf '%s %s %s\\n' "\${line%% *}" "$(dirname "$(dirname "$file")")" "$(sha256sum < "$file")"
done | sort`,
  );
  const imap = await talk(host, 143, [
    [/^\* OK/, 'a LOGIN anna "anna keeps bees"'],
    [/^a /, 'b STATUS INBOX (MESSAGES UNSEEN)'],
    [/^b /, 'c LOGIN'],
    [/^c /, 'd LOGOUT'],
  ]);
  return {
    letters: lines(letters),
    imap: imap
      .filter((line) => /^(\* STATUS|a (OK|NO|BAD)|b (OK|NO|BAD))/.test(line))
      .map((line) => line.replace(/^([ab] \w+).*/, '$1')),
    aliases: lines(
      await shell(
        host,
        'for name in root sales; do echo "$name $(postalias -q $name "$(postconf -h alias_maps | cut -d, -f1)")"; done; for name in home_mailbox mydestination myhostname virtual_mailbox_domains virtual_uid_maps message_size_limit; do postconf $name; done; postmap -q info@virtual.example "$(postconf -h virtual_mailbox_maps)"',
      ),
    ),
  };
}

/** Sends a letter by SMTP and waits until it lies in the virtual mailbox. This changes the server: do it last. */
export async function sendLetter(host: LabHost, subject: string): Promise<boolean> {
  await talk(host, 25, [
    [/^220 /, 'HELO lab.example'],
    [/^250 /, 'MAIL FROM:<b@ext.example>'],
    [/^250 /, 'RCPT TO:<info@virtual.example>'],
    [/^250 /, 'DATA'],
    [/^354 /, `Subject: ${subject}\r\n\r\nhello\r\n.`],
    [/^250 /, 'QUIT'],
  ]);
  const look = `for _ in $(seq 100); do
  found=$(grep -rl 'Subject: ${subject}' /var/vmail || true)
  if [ -n "$found" ]; then stat -c %U "$found"; exit; fi
  sleep 0.1
done; echo nothing`;
  return (await shell(host, look)).trim() === 'vmail';
}

// ----------------------------------------------------------------------------------------------- people

export interface People {
  readonly users: string[];
  readonly shadow: string[];
  readonly groups: string[];
  readonly crontabs: string[];
}

const people = 'anna ben carol svcapp vmail';

export async function observePeople(host: LabHost): Promise<People> {
  const users = await shell(
    host,
    `for name in ${people}; do
  getent passwd $name | cut -d: -f1,5-
  echo "$name: $(id -gn $name): $(id -Gn $name | tr ' ' '\\n' | sort | paste -sd ' ')"
done`,
  );
  // Ageing counts where somebody can log in; an account without a password has none to age.
  const shadow = await shell(
    host,
    `for name in ${people}; do getent shadow $name; done | awk -F: '{ print ($2 ~ /^!?\\$/) ? $0 : $1 ":" $2 }'`,
  );
  const groups = await shell(
    host,
    `for name in deploy vmail svcapp; do getent group $name | cut -d: -f1,4; done
getent group sudo adm | cut -d: -f1,4 | sed 's/debian//; s/:,/:/'
# Groups whose ids are free on the destination keep them.
getent group deploy | cut -d: -f3
getent passwd ben carol vmail | cut -d: -f1,3`,
  );
  const crontabs = await shell(
    host,
    `cd /var/spool/cron/crontabs
for name in *; do stat -c '%n %U %G %a' "$name"; grep -v '^# ' "$name" || true; done
cd /etc; sha256sum cron.d/app-check cron.daily/local-uploads sudoers.d/deploy; stat -c '%n %a' cron.daily/local-uploads sudoers.d/deploy
ls cron.d/e2scrub_all 2>/dev/null || echo 'e2scrub_all: deleted'
ps -o args= -C cron || true`,
  );
  return { users: lines(users), shadow: lines(shadow), groups: lines(groups), crontabs: lines(crontabs) };
}

// ---------------------------------------------------------------------------------------------- systemd

export async function observeUnits(host: LabHost): Promise<string[]> {
  return lines(
    await shell(
      host,
      `php=php$(ls /etc/php | sort -V | tail -1)-fpm.service
for unit in nginx.service $php mariadb.service postgresql.service redis-server.service postfix.service dovecot.service cron.service \\
  app-writer.service app-digest.timer app-experiment.service memcached.service apt-daily.timer apt-daily-upgrade.timer; do
  echo "$(echo $unit | sed 's/^php[0-9.]*/php/') $(systemctl is-enabled $unit 2>&1 || true) $(systemctl is-active $unit || true)"
done
echo "nginx files $(systemctl show -p LimitNOFILE --value nginx)"
echo "mariadb files $(systemctl show -p LimitNOFILE --value mariadb)"
systemctl list-timers --all --no-legend | grep -o 'app-digest.timer' || true
cd /etc/systemd/system; sha256sum app-*.service app-*.timer nginx.service.d/limits.conf mariadb.service.d/override.conf
readlink apt-daily.timer apt-daily-upgrade.timer
systemctl --failed --no-legend --plain | cut -d' ' -f1`,
    ),
  );
}

// -------------------------------------------------------------------------------------------- packages

/** What was done to packages and to the system around them. */
export async function observeSystem(host: LabHost): Promise<string[]> {
  return lines(
    await shell(
      host,
      `for name in handmade-tool vendor-hello; do dpkg-query -W -f '\${Package} \${Version} \${Status}\\n' $name; done
for name in git nano vim-tiny logrotate locales memcached nginx mariadb-server redis-server postfix dovecot-imapd postgresql; do
  dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' $name
done
apt-mark showmanual | grep -x -e handmade-tool -e vendor-hello -e git -e nano -e memcached
apt-mark showhold
vendor-hello; handmade-tool; cat /etc/handmade-tool.conf /etc/vendor-hello.conf
dpkg-divert --list '*vendor-hello*'
update-alternatives --query editor | grep -e ^Status -e ^Value
dpkg-statoverride --list /usr/bin/chfn; stat -c '%n %U %G %a' /usr/bin/chfn
grep -rh vendor.gpg /etc/apt/sources.list.d; sha256sum /etc/apt/keyrings/vendor.gpg
locale -a | grep -e de_DE -e en_US; cat /etc/default/locale | grep ^LANG
readlink -f /etc/localtime
openssl verify /usr/local/share/ca-certificates/internal-root.crt
grep -h ^rotate /etc/logrotate.conf; grep EXTRA_OPTS= /etc/default/cron | tail -1
grep -h worker_connections /etc/nginx/nginx.conf
grep -h ^pm.max_children /etc/php/*/fpm/pool.d/www.conf | sort -u
grep -h -e ^upload_max -e ^date.timezone /etc/php/*/fpm/php.ini | sort -u
ls /etc/nginx/sites-enabled
cd /etc; sha256sum motd profile.d/shop.sh security/limits.d/deploy.conf tmpfiles.d/acme.conf sysctl.d/60-redis.conf nginx/shop.htpasswd
stat -c '%n %U %G %a' nginx/shop.htpasswd ssl/private/shop.key letsencrypt/live`,
    ),
  );
}

/** What must stay the destination's own. */
export async function observeIdentity(host: LabHost): Promise<Record<string, string>> {
  const questions: Record<string, string> = {
    machineId: 'cat /etc/machine-id',
    hostKeys: 'sha256sum /etc/ssh/ssh_host_*',
    hostname: 'hostname; cat /etc/hostname',
    ownLine: 'grep 127.0.1.1 /etc/hosts',
    fstab: 'sha256sum /etc/fstab',
    interfaces: 'cat /etc/network/interfaces',
    addresses: 'ip -br address; ip route',
    resolver: 'cat /etc/resolv.conf',
    sources: 'cat /etc/apt/sources.list',
    imageAccount: 'getent passwd debian && id debian; grep ^debian: /etc/shadow || true',
  };
  const answers: Record<string, string> = {};
  for (const [name, question] of Object.entries(questions)) answers[name] = await shell(host, question);
  return answers;
}

// ------------------------------------------------------------------------------------------------ files

export interface FileFacts {
  readonly path: string;
  readonly [fact: string]: unknown;
}

/** Trees that a person made; what a cache or a running service writes below them is pruned. */
export const ownTrees = [
  '/srv/hostile',
  '/usr/local',
  '/opt',
  '/var/www',
  '/home/anna',
  '/home/ben',
  '/home/carol',
  '/srv/app',
  '/srv/frontend',
  '/root/.nanorc',
  '/root/internal-ca.key',
];
export const changingPaths = [
  '/home/anna/ticks.log',
  '/home/anna/.cache',
  '/home/anna/Maildir',
  '/home/ben/Maildir',
  '/srv/app/data',
  '/srv/frontend/node_modules',
];

/** Configuration that no package owns: it is written anew from the manifest, so its times are those of the writing. */
export const configuration = ['/etc/ssl/private/shop.key', '/etc/ssl/certs/shop.pem', '/etc/letsencrypt'];

export async function observeTrees(
  host: LabHost,
  trees: readonly string[] = ownTrees,
  pruned: readonly string[] = changingPaths,
): Promise<Map<string, FileFacts>> {
  const answer = await python(host, 'tree.py', [...trees, '--', ...pruned]);
  return new Map(
    lines(answer)
      .map((line) => JSON.parse(line) as FileFacts)
      .map((facts) => [facts.path, facts]),
  );
}

/** Caches that must not have travelled: those of them that exist. */
export async function observeCaches(host: LabHost): Promise<string[]> {
  return lines(
    await shell(
      host,
      `find /home/anna/.cache /var/cache/nginx /srv/frontend/node_modules -type f -size +4k 2>/dev/null || true`,
    ),
  );
}

/**
 * Every file outside of what running services write, with size, mode and times: equal before and after means the
 * source was only read.
 */
export async function observeUntouched(host: LabHost): Promise<string[]> {
  const changing = [
    ...['/proc', '/sys', '/run', '/dev', '/tmp', '/var/tmp', '/var/log', '/var/cache', '/var/lib/mysql'],
    ...[
      '/var/lib/postgresql',
      '/var/lib/redis',
      '/var/lib/systemd',
      '/var/lib/postfix',
      '/var/spool/postfix',
    ],
    ...[
      '/var/lib/php',
      '/var/lib/nginx',
      '/var/lib/dovecot',
      '/var/lib/apt',
      '/var/backups',
      '/srv/app/data',
      '/srv/scratch',
    ],
    ...[
      '/home/anna/ticks.log',
      '/home/anna/Maildir',
      '/root/.ssh',
      '/root/.bash_history',
      '/root/.psql_history',
    ],
    ...['/root/.mysql_history', '/root/.mariadb_history', '/root/.rediscli_history', '/var/lib/logrotate'],
  ];
  const prune = changing.map((path) => `-path ${path}`).join(' -o ');
  return lines(
    await shell(
      host,
      `find / -xdev \\( ${prune} \\) -prune -o ! -type d -printf '%p %s %m %U %G %T@ %C@ %l\\n' -o -type d -printf '%p/ %m %U %G\\n' | LC_ALL=C sort`,
    ),
  );
}
