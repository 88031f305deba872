import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Failure } from '../../src/failure.ts';
import { reportBug } from '../../src/show/bug.ts';
import { failureObject, failureText } from '../../src/show/errors.ts';
import { redactedEvent } from '../../src/show/redacted.ts';
import { lastLine } from '../../src/work/apply-program.ts';
import { clientError } from '../../src/work/engines/engine.ts';
import { Folder } from '../../src/work/folder.ts';

const base = mkdtempSync(join(tmpdir(), 'redacted-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const said = 'error: connection to "postgres://app:hunter2xyz@db/app" failed';

test('what a program said is shown without its password, to people and to programs', () => {
  const failure = new Failure('failed', 'database', said, {
    during: `line 3\nrequirepass hunter2xyz`,
    hint: 'give it with --password-file FILE',
    cause: new Error(said),
  });
  const text = failureText(failure, false);
  expect(text).toContain('error: error: connection to "postgres://app:[secret]@db/app" failed');
  expect(text).toContain('hint    give it with --password-file FILE');
  expect(`${text}${JSON.stringify(failureObject(failure))}`).not.toContain('hunter2');
  expect(JSON.stringify(failureObject(new Error(said)))).not.toContain('hunter2');
  expect(JSON.stringify(failureObject(failure))).toContain('"topic":"database"');
  for (const reason of [lastLine(`first\n${said}\n`), clientError(said)]) {
    expect(reason).toContain('[secret]');
    expect(reason).not.toContain('hunter2');
  }
});

test('events keep their words but for secrets', () => {
  const note = { kind: 'note', grade: 'care', text: said } as const;
  expect(redactedEvent(note)).toEqual({ ...note, text: said.replace('hunter2xyz', '[secret]') });
  const step = { kind: 'step', index: 1, of: 2, title: 'password of anna', state: 'ok', text: '' } as const;
  expect(redactedEvent(step)).toBe(step);
});

test('neither the log of a crash nor a journal keeps one', async () => {
  const folder = await Folder.create(join(base, 'a.move'));
  const text = await reportBug(
    new Error(said, { cause: new Error(`secret = hunter2xyz`) }),
    folder.directory,
    0,
  );
  const log = /log\s+(\S+)/.exec(text)?.[1] as string;
  expect(readFileSync(log, 'utf8')).toContain('caused by');
  const run = await folder.startRun('apply', 0);
  await run.journal({ what: 'failed', step: 'password:anna', reason: said });
  const journal = readFileSync(run.path('journal.jsonl'), 'utf8');
  expect(journal).toContain('"step":"password:anna"');
  expect(`${text}${readFileSync(log, 'utf8')}${journal}`).not.toContain('hunter2');
});
