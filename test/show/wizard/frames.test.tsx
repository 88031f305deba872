import { expect, test } from '@jest/globals';
import { renderToString } from 'ink';
import { ascii, unicode, width } from '../../../src/show/symbols.ts';
import { Frame } from '../../../src/show/wizard/app.tsx';
import { textOf } from '../../../src/show/wizard/lines.ts';
import { reduce } from '../../../src/show/wizard/reduce.ts';
import { screen } from '../../../src/show/wizard/screens.ts';
import { spoken } from '../../../src/show/wizard/spoken.ts';
import { type Group, type Input, initialState, type State } from '../../../src/show/wizard/state.ts';
import type { Plan } from '../../../src/types.ts';
import { groups, plan } from '../support/examples.ts';
import { report } from '../support/fake-work.ts';

function after(state: State, ...inputs: readonly (Input | string)[]): State {
  return inputs.reduce<State>(
    (now, input) => reduce(now, typeof input === 'string' ? { input: 'key', key: input } : input),
    state,
  );
}

const odd: readonly Group[] = [
  ...groups,
  {
    path: '/srv/写真/👩‍🚀/e\u0301/\\x1b[2J/long-name-that-goes-on-and-on-and-on-and-on/and-on',
    class: 'secret',
    bytes: 1,
    files: 1,
    reason: '秘密の鍵があるので運ばれるが印刷されない',
  },
  ...Array.from({ length: 200 }, (_, at) => ({
    path: `/srv/data/${at}`,
    class: 'mutable' as const,
    bytes: at * 1e6,
    files: at,
    reason: 'profile: data',
  })),
];
const noBlocker: Plan = { ...plan, notices: plan.notices.slice(0, 1) };
const connected: Input = {
  input: 'connected',
  folder: 'web1.move',
  sourceName: 'web1',
  destinationName: 'web2',
  sourceNames: ['web1'],
  scanned: true,
  lines: [],
};
const typing = (text: string): string[] => [...text];
const start = initialState(Array.from({ length: 60 }, (_, at) => `host-${at}`));
const review = after(start, ...typing('web1'), 'enter', ...typing('web2'), 'enter', connected, {
  input: 'groups',
  groups: odd,
  history: [],
});
const planned = after(review, { input: 'planned', plan: noBlocker });
const applying = after(
  planned,
  'G',
  'enter',
  ...typing('yes'),
  'enter',
  ...Array.from(
    { length: 40 },
    (_, at): Input => ({
      input: 'event',
      at,
      event: {
        kind: 'step',
        index: at + 1,
        of: 55,
        title: `package-${at} with a rather long title`,
        state: at === 39 ? 'begun' : at % 9 === 0 ? 'failed' : 'changed',
        text: 'installed, left stopped',
      },
    }),
  ),
);
const passed = after(planned, {
  input: 'passed',
  pass: { pass: 1, changed: 40_112, bytes: 31.2e9, seconds: 3060, failed: 2 },
  quiet: false,
});
const progress = (done: number, at: number): Input => ({
  input: 'event',
  at,
  event: {
    kind: 'progress',
    label: 'sync 2',
    unit: 'bytes',
    done,
    total: 61.4e9,
    same: 40_112,
    sent: 5903,
    left: 2195,
    errors: 0,
    current: 'base/16384/2619_fsm',
  },
});
const syncing = after(
  passed,
  'home',
  'down',
  'enter',
  { input: 'event', at: 0, event: { kind: 'phase', name: 'sync', text: 'pass 2' } },
  progress(0, 0),
  progress(37.4e9, 60_000),
);
const told = {
  message: 'cannot reach root@web2.example: connection refused '.repeat(5),
  during: 'connecting',
  hint: 'is it on?\n'.repeat(30),
  topic: 't',
};

