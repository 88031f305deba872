/** What was installed beside the packages, on real servers: podman, git, a compiler. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from '../../src/host/connect.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { Manifest } from '../../src/types.ts';
import { Folder } from '../../src/work/folder.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import { finish } from '../../src/work/work.ts';
import { labAvailable, sshConfig, withHosts } from '../lab/lab.ts';

const reason = labAvailable();
let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'installed-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

async function scanHost(host: string): Promise<Manifest> {
  const folder = await Folder.create(join(base, `${host}.move`));
  const source = await connect(parsePlace(`root@${host}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
    sshConfig,
  });
  try {
    const surroundings = { now: Date.now, by: 'test', signal: new AbortController().signal };
    await finish(scan({ source, folder, profiles: await loadProfiles(), surroundings }));
    return await folder.readManifest();
  } finally {
    await source.close();
  }
}

// Images cannot be fetched here: one is made of a few files of the host. podman's own timers would write meanwhile.
const made = `
set -e
export DEBIAN_FRONTEND=noninteractive
systemctl mask podman-auto-update.timer podman-auto-update.service podman-restart.service podman.socket >/dev/null 2>&1
apt-get -qq update && apt-get -qq install -y podman uidmap git gcc libc6-dev >/dev/null 2>&1
printf '[storage]\\ndriver = "vfs"\\nrunroot = "/run/containers/storage"\\ngraphroot = "/var/lib/containers/storage"\\n' >/etc/containers/storage.conf
cd /tmp
triplet=$(gcc -print-multiarch)
tar -C / -chf root.tar bin/sleep bin/sh lib64/ld-linux-x86-64.so.2 lib/$triplet/libc.so.6
podman import -q root.tar localhost/acme:1 >/dev/null
podman volume create data >/dev/null
mkdir -p /srv/app-etc
podman run -d --cgroups=disabled --network=host --name web --restart=always -e PASSWORD=Zx81-hunter -v data:/data -v /srv/app-etc:/etc/app:ro localhost/acme:1 /bin/sleep 1000000 >/dev/null
mkdir -p /etc/containers/systemd
printf '[Container]\\nImage=docker.io/library/redis:7\\nPublishPort=6379:6379\\n' >/etc/containers/systemd/redis.container
useradd -m -s /bin/bash anna
echo 'int acme(void){return 1;}' >a.c
echo 'int acme(void);int main(void){return acme();}' >b.c
gcc -shared -fPIC -Wl,-soname,libacme.so.7 -o libacme.so.7 a.c
mkdir -p /opt/acme/bin /srv/project
gcc -o /opt/acme/bin/served b.c ./libacme.so.7
cd /srv/project
git init -q -b main . && git config user.email a@b && git config user.name a
echo hi >file && git add file && git commit -qm one
git remote add origin https://bob:token@git.example.org/project.git
echo there >>file && echo new >new
printf '#!/bin/sh\\ntouch /tmp/ran\\n' >/tmp/evil && chmod +x /tmp/evil
git config core.fsmonitor /tmp/evil
chown -R anna: .
while grep -qsx podman /proc/[0-9]*/comm; do sleep 0.2; done
touch /root/before && sleep 1
`;

if (reason !== null) test.skip(`what is installed on servers: not here, ${reason}`, () => {});
else {
  test.each(['12', '13'] as const)(
    'containers, checkouts and builds of a Debian %s, and nothing written there',
    async (release) => {
      await withHosts([{ name: `installed-${release}`, release }], async (host) => {
        await host.run(made);
        const manifest = await scanHost(host.name);
        const find = (key: string, name: string) =>
          manifest.resources.find((one) => (one as unknown as Record<string, unknown>)[key] === name);
        expect(find('container', 'web')).toMatchObject({
          engine: 'podman',
          image: 'localhost/acme:1',
          volumes: [
            { source: '/var/lib/containers/storage/volumes/data/_data', target: '/data', name: 'data' },
            { source: '/srv/app-etc', target: '/etc/app' },
          ],
          note: expect.stringMatching(/^podman was not asked/),
        });
        expect(find('container', 'web')).not.toHaveProperty('digest');
        expect(find('container', 'systemd-redis')).toMatchObject({
          definition: '/etc/containers/systemd/redis.container',
          running: false,
        });
        expect(find('checkout', '/srv/project')).toMatchObject({
          remotes: [{ name: 'origin', url: 'https://git.example.org/project.git' }],
          branch: 'main',
          unpushed: 1,
          changed: 1,
          untracked: 1,
          patch: expect.stringMatching(/^files\//),
        });
        expect(find('build', '/opt/acme')).toEqual({
          build: '/opt/acme',
          programs: 1,
          libraries: [
            { name: 'libacme.so.7', missing: true },
            { name: 'libc.so.6', package: 'libc6' },
          ],
        });
        expect(JSON.stringify(manifest)).not.toMatch(/Zx81|bob:token/);
        const written = await host.run(
          'find /home /srv /opt /usr/local /var/lib/containers /tmp/ran -newercm /root/before 2>/dev/null || true',
        );
        expect(written.trim()).toBe('');
      });
    },
    600_000,
  );
}
