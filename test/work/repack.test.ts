import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Failure } from '../../src/failure.ts';
import { Folder } from '../../src/work/folder.ts';
import { controlOf, repack } from '../../src/work/repack.ts';
import { directoryHost } from '../support/directory-host.ts';
import { local } from '../support/local-shell.ts';

const status = `Package: handmade
Status: install ok installed
Maintainer: Nobody <nobody@example.org>
Architecture: all
Version: 1:0.3-1
Depends: sh (>= 1),
 other
Conffiles:
 /etc/handmade.conf d41d8cd98f00b204e9800998ecf8427e
Description: made by hand
 in two lines

Package: gone
Status: deinstall ok config-files
Version: 1
`;

function source(): string {
  const root = join(local().scratch, 'source');
  if (existsSync(root)) return root;
  const info = join(root, 'var/lib/dpkg/info');
  for (const path of [info, join(root, 'etc'), join(root, 'usr/bin')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(root, 'var/lib/dpkg/status'), status);
  writeFileSync(
    join(info, 'handmade.list'),
    '/.\n/etc\n/etc/handmade.conf\n/usr\n/usr/bin\n/usr/bin/handmade\n/usr/gone\n',
  );
  writeFileSync(join(info, 'handmade.conffiles'), '/etc/handmade.conf\n');
  writeFileSync(join(info, 'handmade.postinst'), '#!/bin/sh\nexit 0\n');
  writeFileSync(join(info, 'handmade2.postinst'), '#!/bin/sh\nexit 1\n');
  writeFileSync(join(root, 'etc/handmade.conf'), 'edited\n');
  writeFileSync(join(root, 'usr/bin/handmade'), '#!/bin/sh\n', { mode: 0o755 });
  return root;
}

const deb = (...args: string[]) => spawnSync('dpkg-deb', args);

test('the paragraph of the status database becomes a control file', () => {
  expect(controlOf(status, 'handmade')).toBe(
    'Package: handmade\nMaintainer: Nobody <nobody@example.org>\nArchitecture: all\nVersion: 1:0.3-1\n' +
      'Depends: sh (>= 1),\n other\nDescription: made by hand\n in two lines\n',
  );
  expect(controlOf(status, 'gone')).toBeNull();
  expect(controlOf(status, 'hand')).toBeNull();
});

test('dpkg reads what was built, with edited files, scripts and modes', async () => {
  const folder = await Folder.create(join(local().scratch, 'a.move'));
  const from = await repack(directoryHost(source()), folder, 'handmade');
  expect(from).toBe('files/debs/handmade_0.3-1_all.deb');
  const path = folder.path(from as string);
  expect(deb('--field', path, 'Version').stdout.toString().trim()).toBe('1:0.3-1');
  const contents = deb('--contents', path).stdout.toString();
  expect(contents).toMatch(/^-rwxr-xr-x .* \.\/usr\/bin\/handmade$/m);
  expect(contents).not.toContain('gone');
  const tar = spawnSync('sh', ['-c', `dpkg-deb --fsys-tarfile ${path} | tar -xO ./etc/handmade.conf`]);
  expect(tar.stdout.toString()).toBe('edited\n');
  expect(deb('--info', path, 'postinst').stdout.toString()).toContain('exit 0');
  expect(deb('--info', path, 'conffiles').stdout.toString()).toBe('/etc/handmade.conf\n');
  expect(readdirSync(folder.path('files/debs'))).toEqual(['handmade_0.3-1_all.deb']);
  expect(await repack(directoryHost(source()), folder, 'handmade')).toBe(from);
  expect(await repack(directoryHost(source()), folder, 'gone')).toBeNull();
});

test('a package that owns a secret is refused: the folder holds none', async () => {
  const folder = await Folder.create(join(local().scratch, 'b.move'));
  const built = repack(directoryHost(source()), folder, 'handmade', (path) => path === '/etc/handmade.conf');
  await expect(built).rejects.toBeInstanceOf(Failure);
  expect(readdirSync(folder.path('files/debs'))).toEqual([]);
});
