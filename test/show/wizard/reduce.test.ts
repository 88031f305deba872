import { expect, test } from '@jest/globals';
import { commands, globalOptions } from '../../../src/show/commands-table.ts';
import { reduce } from '../../../src/show/wizard/reduce.ts';
import { rowsOf } from '../../../src/show/wizard/rows.ts';
import { type Input, initialState, type State } from '../../../src/show/wizard/state.ts';
import { groups, plan } from '../support/examples.ts';

const connected: Input = {
  input: 'connected',
  folder: 'web1.move',
  sourceName: 'web1',
  destinationName: 'web2',
  sourceNames: ['web1', 'web1.example'],
  scanned: true,
  lines: [],
};

function after(state: State, ...inputs: readonly (Input | string)[]): State {
  return inputs.reduce<State>(
    (now, input) => reduce(now, typeof input === 'string' ? { input: 'key', key: input } : input),
    state,
  );
}

function typing(text: string): string[] {
  return [...text].map((letter) => (letter === ' ' ? 'space' : letter));
}

const review = after(initialState(), ...typing('web1'), 'enter', ...typing('web2'), 'enter', connected, {
  input: 'groups',
  groups,
  history: [],
});
const planned = after(review, { input: 'planned', plan: { ...plan, notices: [] } });

test('two places are typed, then both are reached', () => {
  const state = after(initialState(), ...typing('root@web1'), 'enter', ...typing('root@web2'), 'enter');
  expect(state.wants).toEqual([{ do: 'connect', source: 'root@web1', destination: 'root@web2' }]);
  expect(state.running).toBe('connect');
});

test('letters are text while a field has the focus, and a pasted block never presses Enter', () => {
  const state = after(initialState(), 'q', 'm', '?', { input: 'paste', text: 'web1\rrm -rf /\n' });
  expect(state.connect.text).toBe('qm?web1');
  expect(state.connect.field).toBe('source');
});

test('names of the ssh configuration are offered, chosen by arrows and completed by Tab', () => {
  const state = initialState(['web1', 'web2', 'db1']);
  expect(after(state, 'down', 'down', 'enter').source).toBe('web2');
  expect(after(state, 'd', 'tab').connect.text).toBe('db1');
});

test('the same place twice is refused, and Esc goes back to the source', () => {
  const state = after(initialState(), ...typing('web1'), 'enter', ...typing('web1'), 'enter');
  expect(state.message).toContain('same place');
  expect(after(state, 'escape').connect).toMatchObject({ field: 'source', text: 'web1' });
});

test('a place that cannot be reached comes back with what was typed', () => {
  const told = { message: 'web2 does not answer', during: '', hint: 'is it on?', topic: 'timeout' };
  const state = after(initialState(), ...typing('web1'), 'enter', ...typing('web2'), 'enter', {
    input: 'failed',
    job: 'connect',
    told,
  });
  expect(state.connect).toMatchObject({ field: 'destination', text: 'web2' });
  expect(state.failure).toEqual(told);
});

test('an unscanned server is scanned at once, then reviewed', () => {
  const state = after(initialState(), { ...connected, scanned: false });
  expect(state.wants).toEqual([{ do: 'scan' }]);
  expect(after(state, { input: 'ended', job: 'scan' }).screen).toBe('review');
});

test.each([
  ['review', 'review', []],
  ['plan', 'plan', [{ do: 'plan' }]],
  ['sync', 'sync', []],
  ['verify', 'verify', [{ do: 'verify' }]],
] as const)('a folder that was at %s goes on there', (at, screen, wants) => {
  const opened = after(initialState(), {
    input: 'opened',
    folder: 'web1.move',
    source: 'a',
    destination: 'b',
    at,
  });
  expect(opened.wants).toEqual([{ do: 'connect', source: 'a', destination: 'b' }]);
  const state = after(opened, connected);
  expect(state.screen).toBe(screen);
  expect(state.wants).toEqual(wants);
});

