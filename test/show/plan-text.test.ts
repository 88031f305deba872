import { expect, test } from '@jest/globals';
import { planText } from '../../src/show/plan-text.ts';
import { reportText } from '../../src/show/report-text.ts';
import { scanText } from '../../src/show/scan-text.ts';
import { unicode } from '../../src/show/symbols.ts';
import { manifest, plan } from './support/examples.ts';

const options = { color: false, symbols: unicode, all: false };

test('a plan says what was compared, only the symbols that occur, counts and the next command', () => {
  const saved = { file: 'web1.move/plan.json', command: 'opstimal-move apply web1.move web2', next: 'sync' };
  const text = planText({ ...plan, notices: [] }, saved, options);
  expect(text).toBe(`opstimal-move compared the manifest of web1 (debian 12) with web2 (debian 13).

  + install or create   ~ change

Accounts (1)
  + deploy                               uid 1001 as on web1

Packages (20)
  + package-0   + package-1   + package-2   + package-3   + package-4
  + package-5   + package-6   + package-7   + package-8   + package-9
  + package-10   + package-11
  … 8 more      --all shows each

Files (1)
  ~ /etc/nginx/nginx.conf                +4 -1 lines

Held on web2 until cutover: nginx.service

Data to copy: 61.4 GB in 48 210 files; dumped at cutover: postgresql 15/main

Plan: 21 to add, 1 to change, 0 to remove.
Saved as web1.move/plan.json. To do exactly this:  opstimal-move apply web1.move web2
`);
});

test('--all shows each step and what is only on the destination', () => {
  const text = planText(plan, null, { ...options, all: true });
  expect(text).toContain('package-19');
  expect(text).toContain('snapd');
});

test('what is in the way comes last of the notices, and the plan says it cannot be applied', () => {
  const text = planText(plan, { file: 'plan.json', command: 'x', next: 'y' }, options);
  expect(text.indexOf('In the way')).toBeGreaterThan(text.indexOf('Left to you'));
  expect(text).toContain('It cannot be applied before what is in the way is gone.');
});

test('no changes is a full sentence that says what was compared', () => {
  const text = planText({ ...plan, steps: [], notices: [] }, null, options);
  expect(text).toMatch(
    /^No changes: opstimal-move compared the manifest of web1 .* and 3 things are as they should be\./,
  );
});

test('without colour the text says the same', () => {
  const painted = planText(plan, null, { ...options, color: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour is what is taken away
  expect(painted.replaceAll(/\x1b\[\d+m/g, '')).toBe(planText(plan, null, options));
});

test('a report shows red first with both sides, then by hand, then green, the counts last', () => {
  const text = reportText(
    {
      green: 12,
      red: 1,
      byHand: 1,
      checks: [
        ...Array.from({ length: 12 }, (_, at) => ({
          state: 'green' as const,
          subject: `unit-${at}`,
          text: 'active',
        })),
        { state: 'by-hand', subject: 'dns', text: 'still points at 192.0.2.10' },
        { state: 'red', subject: 'nginx', text: 'answers differ', source: '200', destination: '502' },
      ],
    },
    { color: false, all: false },
  );
  const lines = text.split('\n');
  expect(lines[0]).toMatch(/^red +nginx +answers differ$/);
  expect(lines.slice(1, 3).map((line) => line.trim())).toEqual(['source       200', 'destination  502']);
  expect(lines[3]).toMatch(/^by hand +dns/);
  expect(text).toContain('2 more, all green');
  expect(text.trimEnd().endsWith('12 green, 1 red, 1 by hand.')).toBe(true);
});

test('the end of a scan says classes, what is undecided, what was not asked and what to do next', () => {
  const text = scanText(
    manifest,
    {
      classes: manifest.classes,
      disks: [],
      foreign: [{ path: '/scratch', type: 'tmpfs', source: 'tmpfs', reason: 'kept in memory only' }],
      secrets: { sealed: 0, open: 2, recipients: 0, withData: 3 },
      leftOut: [{ path: "/srv/it's/node_modules", reason: 'made again from yarn.lock', bytes: 3e6 }],
    },
    'web1.move',
    {
      color: false,
      symbols: unicode,
      verbose: false,
    },
  );
  expect(text).toContain('M  mutable           100 files    61.0 GB   data: carried');
  expect(text).not.toContain('  S  secret');
  expect(text).toContain('2 secret files not kept here: read from web1 when applied\n');
  expect(text).toContain('to keep sealed: opstimal-move seal web1.move --new-key FILE, then scan again\n');
  expect(text).toContain('3 secret files among the data: sync carries, no folder keeps\n');
  expect(text).toContain("3.0 MB  /srv/it's/node_modules\n                made again from yarn.lock\n");
  expect(text).toContain("or carry: opstimal-move decide web1.move '/srv/it'\\''s/node_modules' mutable\n");
  expect(text).toContain('/scratch: kept in memory only (tmpfs)\n');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(text).toContain('ports: permission denied');
  expect(text).toContain("opstimal-move decide web1.move '/opt/thing' mutable");
  expect(text).toContain('next: opstimal-move plan web1.move DEST');
});

test('what a disk cannot answer is said once, in words', () => {
  const reason = 'the system does not run';
  const text = scanText(
    {
      ...manifest,
      incomplete: [...manifest.incomplete, { fact: 'clockAhead', reason }, { fact: 'units', reason }],
    },
    {
      classes: manifest.classes,
      disks: [],
      foreign: [],
      leftOut: [],
      secrets: { sealed: 0, open: 0, recipients: 0, withData: 0 },
    },
    'web1.move',
    { color: false, symbols: unicode, verbose: false },
  );
  expect(text).toContain('\nThe system does not run, so not asked: clock, units\n');
  expect(text).toContain('! Not asked, so the manifest is incomplete:\n    ports: permission denied\n\n');
});

test('the end of a scan accounts for disks and names what was not entered', () => {
  const text = scanText(
    manifest,
    {
      classes: manifest.classes,
      disks: [{ path: '/', type: 'ext4', used: 20e9, seen: 19.5e9, deleted: 0.3e9 }],
      foreign: [
        { path: '/mnt/nas', type: 'nfs4', source: 'nas:/x', reason: 'files of another machine, not entered' },
      ],
      secrets: { sealed: 3, open: 1, recipients: 2, withData: 0 },
      leftOut: [],
    },
    'web1.move',
    { color: false, symbols: unicode, verbose: false },
  );
  expect(text).toContain(
    '  /: 20.0 GB used, 99.0 % accounted for, 300.0 MB of it in deleted files that are still open\n',
  );
  expect(text).toContain(
    '3 secret files sealed for 2 recipients\n1 secret file could not be read and is not kept',
  );
  expect(text).toContain('  /mnt/nas: files of another machine, not entered (nfs4 nas:/x)\n');
});
