/**
 * Everything somebody did to a server's packages is found, and nothing else: what a scan says after the deeds, less
 * what it said before them, is compared with the list of the deeds (test/lab/inventory/deeds.sh), exactly.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '../../src/types.ts';
import { type LabHost, labAvailable, withHosts } from '../lab/lab.ts';
import { type Scanned, scanPlace } from './scanned.ts';

const edited = [
  '/etc/cron.daily/dpkg',
  '/etc/default/cron',
  '/etc/default/rsync',
  '/etc/haproxy/haproxy.cfg',
  '/etc/logrotate.conf',
  '/etc/logrotate.d/nginx',
  '/etc/mosquitto/mosquitto.conf',
  '/etc/nginx/mime.types',
  '/etc/nginx/nginx.conf',
  '/etc/rsyslog.conf',
];
const deleted = [
  '/etc/cron.d/e2scrub_all',
  '/etc/cron.daily/apt-compat',
  '/etc/default/haproxy',
  '/etc/logrotate.d/apt',
  '/etc/nginx/fastcgi.conf',
];
const ofUcf = ['10-auth', '10-logging', '10-mail', '10-master', '15-mailboxes'].map(
  (name) => `/etc/dovecot/conf.d/${name}.conf`,
);
/** vsftpd was removed and not purged; its own configuration was edited before. */
const leftover = ['/etc/ftpusers', '/etc/init.d/vsftpd', '/etc/logrotate.d/vsftpd', '/etc/pam.d/vsftpd'];
const pins = ['/etc/apt/preferences.d/haproxy', '/etc/apt/preferences.d/mosquitto'];

/** What a resource is about, for comparing: versions, digests, times and sizes may differ between mirrors and runs. */
function told(resource: Resource): string {
  const one = resource as unknown as Record<string, string | boolean | undefined>;
  const words = [
    'package',
    'held',
    'local',
    'repository',
    'file',
    'diversion',
    'to',
    'statoverride',
    'alternative',
    'user',
  ]
    .concat([
      'group',
      'path',
      'kind',
      'unit',
      'state',
      'data',
      'database',
      'checkout',
      'stack',
      'container',
      'build',
      'mode',
    ])
    .filter((word) => one[word] !== undefined)
    .filter(
      (word) =>
        (word !== 'mode' || one.statoverride !== undefined) && (word !== 'group' || one.kind === undefined),
    );
  return words.map((word) => `${word}=${one[word]}`).join(' ');
}

const reason = labAvailable();
if (reason !== null) test.skip(`scans what an administrator did: not here, ${reason}`, () => {});
else {
  let base: string;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'inventory-'));
  });
  afterAll(() => rm(base, { recursive: true, force: true }));
  const run = async (host: LabHost, script: string) =>
    host.run('bash -s', {
      input: await readFile(join(import.meta.dirname, '../lab/inventory', script), 'utf8'),
      seconds: 900,
    });

  test.each(['12', '13'] as const)(
    'everything somebody did to a Debian %s is found, and nothing else',
    async (release) => {
      await withHosts([{ name: `in-inventory-${release}`, release }], async (host) => {
        await run(host, 'install.sh');
        const before = await scanPlace(`root@${host.name}`, base, `before-${release}.move`);
        expect(before.verdicts.filter((one) => one.class === 'edited')).toEqual([]);
        await run(host, 'deeds.sh');
        const after = await scanPlace(`root@${host.name}`, base, `after-${release}.move`);

        expect(after.manifest.undecided).toEqual([]);
        const rules = (scanned: Scanned) =>
          scanned.verdicts
            .filter((one) => one.class === 'edited' || one.rule === 'package.leftover')
            .map(({ path, rule }) => `${path} ${rule}`);
        expect(rules(after).sort()).toEqual(
          [
            ...edited.map((path) => `${path} package.edited`),
            ...deleted.map((path) => `${path} package.conffile-removed`),
            ...ofUcf.map((path) => `${path} ucf.edited`),
            ...leftover.map((path) => `${path} package.leftover`),
            '/etc/vsftpd.conf package.leftover-edited',
            '/usr/bin/less diversion.replacement',
          ].sort(),
        );

        const was = new Set(before.manifest.resources.map(told));
        const is = after.manifest.resources.map(told);
        const key = after.manifest.resources.find((one) => 'repository' in one)?.key?.path;
        expect(key).toBe('/opt/keys/vendor.gpg');
        expect(is.filter((one) => !was.has(one)).sort()).toEqual(
          [
            ...[...edited, ...ofUcf, ...leftover, ...pins].map((path) => `path=${path} kind=file`),
            'path=/etc/vsftpd.conf kind=file',
            'path=/usr/bin/less kind=file',
            ...deleted.map((path) => `path=${path} kind=absent`),
            'diversion=/usr/bin/less to=/usr/bin/less.real',
            'diversion=/usr/bin/rsync-ssl to=/usr/bin/rsync-ssl.real',
            'statoverride=/usr/bin/chfn user=root group=staff mode=4750',
            'statoverride=/usr/bin/less.real user=root group=adm mode=750',
            'alternative=awk path=/usr/bin/mawk',
            'alternative=editor path=/usr/bin/vim.tiny',
            'alternative=pager path=/bin/more',
            ...['at', 'nano', 'nginx', 'redis-server'].map((name) => `package=${name} held=true`),
            'package=libgcc-s1:i386',
            'package=vendor-thing',
            'package=by-hand-thing local=true',
            'repository=vendor file=/etc/apt/sources.list.d/vendor.sources',
            'data=/srv',
          ].sort(),
        );
        // What is no more: the package that was removed with its unit, and packages that are held now.
        const now = new Set(is);
        expect([...was].filter((one) => !now.has(one)).sort()).toEqual(
          [
            ...['at', 'nano', 'nginx', 'redis-server', 'vsftpd'].map((name) => `package=${name}`),
            'unit=vsftpd.service state=enabled',
            // Its directory in /srv was empty, and went with it.
            'group=ftp',
          ].sort(),
        );
      });
    },
    1_200_000,
  );
}
