/**
 * What is set in a Dovecot 2.3 configuration, as text for Dovecot 2.4, which reads no file of 2.3. The newer
 * version keeps its own files; the text made here is laid beside them (`conf.d/99-…`) and wins, because the
 * last value counts. Only what differs from what Debian's 2.3 ships is a setting; what this table does not know
 * is shown, never guessed.
 *
 * Source: doc.dovecot.org, "Upgrading Dovecot CE from 2.3 to 2.4", and the files of Debian's 2.3.19 and 2.4.1.
 */
import { type DovecotNode, parseDovecot } from './settings-dovecot-syntax.ts';
import type { DroppedSetting, TranslatedSettings } from './settings-postgresql.ts';

/** Uncommented at the top level in the files of Debian 11 and 12. */
const shipped: Readonly<Record<string, readonly string[]>> = {
  mail_location: ['mbox:~/mail:INBOX=/var/mail/%u'],
  mail_privileged_group: ['mail'],
  auth_mechanisms: ['plain'],
  ssl: ['yes'],
  ssl_cert: ['</etc/dovecot/private/dovecot.pem'],
  ssl_key: ['</etc/dovecot/private/dovecot.key'],
  ssl_client_ca_dir: ['/etc/ssl/certs'],
  ssl_dh: ['</usr/share/dovecot/dh.pem'],
};

const shippedIncludes =
  /^!include(_try)?\s+(\/usr\/share\/dovecot\/protocols\.d\/\*\.protocol|conf\.d\/\*\.conf|local\.conf|auth-system\.conf\.ext)$/;

/** Same name and same meaning in both versions. */
const same = new Set([
  'listen',
  'protocols',
  'mail_privileged_group',
  'mail_access_groups',
  'mail_uid',
  'mail_gid',
  'first_valid_uid',
  'last_valid_uid',
  'first_valid_gid',
  'last_valid_gid',
  'mail_fsync',
  'mmap_disable',
  'mail_nfs_storage',
  'maildir_stat_dirs',
  'maildir_copy_with_hardlinks',
  'mbox_write_locks',
  'mbox_read_locks',
  'auth_mechanisms',
  'auth_realms',
  'auth_verbose',
  'auth_verbose_passwords',
  'auth_failure_delay',
  'login_greeting',
  'login_trusted_networks',
  'ssl',
  'ssl_min_protocol',
  'ssl_cipher_list',
  'ssl_client_ca_dir',
  'ssl_client_ca_file',
  'log_path',
  'info_log_path',
  'debug_log_path',
  'syslog_facility',
  'postmaster_address',
  'hostname',
  'recipient_delimiter',
  'lda_mailbox_autocreate',
  'lda_mailbox_autosubscribe',
  'mail_max_userip_connections',
  'imap_idle_notify_interval',
  'default_process_limit',
  'default_client_limit',
  'default_vsz_limit',
  'quota_full_tempfail',
  'submission_relay_host',
  'submission_relay_port',
]);

type Lines = readonly string[];
const isYes = (value: string) => /^(yes|y|1|true|on)$/i.test(value);
const isFile = (value: string) => value.startsWith('<') && !value.startsWith('<<');

function file(name: string): (value: string) => Lines | null {
  return (value) => (isFile(value) ? [`${name} = ${value.slice(1).trim()}`] : null);
}

/** Other name or other form; null = this value has no counterpart that we know. */
const changed: Readonly<Record<string, (value: string) => Lines | null>> = {
  disable_plaintext_auth: (value) => [`auth_allow_cleartext = ${isYes(value) ? 'no' : 'yes'}`],
  ssl_cert: file('ssl_server_cert_file'),
  ssl_key: file('ssl_server_key_file'),
  ssl_ca: file('ssl_server_ca_file'),
  ssl_dh: file('ssl_server_dh_file'),
  ssl_alt_cert: file('ssl_server_alt_cert_file'),
  ssl_alt_key: file('ssl_server_alt_key_file'),
  ssl_client_cert: file('ssl_client_cert_file'),
  ssl_client_key: file('ssl_client_key_file'),
  ssl_prefer_server_ciphers: (value) => [`ssl_server_prefer_ciphers = ${isYes(value) ? 'server' : 'client'}`],
  auth_default_realm: (value) => [`auth_default_domain = ${value}`],
  mail_location: mailLocation,
  mail_home: (value) => {
    const home = variables(value);
    return home === null ? null : [`mail_home = ${home}`];
  },
  auth_username_format: (value) => {
    const format = variables(value);
    return format === null ? null : [`auth_username_format = ${format}`];
  },
};

/** `%u` → `%{user}` and its like; null when a variable or modifier is not in the table. */
function variables(value: string): string | null {
  const names: Readonly<Record<string, string>> = {
    u: '%{user}',
    n: '%{user | username}',
    d: '%{user | domain}',
    h: '%{home}',
    Lu: '%{user | lower}',
    Ln: '%{user | username | lower}',
    Ld: '%{user | domain | lower}',
    '%': '%%',
  };
  let known = true;
  const text = value.replaceAll(/%([A-Z]?[a-z%]|.?)/g, (_whole, name: string) => {
    const next = names[name];
    if (next === undefined) known = false;
    return next ?? '';
  });
  return known ? text : null;
}