const states: Readonly<Record<string, State>> = {
  connect: start,
  'connect, a name chosen': after(start, 'down', 'down'),
  destination: after(start, ...typing('root@web1.example'), 'enter'),
  connecting: after(start, ...typing('a'), 'enter', ...typing('b'), 'enter', {
    input: 'event',
    at: 0,
    event: { kind: 'note', grade: 'info', text: 'using the system ssh, because of ProxyJump' },
  }),
  'connect failed': after(start, ...typing('a'), 'enter', ...typing('b'), 'enter', {
    input: 'failed',
    job: 'connect',
    told,
  }),
  scan: after(
    start,
    { ...connected, scanned: false },
    ...Array.from(
      { length: 30 },
      (_, at): Input => ({
        input: 'event',
        at: 0,
        event: {
          kind: 'fact',
          name: `fact ${at}`,
          state: at === 29 ? 'asking' : at % 7 === 0 ? 'absent' : 'answered',
          text: '612 from apt, 3 by hand, 1 held',
          seconds: 1.8,
        },
      }),
    ),
  ),
  review,
  'review, marked and filtered': after(review, 'space', '/', ...typing('srv')),
  'review, explained': after(
    review,
    {
      input: 'explained',
      title: '/opt/thing',
      lines: Array.from({ length: 40 }, (_, at) => `evidence ${at} `.repeat(12)),
    },
    'down',
  ),
  'review, explained with a patch': after(
    review,
    {
      input: 'explained',
      title: '/etc/nginx/nginx.conf',
      lines: [
        '/etc/nginx/nginx.conf is edited (I~): edited configuration of nginx-common',
        '  change    against the original of nginx-common: 60 lines added, 1 removed',
        '',
        '--- a/etc/nginx/nginx.conf',
        '+++ b/etc/nginx/nginx.conf',
        '@@ -1,2 +1,61 @@',
        ' user www-data;',
        `-worker_processes auto;${' # 写真 👩‍🚀'.repeat(40)}`,
        ...Array.from(
          { length: 60 },
          (_, at) => `+        access_log /var/log/nginx/${at} \\x1b[2J${'x'.repeat(at * 8)};`,
        ),
      ],
    },
    ...Array.from({ length: 5 }, () => 'down'),
  ),
  'review, help': after(review, '?'),
  plan: planned,
  'plan, asked': after(planned, 'G', 'enter'),
  'plan, blocked': after(review, { input: 'planned', plan }, 'G', 'enter'),
  apply: applying,
  'apply, stopping': after(applying, 'ctrl-c'),
  sync: passed,
  syncing,
  'cutover, asked': after(passed, 'G', 'enter'),
  cutover: after(passed, 'G', 'enter', ...typing('web1'), 'enter', {
    input: 'event',
    at: 0,
    event: { kind: 'step', index: 1, of: 9, title: 'stop nginx.service on web1', state: 'ok', text: '' },
  }),
  verify: after(passed, { input: 'verified', report, downtime: { predicted: 180, measured: 164 } }),
  'verify, opened': after(passed, { input: 'verified', report, downtime: null }, 'enter'),
};
const sizes = [
  [40, 12],
  [41, 13],
  [59, 20],
  [60, 20],
  [80, 24],
  [120, 40],
  [300, 100],
] as const;

test.each(Object.keys(states))('%s: no frame is taller or wider than the terminal, at any size', (name) => {
  const state = states[name] as State;
  for (const [columns, rows] of sizes) {
    for (const symbols of [unicode, ascii]) {
      const lines = screen(state, { columns, rows, symbols }).map(textOf);
      expect(lines).toHaveLength(rows);
      for (const line of lines)
        expect(`${columns}: ${line} ${width(line) <= columns}`).toBe(`${columns}: ${line} true`);
      expect(lines.at(-1)).not.toBe('');
    }
  }
});

