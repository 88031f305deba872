/** What must not be left behind or undone because something else was said, or could not be asked. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Classifier, type ClassifyContext } from '../../src/decide/classify.ts';
import { foreignMounts, foreignRules, walkOf } from '../../src/decide/file-systems.ts';
import { activate } from '../../src/decide/profile.ts';
import type { Entry, EntryType, Mount, Profile, Unit } from '../../src/types.ts';
import { loadProfiles } from '../../src/work/profiles.ts';

const unknown = { known: false as const, reason: 'not answered' };
const known = <T>(value: T) => ({ known: true as const, value });

function entry(path: string, type: EntryType = 'f', more: Partial<Entry> = {}): Entry {
  return {
    ...{ path, type, mode: 0o644, uid: 0, gid: 0, user: 'root', group: 'root', size: 100 },
    ...{ mtime: 1n, ctime: 1n, device: 1, inode: 1, links: 1, blocks: 8 },
    ...more,
  };
}

let all: readonly Profile[];
beforeAll(async () => {
  all = await loadProfiles();
});

interface Case {
  readonly packages?: readonly { readonly name: string; readonly conffiles?: readonly string[] }[];
  readonly owned?: readonly (readonly [path: string, owner: string])[];
  readonly configuration?: Readonly<Record<string, string>>;
  readonly marks?: readonly string[];
  /** null = could not be asked. */
  readonly units?: readonly Partial<Unit>[] | null;
  readonly toolMarks?: readonly string[];
  readonly etc?: readonly Entry[];
  readonly mounts?: readonly Mount[];
  readonly databases?: readonly string[];
}

function classifier(one: Case): Classifier {
  const packages = (one.packages ?? []).map(({ name, conffiles = [] }) => ({
    ...{ name, status: 'installed', version: '1:2.3.19-1' },
    conffiles: conffiles.map((path) => ({ path, digest: '0'.repeat(32), obsolete: false })),
  }));
  const none = {
    ...{ name: '', execStart: [], workingDirectory: '', readWritePaths: [], stateDirectories: [] },
    ...{ cacheDirectories: [], logsDirectories: [], runtimeDirectories: [] },
  };
  const units = one.units === null ? unknown : known((one.units ?? []).map((unit) => ({ ...none, ...unit })));
  const facts = {
    ...{
      packages: known(packages),
      owned: known(new Map(one.owned ?? [])),
      recordedDigests: known(new Map()),
      units,
    },
    ...{ unpacked: unknown, accounts: unknown, unitDirectives: unknown, pathFilters: unknown },
    ...{ tmpfiles: unknown, logrotate: unknown, diversions: unknown, ucf: unknown, openForWriting: unknown },
  } as unknown as ClassifyContext['facts'];
  const files = new Map(
    Object.entries(one.configuration ?? {}).map(([path, text]) => [path, Buffer.from(text)] as const),
  );
  const mounts = known(one.mounts ?? []);
  const marks = one.marks ?? [];
  return new Classifier({
    facts,
    profiles: activate(all, facts, files),
    marks: { paths: marks, cacheTags: new Set(marks.filter((path) => path.endsWith('/CACHEDIR.TAG'))) },
    swapFiles: [],
    repositories: { files: new Set(), keys: new Set(), distribution: new Set() },
    foreign: foreignRules(foreignMounts(mounts, walkOf(mounts))),
    databases: new Set(one.databases ?? []),
    secretEnvironments: new Set(),
    evidence: {
      etc: new Map((one.etc ?? []).map((seen) => [seen.path, seen])),
      marks: new Set(one.toolMarks ?? []),
      said: new Map(),
    },
  });
}

function mount(target: string, type: string): Mount {
  return {
    ...{ target, type, root: '/', source: 'nas:/x', options: 'rw', device: '0:44' },
    ...{ size: 0, used: 0, available: 0, inodesAvailable: 0 },
  };
}

