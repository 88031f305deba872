import { expect, test } from '@jest/globals';
import { paint, wantsColor } from '../../src/show/paint.ts';
import { ascii, cut, cutMiddle, unicode, wantsUnicode, width } from '../../src/show/symbols.ts';
import { Talk, type TalkOptions } from '../../src/show/text.ts';
import type { Event } from '../../src/types.ts';

function talk(options: Partial<TalkOptions> = {}): { talk: Talk; text: () => string } {
  let text = '';
  const made = new Talk({
    write: (part) => {
      text += part;
    },
    terminal: false,
    columns: () => 80,
    color: false,
    symbols: unicode,
    quiet: false,
    verbose: false,
    every: 30,
    ...options,
  });
  return { talk: made, text: () => text };
}

function progress(done: number): Event {
  return {
    kind: 'progress',
    label: 'sync 1',
    unit: 'bytes',
    done,
    total: 1e9,
    same: 0,
    sent: 1,
    left: 2,
    errors: 0,
    current: '/srv/a',
  };
}

test('without a terminal there is no cursor code and one progress line in thirty seconds', () => {
  const { talk: line, text } = talk();
  for (let second = 0; second <= 65; second += 1) line.event(progress(second * 1e6), second * 1000);
  expect(text()).not.toContain('\x1b');
  expect(text()).not.toContain('\r');
  expect(
    text()
      .split('\n')
      .filter((each) => each !== ''),
  ).toHaveLength(2);
  expect(text()).toContain('1970-01-01T00:00:30Z sync 1 3% 0.0/1.0 GB 1.0 MB/s');
});

test('a terminal gets one live line, ten times a second at most, cut to its width, and none is left behind', () => {
  const { talk: line, text } = talk({ terminal: true, columns: () => 40 });
  for (let at = 0; at < 1000; at += 10) line.event(progress(at * 1e4), at);
  const drawn = text().split('\r\x1b[2K').slice(1);
  expect(drawn.length).toBeLessThanOrEqual(11);
  expect(drawn.length).toBeGreaterThan(5);
  for (const each of drawn) expect(width(each)).toBeLessThan(40);
  line.say('done');
  expect(text().endsWith('\r\x1b[2Kdone\n')).toBe(true);
  line.rest();
  expect(text().endsWith('done\n')).toBe(true);
});

test('facts, steps and notes are one line each; nothing to do is told only when asked', () => {
  const { talk: line, text } = talk();
  line.event({ kind: 'phase', name: 'scan', text: 'web1' }, 0);
  line.event({ kind: 'fact', name: 'packages', state: 'answered', text: '612 from apt', seconds: 1.8 }, 0);
  line.event({ kind: 'fact', name: 'mail queue', state: 'absent', text: 'permission denied', seconds: 0 }, 0);
  line.event({ kind: 'step', index: 0, of: 3, title: 'nginx', state: 'ok', text: '' }, 0);
  line.event({ kind: 'step', index: 1, of: 3, title: 'redis', state: 'changed', text: 'installed' }, 0);
  line.event({ kind: 'step', index: 2, of: 3, title: 'php', state: 'failed', text: 'no candidate' }, 0);
  line.event({ kind: 'note', grade: 'care', text: 'the clock is 3 s ahead' }, 0);
  expect(text()).toBe(
    [
      'scan  web1',
      '✓ packages           612 from apt   1.8 s',
      '! mail queue         not asked: permission denied',
      '~ changed  redis   installed',
      '! failed   php   no candidate',
      '! the clock is 3 s ahead',
      '',
    ].join('\n'),
  );
});

test('quiet leaves what went wrong', () => {
  const { talk: line, text } = talk({ quiet: true, terminal: true });
  line.event({ kind: 'phase', name: 'scan', text: '' }, 0);
  line.event(progress(1), 0);
  line.event({ kind: 'step', index: 2, of: 3, title: 'php', state: 'failed', text: '' }, 0);
  expect(text()).toBe('! failed   php\n');
});

test('colour follows NO_COLOR, FORCE_COLOR, TERM, --no-color and the terminal', () => {
  const on = { noColor: false, terminal: true };
  expect(wantsColor({}, on)).toBe(true);
  expect(wantsColor({ NO_COLOR: '1' }, on)).toBe(false);
  expect(wantsColor({ TERM: 'dumb' }, on)).toBe(false);
  expect(wantsColor({}, { noColor: false, terminal: false })).toBe(false);
  expect(wantsColor({ FORCE_COLOR: '1', NO_COLOR: '1' }, { noColor: false, terminal: false })).toBe(true);
  expect(wantsColor({ FORCE_COLOR: '0' }, on)).toBe(false);
  expect(wantsColor({ FORCE_COLOR: '1' }, { noColor: true, terminal: true })).toBe(false);
  expect(paint('cyan', 'x', true)).toBe('\x1b[36mx\x1b[39m');
  expect(paint('cyan', 'x', false)).toBe('x');
});

test('symbols have an ASCII twin and follow the locale', () => {
  expect(Object.keys(ascii)).toEqual(Object.keys(unicode));
  for (const symbol of Object.values(ascii)) expect(symbol).toMatch(/^[\x20-\x7e]+$/);
  expect(wantsUnicode({ LANG: 'de_DE.UTF-8' })).toBe(true);
  expect(wantsUnicode({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' })).toBe(false);
  expect(wantsUnicode({ LC_ALL: 'C.utf8', TERM: 'linux' })).toBe(false);
});

test('names are cut by cells, paths in their middle', () => {
  expect(width('日本')).toBe(4);
  expect(width('e\u0301')).toBe(1);
  expect(width('👩‍🚀')).toBe(2);
  expect(cut('日本語', 5)).toBe('日本…');
  expect(cutMiddle('/var/lib/postgresql/15/main', 15)).toBe('/var/li…15/main');
  for (let cells = 0; cells < 12; cells += 1) {
    expect(width(cut('日本 x e\u0301 yz 👩‍🚀', cells))).toBeLessThanOrEqual(cells);
    expect(width(cutMiddle('日本 x e\u0301 yz 👩‍🚀', cells))).toBeLessThanOrEqual(cells);
  }
});

test('facts have names of words, and a long answer stays beside its own on a terminal', () => {
  const event: Event = {
    kind: 'fact',
    name: 'new: statOverrides',
    state: 'answered',
    text: 'one override that is long enough for more than one line',
    seconds: 0.1,
  };
  const narrow = talk({ terminal: true, columns: () => 60 });
  narrow.talk.event(event, 0);
  const lines = narrow.text().split('\n').slice(0, 2);
  expect(lines[0]).toContain('✓ new: stat overrides one override that is long enough for');
  expect(lines[1]).toBe(`${' '.repeat(22)}more than one line   0.1 s`);
  const log = talk();
  log.talk.event({ ...event, name: 'clockAhead' }, 0);
  expect(log.text()).toBe(`✓ clock              ${event.text}   0.1 s\n`);
});