test('m, i and x decide about the row, or about the marked rows', () => {
  expect(after(review, 'm').wants).toEqual([
    { do: 'decide', way: 'new', batch: { paths: ['/opt/thing'], before: [null], after: 'mutable' } },
  ]);
  const marked = after(review, 'space', 'space', 'end', 'x');
  expect(marked.wants).toEqual([
    {
      do: 'decide',
      way: 'new',
      batch: { paths: ['/opt/thing', '/srv/uploads-old'], before: [null, null], after: 'ephemeral' },
    },
  ]);
  expect(marked.marks.size).toBe(0);
});

test('undo appends what was said before, redo says it again, and neither invents anything', () => {
  const twice = after(review, 'm', 'x');
  const once = after(twice, 'z');
  expect(once.wants[0]).toMatchObject({
    do: 'decide',
    way: 'undo',
    batch: { before: ['mutable'], after: 'ephemeral' },
  });
  expect(after(once, 'Z').wants[0]).toMatchObject({
    do: 'decide',
    way: 'redo',
    batch: { after: 'ephemeral' },
  });
  expect(after(once, 'z', 'z').message).toBe('no decision to take back');
  expect(after(once, 'i', 'Z').message).toBe('nothing to decide again');
});

test('the filter narrows while typing and Esc clears it before anything else', () => {
  const state = after(review, '/', ...typing('upl'));
  expect(rowsOf(state).filter((row) => row.row === 'group')).toHaveLength(1);
  expect(after(state, 'enter', 'm').wants[0]).toMatchObject({ batch: { paths: ['/srv/uploads-old'] } });
  expect(after(state, 'enter', 'escape').filter).toBe('');
});

test('the way on says why it cannot be taken, and is taken when it can', () => {
  expect(after(review, 'G', 'enter').message).toBe('not now: 2 undecided');
  const decided = groups.map((group) => ({ ...group, class: 'mutable' as const }));
  const state = after(review, { input: 'groups', groups: decided, history: null }, 'G', 'enter');
  expect(state.wants).toEqual([{ do: 'plan' }]);
});

test('a plan is applied after the whole word yes and not before', () => {
  const asked = after(planned, 'G', 'enter');
  expect(asked.question?.kind).toBe('apply');
  expect(after(asked, 'y', 'enter').wants).toEqual([]);
  const going = after(asked, ...typing('yes'), 'enter');
  expect(going.wants).toEqual([{ do: 'apply' }]);
  expect(going.screen).toBe('apply');
  expect(after(asked, 'escape').question).toBeNull();
});

test('a plan with a blocker cannot be applied; one without steps goes on to the data', () => {
  const blocked = after(review, { input: 'planned', plan });
  expect(after(blocked, 'G', 'enter').message).toBe('not now: something is in the way');
  const empty = after(review, { input: 'planned', plan: { ...plan, steps: [], notices: [] } });
  expect(after(empty, 'G', 'enter').wants).toEqual([{ do: 'sync' }]);
});

test('cutting over needs a pass, and the name of the source typed', () => {
  const sync = after(
    planned,
    { input: 'ended', job: 'apply' },
    { input: 'opened', folder: 'f', source: 'a', destination: 'b', at: 'sync' },
    connected,
  );
  expect(after(sync, 'G', 'enter').message).toBe('not now: after a pass of the data');
  const passed = after(sync, {
    input: 'passed',
    pass: { pass: 1, changed: 3, bytes: 100, seconds: 4, failed: 0 },
    quiet: true,
  });
  const asked = after(passed, 'G', 'enter');
  expect(asked.question?.option).toBe('--confirm=web1');
  expect(asked.question?.lines.join('\n')).toContain('nginx.service');
  expect(after(asked, ...typing('yes'), 'enter').wants).toEqual([]);
  expect(after(asked, ...typing('web2'), 'enter').message).toContain('not the name of the source');
  expect(after(asked, ...typing('web1'), 'enter').wants).toEqual([{ do: 'cutover' }]);
});

