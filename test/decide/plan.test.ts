import { expect, test } from '@jest/globals';
import { makePlan } from '../../src/decide/plan.ts';
import type { PathResource, Resource, UserResource } from '../../src/types.ts';
import { facts, input, installed, known, manifest, sha, unit } from './plan-fixture.ts';

const anna: UserResource = {
  user: 'anna',
  uid: 1000,
  group: 'anna',
  groups: ['sudo'],
  gecos: "Anna O'Hara",
  home: '/home/anna',
  shell: '/bin/bash',
  system: false,
  password: 'set',
};

function file(path: string, more: Partial<PathResource> = {}): PathResource {
  return {
    path,
    kind: 'file',
    from: 'files/a',
    sha256: sha('a'),
    owner: 'root',
    group: 'root',
    mode: '0644',
    ...more,
  };
}

const ids = (resources: readonly Resource[], ...rest: unknown[]) =>
  makePlan(input(manifest(resources), ...(rest as []))).steps.map((step) => step.id);

test('an empty manifest has nothing to do and nothing in the way', () => {
  const plan = makePlan(input(manifest([], { profiles: [] })));
  expect(plan.steps).toEqual([]);
  expect(plan.notices.filter((notice) => notice.grade === 'blocker')).toEqual([]);
  expect(plan.extra).toEqual(['user debian']);
});

test('the same input gives the same plan', () => {
  const make = () => JSON.stringify(makePlan(input(manifest([anna, file('/etc/a')]))));
  expect(make()).toBe(make());
});

test('packages take the name that the destination has for them', () => {
  const plan = makePlan(
    input(
      manifest([
        { package: 'nginx', version: '1' },
        { package: 'php7.4-fpm', version: '7.4.33' },
        { package: 'postgresql-13', version: '13.9' },
        { package: 'cron', version: '3' },
        { package: 'linux-image-amd64', version: '5.10' },
      ]),
    ),
  );
  expect(plan.steps.filter((step) => step.kind === 'package').map((step) => step.title)).toEqual([
    'nginx',
    'php8.4-fpm',
    'postgresql-17',
  ]);
  expect(plan.steps[0]?.id).toBe('repository-lists');
  expect(plan.notices.map((notice) => notice.text)).toContain(
    'PostgreSQL goes from 13 to 17, so its data goes over as a dump',
  );
});

test('a successor from the table is proposed with care, and a service without a package is in the way', () => {
  const plan = makePlan(
    input(
      manifest([
        { package: 'ntp', version: '1' },
        { package: 'php7.4-fpm', version: '7.4' },
      ]),
      {
        renames: [{ from: 'ntp', to: ['ntpsec'] }],
        available: known(new Map([['ntpsec', { candidate: '1', provides: [] }]])),
      },
    ),
  );
  expect(plan.steps.map((step) => step.id)).toContain('package:ntpsec');
  expect(plan.notices).toContainEqual(expect.objectContaining({ grade: 'care', subject: 'package ntp' }));
  expect(plan.notices).toContainEqual(
    expect.objectContaining({ grade: 'blocker', subject: 'package php7.4-fpm' }),
  );
});

test('a package that nothing replaces is left to a person, not skipped', () => {
  const plan = makePlan(input(manifest([{ package: 'oddity', version: '1' }])));
  expect(plan.notices).toContainEqual(
    expect.objectContaining({ grade: 'by-hand', subject: 'package oddity' }),
  );
});

test('without package lists the plan says that it does not know', () => {
  const plan = makePlan(
    input(manifest([{ package: 'nginx', version: '1' }]), {
      available: { known: false, reason: 'no lists' },
    }),
  );
  expect(plan.counts.unknown).toBe(1);
  expect(plan.notices[0]).toMatchObject({ grade: 'blocker', text: expect.stringContaining('no lists') });
});

test('an id that is taken gives way to the next free one', () => {
  const plan = makePlan(input(manifest([{ group: 'anna', gid: 1000, system: false }, anna])));
  const make = plan.steps.find((step) => step.id === 'user:anna');
  expect(make?.apply).toContain("--comment 'Anna O'\\''Hara'");
  expect(make?.apply).toContain('--uid 1001');
  expect(plan.steps.find((step) => step.id === 'group:anna')?.apply).toBe('groupadd --gid 1001 anna');
  expect(plan.notices.filter((notice) => notice.grade === 'care').map((notice) => notice.subject)).toEqual([
    expect.any(String),
    expect.any(String),
    'group anna',
    'user anna',
  ]);
});

test('two users of the source never get one id', () => {
  const users = [1000, 1001, 1002].map((uid, index): UserResource => ({ ...anna, user: `u${index}`, uid }));
  const plan = makePlan(input(manifest(users)));
  const uids = plan.steps.flatMap((step) => /--uid (\d+)/.exec(step.apply)?.[1] ?? []);
  expect(new Set(uids).size).toBe(3);
  expect(uids).not.toContain('1000');
});

