/** A profile from a stranger in a scan: it runs nothing, hangs nothing, reads nothing it should not, loses nothing. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { connect } from '../../src/host/connect.ts';
import type { Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { Event } from '../../src/types.ts';
import { Folder } from '../../src/work/folder.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import type { Surroundings } from '../../src/work/work.ts';
import { makeRoot } from './made-root.ts';

const surroundings: Surroundings = { now: () => 0, by: 'anna@desk', signal: new AbortController().signal };
let base: string;
let root: string;
let count = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'stranger-'));
  root = join(base, 'root');
  await makeRoot(root);
  await mkdir(join(root, 'etc/own'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const harmless = {
  name: 'evil',
  title: 'Evil',
  detect: { packages: ['tool'] },
  paths: [] as object[],
  units: [] as string[],
  tier: 'actor',
  provenance: 'x',
};

/** Every word that was run, and what was fed to it. */
function watched(host: Host, words: string[]): Host {
  return new Proxy(host, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (name === 'run' || name === 'stream') words.push(...(given[0] as string[]));
        return Reflect.apply(value, target, given) as unknown;
      };
    },
  });
}

async function scanWith(profile: object) {
  const directory = await mkdtemp(join(base, 'profiles-'));
  await writeFile(join(directory, 'evil.yaml'), stringify(profile));
  count += 1;
  const folder = await Folder.create(join(base, `${count}.move`));
  const words: string[] = [];
  const events: Event[] = [];
  const source = await connect(parsePlace(`disk:${root}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
  });
  try {
    const profiles = await loadProfiles([directory]);
    const work = scan({ source: watched(source, words), folder, profiles, surroundings });
    for (;;) {
      const step = await work.next();
      if (step.done) break;
      events.push(step.value);
    }
  } finally {
    await source.close();
  }
  const index = await folder.verdictIndex();
  const of = (path: string) => {
    const verdict = index.of(path);
    return `${verdict?.class} ${verdict?.carry} ${verdict?.rule}`;
  };
  return { directory, folder, words, events, of };
}

/** Everything in a folder, as one text. */
async function contentOf(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
}

test('no command in any field of a profile is run by a scan', async () => {
  const mark = join(base, 'was-run');
  const run = `x\`touch ${mark}\`; touch ${mark}; $(touch ${mark}) | touch ${mark}`;
  const glob = `/etc/own/\`touch ${mark.slice(1).replaceAll('/', '_')}\`;touch*`;
  await writeFile(
    join(root, 'etc/own', `\`touch ${mark.slice(1).replaceAll('/', '_')}\`;touch 1`),
    `at /data/$(touch ${mark})\n`,
  );
  const { words, of } = await scanWith({
    ...harmless,
    title: run,
    detect: { packages: ['tool', run], units: [run] },
    version: { package: 'tool', of: 'version', pattern: '(.*)' },
    settings: [
      { name: 'at', files: [glob], pattern: '^at (.*)$', take: 'all', default: [`/data/${run}`] },
      {
        name: 'other',
        files: ['/etc/own/{version}`touch x`'],
        pattern: 'touch',
        take: 'last',
        default: [run],
      },
    ],
    paths: [
      { path: `\${at}`, class: 'mutable', kind: run },
      { path: `/data/\`touch ${mark}\`;touch x`, class: 'secret', kind: run },
      { path: '/data/mystery', class: 'mutable', kind: 'data' },
    ],
    units: [run],
    packages: [{ from: run, to: run }],
    rewrites: [{ files: [glob], from: run, to: run }],
    moves: [{ from: run, to: run }],
    crossing: [{ files: [glob], how: 'by-hand', note: run }],
    probes: [
      { probe: 'command', name: run, argv: ['sh', '-c', `touch ${mark}`], compare: 'equal' },
      { probe: 'command', name: run, argv: ['touch', mark], compare: 'zero' },
      { probe: 'unit', unit: run },
      { probe: 'http', url: `http://${run}` },
    ],
    provenance: run,
  });
  expect(existsSync(mark)).toBe(false);
  expect(words.filter((word) => word.includes('was-run'))).toEqual([]);
  expect(of('/data/mystery/file')).toBe('mutable stream profile.evil.data');
}, 60_000);

test('the scan says whose profile spoke', async () => {
  const { directory, events } = await scanWith(harmless);
  expect(events).toContainEqual({
    kind: 'note',
    grade: 'info',
    text: `profile Evil comes from ${join(directory, 'evil.yaml')}`,
  });
}, 60_000);

test('a catastrophic pattern does not hang a scan', async () => {
  await writeFile(
    join(root, 'etc/own/long.conf'),
    `${`${'a'.repeat(50_000)}!\n`.repeat(4)}at /data/mystery\n`,
  );
  const hard = ['(a+)+$', '^(?:a|aa)+$', '(?:a*)*b', '^(?:.*a){20}b'];
  const start = performance.now();
  const { of } = await scanWith({
    ...harmless,
    settings: [
      ...hard.map((pattern, index) => ({
        name: `hard${index}`,
        files: ['/etc/own/**/*', '/etc/own/*.conf'],
        pattern,
        take: 'all',
        default: [],
      })),
      { name: 'at', files: ['/etc/own/*'], pattern: '^at (/\\S+)', take: 'last', default: [] },
    ],
    paths: [
      { path: `\${at}`, class: 'mutable', kind: 'data' },
      { path: '/**/*a*a{a,aa}/**/*a*b', class: 'mutable', kind: 'data' },
    ],
  });
  expect(performance.now() - start).toBeLessThan(30_000);
  expect(of('/data/mystery/file')).toBe('mutable stream profile.evil.data');
}, 60_000);

test('what a profile reads never gets into the folder: values become paths or nothing', async () => {
  await writeFile(join(root, 'etc/own/pass.conf'), 'password = swordfish\npassword = /swordfish/of/anna\n');
  const { folder } = await scanWith({
    ...harmless,
    settings: [
      {
        name: 'password',
        files: ['/etc/own/pass.conf'],
        pattern: '^password = (\\S+)',
        take: 'all',
        default: [],
      },
      {
        name: 'hash',
        files: ['/etc/shadow', '/etc/shadow*', '/etc/s*w'],
        pattern: '(\\$6\\$.*?):',
        take: 'all',
        default: [],
      },
      {
        name: 'key',
        files: ['/etc/ssh/*', '/etc/ssl/private/*'],
        pattern: '^(.*)$',
        take: 'all',
        default: [],
      },
    ],
    paths: ['password', 'hash', 'key'].map((name) => ({
      path: `\${${name}}`,
      class: 'mutable',
      kind: 'data',
    })),
  });
  // pass.conf itself is configuration that nobody's package brought; what is asked here is what the profile adds.
  const text = (await contentOf(folder.directory)).replaceAll(/password = \S+/g, '');
  expect(text).not.toContain('swordfish');
  expect(text).not.toContain('hunter2');
  expect(text).not.toContain('$6$x$y');
}, 60_000);

test('a stranger’s profile cannot make travel what must stay, nor leave behind what must travel', async () => {
  const plain = await scanWith(harmless);
  const everything = [
    '/',
    '/etc',
    '/etc/shadow',
    '/etc/passwd',
    '/etc/machine-id',
    '/etc/ssh',
    '/usr',
    '/usr/bin/tool',
  ]
    .concat([
      '/opt/vendor',
      '/var/lib/dpkg',
      '/root',
      '/root/.ssh',
      '/root/.ssh/authorized_keys',
      '/etc/apt',
      '/boot',
    ])
    .concat([
      '/etc/tool',
      '/etc/tool/tool.conf',
      '/etc/tool/edited.conf',
      '/etc/fstab',
      '/etc/hosts',
      '/etc/**/*',
    ]);
  const pulled = await scanWith({
    ...harmless,
    paths: everything.flatMap((path) => [
      { path, class: 'mutable', kind: 'data', carry: 'stream' },
      { path: `${path === '/' ? '' : path}/*`, class: 'secret', kind: 'keys', carry: 'stream' },
    ]),
  });
  for (const path of [
    '/etc/machine-id',
    '/etc/ssh/ssh_host_ed25519_key',
    '/etc/shadow',
    '/etc/passwd',
    '/etc/fstab',
  ]
    .concat([
      '/usr/bin/tool',
      '/opt/vendor/bin/run',
      '/etc/tool/tool.conf',
      '/var/lib/dpkg/status',
      '/etc/hosts',
    ])
    .concat(['/root/.ssh/authorized_keys', '/etc/apt/sources.list', '/etc/apt/keyrings/vendor.gpg'])
    .concat(['/etc/tool/edited.conf', '/etc/tool/removed.conf', '/usr/bin/true'])) {
    expect(`${path} ${pulled.of(path)}`).toBe(`${path} ${plain.of(path)}`);
  }
  const pushed = await scanWith({
    ...harmless,
    paths: [
      '/',
      '/home',
      '/home/anna',
      '/srv',
      '/srv/app',
      '/srv/app/app.db',
      '/opt',
      '/opt/own',
      '/usr/local',
      '/root',
    ]
      .concat([
        '/etc',
        '/etc/app.conf',
        '/etc/ssl/private',
        '/etc/tool/edited.conf',
        '/var/spool/cron',
        '/**/*',
      ])
      .flatMap((path) => [
        { path, class: 'ephemeral', kind: 'cache' },
        { path: `${path === '/' ? '' : path}/*`, class: 'identity', kind: 'identity' },
        { path, class: 'mutable', kind: 'data', carry: 'none', weak: true },
      ]),
  });
  for (const path of [
    '/home/anna/notes',
    '/home/anna/.ssh/id_ed25519',
    '/srv/app/app.db',
    '/opt/own/app',
    '/etc/app.conf',
  ]
    .concat([
      '/usr/local/bin/own',
      '/etc/tool/edited.conf',
      '/etc/tool/secret.conf',
      '/etc/ssl/private/site.key',
    ])
    .concat(['/var/spool/cron/crontabs/anna', '/root/.ssh/authorized_keys', '/data/site/index.html'])) {
    const [made, carry] = pushed.of(path).split(' ');
    expect(`${path} ${made} ${carry}`).toBe(`${path} ${plain.of(path).split(' ').slice(0, 2).join(' ')}`);
  }
}, 120_000);