describe('marks', () => {
  const marks = [
    '/srv/app/package-lock.json',
    '/srv/app/venv/pyvenv.cfg',
    '/srv/app/uv.lock',
    '/srv/rust/Cargo.lock',
  ];
  const trees = ['/srv/app/node_modules/x.js', '/srv/app/venv/bin/app', '/srv/rust/target/app', '/srv/c/d/x'];
  const tag = '/srv/c/d/CACHEDIR.TAG';

  test('what a tool makes again stays behind where it is known that no unit runs from it', () => {
    const judged = classifier({ marks: [...marks, tag], units: [] });
    expect(trees.map((path) => judged.classify(entry(path)).class)).toEqual(Array(4).fill('ephemeral'));
  });
  test('nothing stays behind where units could not be asked', () => {
    const judged = classifier({ marks: [...marks, tag], units: null });
    expect(trees.map((path) => judged.classify(entry(path)).carry)).toEqual(Array(4).fill('stream'));
  });
  test('a virtual environment that calls itself a cache travels when no lockfile can make it again', () => {
    const venv = ['/srv/tool/.venv/pyvenv.cfg', '/srv/tool/.venv/CACHEDIR.TAG'];
    const inside = entry('/srv/tool/.venv/lib/python3.13/site-packages/mine.py');
    expect(classifier({ marks: venv }).classify(inside)).toMatchObject({ class: 'mutable', carry: 'stream' });
    const locked = classifier({ marks: [...venv, '/srv/tool/uv.lock'] });
    expect(locked.classify(inside).rule).toBe('mark.venv');
    const running = [{ name: 'tool.service', workingDirectory: '/srv/tool' }];
    expect(classifier({ marks: [...venv, '/srv/tool/uv.lock'], units: running }).classify(inside).carry).toBe(
      'stream',
    );
  });
  test.each(['/var/lib', '/var/www', '/var/spool', '/var/mail', '/usr/local', '/var/lib/docker/volumes'])(
    'one in %s says too much',
    (directory) => {
      const judged = classifier({ marks: [`${directory}/.nobackup`, `${directory}/CACHEDIR.TAG`] });
      expect(judged.classify(entry(`${directory}/shop/orders`)).carry).toBe('stream');
    },
  );
  test('configuration travels whatever lies beside it', () => {
    const judged = classifier({ marks: ['/etc/shop/.nobackup', '/etc/shop/CACHEDIR.TAG'] });
    expect(judged.classify(entry('/etc/shop/shop.conf'))).toMatchObject({
      class: 'mutable',
      carry: 'manifest',
    });
  });
  test('below a shared directory they are obeyed', () => {
    const judged = classifier({
      marks: ['/var/lib/shop/.nobackup', '/var/lib/docker/volumes/a/_data/x/.nobackup'],
    });
    expect(judged.classify(entry('/var/lib/shop/orders')).rule).toBe('told.skip');
    expect(judged.classify(entry('/var/lib/docker/volumes/a/_data/x/y')).rule).toBe('told.skip');
  });
});

describe('removed configuration', () => {
  const packages = [{ name: 'shop', conffiles: ['/etc/shop/shop.conf', '/etc/shop.conf'] }];
  const removed = (one: Case) =>
    classifier(one)
      .removed(() => false)
      .map(({ path }) => path);
  test('is what is not there', () => {
    expect(removed({ packages })).toEqual(['/etc/shop.conf', '/etc/shop/shop.conf']);
  });
  test('is nothing behind a mount that was not entered', () => {
    expect(removed({ packages, mounts: [mount('/etc/shop', 'nfs4')] })).toEqual(['/etc/shop.conf']);
    expect(removed({ packages, mounts: [mount('/etc', 'overlay')] })).toEqual([]);
  });
});

test('what was switched off stays off, as far as a package brings it', () => {
  const judged = classifier({
    owned: [
      ['/etc/apache2/mods-available/status.load', 'apache2'],
      ['/etc/apache2/mods-available/status.conf', 'apache2'],
      ['/etc/apache2/mods-available/info.load', 'apache2'],
      ['/etc/apache2/conf-available/charset.conf', 'apache2'],
    ],
    toolMarks: [
      '/var/lib/apache2/module/disabled_by_admin/status',
      '/var/lib/apache2/module/enabled_by_maint/info',
      '/var/lib/apache2/conf/disabled_by_admin/charset',
      '/var/lib/apache2/site/disabled_by_admin/own',
      '/var/lib/php/modules/8.2/fpm/disabled_by_admin/ffi',
      '/var/lib/php/modules/8.2/fpm/disabled_by_admin/unknown',
    ],
    etc: [entry('/etc/php/8.2/cli/conf.d/20-ffi.ini', 'l', { target: '../../mods-available/ffi.ini' })],
  });
  const removed = judged.removed((path) => path === '/etc/apache2/conf-enabled/charset.conf');
  expect(removed.map((one) => [one.path, one.package, one.ruling.rule])).toEqual([
    ['/etc/apache2/mods-enabled/status.conf', 'apache2', 'package.link-removed'],
    ['/etc/apache2/mods-enabled/status.load', 'apache2', 'package.link-removed'],
    ['/etc/php/8.2/fpm/conf.d/20-ffi.ini', 'php8.2-fpm', 'package.link-removed'],
  ]);
});