test('a user of the same name keeps its id, and only gains groups', () => {
  const plan = makePlan(
    input(
      manifest([{ ...anna, user: 'debian', group: 'debian', home: '/home/debian', groups: ['sudo', 'adm'] }]),
    ),
  );
  expect(plan.steps.map((step) => step.id)).toEqual(['member:debian', 'password:debian']);
  expect(plan.steps[0]?.title).toBe('user debian in adm');
});

test('a password that is the same already is no step', () => {
  expect(ids([anna], { passwordsSame: new Set(['anna']) })).not.toContain('password:anna');
  expect(ids([anna])).toContain('password:anna');
});

test('files that are the same are no steps, others are written with the version changed', () => {
  const text = 'fastcgi_pass unix:/run/php/php7.4-fpm.sock;';
  const resources = [
    file('/etc/nginx/sites-available/a', { from: 'files/site', sha256: sha(text) }),
    file('/etc/php/7.4/fpm/php.ini'),
    file('/etc/same'),
  ];
  const same = {
    type: 'file' as const,
    owner: 'root',
    group: 'root',
    mode: '644',
    size: 1,
    sha256: sha('a'),
    target: null,
  };
  const plan = makePlan(
    input(
      manifest(resources),
      { seen: new Map([['/etc/same', same]]) },
      { 'files/site': text, 'files/a': 'a' },
    ),
  );
  const files = plan.steps.filter((step) => step.kind === 'file');
  expect(files.map((step) => step.title)).toEqual([
    '/etc/nginx/sites-available/a',
    '/etc/php/8.4/fpm/php.ini',
  ]);
  expect(files[0]?.files[0]?.rewrites).toEqual([{ from: 'php7.4-fpm', to: 'php8.4-fpm' }]);
  expect(files[0]?.check).toContain(sha(text.replace('7.4', '8.4')));
});

test.each([
  ['another mode', { mode: '600' }],
  ['another owner', { owner: 'www-data' }],
  ['another content', { sha256: sha('b') }],
  ['a link in its place', { type: 'link' as const }],
])('a file with %s is written', (_what, difference) => {
  const seen = {
    type: 'file' as const,
    owner: 'root',
    group: 'root',
    mode: '644',
    size: 1,
    sha256: sha('a'),
    target: null,
  };
  expect(ids([file('/etc/a')], { seen: new Map([['/etc/a', { ...seen, ...difference }]]) })).toContain(
    'file:/etc/a',
  );
});

test.each([
  '/etc/fstab',
  '/etc/hosts',
  '/etc/ssh/sshd_config',
  '/etc/nsswitch.conf',
  '/etc/pam.d/common-auth',
  '/etc/sudoers',
])('%s is never written', (path) => {
  const plan = makePlan(input(manifest([file(path)])));
  expect(plan.steps).toEqual([]);
  expect(plan.notices).toContainEqual(expect.objectContaining({ grade: 'by-hand', subject: path }));
});

test('a directory that became a link to another disk is left to a person', () => {
  const link: PathResource = {
    path: '/srv',
    kind: 'link',
    target: '/data/srv',
    note: 'link in the place of a directory of base-files',
  };
  const plan = makePlan(input(manifest([link])));
  expect(plan.steps).toEqual([]);
  expect(plan.notices).toContainEqual(expect.objectContaining({ grade: 'by-hand', subject: '/srv' }));
});

test('authorized_keys of root are joined', () => {
  expect(ids([file('/root/.ssh/authorized_keys')])).toEqual(['union:/root/.ssh/authorized_keys']);
});

test('a secret is read from the source while applying, and left to a person without one', () => {
  const secret: PathResource = { path: '/etc/ssl/private/a.key', kind: 'file', secret: true, mode: '0600' };
  const plan = makePlan(input(manifest([secret])));
  expect(plan.steps[0]?.files[0]?.content).toEqual({ source: '/etc/ssl/private/a.key' });
  const dead = makePlan(input(manifest([secret]), { sourceReadable: false }));
  expect(dead.steps).toEqual([]);
  expect(dead.counts.unknown).toBe(1);
  expect(dead.notices).toContainEqual(expect.objectContaining({ grade: 'by-hand' }));
});

test('settings of PostgreSQL cross as settings', () => {
  const conf = "shared_buffers = 64MB\nstats_temp_directory = '/var/run/x'\n";
  const plan = makePlan(
    input(
      manifest([file('/etc/postgresql/13/main/postgresql.conf', { from: 'files/pg' })]),
      {},
      { 'files/pg': conf },
    ),
  );
  const [step] = plan.steps.filter((one) => one.kind === 'file');
  expect(step?.title).toBe('/etc/postgresql/17/main/conf.d/opstimal-move.conf');
  expect(step?.files[0]?.content).toEqual({ text: expect.stringContaining('shared_buffers = 64MB') });
  expect(plan.notices.map((notice) => notice.text).join()).toContain('stats_temp_directory');
});

