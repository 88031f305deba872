/** Scans of real servers: a fresh one shows nothing, a hand-built one shows everything somebody did to it. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ensureLayer, labAvailable, withHosts } from '../lab/lab.ts';
import { named, type Scanned, scanPlace } from './scanned.ts';

const reason = labAvailable();
let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'scan-lab-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const scanHost = (host: string, name: string): Promise<Scanned> => scanPlace(`root@${host}`, base, name);

if (reason !== null) test.skip(`scans servers: not here, ${reason}`, () => {});
else {
  const services =
    'nginx postgresql mariadb-server redis-server postfix dovecot-imapd php-fpm php-mysql apache2 at rsyslog logrotate locales';

  test.each(['11', '12', '13'] as const)(
    'a fresh Debian %s with its services shows no edit and nothing undecided',
    async (release) => {
      await withHosts([{ name: `scan-${release}`, release }], async (host) => {
        const empty = await scanHost(host.name, `empty-${release}.move`);
        expect(empty.verdicts.filter((one) => one.class === 'edited')).toEqual([]);
        expect(empty.manifest.undecided).toEqual([]);
        expect(empty.manifest.profiles.map(({ name }) => name)).toEqual(['cron']);

        await host.run(
          `export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq install -y ${services} >/dev/null 2>&1`,
        );
        const full = await scanHost(host.name, `full-${release}.move`);
        expect(full.verdicts.filter((one) => one.class === 'edited')).toEqual([]);
        expect(full.manifest.undecided).toEqual([]);
        expect(full.manifest.incomplete).toEqual([]);
        expect(full.manifest.profiles.map(({ name }) => name)).toEqual(
          [
            'apache',
            'cron',
            'dovecot',
            'mariadb',
            'nginx',
            'php-fpm',
            'postfix',
            'postgresql',
            'redis',
            'rsyslog',
          ].sort(),
        );
        const again = await scanHost(host.name, `again-${release}.move`);
        expect(await readFile(again.folder.path('manifest.yaml'), 'utf8')).toBe(
          await readFile(full.folder.path('manifest.yaml'), 'utf8'),
        );
      });
    },
    900_000,
  );

  test('a hand-built server shows everything somebody did to it', async () => {
    const layer = await ensureLayer('handbuilt', '12', () => {});
    await withHosts([{ name: 'scan-made', release: '12', layers: [layer] }], async (host) => {
      const hosted = 'find / -xdev -printf "%p %s %m %u %g %T@ %C@\\n" 2>/dev/null | grep -v';
      const still = `${hosted} -E "^/(var/(log|lib/(postgresql|mysql|redis|systemd|dovecot|postfix)|spool|tmp)|srv/app/data|home/anna|run|tmp)" | sort`;
      const before = await host.run(still);
      const { folder, manifest, verdicts, result } = await scanHost(host.name, 'made.move');
      expect(await host.run(still)).toBe(before);

      const edited = verdicts.filter((one) => one.class === 'edited').map(({ path }) => path);
      for (const path of [
        '/etc/cron.d/e2scrub_all',
        '/etc/default/cron',
        '/etc/dovecot/conf.d/10-mail.conf',
        '/etc/handmade-tool.conf',
        '/etc/logrotate.conf',
        '/etc/motd',
        '/etc/nginx/nginx.conf',
        '/etc/nginx/sites-enabled/default',
        '/etc/php/8.2/fpm/php.ini',
        '/etc/php/8.2/fpm/pool.d/www.conf',
        '/etc/vendor-hello.conf',
        '/root/.bashrc',
        '/usr/bin/vendor-hello',
      ]) {
        expect(edited).toContain(path);
      }
      expect(manifest.undecided).toEqual([]);
      expect(result.incomplete).toEqual([]);
      expect(manifest.resources).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ package: 'git', held: true }),
          expect.objectContaining({ package: 'handmade-tool', local: true }),
          expect.objectContaining({ repository: 'vendor', key: expect.anything() }),
          expect.objectContaining({ diversion: '/usr/bin/vendor-hello', to: '/usr/bin/vendor-hello.real' }),
          expect.objectContaining({ alternative: 'editor', path: '/usr/bin/vim.tiny' }),
          expect.objectContaining({ statoverride: '/usr/bin/chfn', group: 'staff', mode: '4750' }),
          expect.objectContaining({ unit: 'memcached.service', state: 'disabled', active: false }),
          expect.objectContaining({ unit: 'apt-daily.timer', state: 'masked' }),
          expect.objectContaining({ unit: 'app-writer.service', state: 'enabled', active: true }),
          expect.objectContaining({ unit: 'app-experiment.service', state: 'disabled' }),
          expect.objectContaining({ unit: 'app-digest.timer', state: 'enabled' }),
          expect.objectContaining({ path: '/etc/cron.d/e2scrub_all', kind: 'absent' }),
          expect.objectContaining({ path: '/etc/redis/redis.conf', secret: true }),
          expect.objectContaining({ path: '/etc/ssl/private/shop.key', secret: true }),
          expect.objectContaining({ database: 'mariadb' }),
          expect.objectContaining({ database: 'postgresql' }),
        ]),
      );
      expect(named(manifest, 'user')).toEqual(
        expect.arrayContaining(['anna', 'ben', 'carol', 'svcapp', 'vmail']),
      );

      const index = await folder.verdictIndex();
      const carries = (path: string) => index.of(path)?.carry;
      for (const path of ['/home/anna/notes/to do.txt', '/srv/app/data/app.db', '/var/www/shop/uploads/x']) {
        expect([path, carries(path)]).toEqual([path, 'stream']);
      }
      for (const path of ['/usr/local/bin/port-helper', '/var/vmail/virtual.example', '/opt/acme/bin/acme']) {
        expect([path, carries(path)]).toEqual([path, 'stream']);
      }
      expect(carries('/var/spool/cron/crontabs/anna')).toBe('stream');
      expect(carries('/var/lib/redis/appendonlydir')).toBe('stream');
      expect(carries('/var/lib/mysql/shop')).toBe('dump');
      expect(carries('/var/lib/postgresql/15/main')).toBe('dump');
      for (const path of ['/home/anna/.cache/thumbnails/1.png', '/var/log/old-app.log', '/etc/machine-id']) {
        expect([path, carries(path)]).toEqual([path, 'none']);
      }
      expect(carries('/etc/ssh/ssh_host_ed25519_key')).toBe('none');

      const password = (await host.run("sed -n 's/^requirepass //p' /etc/redis/redis.conf")).trim();
      const key = (await host.run('sed -n 2p /etc/ssl/private/shop.key')).trim();
      const hash = (await host.run("getent shadow anna | cut -d: -f2 | cut -d'$' -f5")).trim();
      for (const secret of [password, key, hash]) expect(secret.length).toBeGreaterThan(5);
      for (const name of await readdir(folder.directory, { recursive: true, withFileTypes: true })) {
        if (!name.isFile()) continue;
        const content = await readFile(join(name.parentPath, name.name), 'latin1');
        for (const secret of [password, key, hash]) expect(content.includes(secret)).toBe(false);
      }
    });
  }, 600_000);
}
