import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Failure } from '../../src/failure.ts';
import { reportBug } from '../../src/show/bug.ts';
import { failureObject, failureText } from '../../src/show/errors.ts';

const failure = new Failure(
  'refused',
  'read-denied',
  'cannot read /var/lib/mysql on web1: permission denied',
  {
    during: 'measuring mutable data',
    hint: 'add this to sudoers on web1:\ndeploy ALL=(root) NOPASSWD: ALL',
  },
);

test('an error says what, while, hint and code', () => {
  expect(failureText(failure, false)).toBe(
    `error: cannot read /var/lib/mysql on web1: permission denied
  while   measuring mutable data
  hint    add this to sudoers on web1:
          deploy ALL=(root) NOPASSWD: ALL
  code    read-denied    more: opstimal-move help read-denied
`,
  );
});

test('red is only the word error, and only where colour is on', () => {
  expect(failureText(failure, true).startsWith('\x1b[31merror:\x1b[39m cannot read')).toBe(true);
});

test('the JSON form carries code and exit', () => {
  expect(failureObject(failure)).toMatchObject({
    kind: 'error',
    code: 'refused',
    exit: 12,
    hint: failure.hint,
  });
  expect(failureObject(new TypeError('x'))).toMatchObject({ kind: 'error', code: 'bug', exit: 1 });
});

test('a bug says so, without a stack, and the stack is in a private log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'opstimal-bug-'));
  const text = await reportBug(new TypeError('x is undefined'), folder, 0);
  expect(text).toContain('this is a bug in opstimal-move');
  expect(text).toContain('TypeError: x is undefined');
  expect(text).not.toContain('errors.test.ts');
  const log = /log {5}(.+)/.exec(text)?.[1] as string;
  expect(readFileSync(log, 'utf8')).toContain('errors.test.ts');
});
