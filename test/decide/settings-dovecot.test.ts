import { expect, test } from '@jest/globals';
import { translateDovecot } from '../../src/decide/settings-dovecot.ts';

/** The uncommented lines of Debian 12's files. */
const shipped = [
  {
    path: '/etc/dovecot/dovecot.conf',
    text: '!include_try /usr/share/dovecot/protocols.d/*.protocol\ndict {\n  #quota = mysql:/x\n}\n!include conf.d/*.conf\n!include_try local.conf\n',
  },
  {
    path: '/etc/dovecot/conf.d/10-auth.conf',
    text: 'auth_mechanisms = plain\n!include auth-system.conf.ext\n',
  },
  {
    path: '/etc/dovecot/conf.d/10-mail.conf',
    text: 'mail_location = mbox:~/mail:INBOX=/var/mail/%u\nnamespace inbox {\n  # x = y\n  inbox = yes\n}\nmail_privileged_group = mail\nprotocol !indexer-worker {\n}\n',
  },
  {
    path: '/etc/dovecot/conf.d/10-ssl.conf',
    text: 'ssl = yes\nssl_cert = </etc/dovecot/private/dovecot.pem\nssl_key = </etc/dovecot/private/dovecot.key\nssl_client_ca_dir = /etc/ssl/certs\nssl_dh = </usr/share/dovecot/dh.pem\n',
  },
  {
    path: '/etc/dovecot/conf.d/15-mailboxes.conf',
    text: 'namespace inbox {\n  mailbox Drafts {\n    special_use = \\Drafts\n  }\n  mailbox Junk {\n    special_use = \\Junk\n  }\n  mailbox Trash {\n    special_use = \\Trash\n  }\n  mailbox Sent {\n    special_use = \\Sent\n  }\n  mailbox "Sent Messages" {\n    special_use = \\Sent\n  }\n}\n',
  },
];

test('what Debian ships says nothing', () => {
  expect(translateDovecot(shipped)).toEqual({ text: '', dropped: [] });
});

test('a hand-built server keeps its mailboxes, certificate and delivery socket', () => {
  const { text, dropped } = translateDovecot([
    ...shipped,
    {
      path: '/etc/dovecot/conf.d/99-own.conf',
      text: [
        'mail_location = maildir:~/Maildir # per user',
        'disable_plaintext_auth = no',
        'ssl_cert = </etc/ssl/mail.pem',
        'ssl_key = </etc/ssl/private/mail.key',
        'protocols = imap lmtp',
        'first_valid_uid = 1000',
        'service lmtp {',
        '  unix_listener /var/spool/postfix/private/dovecot-lmtp {',
        '    mode = 0600',
        '    user = postfix',
        '  }',
        '}',
      ].join('\n'),
    },
  ]);
  expect(dropped).toEqual([]);
  expect(text).toBe(
    [
      'mail_driver = maildir',
      'mail_path = ~/Maildir',
      'mail_inbox_path = .',
      'auth_allow_cleartext = yes',
      'ssl_server_cert_file = /etc/ssl/mail.pem',
      'ssl_server_key_file = /etc/ssl/private/mail.key',
      'protocols = imap lmtp',
      'first_valid_uid = 1000',
      'service lmtp {',
      '  unix_listener /var/spool/postfix/private/dovecot-lmtp {',
      '    mode = 0600',
      '    user = postfix',
      '  }',
      '}',
      '',
    ].join('\n'),
  );
});

test('variables are spelled anew, and one that is not known is shown', () => {
  expect(
    translateDovecot([
      { path: 'a.conf', text: 'mail_location = maildir:/var/vmail/%d/%n:INDEX=/var/index/%Lu' },
    ]).text,
  ).toBe(
    'mail_driver = maildir\nmail_path = /var/vmail/%{user | domain}/%{user | username}\nmail_index_path = /var/index/%{user | lower}\nmail_inbox_path = .\n',
  );
  expect(
    translateDovecot([{ path: 'a.conf', text: 'mail_location = maildir:/var/vmail/%3Hu' }]),
  ).toMatchObject({ text: '', dropped: [{ line: 'mail_location = maildir:/var/vmail/%3Hu' }] });
});

test('what the table does not know is shown with its file', () => {
  const { text, dropped } = translateDovecot([
    {
      path: 'own.conf',
      text: 'plugin {\n  sieve = file:~/sieve\n}\npassdb {\n  driver = passwd-file\n  args = /etc/dovecot/users\n}\n!include auth-sql.conf.ext\nmail_plugins = $mail_plugins quota\n}\n',
    },
  ]);
  expect(text).toBe('');
  expect(dropped.map((one) => one.line)).toEqual([
    'plugin { sieve = file:~/sieve }',
    'passdb { driver = passwd-file args = /etc/dovecot/users }',
    '!include auth-sql.conf.ext',
    'mail_plugins = $mail_plugins quota',
    '}',
  ]);
  expect(dropped[0]?.why).toContain('own.conf');
});

test('a later file wins, and going back to the default takes an earlier value away', () => {
  expect(
    translateDovecot([
      { path: '1.conf', text: 'ssl = required\nlisten = 10.0.0.1\n' },
      { path: '2.conf', text: 'ssl = yes\nlisten = *\n' },
    ]).text,
  ).toBe('listen = *\n');
});
