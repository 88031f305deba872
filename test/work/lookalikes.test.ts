/**
 * Places where tools of the system write: what is theirs is proved by something besides its name, and what only looks
 * like it is somebody's. Each case was once called immutable on a real server.
 */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { VerdictIndex } from '../../src/decide/verdicts.ts';
import { connect } from '../../src/host/connect.ts';
import { parsePlace } from '../../src/host/place.ts';
import { Folder } from '../../src/work/folder.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import { finish } from '../../src/work/work.ts';
import { type MadePackage, makeRoot, put } from './made-root.ts';

const library: MadePackage = {
  name: 'library',
  files: {
    '/usr/lib/python3/dist-packages/library/a.py': 'a',
    '/usr/lib/python3/dist-packages/library/sub/b.py': 'b',
    '/usr/share/library/moved/file': 'moved',
    '/usr/share/library/file-now-directory': 'file',
    '/usr/share/icons/packaged/index.theme': 'theme',
    '/usr/share/ca-certificates/mozilla/One.crt': 'certificate',
    '/usr/bin/vi.tiny': 'vi',
    '/usr/bin/vi.big': 'vi',
    '/usr/lib/systemd/system/library.service':
      '[Service]\nExecStart=/usr/bin/vi.tiny\n[Install]\nWantedBy=multi-user.target\nAlias=other.service\n',
    '/usr/share/fontconfig/conf.avail/10-a.conf': 'font',
    '/var/lib/library/seed': 'seed',
  },
  conffiles: { '/etc/init.d/library': '#!/bin/sh\n', '/etc/library.conf': 'x\n' },
};

/** What is theirs, and what only looks like it. */
const lookalikes: Readonly<Record<string, string>> = {
  '/usr/lib/python3/dist-packages/library/__pycache__/a.cpython-311.pyc': 'compiled',
  '/usr/lib/python3/dist-packages/library/__pycache__/c.cpython-311.pyc': 'compiled',
  '/usr/lib/python3/dist-packages/library/__pycache__/notes.txt': 'notes',
  '/usr/lib/python3/dist-packages/library/c.pyc': 'without a source',
  '/usr/lib/locale/locale-archive': 'archive',
  '/usr/lib/locale/own/LC_CTYPE': 'own',
  '/usr/share/mime/types': 'text/x-known\n',
  '/usr/share/mime/text/x-known.xml': 'known',
  '/usr/share/mime/text/x-own.xml': 'own',
  '/usr/share/icons/packaged/icon-theme.cache': 'cache',
  '/usr/share/icons/own/icon-theme.cache': 'cache',
  '/etc/library.conf.dpkg-dist': 'of the package',
  '/etc/own.conf.dpkg-dist': 'own',
  '/etc/sgml/own.cat': 'own',
  '/etc/xml/own.xml': 'own',
  '/etc/xml/catalog': '',
  '/var/lib/apache2/module/enabled_by_maint/status': '',
  '/var/lib/apache2/module/enabled_by_maint/own': '',
  '/var/lib/php/modules/8.2/fpm/enabled_by_maint/gd': '',
  '/var/lib/php/modules/8.2/fpm/enabled_by_maint/own': '',
  '/var/lib/sudo/lectured/anna': '',
  '/var/lib/sudo/lectured/own': 'own',
  '/srv/app/__pycache__': 'a file of this name',
  '/etc/apt/sources.list.d/notes.txt': 'notes',
  '/etc/pam.d/common-own': 'own',
  '/var/lib/pam/seen': 'seen',
  '/var/lib/pam/own': 'own',
  '/var/lib/ucf/registry': '',
  '/var/lib/ucf/own': 'own',
  '/var/lib/logrotate/status': 'status',
  '/var/lib/logrotate/own': 'own',
  '/var/lib/systemd/own': 'own',
  '/var/backups/dpkg.status.1.gz': 'status',
  '/var/backups/dpkg.status.mine': 'mine',
  '/var/lib/app/server.pid': '1234\n',
  '/var/lib/app/customers.pid': 'x'.repeat(1000),
  '/var/lib/app/.erlang.cookie': 'hunter2',
  '/usr/share/library/file-now-directory/inside': 'inside',
  '/etc/shells': '/bin/sh\n/usr/local/bin/own\n',
  '/etc/ca-certificates.conf': 'mozilla/One.crt\n!mozilla/Two.crt\n',
};