/** `maildir:~/Maildir:INBOX=…` → driver and paths. */
function mailLocation(value: string): Lines | null {
  const [driver = '', path = '', ...options] = value.split(':');
  if (!['maildir', 'mbox', 'sdbox', 'mdbox'].includes(driver) || path === '') return null;
  const lines = [`mail_driver = ${driver}`];
  const mailPath = variables(path);
  if (mailPath === null) return null;
  lines.push(`mail_path = ${mailPath}`);
  // Debian's 2.4 names an inbox in /var/mail for every format, so the driver's own default has to be said again
  // (`doveconf -d`): an empty one would be a folder named INBOX, and the mail in the inbox out of sight.
  let inbox = { maildir: '.', mbox: 'inbox' }[driver] ?? '';
  for (const option of options) {
    const [name = '', ...rest] = option.split('=');
    const setting = {
      INBOX: 'mail_inbox_path',
      INDEX: 'mail_index_path',
      CONTROL: 'mail_control_path',
      ALT: 'mail_alt_path',
      LAYOUT: 'mailbox_list_layout',
    }[name];
    const text = variables(rest.join('='));
    if (setting === undefined || text === null || text === '') return null;
    if (name === 'INBOX') inbox = text;
    else lines.push(`${setting} = ${name === 'LAYOUT' ? text.toLowerCase() : text}`);
  }
  lines.push(`mail_inbox_path =${inbox === '' ? '' : ` ${inbox}`}`);
  return lines;
}

const listenerSettings = new Set(['mode', 'user', 'group', 'port', 'ssl', 'haproxy', 'reuse_port']);

/** `service x { unix_listener y { mode = … } }`: same in both, when nothing else is in it. */
function service(label: string, body: readonly DovecotNode[]): Lines | null {
  const lines = [`service ${label} {`];
  for (const node of body) {
    if (!('section' in node) || !/^(unix|fifo|inet)_listener$/.test(node.section)) return null;
    lines.push(`  ${node.section} ${node.label} {`);
    for (const setting of node.body) {
      if (!('key' in setting) || !listenerSettings.has(setting.key)) return null;
      lines.push(`    ${setting.key} = ${setting.value}`);
    }
    lines.push('  }');
  }
  return [...lines, '}'];
}

/** A section without a setting anywhere in it says nothing: Debian's files are full of them. */
function isEmpty(body: readonly DovecotNode[]): boolean {
  return body.every((node) => 'section' in node && isEmpty(node.body));
}

/** The sections that Debian's files fill: the special mailboxes, and where system users are looked up. */
function isShipped(node: DovecotNode): boolean {
  if (!('section' in node)) return false;
  const text = inOneLine(node);
  return (
    text === 'namespace inbox { inbox = yes }' ||
    text ===
      'namespace inbox { mailbox Drafts { special_use = \\Drafts } mailbox Junk { special_use = \\Junk } mailbox Trash { special_use = \\Trash } mailbox Sent { special_use = \\Sent } mailbox Sent Messages { special_use = \\Sent } }' ||
    text === 'passdb { driver = pam }' ||
    text === 'userdb { driver = passwd }'
  );
}

function inOneLine(node: DovecotNode): string {
  if ('include' in node) return node.include;
  if ('unclear' in node) return node.unclear;
  if ('key' in node) return `${node.key} = ${node.value}`;
  const label = node.label === '' ? '' : ` ${node.label}`;
  const body = node.body.map((one) => ` ${inOneLine(one)}`).join('');
  return `${node.section}${label} {${body} }`;
}

function translateNode(node: DovecotNode): Lines | null {
  if ('key' in node) {
    if (same.has(node.key)) return node.value.includes('$') ? null : [`${node.key} = ${node.value}`];
    return Object.hasOwn(changed, node.key) ? (changed[node.key]?.(node.value) ?? null) : null;
  }
  if ('section' in node && node.section === 'service') return service(node.label, node.body);
  return null;
}

/**
 * Translates the files of one Dovecot 2.3 configuration, in the order in which Dovecot reads them (by path is
 * right for `conf.d`). Files with names in `.ext` count only where an include that is not Debian's names them,
 * and that include is among the dropped.
 */
export function translateDovecot(
  files: readonly { readonly path: string; readonly text: string }[],
): TranslatedSettings {
  const dropped: DroppedSetting[] = [];
  const settings = new Map<string, Lines>();
  for (const { path, text } of files) {
    if (path.endsWith('.ext')) continue;
    for (const node of parseDovecot(text)) {
      if ('include' in node && shippedIncludes.test(node.include)) continue;
      if ('section' in node && (isEmpty(node.body) || isShipped(node))) continue;
      const key = 'key' in node ? node.key : inOneLine(node);
      settings.delete(key);
      if ('key' in node && shipped[node.key]?.includes(node.value)) continue;
      const lines = translateNode(node);
      if (lines === null) {
        dropped.push({ line: inOneLine(node), why: `has no known counterpart in Dovecot 2.4 (${path})` });
      } else {
        settings.set(key, lines);
      }
    }
  }
  return { text: [...settings.values()].map((lines) => `${lines.join('\n')}\n`).join(''), dropped };
}