test.each(Object.keys(states))('%s: Ink draws exactly these lines', (name) => {
  for (const [columns, rows] of [
    [40, 12],
    [80, 24],
    [120, 40],
  ] as const) {
    const drawn = renderToString(
      <Frame state={states[name] as State} columns={columns} rows={rows} symbols={unicode} />,
      { columns },
    );
    const lines = screen(states[name] as State, { columns, rows, symbols: unicode }).map((parts) =>
      textOf(parts).trimEnd(),
    );
    expect(drawn.split('\n').map((line) => line.trimEnd())).toEqual(lines);
  }
});

test('a patch in a pane keeps its lines and their blanks, and says by sign and colour what was changed', () => {
  const lines = screen(states['review, explained with a patch'] as State, {
    columns: 60,
    rows: 20,
    symbols: ascii,
  });
  const shown = lines.map((parts) => ({ text: textOf(parts), tone: parts[0]?.tone }));
  expect(shown).toContainEqual({ text: '   user www-data;', tone: 'plain' });
  expect(shown).toContainEqual({ text: '  +        access_log /var/log/nginx/0 \\x1b[2J;', tone: 'add' });
  const removed = shown.find(({ text }) => text.startsWith('  -worker_processes auto;'));
  expect(removed?.tone).toBe('error');
  expect(width(removed?.text ?? '')).toBeLessThanOrEqual(60);
});

test('below 40 by 12 one sentence asks for room', () => {
  for (const [columns, rows] of [
    [39, 24],
    [80, 11],
    [10, 2],
  ] as const) {
    const lines = screen(review, { columns, rows, symbols: unicode }).map(textOf);
    expect(lines).toHaveLength(rows);
    expect('opstimal-move needs a window of 40 by 12').toContain((lines[0] as string).replace('…', ''));
  }
});

test('Review shows letters, sizes, reasons and the way on', () => {
  const text = screen({ ...review, groups }, { columns: 80, rows: 24, symbols: unicode })
    .map(textOf)
    .join('\n');
  expect(text).toMatch(/ > +\? {2}\/opt\/thing +4\.1 GB {2}no rule names it/);
  expect(text).toMatch(/ +M {2}\/var\/lib\/postgresql\/15\/main +61\.0 GB {2}postgresql: data/);
  expect(text).toContain('→ make the plan for web2   2 undecided');
  expect(text).toMatch(/opstimal-move {3}web1 → web2 +3\/7 Review +2 undecided, 4\.4 GB/);
  expect(text).toContain('? help');
});

test('the running pass has bar, percent, rate, time left and all counters', () => {
  const text = screen(syncing, { columns: 80, rows: 24, symbols: unicode }).map(textOf).join('\n');
  expect(text).toContain('████████████░░░░░░░░  60 %  37.4 of 61.4 GB  623.3 MB/s  39 s left');
  expect(text).toContain('same 40 112   sent 5 903   left 2 195   errors 0');
});

test('a hidden answer is shown nowhere', () => {
  const asked = after(
    review,
    {
      input: 'asked',
      question: {
        kind: 'password',
        lines: [],
        label: 'password:',
        hidden: true,
        answer: '',
        option: '--password-file',
      },
    },
    ...typing('s3cret'),
  );
  expect(screen(asked, { columns: 80, rows: 24, symbols: unicode }).map(textOf).join('\n')).not.toContain(
    's3cret',
  );
  expect(spoken(asked).join('\n')).not.toContain('s3cret');
});

test.each(Object.keys(states))('%s: the spoken form is linear and has no drawing in it', (name) => {
  const text = spoken(states[name] as State).join('\n');
  expect(text).toMatch(/^\w+, step [1-7] of 7\./);
  expect(text).not.toMatch(/[█░●│─┌]/);
});

test('the spoken Review announces the selection', () => {
  expect(spoken({ ...review, groups, cursor: 1 }).slice(0, 2)).toEqual([
    'Review, step 3 of 7. web1 to web2. 2 undecided, 4.4 GB.',
    '2 of 5, selected: /srv/uploads-old, undecided, 312.0 MB, idle for 2 years.',
  ]);
});
