/** The observer is what proves a move, so it has to be seen seeing: two equal servers are equal, each change shows. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ensureLayer, type LabHost, labAvailable, startHost, stopHost } from '../lab/lab.ts';
import { type Subject, subjects } from './move.ts';

const reason = labAvailable();

const changes: readonly (readonly [Subject, string])[] = [
  ['web', `sed -i 's/Honey/Money/' /var/www/shop/index.html`],
  ['postgresql', `runuser -u postgres -- psql -q shop -c 'UPDATE shop.orders SET extra = NULL WHERE id = 7'`],
  ['postgresql', `runuser -u postgres -- psql -q shop -c 'GRANT UPDATE ON shop.orders TO staff'`],
  ['postgresql', `runuser -u postgres -- psql -q shop -c "SELECT nextval('shop.invoice')"`],
  ['logins', `runuser -u postgres -- psql -q -c "ALTER ROLE legacy PASSWORD 'new'"`],
  ['mariadb', `mariadb shop_web -e "UPDATE products SET tags = NULL WHERE id = 1"`],
  ['mariadb', `mariadb -e "ALTER EVENT shop_web.purge_sessions DISABLE"`],
  ['mariadb', `mariadb -e "REVOKE DELETE ON shop_web.* FROM 'shop'@'localhost'"`],
  ['redis', `redis-cli -a redis-secret --no-auth-warning HSET user:1 visits 13`],
  ['mail', `rm /home/anna/Maildir/new/*`],
  ['people', `usermod -p '*' ben`],
  ['people', `gpasswd -d anna deploy`],
  ['people', `echo '# off' | crontab -u anna -`],
  ['units', `systemctl unmask apt-daily.timer`],
  ['units', `systemctl stop app-writer`],
  ['system', `apt-mark unhold git`],
  ['system', `update-alternatives --auto editor`],
  ['trees', `setfacl -x u:anna /srv/hostile/acl.txt`],
  ['trees', `touch -d '2038-01-19 03:14:08.999999998 UTC' /srv/hostile/time-2038`],
  [
    'trees',
    `cp --remove-destination /srv/hostile/links/a/one /tmp/one && mv /tmp/one /srv/hostile/links/b/two`,
  ],
  ['trees', `setcap -r /usr/local/bin/port-helper`],
  ['trees', `cp --sparse=never /srv/hostile/all-hole /tmp/x && cat /tmp/x > /srv/hostile/all-hole`],
  ['trees', `chown -h ben /srv/hostile/link-of-anna`],
];

if (reason !== null) test.skip(`sees changes: not here, ${reason}`, () => {});
else
  describe('the observer of moves', () => {
    let first: LabHost;
    let second: LabHost;

    beforeAll(async () => {
      const layers = [await ensureLayer('handbuilt', '12')];
      first = await startHost({ name: 'observe-one', release: '12', layers });
      second = await startHost({ name: 'observe-other', release: '12', layers });
    }, 600_000);

    afterAll(async () => {
      await stopHost('observe-one');
      await stopHost('observe-other');
    }, 60_000);

    test.each(Object.keys(subjects) as Subject[])(
      'finds two servers of the same make equal: %s',
      async (subject) => {
        expect(await subjects[subject](second)).toEqual(await subjects[subject](first));
      },
      60_000,
    );

    test.each(changes)(
      'sees in %s: %s',
      async (subject, change) => {
        const was = await subjects[subject](second);
        await second.run(change);
        expect(await subjects[subject](second)).not.toEqual(was);
      },
      60_000,
    );
  });
