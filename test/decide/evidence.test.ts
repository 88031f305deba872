/** What units, tmpfiles.d and logrotate say about paths, and above all what they must not say. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LogEvidence, looksLikeLog } from '../../src/decide/evidence-logs.ts';
import { TmpfilesEvidence } from '../../src/decide/evidence-tmpfiles.ts';
import { saysTooMuch, UnitEvidence } from '../../src/decide/evidence-units.ts';
import type { Ruling } from '../../src/decide/ruling.ts';
import type { Entry, TmpfilesLine, UnitDirectives } from '../../src/types.ts';

const unknown: Ruling = {
  class: 'undecided',
  carry: 'none',
  rule: 'undecided.rest',
  reason: '?',
  evidence: '',
};
const data: Ruling = { class: 'mutable', carry: 'stream', rule: 'place.data', reason: 'data', evidence: '' };

describe('logs', () => {
  const logs = new LogEvidence([
    {
      file: '/etc/logrotate.d/site',
      patterns: ['/srv/site/*.log', '/srv/dumps/*.sql', '/srv/all/*', '/srv/one/console', '/srv/one/app.log'],
      olddir: null,
    },
    { file: '/etc/logrotate.d/moved', patterns: ['/srv/moved/*.log'], olddir: 'old' },
    {
      file: '/etc/logrotate.d/deep',
      patterns: ['/srv/**/*.log', '/srv/deep/*/app-{a,b}.log'],
      olddir: '/srv/archive',
    },
  ]);
  test.each([
    '/srv/site/access.log',
    '/srv/site/access.log.1',
    '/srv/site/access.log.12.gz',
    '/srv/site/access.log-20260101',
    '/srv/site/access.log-20260101.xz',
    '/srv/site/access.log-2026010113',
    '/srv/site/access-20260101.log.gz',
    '/srv/site/access.1.log',
    '/srv/one/app.log',
    '/srv/moved/x.log',
    '/srv/moved/old/x.log.1.gz',
    '/srv/deep/one/app-a.log',
    '/srv/archive/app-b.log-20260101',
  ])('%s is one', (path) =>
    expect(logs.of(path)).toMatchObject({ class: 'ephemeral', carry: 'none', single: true }),
  );
  test.each([
    '/srv/site',
    '/srv/site/index.html',
    '/srv/site/deeper/access.log',
    '/srv/site/access.log.keep',
    '/srv/site/access.log.gz',
    '/srv/site/mysql-bin.log',
    '/srv/site/redo.log',
    '/srv/site/wal.log',
    '/srv/site/orders.json.log',
    '/srv/dumps/shop.sql',
    '/srv/dumps/shop.sql.1.gz',
    '/srv/all/app.log',
    '/srv/all/anything',
    '/srv/one/console',
    '/srv/one/console.1',
    '/srv/other/access.log',
    '/srv/deep/one/app-c.log',
    '/srv/archive/other.log.1',
    '/srv/archive/app-b.log',
  ])('%s is none', (path) => expect(logs.of(path)).toBeNull());

  test('says which file rotates it', () => {
    expect(logs.of('/srv/site/a.log')?.evidence).toBe('rotated by /etc/logrotate.d/site');
  });
  test('no name of a database or an export is taken for a log', () => {
    const ending = fc.constantFrom('sql', 'db', 'sqlite3', 'csv', 'json', 'tar', 'bak', 'parquet', 'rdb');
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z.-]{1,12}$/), ending, (name, end) => {
        expect(looksLikeLog(`/srv/${name}.${end}`)).toBe(false);
        expect(looksLikeLog(`/srv/${name}.${end}.log`)).toBe(false);
      }),
    );
  });
});

function unit(more: Partial<UnitDirectives>): UnitDirectives {
  return {
    unit: 'shop.service',
    home: null,
    file: '/etc/systemd/system/shop.service',
    writes: [],
    workingDirectory: '',
    programs: [],
    outputs: [],
    pidFile: '',
    environmentFiles: [],
    credentials: [],
    ...more,
  };
}

describe('units', () => {
  test.each([
    '/',
    '/var',
    '/var/lib',
    '/var/lib/docker/overlay2',
    '/usr',
    '/usr/lib',
    '/usr/local/lib',
    '/home',
    '/srv',
    '/etc/x',
    '/run/x',
    '/var/log',
    '/opt',
  ])('%s is too much to say', (path) => {
    expect([saysTooMuch(path, true), saysTooMuch(path, false)]).toEqual([true, true]);
    const said = new UnitEvidence([unit({ writes: [path], workingDirectory: path })], []);
    expect(said.tree(`${path}/file`)).toBeNull();
  });
  test('a directory right below the top counts where a person wrote that the unit writes there', () => {
    expect(new UnitEvidence([unit({ writes: ['/data'] })], []).tree('/data/x')?.rule).toBe('unit.writes');
    expect(new UnitEvidence([unit({ workingDirectory: '/data' })], []).tree('/data/x')).toBeNull();
    const packaged = { name: 'x.service', readWritePaths: ['/data', '/data/x', 'relative'] };
    const said = new UnitEvidence([], [packaged as never]);
    expect([said.tree('/data/y'), said.tree('/data/x/y')?.reason]).toEqual([null, 'state of x.service']);
  });
  test('a name that looks like a pattern is one name', () => {
    const said = new UnitEvidence([unit({ writes: ['/data/*', '/data/{a,b}'] })], []);
    expect([said.tree('/data/a'), said.tree('/data/b/x'), said.tree('/data/*/x')?.class]).toEqual([
      null,
      null,
      'mutable',
    ]);
  });
  const said = new UnitEvidence(
    [
      unit({
        programs: ['/data/shop/serve'],
        outputs: ['/data/shop/out.log', '/data/shop/export.csv'],
        pidFile: '/srv/shop/pid',
        environmentFiles: ['/srv/shop/db.conf', '/data/shop/plain.conf'],
        credentials: ['/data/keys', '/etc/shop/key'],
      }),
    ],
    [],
    new Set(['/srv/shop/db.conf']),
  );
  test.each([
    ['/data/shop/serve', unknown, 'mutable', 'unit.program'],
    ['/data/shop/out.log', unknown, 'ephemeral', 'unit.output'],
    ['/data/shop/export.csv', unknown, 'mutable', 'unit.output'],
    ['/srv/shop/db.conf', data, 'secret', 'unit.environment'],
    ['/data/shop/plain.conf', unknown, 'mutable', 'unit.environment'],
    ['/data/keys/one', unknown, 'secret', 'unit.credential'],
    ['/data/keys/one', data, 'secret', 'unit.credential'],
    ['/srv/shop/pid', data, 'ephemeral', 'unit.pid'],
  ])('%s: %#', (path, known, made, rule) => {
    expect(said.file(path, 5, known)).toMatchObject({ class: made, rule, single: true });
  });
  test('what is data stays data, and a large file is no number of a process', () => {
    expect(said.file('/data/shop/out.log', 5, data)).toBeNull();
    expect(said.file('/srv/shop/pid', 4096, data)).toBeNull();
    expect(said.file('/data/other', 5, unknown)).toBeNull();
  });
});