test('ranges of numbers that somebody gave to users are no account', () => {
  const judged = classifier({});
  expect(judged.classify(entry('/etc/subuid'))).toMatchObject({ class: 'mutable', carry: 'manifest' });
  expect(judged.classify(entry('/etc/subuid-')).rule).toBe('generated.accounts');
  const said = ['anna:100000:65536\nbert:165536:65536\n', '', 'anna:500000:65536\n', 'anna:100000:131072\n'];
  expect(said.map((text) => judged.isDefault('/etc/subuid', text))).toEqual([true, true, false, false]);
});

describe('profiles leave no data behind', () => {
  test('of Dovecot: mail and what shares it below its own directory', () => {
    const judged = classifier({
      packages: [{ name: 'dovecot-core' }],
      configuration: {
        '/etc/dovecot/conf.d/10-mail.conf': 'mail_location = maildir:/var/lib/dovecot/mail/%u\n',
      },
    });
    const carried = ['/var/lib/dovecot/mail/anna/cur/1', '/var/lib/dovecot/db/shared-mailboxes.db'];
    expect(carried.map((path) => judged.classify(entry(path)).carry)).toEqual(['stream', 'stream']);
    expect(judged.classify(entry('/var/lib/dovecot/instances')).class).toBe('ephemeral');
    expect(judged.classify(entry('/var/lib/dovecot/ssl-parameters.dat')).class).toBe('ephemeral');
  });
  test('of OpenVPN: the addresses of clients among its logs', () => {
    const judged = classifier({
      packages: [{ name: 'openvpn' }],
      configuration: { '/etc/openvpn/server/a.conf': 'ifconfig-pool-persist /var/log/openvpn/ipp.txt\n' },
    });
    expect(judged.classify(entry('/var/log/openvpn/ipp.txt')).carry).toBe('stream');
    expect(judged.classify(entry('/var/log/openvpn/openvpn.log')).class).toBe('ephemeral');
    expect(judged.classify(entry('/var/log/openvpn/openvpn-status.log')).class).toBe('ephemeral');
  });
  test('of Postfix: what somebody put into the chroot', () => {
    const judged = classifier({ packages: [{ name: 'postfix' }] });
    expect(judged.classify(entry('/var/spool/postfix/etc/sasldb2')).carry).toBe('stream');
    expect(judged.classify(entry('/var/spool/postfix/etc/resolv.conf')).class).toBe('ephemeral');
    expect(judged.classify(entry('/var/spool/postfix/etc/ssl/certs/a.pem')).class).toBe('ephemeral');
    expect(judged.classify(entry('/var/spool/postfix/lib/libnss_dns.so.2')).class).toBe('ephemeral');
  });
  test('of Postfix: maps whose text is not there', () => {
    const etc = [entry('/etc/postfix/virtual'), entry('/etc/aliases'), entry('/etc/postfix/users', 'd')];
    const judged = classifier({ packages: [{ name: 'postfix' }], etc });
    const of = (path: string) => judged.classify(entry(path));
    expect(['/etc/postfix/virtual.db', '/etc/aliases.db'].map((path) => of(path).class)).toEqual([
      'ephemeral',
      'ephemeral',
    ]);
    const alone = ['/etc/postfix/mail.db', '/etc/postfix/users.db', '/etc/postfix/sql/virtual.lmdb'];
    expect(alone.map((path) => of(path).carry)).toEqual(['manifest', 'manifest', 'manifest']);
  });
  test('of the DHCP server: who has which address', () => {
    const judged = classifier({});
    expect(judged.classify(entry('/var/lib/dhcp/dhcpd.leases')).carry).toBe('stream');
    expect(judged.classify(entry('/var/lib/dhcp/dhclient.eth0.leases')).class).toBe('identity');
  });
});