test('Ctrl-C stops a run at the next safe point and leaves on the second press', () => {
  const running = after(planned, 'G', 'enter', ...typing('yes'), 'enter');
  const stopping = after(running, 'ctrl-c');
  expect(stopping.wants).toEqual([{ do: 'stop' }]);
  expect(stopping.message).toContain('stopping');
  expect(after(stopping, 'ctrl-c').wants).toEqual([{ do: 'leave', exit: 130 }]);
  expect(after(review, 'ctrl-c').wants).toEqual([{ do: 'leave', exit: 130 }]);
});

test('q leaves; while a run is going on it asks first', () => {
  expect(after(review, 'q').wants).toEqual([{ do: 'leave', exit: 0 }]);
  const running = after(planned, 'G', 'enter', ...typing('yes'), 'enter');
  expect(after(running, 'q').wants).toEqual([]);
  expect(after(running, 'q', 'down', 'q').wants).toEqual([]);
  expect(after(running, 'q', 'q').wants).toEqual([{ do: 'leave', exit: 0 }]);
});

test('a question of a host is answered by text, Esc gives it up', () => {
  const question = {
    kind: 'password',
    lines: [],
    label: 'password',
    hidden: true,
    answer: '',
    option: '--password-file',
  } as const;
  const asked = after(review, { input: 'asked', question });
  expect(after(asked, ...typing('s 3'), 'enter').wants).toEqual([{ do: 'answer', text: 's 3' }]);
  expect(after(asked, 'escape').wants).toEqual([{ do: 'answer', text: null }]);
  expect(after(asked, { input: 'paste', text: 'pässword\r' }).question?.answer).toBe('pässword');
});

test('every question of the wizard has an option of the same name in the table of commands', () => {
  const options = [...globalOptions, ...commands.flatMap((command) => command.options)].map(
    (option) => `--${option.name}`,
  );
  const asked = [
    after(planned, 'G', 'enter').question,
    after(
      planned,
      { input: 'passed', pass: { pass: 1, changed: 0, bytes: 0, seconds: 0, failed: 0 }, quiet: true },
      'G',
      'enter',
    ).question,
  ];
  for (const question of asked) expect(options).toContain(question?.option.split('=')[0]);
  expect(options).toContain('--password-file');
});

test('steps, facts and progress of work are folded by their names and numbers', () => {
  const fact = (state: 'asking' | 'answered', text: string): Input => ({
    input: 'event',
    at: 0,
    event: { kind: 'fact', name: 'packages', state, text, seconds: 1 },
  });
  expect(after(review, fact('asking', ''), fact('answered', '612')).facts).toEqual([
    { name: 'packages', state: 'answered', text: '612', seconds: 1 },
  ]);
  const step = (index: number, state: 'begun' | 'ok'): Input => ({
    input: 'event',
    at: 0,
    event: { kind: 'step', index, of: 5, title: `s${index}`, state, text: '' },
  });
  const stepped = after(review, step(1, 'ok'), step(3, 'begun'));
  expect(stepped.steps.map((each) => each.state)).toEqual(['ok', 'skipped', 'begun']);
  expect(stepped.stepCount).toBe(5);
});

test('the cursor never stands where there is no row', () => {
  const keys = [
    'down',
    'up',
    'G',
    'g',
    'pagedown',
    'pageup',
    'end',
    'home',
    'j',
    'k',
    'enter',
    'escape',
    '/',
    'x',
    'enter',
    'space',
    'e',
    'c',
    '?',
    'escape',
    'z',
  ];
  for (const start of [review, planned]) {
    let state = start;
    for (let turn = 0; turn < 300; turn += 1) {
      state = after(state, keys[(turn * 7 + turn * turn) % keys.length] as string);
      expect(state.cursor).toBeGreaterThanOrEqual(0);
      expect(state.cursor).toBeLessThan(Math.max(1, rowsOf(state).length));
    }
  }
});
