import { expect, test } from '@jest/globals';
import { Failure } from '../../../src/failure.ts';
import { unicode } from '../../../src/show/symbols.ts';
import { App } from '../../../src/show/wizard/app.tsx';
import { Driver } from '../../../src/show/wizard/effects.ts';
import { initialState } from '../../../src/show/wizard/state.ts';
import { summary } from '../../../src/show/wizard/summary.ts';
import {
  ctrlC,
  down,
  end,
  enter,
  escapeKey,
  type FakeTerminal,
  openTerminal,
} from '../../support/terminal.ts';
import { type FakeWork, fakeWork } from '../support/fake-work.ts';

async function open(work: FakeWork, size: { columns?: number; rows?: number; spoken?: boolean } = {}) {
  const driver = new Driver(work, initialState(await work.names()), () => 0);
  const terminal = await openTerminal(<App driver={driver} symbols={unicode} />, size);
  const press = async (...keys: string[]): Promise<string> => {
    for (const key of keys) {
      await terminal.press(key);
      if (!driver.state.question) await driver.settled();
    }
    await terminal.settle();
    return terminal.screen();
  };
  return { driver, terminal, press };
}

async function opened(terminal: FakeTerminal): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await terminal.settle();
}

test('from two names to a verified move, by keys alone', async () => {
  const work = fakeWork();
  const { terminal, press, driver } = await open(work);
  expect(terminal.screen()).toContain('1/7 Connect');
  expect(await press(...'web1', enter)).toContain('✓ source');
  expect(await press(...'web2', enter)).toContain('3/7 Review');
  expect(await press('m', down, 'x')).toContain('0 undecided');
  expect(await press(end, enter)).toContain('4/7 Plan');
  expect(await press(end, enter)).toContain('Type yes to do it:');
  expect(await press(...'yes', enter)).toContain('5/7 Apply');
  expect(terminal.screen()).toContain('✓  deploy');
  expect(await press(enter)).toContain('6/7 Sync');
  expect(terminal.screen()).toContain('pass 1   40 112 files   31.2 GB   51 min');
  expect(await press(end, enter)).toContain('Type the name of the server that will be stopped:');
  expect(await press(...'web1', enter)).toContain('7/7 Verify');
  expect(terminal.screen()).toContain('2 green, 1 red, 1 by hand');
  expect(terminal.screen()).toContain('Downtime: 3 min predicted, 2 min 44 s measured');
  expect(work.calls).toEqual([
    'connect web1 web2',
    'scan',
    'decide /opt/thing mutable',
    'decide /srv/uploads-old ephemeral',
    'plan',
    'apply',
    'sync',
    'cutover',
  ]);
  expect(await press(enter)).toContain('502');
  await press(escapeKey, 'q');
  expect(await terminal.exited).toBe(0);
  expect(summary(driver.state)).toContain('verified    2 green, 1 red, 1 by hand');
  expect(summary(driver.state)).toContain('go on       opstimal-move web1.move');
});

test('questions of a host are asked in place, and what is typed for a password is not shown', async () => {
  const work = fakeWork({ asks: true });
  const { terminal, driver } = await open(work);
  await terminal.press(...'web1', enter, ...'web2', enter);
  await opened(terminal);
  expect(terminal.screen()).toContain('SHA256:q3xV');
  await terminal.press(...'yes', enter);
  await opened(terminal);
  expect(terminal.screen()).toContain('password for sudo on web1');
  await terminal.press(...'hunter2');
  expect(terminal.screen()).not.toContain('hunter');
  await terminal.press(enter);
  await driver.settled();
  await terminal.settle();
  expect(work.secrets).toEqual(['hunter2']);
  expect(terminal.screen()).toContain('3/7 Review');
  await terminal.close();
});

test('a key that is not trusted leads back to the places with the reason', async () => {
  const { terminal, driver } = await open(fakeWork({ asks: true }));
  await terminal.press(...'web1', enter, ...'web2', enter);
  await opened(terminal);
  await terminal.press(...'no', enter);
  await driver.settled();
  await terminal.settle();
  expect(terminal.screen()).toContain('error: the host key of web1 was not trusted');
  expect(terminal.screen()).toContain('1/7 Connect');
  await terminal.close();
});

test('a failure is shown with its hint, and the wizard goes on from there', async () => {
  const work = fakeWork({ scanned: true });
  const { terminal, press } = await open(work);
  await press(...'web1', enter, ...'web2', enter, 'm', down, 'm');
  work.failures.set('plan', new Failure('failed', 'space', 'web2 has no room', { hint: 'add a disk' }));
  expect(await press(end, enter)).toContain('error: web2 has no room');
  expect(terminal.screen()).toContain('hint  add a disk');
  expect(await press(end, enter)).toContain('4/7 Plan');
  expect(terminal.screen()).toContain('Packages (20)');
  await terminal.close();
});

test('what is thrown and is no Failure is told as a bug of ours', async () => {
  const work = fakeWork({ scanned: true });
  work.failures.set('explain', new TypeError('x is undefined'));
  const { terminal, press } = await open(work);
  await press(...'web1', enter, ...'web2', enter);
  expect(await press('e')).toContain('error: this is a bug: TypeError: x is undefined');
  await terminal.close();
});

test('a folder that was at verify goes on there', async () => {
  const work = fakeWork({ scanned: true });
  const { terminal, driver } = await open(work);
  driver.openFolder('web1.move');
  await driver.settled();
  await terminal.settle();
  expect(terminal.screen()).toContain('7/7 Verify');
  expect(work.calls).toEqual(['open web1.move', 'connect web1 web2', 'verify']);
  await terminal.close();
});

test('another size is another frame, of exactly that size, with the same selection', async () => {
  const { terminal, press } = await open(fakeWork({ scanned: true }));
  await press(...'web1', enter, ...'web2', enter, down);
  for (const [columns, rows] of [
    [40, 12],
    [300, 100],
    [39, 11],
    [80, 24],
  ] as const) {
    await terminal.resize(columns, rows);
    const lines = terminal.screen().split('\n');
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  }
  expect(terminal.screen()).toMatch(/> +\? {2}\/srv\/uploads-old/);
  await terminal.close();
});

test('without colour the screen says the same words', async () => {
  const { terminal, press } = await open(fakeWork({ scanned: true }));
  await press(...'web1', enter, ...'web2', enter);
  expect(terminal.screen()).toContain('?  /opt/thing');
  await terminal.close();
});

test('the screen reader gets lines, not a frame', async () => {
  const { terminal, press } = await open(fakeWork({ scanned: true }), { spoken: true });
  const text = await press(...'web1', enter, ...'web2', enter);
  expect(text).toContain('Review, step 3 of 7. web1 to web2. 2 undecided, 4.4 GB.');
  expect(text).toContain('1 of 5, selected: /opt/thing, undecided');
  await terminal.close();
});

test('Ctrl-C outside a run leaves with 130', async () => {
  const { terminal } = await open(fakeWork());
  await terminal.press(ctrlC);
  expect(await terminal.exited).toBe(130);
});
