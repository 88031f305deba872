/**
 * Servers with services nobody touched: nothing on them is an edit or a question, no secret is data, and looking leaves
 * no trace. Then with files planted in every kind of place: none of them is taken for something a recipe makes again.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type LabHost, labAvailable, startHost, stopHost } from '../lab/lab.ts';
import type { Release } from '../lab/settings.ts';
import { type Planted, wrongAbout } from './planted.ts';
import { type Scanned, scanPlace } from './scanned.ts';

jest.setTimeout(120_000);

/** Other services than those of scan.test.ts, another dozen on each release. */
const services: readonly (readonly [Release, string])[] = [
  [
    '13',
    'exim4-daemon-light bind9 samba fail2ban unbound memcached rabbitmq-server haproxy squid openvpn certbot cups-daemon cups-filters avahi-daemon libnss-mdns ufw prometheus-node-exporter shared-mime-info xml-core python3-yaml ssl-cert',
  ],
  [
    '12',
    'munin-node snmpd slapd tor mosquitto proftpd-core nfs-kernel-server chrony opendkim lighttpd monit nagios-nrpe-server postfix libnss-mymachines shared-mime-info xml-core python3-yaml screen vim fontconfig',
  ],
];
const plantedOnEach = 1600;

/** Paths that our own logins change: who logged in and when, and the journal of it. */
const byLogins =
  /^\/var\/(log\/(wtmp|btmp|lastlog|wtmp\.db|auth\.log|journal\/.*)|lib\/(wtmpdb|lastlog)(\/.*)?)$|^\/var\/log$/;

const reason = labAvailable();
if (reason !== null) test.skip(`plants files on servers: not here, ${reason}`, () => {});
else
  describe.each(services)('Debian %s', (release, packages) => {
    const name = `in-planted-${release}`;
    // A person's run looks in new places each time; a run that decides about a change looks where one once found something.
    const chosen = process.env.OPSTIMAL_SEED ?? (process.env.CI ? '1513184493' : undefined);
    const seed = chosen === undefined ? randomInt(2 ** 31) : Number(chosen);
    let base: string;
    let host: LabHost;
    let fresh: Scanned;
    const python = async (program: string, words = '') =>
      host.run(`python3 - ${words}`, {
        input: await readFile(join(import.meta.dirname, program), 'utf8'),
        encoding: 'latin1',
        seconds: 300,
      });

    beforeAll(async () => {
      base = await mkdtemp(join(tmpdir(), 'planted-'));
      host = await startHost({ name, release });
      await host.run(
        `export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq install -y --no-install-recommends python3 ${packages} >/dev/null 2>&1`,
        { seconds: 900 },
      );
      fresh = await scanPlace(`root@${name}`, base, 'fresh.move');
    }, 1_200_000);
    afterAll(async () => {
      if (!process.env.OPSTIMAL_LAB_KEEP) await stopHost(name);
      await rm(base, { recursive: true, force: true });
    });

    test('services that nobody touched show no edit and nothing undecided', () => {
      expect(fresh.verdicts.filter((one) => one.class === 'edited')).toEqual([]);
      expect(fresh.manifest.undecided).toEqual([]);
    });

    test('no secret and no identity is data', async () => {
      const index = await fresh.folder.verdictIndex();
      const found = (await python('secrets.py')).split('\n').filter((line) => line !== '');
      expect(found).toEqual(
        expect.arrayContaining(['/etc/shadow', '/etc/machine-id', '/etc/ssh/ssh_host_ed25519_key']),
      );
      const wrong = found.flatMap((path) => {
        const verdict = index.of(path);
        const said = `${verdict?.class} ${verdict?.carry} ${verdict?.rule}`;
        const isSafe =
          verdict !== null &&
          (['secret', 'identity', 'ephemeral'].includes(verdict.class) ||
            verdict.carry === 'dump' ||
            /^(package\.(unchanged|conffile)|generated\.accounts)$/.test(verdict.rule));
        return isSafe ? [] : [`${path}: ${said}`];
      });
      expect(wrong).toEqual([]);
    });

    test('a scan leaves no trace on the server', async () => {
      // What writes by itself is none of ours.
      await host.run(
        "systemctl list-units --type=timer,path,socket,service --state=active --plain --no-legend | awk '{ print $1 }' | grep -vE '^(ssh|dbus|user|init|systemd-.*[.](service|socket))' | xargs systemctl stop 2>/dev/null; true",
      );
      const look = async () =>
        new Map((await python('whole.py')).split('\n').map((line) => line.split(' ') as [string, string]));
      const differences = (one: Map<string, string>, other: Map<string, string>) =>
        [...new Set([...one.keys(), ...other.keys()])]
          .filter((path) => one.get(path) !== other.get(path) && !byLogins.test(decodeURIComponent(path)))
          .sort();
      const before = await look();
      expect(before.size).toBeGreaterThan(15_000);
      await scanPlace(`root@${name}`, base, 'trace.move');
      const after = await look();
      expect(differences(before, after)).toEqual([]);
      // The look sees files that are as they were but for the moment when somebody set their mode or times.
      await host.run('chmod --reference=/etc/hostname /etc/hostname; touch -r /etc/hosts /etc/hosts');
      expect(differences(after, await look())).toEqual(['/etc/hostname', '/etc/hosts']);
    });

    test(`no planted file is called immutable (OPSTIMAL_SEED=${seed})`, async () => {
      const planted = (await python('plant.py', `${seed} ${plantedOnEach}`))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Planted);
      expect(planted.length).toBeGreaterThanOrEqual(plantedOnEach);
      const { folder } = await scanPlace(`root@${name}`, base, 'planted.move');
      const index = await folder.verdictIndex();
      const wrong = planted.flatMap((one) => wrongAbout(one, index.of(one.path)) ?? []);
      expect(wrong).toEqual([]);
    });
  });