test('a removal whose package comes with the plan is kept, although the file is not there yet', () => {
  const gone: PathResource = { path: '/etc/nginx/x', kind: 'absent', base: { package: 'nginx', md5: 'a' } };
  expect(ids([{ package: 'nginx', version: '1' }, gone])).toContain('removal:/etc/nginx/x');
  expect(ids([gone])).not.toContain('removal:/etc/nginx/x');
});

test('units that run on the source are held under their new names, the machine’s own are not', () => {
  const source = {
    packages: known([]),
    ports: known([]),
    owned: known(new Map([['/usr/lib/systemd/system/qemu.service', 'no-counterpart']])),
    units: known([
      unit('php7.4-fpm.service'),
      unit('postgresql@13-main.service'),
      unit('app.service', { fragment: '/etc/systemd/system/app.service' }),
      unit('report.timer', { fragment: '/etc/systemd/system/report.timer' }),
      unit('cron.service'),
      unit('ssh.service'),
      unit('systemd-logind.service'),
      unit('qemu.service'),
      unit('idle.service', { active: 'inactive', fragment: '/etc/systemd/system/idle.service' }),
    ]),
  };
  const plan = makePlan(input(manifest([]), { source }));
  expect(plan.holds).toEqual([
    { source: 'app.service', unit: 'app.service', tier: 'application' },
    { source: 'cron.service', unit: 'cron.service', tier: 'actor' },
    { source: 'php7.4-fpm.service', unit: 'php8.4-fpm.service', tier: 'application' },
    { source: 'postgresql@13-main.service', unit: 'postgresql@17-main.service', tier: 'database' },
    { source: 'report.timer', unit: 'report.timer', tier: 'actor' },
  ]);
  expect(makePlan(input(manifest([]), { source, cutOver: true })).holds).toEqual([]);
});

test('a port that something else holds is in the way', () => {
  const port = (one: string) => ({
    protocol: 'tcp' as const,
    address: '*',
    port: 80,
    process: one,
    pid: 1,
    unit: `${one}.service`,
  });
  const source = {
    packages: known([]),
    owned: known(new Map()),
    units: known([unit('nginx.service', { fragment: '/etc/systemd/system/nginx.service' })]),
    ports: known([port('nginx')]),
  };
  const busy = (name: string) =>
    makePlan(input(manifest([]), { source, destination: facts({ ports: known([port(name)]) }) })).notices.map(
      (notice) => notice.subject,
    );
  expect(busy('apache2')).toContain('port 80/tcp');
  expect(busy('nginx')).not.toContain('port 80/tcp');
  expect(busy('nginx@-')).not.toContain('port 80/tcp');
});

const os = {
  id: 'debian',
  version: '13',
  codename: 'trixie',
  name: 'Debian 13',
  architecture: 'amd64',
  hostname: 'new',
  machineId: 'c',
};
test.each([
  [
    'the same machine',
    { destination: facts({ os: known({ ...os, machineId: 'a'.repeat(32) }) }) },
    'the same machine',
  ],
  ['an older release', { destination: facts({ os: known({ ...os, version: '10' }) }) }, 'older'],
  [
    'another distribution',
    { destination: facts({ os: known({ ...os, id: 'fedora', name: 'Fedora 40' }) }) },
    'Fedora 40',
  ],
])('%s is in the way', (_what, more, text) => {
  const blockers = makePlan(input(manifest([]), more)).notices.filter((notice) => notice.grade === 'blocker');
  expect(blockers.map((notice) => notice.text).join()).toContain(text);
});

test('room is counted on the file system that the data goes to', () => {
  const data: Resource = { data: '/srv/www', class: 'mutable', bytes: 31e9, files: 3 };
  const subjects = (more = {}) =>
    makePlan(input(manifest([data]), more)).notices.map((one) => [one.grade, one.subject]);
  expect(subjects()).toContainEqual(['blocker', 'room on /']);
  expect(subjects({ carriedBefore: true })).toContainEqual(['care', 'room on /']);
  const mount = {
    target: '/srv',
    root: '/',
    source: '/dev/vdb',
    type: 'ext4',
    options: '',
    device: '8:2',
    size: 9e10,
    used: 0,
    available: 8e10,
    inodesAvailable: 0,
  };
  const two = facts({
    mounts: known([...(facts().mounts as { value: readonly (typeof mount)[] }).value, mount]),
  });
  expect(subjects({ destination: two }).flat().join()).not.toContain('room');
});

