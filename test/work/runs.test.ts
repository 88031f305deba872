import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Folder } from '../../src/work/folder.ts';
import { databasesMade, pastCutover } from '../../src/work/runs.ts';

const here = 'a'.repeat(32);
const holds = [{ source: 'web.service', unit: 'web.service', tier: 'front' }];
const begin = {
  what: 'begin',
  machineId: here,
  at: '2026-01-01T00:00:00.000Z',
  holds,
  running: ['web.service'],
};
const stop = { what: 'stop', machineId: here, at: '2026-01-01T00:00:09.000Z', units: ['web.service'] };

let directory: string;
let folder: Folder;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'opstimal-runs-'));
  folder = await Folder.create(join(directory, 'web.move'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function journal(name: string, lines: readonly unknown[], tail = ''): void {
  mkdirSync(folder.path('runs', name), { recursive: true });
  writeFileSync(
    folder.path('runs', name, 'journal.jsonl'),
    lines.map((line) => `${JSON.stringify(line)}\n`).join('') + tail,
  );
}

test('a folder that never cut over says so', async () => {
  journal('20260101T000000Z-apply', [begin, stop]);
  expect(await pastCutover(folder, here)).toMatchObject({ state: 'none', holds: [] });
});

test('a run that was killed tells what ran before, even when its last line was cut off', async () => {
  journal('20260101T000000Z-cutover', [begin, stop], '{"what":"sto');
  expect(await pastCutover(folder, here)).toMatchObject({
    state: 'unfinished',
    running: ['web.service'],
    holds,
    frozenAt: stop.at,
  });
});

test('a run that ended before it touched anything left nothing to go on with', async () => {
  journal('20260101T000000Z-cutover', [begin]);
  expect((await pastCutover(folder, here)).state).toBe('none');
});

test('a second run that goes on keeps when the first one froze and what it made sleep', async () => {
  const quiet = { what: 'quiet', machineId: here, engine: 'mariadb', inverse: ['wake'] };
  journal('20260101T000000Z-cutover', [begin, stop, quiet]);
  journal('20260101T000100Z-cutover', [
    { ...begin, at: '2026-01-01T00:01:00.000Z' },
    { ...stop, at: '2026-01-01T00:01:05.000Z' },
  ]);
  expect(await pastCutover(folder, here)).toMatchObject({
    state: 'unfinished',
    frozenAt: stop.at,
    quiet: [{ engine: 'mariadb', inverse: ['wake'] }],
  });
});

test('after a success, a rollback and what was taken back by itself the state is what the last one says', async () => {
  const end = { what: 'end', machineId: here, cutOver: true, at: '2026-01-01T00:02:00.000Z' };
  journal('20260101T000000Z-cutover', [begin, stop, { what: 'undone', machineId: here, cutOver: false }]);
  expect(await pastCutover(folder, here)).toMatchObject({ state: 'none', holds });
  journal('20260101T000100Z-cutover', [begin, stop, end]);
  expect(await pastCutover(folder, here)).toMatchObject({ state: 'done', run: '20260101T000100Z-cutover' });
  journal('20260101T000200Z-rollback', [{ what: 'begin', machineId: here }]);
  expect((await pastCutover(folder, here)).state).toBe('unfinished');
  journal('20260101T000300Z-rollback', [
    { what: 'begin', machineId: here },
    { what: 'end', machineId: here, cutOver: false },
  ]);
  expect(await pastCutover(folder, here)).toMatchObject({ state: 'none', holds });
});

test('runs to another machine say nothing about this one', async () => {
  journal('20260101T000000Z-cutover', [{ ...begin, machineId: 'b'.repeat(32) }, stop]);
  expect((await pastCutover(folder, here)).state).toBe('none');
  journal('20260101T000100Z-cutover', [
    begin,
    { step: 'database', engine: 'mariadb', name: 'shop', state: 'begun', machineId: here },
    { step: 'database', engine: 'mariadb', name: 'other', state: 'begun', machineId: 'b'.repeat(32) },
  ]);
  expect([...(await databasesMade(folder, here))]).toEqual(['mariadb shop']);
});
