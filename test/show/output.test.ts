import { expect, test } from '@jest/globals';
import { outputFailure } from '../../src/show/commands/output.ts';

const failed = (code: string) => Object.assign(new Error(code), { code });

test.each([
  ['ENOENT', 'cannot write a/b: its directory does not exist', 'usage'],
  ['EISDIR', 'cannot write a/b: it is a directory', 'usage'],
  ['EACCES', 'cannot write a/b: permission denied', 'failed'],
  ['ENOSPC', 'no space is left on this machine to write a/b', 'failed'],
  ['EMFILE', 'cannot write a/b: EMFILE', 'usage'],
])('%s is said in words', (code, message, kind) => {
  expect(outputFailure(failed(code), 'a/b')).toMatchObject({ message, code: kind });
  // What was a Failure already stays the one it was.
  const first = outputFailure(failed('ENOSPC'), 'a/b');
  expect(outputFailure(first, 'a/b')).toBe(first);
});

test('what is no trouble of a file stays what it is', () => {
  const bug = new TypeError('a bug');
  expect(outputFailure(bug, 'a/b')).toBe(bug);
});
