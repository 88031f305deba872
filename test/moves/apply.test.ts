/** A hand-built Debian 12 is planned and replayed on an empty Debian 13, broken in the middle, and replayed again. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from '../../src/host/connect.ts';
import type { Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { Event, Plan } from '../../src/types.ts';
import { type ApplyResult, apply } from '../../src/work/apply.ts';
import { Folder } from '../../src/work/folder.ts';
import { releaseUnits } from '../../src/work/hold.ts';
import { plan } from '../../src/work/plan.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import { finish } from '../../src/work/work.ts';
import { ensureLayer, type LabHost, labAvailable, labEnvironment, startHost, stopHost } from '../lab/lab.ts';

const reason = labAvailable();
const names = { source: 'apply-old', destination: 'apply-new' };
const patience = 10 * 60_000;

function reach(name: string): Promise<Host> {
  return connect(parsePlace(`root@${name}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: { ...process.env, ...labEnvironment },
    note: () => {},
  });
}

(reason === null ? describe : describe.skip)(
  `replaying a server${reason === null ? '' : `: ${reason}`}`,
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'opstimal-apply-'));
    let folder: Folder;
    let lab: { source: LabHost; destination: LabHost };
    let hosts: { source: Host; destination: Host };
    let common: Parameters<typeof plan>[0];
    let broken: unknown;
    let first: Plan;
    let result: ApplyResult;

    const at = (signal = new AbortController().signal) => ({ now: Date.now, by: 'test', signal });

    beforeAll(async () => {
      const layer = await ensureLayer('handbuilt', '12');
      lab = {
        source: await startHost({ name: names.source, release: '12', layers: [layer] }),
        destination: await startHost({ name: names.destination, release: '13' }),
      };
      hosts = { source: await reach(names.source), destination: await reach(names.destination) };
      folder = await Folder.create(join(directory, 'old.move'));
      const profiles = await loadProfiles();
      common = { folder, ...hosts, profiles, surroundings: at() };
      await finish(scan({ source: hosts.source, folder, profiles, surroundings: at() }));
      first = await finish(plan(common));
      const stop = new AbortController();
      const watch = (event: Event) => {
        if (event.kind === 'progress' && event.label === 'packages' && event.done >= 5) stop.abort();
      };
      broken = await finish(apply({ ...common, surroundings: at(stop.signal) }), watch).catch(
        (error) => error,
      );
      result = await finish(apply(common));
    }, patience);

    afterAll(async () => {
      await hosts?.source.close();
      await hosts?.destination.close();
      rmSync(directory, { recursive: true, force: true });
      if (process.env.OPSTIMAL_LAB_KEEP) return;
      await stopHost(names.source);
      await stopHost(names.destination);
    }, 60_000);

    test('nothing is in the way of the plan, and it says what a person must know', () => {
      expect(first.notices.filter((notice) => notice.grade === 'blocker')).toEqual([]);
      const texts = first.notices.map((notice) => notice.text);
      expect(texts).toContain('PostgreSQL goes from 15 to 17, so its data goes over as a dump');
      expect(texts.join()).toContain('user id 1000 belongs to debian');
      expect(first.holds).toContainEqual({
        source: 'postgresql@15-main.service',
        unit: 'postgresql@17-main.service',
        tier: 'database',
      });
    });

    test('a run that is broken off while packages come goes on the next time', () => {
      expect(broken).toMatchObject({ code: 'interrupted' });
      expect(result.failures).toEqual([]);
      expect(result.changed).toBeGreaterThan(50);
    });

    test('a second apply of the plan changes nothing, and a new plan is empty', async () => {
      expect(await finish(apply(common))).toMatchObject({ changed: 0, failed: 0 });
      expect((await finish(plan(common))).steps.map((step) => step.id)).toEqual([]);
    }, 120_000);

    test('people have their hashes, groups and names', async () => {
      const ask = (host: LabHost) =>
        host.run('getent shadow anna ben carol; id -nG anna; getent passwd anna | cut -d: -f5-');
      const [there, here] = [await ask(lab.source), await ask(lab.destination)];
      expect(here.split('\n').sort()).toEqual(there.split('\n').sort());
      expect(await lab.destination.run('id -u debian')).toBe('1000\n');
    });

    test('no service of the source runs, none can be started, and the policy is gone', async () => {
      await lab.destination.attempt('systemctl start nginx mariadb postgresql@17-main cron app-writer');
      const states = await lab.destination.attempt(
        'systemctl is-active nginx mariadb postgresql@17-main redis-server php8.4-fpm cron app-writer app-digest.timer; ls /usr/sbin/policy-rc.d',
      );
      expect(new Set(states.stdout.trim().split('\n'))).toEqual(new Set(['inactive']));
      expect(states.stderr).toContain('policy-rc.d');
    });

    test('the destination is still itself', async () => {
      expect(await lab.destination.run('hostname')).toBe(`${names.destination}\n`);
      expect(await lab.destination.run('systemctl is-enabled apt-daily.timer || true')).toBe('masked\n');
      expect(await lab.destination.run('systemctl --failed --no-legend')).toBe('');
    });

    test('packages of all kinds are there: renamed, from a vendor, rebuilt, held', async () => {
      const asked = await lab.destination.run(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
        "dpkg-query -W -f '${db:Status-Status} ${Package}\\n' postgresql-17 php8.4-mysql vendor-hello handmade-tool; apt-mark showhold; ls /var/cache/opstimal-move 2>/dev/null || true",
      );
      expect(asked.trim().split('\n')).toEqual([
        'installed handmade-tool',
        'installed php8.4-mysql',
        'installed postgresql-17',
        'installed vendor-hello',
        'git',
      ]);
    });

    test('services take the configuration under their new versions', async () => {
      const check =
        'nginx -t -q && php-fpm8.4 -t 2>&1 && doveconf -n >/dev/null && sshd -t && visudo -cq && grep -c php8.4-fpm.sock /etc/nginx/sites-enabled/*';
      await lab.destination.run(check);
      expect(await lab.destination.run('grep -rn php8.2 /etc/nginx /etc/php | grep -v ":;" || true')).toBe(
        '',
      );
    });

    test('no secret of the source is in the folder', async () => {
      const hash = (await lab.source.run('getent shadow anna')).split(':')[1] as string;
      const words = (
        await lab.source.run(
          "sed -n 's/^requirepass *//p' /etc/redis/redis.conf; sed -n 2,3p /etc/ssl/private/shop.key",
        )
      ).trim();
      const canaries = [hash, ...words.split('\n')].filter((word) => word.length > 6);
      expect(canaries.length).toBeGreaterThan(2);
      writeFileSync(join(directory, 'canaries'), `${canaries.join('\n')}\n`);
      const found = spawnSync('grep', ['-rlF', '-f', join(directory, 'canaries'), folder.directory]);
      expect(found.stdout.toString()).toBe('');
      const undo = readFileSync(
        folder.path('runs', (await lastRun(folder)) as string, 'journal.jsonl'),
        'utf8',
      );
      expect(undo).toContain('"what":"end"');
    });

    test('a plan that is out of date is refused', async () => {
      await finish(plan(common));
      await lab.destination.run('useradd stranger');
      await expect(finish(apply(common))).rejects.toMatchObject({ code: 'refused', topic: 'stale-plan' });
      await lab.destination.run('userdel stranger');
      await finish(plan(common));
      const manifest = readFileSync(folder.path('manifest.yaml'), 'utf8');
      writeFileSync(folder.path('manifest.yaml'), `${manifest}\n# edited\n`);
      await expect(finish(apply(common))).rejects.toMatchObject({ code: 'refused', topic: 'stale-plan' });
      writeFileSync(folder.path('manifest.yaml'), manifest);
    }, 120_000);

    test('released units start, and nothing of the hold is left', async () => {
      const units = first.holds.map((hold) => hold.unit);
      await releaseUnits(hosts.destination, units);
      await lab.destination.run(
        'systemctl start postgresql@17-main mariadb redis-server php8.4-fpm nginx cron',
      );
      expect(await lab.destination.run('find /etc -name "*opstimal-move*" ! -path "*/conf.d/*"')).toBe('');
      expect(await lab.destination.run('runuser -u postgres -- psql -Atc "show work_mem"')).toBe('9MB\n');
    });
  },
);

async function lastRun(folder: Folder): Promise<string | undefined> {
  const { readdir } = await import('node:fs/promises');
  return (await readdir(folder.path('runs'))).sort().at(-1);
}
