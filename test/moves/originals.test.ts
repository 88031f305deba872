/**
 * Edits on real servers become patches: of what lies there, and of packages that are downloaded from the repository
 * that their apt names. The repository is a directory served here, so that the test knows what is in it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from '../../src/host/connect.ts';
import { parsePlace } from '../../src/host/place.ts';
import { explainText } from '../../src/show/explain-text.ts';
import type { PathResource } from '../../src/types.ts';
import { explainPath } from '../../src/work/explain.ts';
import { Folder } from '../../src/work/folder.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import { finish } from '../../src/work/work.ts';
import { labAvailable, sshConfig, withHosts } from '../lab/lab.ts';
import { gateway } from '../lab/settings.ts';

const reason = labAvailable();
let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'originals-lab-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** Serves packages and the index that apt reads (deb822 paragraphs, sources.list(5) for a flat repository). */
async function serve(debs: ReadonlyMap<string, Buffer>, index: string, asked: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').replace(/^\/(\.\/)?/, ''));
    asked.push(name);
    const content = name === 'Packages' ? Buffer.from(index) : debs.get(name);
    if (content === undefined) response.writeHead(404).end();
    else response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, gateway, resolve));
  return server;
}

async function scanHost(host: string, name: string, download: boolean) {
  const folder = await Folder.create(join(base, name));
  const source = await connect(parsePlace(`root@${host}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
    sshConfig,
  });
  const notes: string[] = [];
  try {
    const surroundings = { now: Date.now, by: 'test', signal: new AbortController().signal };
    const work = scan({ source, folder, profiles: await loadProfiles(), surroundings, download });
    await finish(work, (event) => {
      if (event.kind === 'note') notes.push(event.text);
    });
  } finally {
    await source.close();
  }
  const paths = new Map<string, PathResource>();
  for (const one of (await folder.readManifest()).resources) {
    if ('path' in one && 'kind' in one) paths.set(one.path, one);
  }
  const patch = async (path: string) => {
    const from = paths.get(path)?.patch;
    return from === undefined ? undefined : (await folder.readAttachment(from)).toString('latin1');
  };
  return { folder, notes, paths, patch };
}

if (reason !== null) test.skip(`originals of real packages: not here, ${reason}`, () => {});
else {
  test.each(['11', '12', '13'] as const)(
    'edits of Debian %s are patches against what its packages brought',
    async (release) => {
      await withHosts([{ name: `orig-${release}`, release }], async (host) => {
        const packages = ['bash', 'cron', 'logrotate', 'libc-bin'];
        await host.run(
          'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq install -y cron logrotate openssh-server >/dev/null 2>&1; apt-get clean',
        );
        // Of the very versions that are installed, fetched by apt itself.
        await host.run(
          `mkdir /srv/debs && chmod 777 /srv/debs && cd /srv/debs && for name in ${packages.join(' ')}; do apt-get -qq download "$name=$(dpkg-query -W -f '\${Version}' $name)" || exit 1; done`,
        );
        const debs = new Map<string, Buffer>();
        let index = '';
        for (const file of await readdir(join(host.root, 'srv/debs'))) {
          const path = join(host.root, 'srv/debs', file);
          const content = await readFile(path);
          const sha256 = createHash('sha256').update(content).digest('hex');
          debs.set(file, content);
          index += `${execFileSync('dpkg-deb', ['--field', path]).toString().trim()}\nFilename: ./${file}\nSize: ${content.length}\nSHA256: ${sha256}\n\n`;
        }
        expect(debs.size).toBe(packages.length);
        const asked: string[] = [];
        const server = await serve(debs, index, asked);
        try {
          const { port } = server.address() as AddressInfo;
          await host.run(
            `rm -rf /srv/debs /etc/apt/sources.list.d/* /var/lib/apt/lists/*; echo 'deb [trusted=yes] http://${gateway}:${port} ./' > /etc/apt/sources.list; apt-get -qq update`,
          );
          await host.run(
            [
              "sed -i '1i # first line of ours' /etc/logrotate.conf",
              "printf 'caf\\351\\r\\nlast' >> /etc/bash.bashrc",
              'rm /etc/cron.d/e2scrub_all 2>/dev/null; rm /etc/default/cron',
              "sed -i 's/^#*PermitRootLogin.*/PermitRootLogin prohibit-password/' /etc/ssh/sshd_config",
              "sed -i '2i # patched by hand' /usr/bin/ldd",
            ].join('; '),
          );
          const still =
            'find / -xdev -printf "%p %s %m %u %g %T@ %C@\\n" 2>/dev/null | grep -vE "^/(var/log|var/lib/systemd|run|tmp|root( |/.ssh))" | sort';
          const before = await host.run(still);
          asked.length = 0;
          const first = await scanHost(host.name, `first-${release}.move`, true);
          expect(await host.run(still)).toBe(before);

          expect(await first.patch('/etc/logrotate.conf')).toMatch(
            /^--- a\/etc\/logrotate\.conf\n\+\+\+ b\/etc\/logrotate\.conf\n@@ -1,3 \+1,4 @@\n\+# first line of ours\n /,
          );
          expect(await first.patch('/etc/bash.bashrc')).toMatch(
            /\n\+caf\xe9\r\n\+last\n\\ No newline at end of file\n$/,
          );
          expect(await first.patch('/etc/default/cron')).toContain('+++ /dev/null\n@@ -1,');
          expect(first.paths.get('/etc/default/cron')).toMatchObject({ kind: 'absent' });
          expect(await first.patch('/etc/ssh/sshd_config')).toMatch(
            /\n-#PermitRootLogin prohibit-password\n\+PermitRootLogin prohibit-password\n/,
          );
          expect(await first.patch('/usr/bin/ldd')).toContain('\n+# patched by hand\n');
          // What is on the server is not downloaded, and nothing that nobody edited.
          expect(asked.map((name) => name.split('_')[0]).sort()).toEqual([...packages].sort());
          expect(first.notes.filter((text) => text.startsWith('downloading'))).toEqual([
            expect.stringMatching(
              new RegExp(`^downloading 4 packages for their originals, .* MB from ${gateway}:${port}$`),
            ),
          ]);
          const text = explainText(await explainPath(first.folder, '/usr/bin/ldd'), 'x.move');
          expect(text).toContain('against the original of libc-bin: 1 line added, 0 removed');

          // Scanned again, nothing is downloaded and every byte of the manifest is the same.
          const manifest = await readFile(first.folder.path('manifest.yaml'), 'utf8');
          asked.length = 0;
          const again = await scanHost(host.name, `first-${release}.move`, true);
          expect(asked).toEqual([]);
          expect(await readFile(again.folder.path('manifest.yaml'), 'utf8')).toBe(manifest);

          // A machine without xz lets the server unpack.
          const deb = [...debs.values()][0] as Buffer;
          const listed = await host.attempt('dpkg-deb --fsys-tarfile - | tar -t | head -n 2', { input: deb });
          expect(listed).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\.\/\n\.\/\w+\/\n$/) });
        } finally {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        }

        // The repository is gone: the scan goes on and says so.
        const lost = await scanHost(host.name, `lost-${release}.move`, true);
        expect(await lost.patch('/etc/ssh/sshd_config')).toContain('+PermitRootLogin');
        expect(await lost.patch('/etc/logrotate.conf')).toBeUndefined();
        expect((await lost.folder.readUnpatched()).get('/etc/logrotate.conf')).toMatch(/cannot be reached/);
      });
    },
    900_000,
  );
}