/** Links, with what they lead to. */
const links: Readonly<Record<string, string>> = {
  '/etc/alternatives/vi': '/usr/bin/vi.big',
  '/etc/alternatives/own': '/usr/bin/vi.tiny',
  '/etc/alternatives/view': '/usr/local/bin/own',
  '/usr/bin/vi': '/etc/alternatives/vi',
  '/usr/bin/own': '/etc/alternatives/vi',
  '/etc/rc2.d/S01library': '../init.d/library',
  '/etc/rc2.d/S01own': '../init.d/own',
  '/etc/rc2.d/S02library': '/srv/app/start',
  '/etc/ssl/certs/One.pem': '/usr/share/ca-certificates/mozilla/One.crt',
  '/etc/ssl/certs/0123abcd.0': 'One.pem',
  '/etc/ssl/certs/4567abcd.0': '/srv/own.pem',
  '/etc/ssl/certs/Own.pem': '/usr/share/ca-certificates/own.crt',
  '/etc/apache2/mods-enabled/status.load': '../mods-available/status.load',
  '/etc/apache2/mods-enabled/own.load': '/srv/own.load',
  '/etc/php/8.2/fpm/conf.d/20-gd.ini': '/etc/php/8.2/mods-available/gd.ini',
  '/etc/php/8.2/fpm/conf.d/20-own.ini': '/etc/php/8.2/mods-available/gd.ini',
  '/etc/fonts/conf.d/10-a.conf': '/usr/share/fontconfig/conf.avail/10-a.conf',
  '/etc/fonts/conf.d/own.conf': '/usr/share/fontconfig/conf.avail/10-a.conf',
  '/etc/systemd/system/multi-user.target.wants/library.service': '/lib/systemd/system/library.service',
  '/etc/systemd/system/other.service': '/usr/lib/systemd/system/library.service',
  '/etc/systemd/system/own.service': '/usr/lib/systemd/system/library.service',
  '/etc/systemd/system/own.target.wants/library.service': '/usr/lib/systemd/system/library.service',
  '/etc/systemd/system/multi-user.target.wants/gone.service': '/srv/gone.service',
  '/usr/share/library/moved': '/srv/moved',
  '/lib': 'usr/lib',
};