function line(type: string, path: string, more: Partial<TmpfilesLine> = {}): TmpfilesLine {
  return {
    file: '/usr/lib/tmpfiles.d/a.conf',
    line: 7,
    type,
    modifiers: '',
    path,
    mode: '',
    age: '',
    argument: '',
    ...more,
  };
}
const byHand = { file: '/etc/tmpfiles.d/own.conf' };
function entry(type: Entry['type'], path: string, more: Partial<Entry> = {}): Entry {
  return { path, type, size: 0, ...more } as Entry;
}
const none = () => undefined;

describe('tmpfiles', () => {
  const said = (...lines: TmpfilesLine[]) =>
    new TmpfilesEvidence(lines, (file) => file.startsWith('/usr/lib/'));

  test('a link is made again only while it points where the line says', () => {
    const one = said(line('L', '/data/x', { argument: '../y' }), line('L', '/data/factory'));
    expect(one.made(entry('l', '/data/x', { target: '../y' }), none)?.ruling.evidence).toBe(
      '/usr/lib/tmpfiles.d/a.conf line 7',
    );
    expect(one.made(entry('l', '/data/x', { target: '../z' }), none)).toBeNull();
    expect(one.made(entry('f', '/data/x'), none)).toBeNull();
    expect(
      one.made(entry('l', '/data/factory', { target: '/usr/share/factory/data/factory' }), none),
    ).not.toBeNull();
  });
  test('a file is asked for its digest, and only when it has the size', () => {
    const one = said(
      line('f', '/data/x', { argument: 'hi' }),
      line('f', '/data/hidden', { argument: null }),
      line('C', '/data/c', { argument: '/usr/share/c' }),
    );
    expect(one.made(entry('f', '/data/x', { size: 2 }), none)?.candidate?.digests).toEqual([
      '49f68a5c8493ec2c0bf489821c21fc3b',
    ]);
    expect(one.made(entry('f', '/data/x', { size: 3 }), none)).toBeNull();
    expect(one.made(entry('f', '/data/hidden', { size: 0 }), none)).toBeNull();
    expect(one.made(entry('f', '/data/c/d', { size: 9 }), none)).toBeNull();
    const copied = one.made(entry('f', '/data/c/d', { size: 9 }), (path) =>
      path === '/usr/share/c/d' ? 'ab' : undefined,
    );
    expect(copied?.candidate?.digests).toEqual(['ab']);
  });
  test('what a person’s line makes is not made again by a package', () => {
    const one = said(
      line('f', '/data/x', { ...byHand, argument: 'hi' }),
      line('L', '/data/l', { ...byHand, argument: 'y' }),
    );
    expect(one.made(entry('f', '/data/x', { size: 2 }), none)).toBeNull();
    expect(one.made(entry('l', '/data/l', { target: 'y' }), none)).toBeNull();
    expect([one.tree('/data/x', unknown)?.class, one.tree('/data/x/y', unknown)]).toEqual(['mutable', null]);
  });
  test('a directory that a line makes is for data; one that is cleared stays a question', () => {
    const one = said(
      line('d', '/data/app', byHand),
      line('d', '/scratch', { ...byHand, age: '7d' }),
      line('D', '/data/new', byHand),
    );
    expect(one.tree('/data/app/x', unknown)).toMatchObject({ class: 'mutable', carry: 'stream' });
    expect(one.tree('/data/app/x', data)).toBeNull();
    expect(one.tree('/scratch/x', unknown)).toMatchObject({
      class: 'undecided',
      reason: '?; cleared of what is older than 7d (/etc/tmpfiles.d/own.conf line 7)',
    });
    expect(one.tree('/data/new/x', unknown)?.reason).toMatch('cleared at every start');
    expect(one.tree('/scratch/x', data)).toBeNull();
  });
  test('lines for whole parts of the system say nothing', () => {
    const one = said(
      line('q', '/var'),
      line('d', '/var/lib'),
      line('d', '/srv'),
      line('d', '/var/lib/docker'),
      line('d', '/top'),
    );
    for (const path of ['/var/x', '/var/lib/docker/overlay2', '/srv/x', '/top/x'])
      expect(one.tree(path, unknown)).toBeNull();
  });
  test('a person may keep a part of a temporary place', () => {
    const temporary: Ruling = { ...unknown, class: 'ephemeral', rule: 'place.temporary' };
    const one = said(line('x', '/var/tmp/app-*', byHand), line('x', '/tmp/packaged'));
    expect(one.tree('/var/tmp/app-1/x', temporary)?.class).toBe('mutable');
    expect(one.tree('/tmp/packaged', temporary)).toBeNull();
  });
});