test('what nobody decided about is in the way', () => {
  const made = manifest([], { undecided: [{ path: '/data', bytes: 2048, files: 1 }] });
  expect(makePlan(input(made)).notices[0]).toMatchObject({
    grade: 'blocker',
    text: expect.stringContaining('/data'),
  });
});

test('configuration that names the old host is told, but not of files that stay as they are here', () => {
  const hosts = manifest([file('/etc/hosts', { from: 'files/c' })], {
    host: { name: 'oldhost', os: 'debian', version: '11', codename: 'bullseye', architecture: 'amd64' },
  });
  const told = makePlan(input(hosts, {}, { 'files/c': '10.0.0.1 oldhost' })).notices.map(
    (one) => one.subject,
  );
  expect(told).not.toContain('host name');
  const made = manifest([file('/etc/app.conf', { from: 'files/c' })], {
    host: { name: 'oldhost', os: 'debian', version: '11', codename: 'bullseye', architecture: 'amd64' },
  });
  const subjects = (text: string) =>
    makePlan(input(made, {}, { 'files/c': text })).notices.map((one) => one.subject);
  expect(subjects('host = oldhost.example')).toContain('host name');
  expect(subjects('# oldhost\nhost = myoldhost')).not.toContain('host name');
});

test('on a disk files are planned, and what needs a running system is left to a person', () => {
  const plan = makePlan(
    input(
      manifest([
        { package: 'nginx', version: '1' },
        anna,
        file('/etc/a'),
        { unit: 'a.service', state: 'enabled', active: true },
      ]),
      {
        destinationLive: false,
      },
    ),
  );
  expect(plan.steps.map((step) => step.id)).toEqual(['file:/etc/a']);
  expect(plan.counts.unknown).toBeGreaterThanOrEqual(3);
  expect(plan.notices.filter((notice) => notice.text.includes('not supported yet on a disk')).length).toBe(3);
});

test('what only the destination has is shown', () => {
  const destination = facts({
    packages: known([installed('apache2'), installed('libx', { automatic: true })]),
    units: known([unit('mine.service', { fragment: '/etc/systemd/system/mine.service' })]),
  });
  expect(makePlan(input(manifest([]), { destination })).extra).toEqual([
    'package apache2',
    'unit mine.service',
    'user debian',
  ]);
});

test('the digest follows the destination and nothing that moves by itself', () => {
  const digest = (more = {}) => makePlan(input(manifest([]), { destination: facts(more) })).destinationDigest;
  const [mount] = (facts().mounts as { value: readonly { available: number }[] }).value;
  expect(digest()).toBe(digest({ mounts: known([{ ...mount, available: 1 }]) as never }));
  expect(digest()).not.toBe(digest({ packages: known([installed('new')]) }));
});

test('pins stand before the packages that they are about, other files after', () => {
  const steps = ids([
    { package: 'nginx', version: '1' },
    file('/etc/a'),
    file('/etc/apt/preferences.d/nginx'),
    file('/etc/apt/preferences.d.txt'),
  ]);
  const at = (id: string) => steps.indexOf(id);
  expect(at('file:/etc/apt/preferences.d/nginx')).toBeLessThan(at('package:nginx'));
  expect(at('package:nginx')).toBeLessThan(at('file:/etc/a'));
  expect(at('package:nginx')).toBeLessThan(at('file:/etc/apt/preferences.d.txt'));
  expect(new Set(steps).size).toBe(steps.length);
});

test('a library of another architecture is named with what makes it possible', () => {
  const plan = makePlan(input(manifest([{ package: 'libfoo:i386', version: '1' }])));
  expect(plan.notices).toContainEqual(
    expect.objectContaining({
      grade: 'by-hand',
      subject: 'package libfoo:i386',
      hint: expect.stringContaining('--add-architecture i386'),
    }),
  );
});

test('what a lockfile can make again and nothing here does is left to a person, before and after the move', () => {
  const tree = (path: string) => ({ path, reason: 'made again from package-lock.json', bytes: 1 });
  const notices = (...paths: string[]) =>
    makePlan({ ...input(manifest([])), leftOut: paths.map(tree) }).notices.filter(
      ({ subject }) => subject === 'lockfiles',
    );
  expect(notices()).toEqual([]);
  const [one] = notices('/srv/a/node_modules');
  expect(one?.grade).toBe('by-hand');
  expect(one?.text).toBe('/srv/a/node_modules does not travel: it is made again from the lockfile beside');
  expect(one?.hint).toContain("opstimal-move decide FOLDER '/srv/a/node_modules' mutable");
  expect(notices('/srv/a/node_modules', '/srv/b/target')[0]?.text).toContain('do not travel');
});
