import { spawnSync } from 'node:child_process';
import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { shellLine, shellWord } from '../../src/host/quote.ts';
import type { Argv, Bytes } from '../../src/types.ts';

jest.setTimeout(60_000);

/** What a real sh makes of a line: its words, as bytes. */
function words(line: Bytes, shell = 'sh'): Bytes[] {
  // bash takes a socket as stdin for a remote login and would read ~/.bashrc; dash has no such option.
  const options = shell === 'bash' ? ['--norc'] : [];
  // The line goes through a file descriptor, since spawn itself would encode arguments as UTF-8.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
  const program = 'IFS= ; q=$(cat; printf x); eval "set -- ${q%x}"; for w; do printf "%s\\0" "$w"; done';
  const answer = spawnSync(shell, [...options, '-c', program], {
    input: Buffer.from(line, 'latin1'),
    env: { LC_ALL: 'C' },
  });
  expect(answer.stderr.toString()).toBe('');
  return answer.stdout.toString('latin1').split('\0').slice(0, -1);
}

const hostile = fc
  .uint8Array({ min: 1, max: 255, minLength: 0, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

test('a real sh reads back exactly the bytes that were quoted', () => {
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 1, maxLength: 8 }), (argv) => {
      expect(words(shellLine(argv as unknown as Argv))).toEqual(argv);
    }),
    { numRuns: 60 },
  );
});

test('every single byte survives, alone and doubled', () => {
  const all = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1));
  const argv = [...all, ...all.map((byte) => byte + byte)] as unknown as Argv;
  expect(words(shellLine(argv))).toEqual([...argv]);
  expect(words(shellLine(argv), 'bash')).toEqual([...argv]);
});

test.each(["'", "''", "it's", "'; rm -rf / #", '$(id)', '`id`', '\\', "\\'", '\n', '-n', '', '!!', '*', '~'])(
  'the word %j is taken literally',
  (word) => {
    expect(words(shellWord(word))).toEqual([word]);
  },
);

test('what no argument can hold is refused', () => {
  expect(() => shellWord('a\0b')).toThrow(RangeError);
  expect(() => shellWord('€')).toThrow(RangeError);
});
