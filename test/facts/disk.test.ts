/** Questions for real: sh, tar, find and awk against the root of a server that does not run. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { facts } from '../../src/facts/facts.ts';
import { askDisk, run } from './support.ts';

let root: string;
beforeEach(() => {
  // A root with a space and a quote: it must be quoted everywhere.
  root = join(mkdtempSync(join(tmpdir(), 'disk-')), "o'ld disk");
  mkdirSync(root);
});
afterEach(() => {
  rmSync(dirname(root), { recursive: true, force: true });
});

function put(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content, 'latin1');
}

const status =
  'Package: dpkg\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.22\nConffiles:\n /etc/a 0123456789abcdef0123456789abcdef obsolete\n';

test('os: the release file in /usr/lib, not the one of this machine', () => {
  put('usr/lib/os-release', 'ID=debian\nVERSION_ID="11"\nVERSION_CODENAME=bullseye\nPRETTY_NAME="Old one"\n');
  put('etc/hostname', 'web1\n');
  put('etc/machine-id', '0123456789abcdef0123456789abcdef\n');
  put('var/lib/dpkg/status', status);
  symlinkSync('/usr/lib/os-release', join(root, 'etc/os-release'));
  expect(askDisk(facts.os, root)).toEqual({
    id: 'debian',
    version: '11',
    codename: 'bullseye',
    name: 'Old one',
    architecture: 'arm64',
    hostname: 'web1',
    machineId: '0123456789abcdef0123456789abcdef',
  });
});

test('packages: conffiles and marks of apt; a missing list of marks is no error', () => {
  put('var/lib/dpkg/status', status);
  expect(askDisk(facts.packages, root)[0]).toMatchObject({ name: 'dpkg', automatic: false });
  put('var/lib/apt/extended_states', 'Package: dpkg\nArchitecture: arm64\nAuto-Installed: 1\n');
  expect(askDisk(facts.packages, root)[0]).toMatchObject({
    automatic: true,
    conffiles: [{ path: '/etc/a', obsolete: true }],
  });
});

test('owned and recordedDigests: merged /usr, diversions and names that are no UTF-8', () => {
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync('usr/bin', join(root, 'bin'));
  put('var/lib/dpkg/diversions', '/bin/sh\n/bin/sh.distrib\ndash\n');
  put('var/lib/dpkg/info/dash.list', '/.\n/bin/sh\n/bin/dash\n');
  put('var/lib/dpkg/info/bash:arm64.list', '/.\n/bin/sh\n/usr/share/\xe4\n');
  put('var/lib/dpkg/info/dash.md5sums', '0123456789abcdef0123456789abcdef  bin/dash\n');
  expect([...askDisk(facts.owned, root)].sort()).toEqual([
    ['/', 'bash'],
    ['/usr/bin/dash', 'dash'],
    ['/usr/bin/sh', 'dash'],
    ['/usr/bin/sh.distrib', 'bash'],
    ['/usr/share/\xe4', 'bash'],
  ]);
  expect([...askDisk(facts.recordedDigests, root)]).toEqual([
    ['/usr/bin/dash', '0123456789abcdef0123456789abcdef'],
  ]);
});

test('unpacked: nanoseconds of the file list', () => {
  put('var/lib/dpkg/info/dash.list', '/.\n');
  run(['touch', '-d', '@1700000000.123456789', join(root, 'var/lib/dpkg/info/dash.list')]);
  expect(askDisk(facts.unpacked, root)).toEqual(new Map([['dash', 1700000000123456789n]]));
  put('var/lib/dpkg/info/old.list', '/.\n');
  run(['touch', '-d', '@-1.25', join(root, 'var/lib/dpkg/info/old.list')]);
  expect(askDisk(facts.unpacked, root).get('old')).toBe(-1_250_000_000n);
});

test('accounts: the state of a password leaves the disk, the hash does not', () => {
  put(
    'etc/passwd',
    'root:x:0:0:root:/root:/bin/sh\nold:$1$inpasswd$hash:1:1::/:/bin/sh\nopen::2:2::/:/bin/sh\noff:*:3:3::/:/bin/sh\nx:x:4:4::/:/bin/sh\n+::::::\n',
  );
  put('etc/group', 'root:$6$ingroup$hash:0:\nteam:x:5:old,open\n');
  put('etc/shadow', 'root:$y$inshadow$hash:1:0:9:7:::\nx:!$y$inshadow$hash:1:0:9:7:::\n');
  const { stdout } = run(facts.accounts.question(root));
  expect(stdout.toString()).not.toContain('hash');
  const { users, groups } = facts.accounts.parse(stdout, root);
  expect(users.map(({ name, password }) => [name, password])).toEqual([
    ['root', 'set'],
    ['old', 'set'],
    ['open', 'none'],
    ['off', 'locked'],
    ['x', 'locked'],
  ]);
  expect(groups[1]).toEqual({ name: 'team', gid: 5, members: ['old', 'open'] });
});

test('accounts: links are refused, they could lead to the accounts of this machine', () => {
  mkdirSync(join(root, 'etc'));
  symlinkSync('/etc/passwd', join(root, 'etc/passwd'));
  expect(run(facts.accounts.question(root))).toMatchObject({ code: 3, stderr: '/etc/passwd is a link\n' });
});

test('repositories, alternatives, diversions, statOverrides, ucf', () => {
  expect(askDisk(facts.repositories, root)).toEqual([]);
  expect(askDisk(facts.alternatives, root)).toEqual([]);
  expect(askDisk(facts.diversions, root)).toEqual([]);
  expect(askDisk(facts.statOverrides, root)).toEqual([]);
  expect(askDisk(facts.ucf, root)).toEqual(new Map());
  put('etc/apt/sources.list', 'deb http://a.example/debian trixie main\n');
  put('etc/apt/sources.list.d/b.sources', 'Types: deb\nURIs: http://b.example\nSuites: ./\nEnabled: no\n');
  put('etc/apt/sources.list.d/b.sources.save', 'rubbish');
  put('var/lib/dpkg/alternatives/editor', 'manual\n/usr/bin/editor\n\n');
  mkdirSync(join(root, 'etc/alternatives'));
  symlinkSync('/usr/bin/vim', join(root, 'etc/alternatives/editor'));
  put('var/lib/dpkg/diversions', '/a\n/b\n:\n');
  put('var/lib/dpkg/statoverride', 'root mail 2755 /usr/bin/x\n');
  put('var/lib/ucf/hashfile', '0123456789abcdef0123456789abcdef  /etc/x y\n');
  expect(askDisk(facts.repositories, root).map(({ uris, enabled }) => [uris, enabled])).toEqual([
    [['http://a.example/debian'], true],
    [['http://b.example'], false],
  ]);
  expect(askDisk(facts.alternatives, root)).toEqual([
    { name: 'editor', mode: 'manual', path: '/usr/bin/vim' },
  ]);
  expect(askDisk(facts.diversions, root)).toEqual([{ path: '/a', divertedTo: '/b', by: 'local' }]);
  expect(askDisk(facts.statOverrides, root)).toEqual([
    { path: '/usr/bin/x', user: 'root', group: 'mail', mode: '2755', by: null },
  ]);
  put('var/lib/dpkg/info/x.postinst', 'M=2755\ndpkg-statoverride --add root mail $M /usr/bin/x\n');
  put('var/lib/dpkg/info/y.postinst', 'chmod 2755 /usr/bin/x\n');
  expect(askDisk(facts.statOverrides, root)[0]?.by).toBe('x');
  expect(askDisk(facts.ucf, root)).toEqual(new Map([['/etc/x y', '0123456789abcdef0123456789abcdef']]));
});

test('mounts: the root itself, with the sizes of what carries it', () => {
  const [top, ...others] = askDisk(facts.mounts, root);
  expect(others).toEqual([]);
  expect(top).toMatchObject({ target: '/' });
  expect(top?.size).toBeGreaterThan(0);
});

const systemctl = run(['sh', '-c', 'command -v systemctl']).code === 0;
(systemctl ? test : test.skip)('units: states by systemctl, the rest from the unit files', () => {
  put(
    'etc/systemd/system/a.service',
    '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n',
  );
  put('usr/lib/systemd/system/b.timer', '[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n');
  symlinkSync('/dev/null', join(root, 'etc/systemd/system/c.service'));
  const units = askDisk(facts.units, root);
  expect(units.map(({ name, state, active }) => [name, state, active])).toEqual([
    ['a.service', 'disabled', 'unknown'],
    ['b.timer', 'disabled', 'unknown'],
    ['c.service', 'masked', 'unknown'],
  ]);
  expect(units[0]).toMatchObject({ fragment: '/etc/systemd/system/a.service', execStart: ['/bin/true'] });
});

test('tmpfiles, sysusers, logrotate: the names in /etc win, nothing there is no error', () => {
  expect(askDisk(facts.tmpfiles, root)).toEqual([]);
  expect(askDisk(facts.sysusers, root)).toEqual([]);
  expect(askDisk(facts.logrotate, root)).toEqual([]);
  put('usr/lib/tmpfiles.d/a.conf', 'd /srv/packaged\n');
  put('usr/lib/tmpfiles.d/b.conf', 'd /srv/%m 0755 root root 3d\n');
  put('etc/tmpfiles.d/a.conf', 'd /srv/own\n');
  put('etc/machine-id', '0123456789abcdef0123456789abcdef\n');
  put('usr/lib/sysusers.d/app.conf', 'u app - "An app" /var/lib/app\n');
  put('etc/logrotate.d/app', '/srv/app/*.log {\n  daily\n}');
  expect(askDisk(facts.tmpfiles, root).map(({ file, path, age }) => [file, path, age])).toEqual([
    ['/etc/tmpfiles.d/a.conf', '/srv/own', ''],
    ['/usr/lib/tmpfiles.d/b.conf', '/srv/0123456789abcdef0123456789abcdef', '3d'],
  ]);
  expect(askDisk(facts.sysusers, root)).toMatchObject([
    { name: 'app', gecos: 'An app', home: '/var/lib/app' },
  ]);
  expect(askDisk(facts.logrotate, root)).toEqual([
    { file: '/etc/logrotate.d/app', patterns: ['/srv/app/*.log'], olddir: null },
  ]);
});