let base: string;
let index: VerdictIndex;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'lookalikes-'));
  const root = join(base, 'root');
  await makeRoot(root, [library]);
  await put(
    root,
    '/var/lib/dpkg/alternatives/vi',
    'auto\n/usr/bin/vi\nview\n/usr/bin/view\n\n/usr/bin/vi.tiny\n10\n/usr/bin/vi.tiny\n/usr/bin/vi.big\n50\n/usr/bin/vi.big\n\n',
  );
  await rm(join(root, 'usr/share/library/moved'), { recursive: true });
  await rm(join(root, 'usr/share/library/file-now-directory'));
  for (const [path, content] of Object.entries(lookalikes)) await put(root, path, content);
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink(target, join(root, path));
  }
  const folder = await Folder.create(join(base, 'one.move'));
  const source = await connect(parsePlace(`disk:${root}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
  });
  try {
    const surroundings = { now: () => 0, by: 'anna@desk', signal: new AbortController().signal };
    await finish(scan({ source, folder, profiles: await loadProfiles(), surroundings }));
  } finally {
    await source.close();
  }
  index = await folder.verdictIndex();
}, 60_000);
afterAll(() => rm(base, { recursive: true, force: true }));

test.each([
  [
    '/usr/lib/python3/dist-packages/library/__pycache__/a.cpython-311.pyc',
    'immutable',
    'none',
    'generated.bytecode',
  ],
  [
    '/usr/lib/python3/dist-packages/library/__pycache__/c.cpython-311.pyc',
    'ephemeral',
    'none',
    'mark.pycache',
  ],
  ['/usr/lib/python3/dist-packages/library/__pycache__/notes.txt', 'undecided', 'none', 'undecided.system'],
  ['/usr/lib/python3/dist-packages/library/c.pyc', 'undecided', 'none', 'undecided.system'],
  ['/usr/lib/locale/locale-archive', 'immutable', 'none', 'generated.usr'],
  ['/usr/lib/locale/own/LC_CTYPE', 'undecided', 'none', 'undecided.system'],
  ['/usr/share/mime/text/x-known.xml', 'immutable', 'none', 'generated.mime'],
  ['/usr/share/mime/text/x-own.xml', 'undecided', 'none', 'undecided.system'],
  ['/usr/share/icons/packaged/icon-theme.cache', 'immutable', 'none', 'generated.usr'],
  ['/usr/share/icons/own/icon-theme.cache', 'undecided', 'none', 'undecided.system'],
  ['/etc/library.conf.dpkg-dist', 'ephemeral', 'none', 'generated.leftover'],
  ['/etc/own.conf.dpkg-dist', 'mutable', 'manifest', 'place.etc'],
  ['/etc/sgml/own.cat', 'mutable', 'manifest', 'place.etc'],
  ['/etc/xml/own.xml', 'mutable', 'manifest', 'place.etc'],
  ['/etc/apt/sources.list.d/notes.txt', 'mutable', 'manifest', 'place.etc'],
  ['/etc/pam.d/common-own', 'mutable', 'manifest', 'place.etc'],
  ['/var/lib/pam/seen', 'immutable', 'none', 'generated.var'],
  ['/var/lib/pam/own', 'mutable', 'stream', 'place.state'],
  ['/var/lib/ucf/own', 'mutable', 'stream', 'place.state'],
  ['/var/lib/logrotate/status', 'ephemeral', 'none', 'generated.stamps'],
  ['/var/lib/logrotate/own', 'mutable', 'stream', 'place.state'],
  ['/var/lib/systemd/own', 'mutable', 'stream', 'place.state'],
  ['/var/backups/dpkg.status.1.gz', 'ephemeral', 'none', 'generated.stamps'],
  ['/var/backups/dpkg.status.mine', 'mutable', 'stream', 'place.data'],
  ['/var/lib/app/server.pid', 'ephemeral', 'none', 'runtime.process'],
  ['/var/lib/app/customers.pid', 'mutable', 'stream', 'place.state'],
  ['/var/lib/app/.erlang.cookie', 'secret', 'stream', 'secret.data'],
  ['/etc/alternatives/vi', 'immutable', 'none', 'generated.alternative'],
  ['/usr/bin/vi', 'immutable', 'none', 'generated.alternative'],
  ['/etc/alternatives/own', 'mutable', 'manifest', 'place.etc'],
  ['/etc/alternatives/view', 'mutable', 'manifest', 'place.etc'],
  ['/usr/bin/own', 'undecided', 'none', 'undecided.system'],
  ['/etc/rc2.d/S01library', 'immutable', 'none', 'generated.runlevels'],
  ['/etc/rc2.d/S01own', 'mutable', 'manifest', 'place.etc'],
  ['/etc/rc2.d/S02library', 'mutable', 'manifest', 'place.etc'],
  ['/etc/ssl/certs/0123abcd.0', 'immutable', 'none', 'generated.certificate'],
  ['/etc/ssl/certs/4567abcd.0', 'mutable', 'manifest', 'place.etc'],
  ['/etc/ssl/certs/Own.pem', 'mutable', 'manifest', 'place.etc'],
  ['/etc/apache2/mods-enabled/status.load', 'immutable', 'none', 'generated.enabled'],
  ['/etc/apache2/mods-enabled/own.load', 'mutable', 'manifest', 'place.etc'],
  ['/etc/php/8.2/fpm/conf.d/20-gd.ini', 'immutable', 'none', 'generated.enabled'],
  ['/etc/php/8.2/fpm/conf.d/20-own.ini', 'mutable', 'manifest', 'place.etc'],
  ['/etc/fonts/conf.d/10-a.conf', 'immutable', 'none', 'generated.etc'],
  ['/etc/fonts/conf.d/own.conf', 'mutable', 'manifest', 'place.etc'],
  ['/etc/xml/catalog', 'mutable', 'manifest', 'place.etc'],
  ['/var/lib/sudo/lectured/anna', 'ephemeral', 'none', 'generated.stamps'],
  ['/var/lib/sudo/lectured/own', 'mutable', 'stream', 'place.state'],
  ['/srv/app/__pycache__', 'mutable', 'stream', 'place.data'],
  ['/etc/systemd/system/multi-user.target.wants/library.service', 'immutable', 'none', 'unit.link'],
  ['/etc/systemd/system/other.service', 'immutable', 'none', 'unit.link'],
  ['/etc/systemd/system/own.service', 'mutable', 'manifest', 'place.etc'],
  ['/etc/systemd/system/own.target.wants/library.service', 'mutable', 'manifest', 'place.etc'],
  ['/etc/systemd/system/multi-user.target.wants/gone.service', 'mutable', 'manifest', 'place.etc'],
  ['/usr/share/library/moved', 'edited', 'manifest', 'package.directory-linked'],
  ['/usr/share/library/file-now-directory/inside', 'undecided', 'none', 'undecided.system'],
  ['/etc/shells', 'mutable', 'manifest', 'place.etc'],
  ['/etc/ca-certificates.conf', 'mutable', 'manifest', 'place.etc'],
])('%s is %s', (path, made, carry, rule) => {
  const verdict = index.of(path);
  expect([verdict?.class, verdict?.carry, verdict?.rule]).toEqual([made, carry, rule]);
});
