import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assign, sh } from '../../src/decide/plan-shell.ts';

/** What `sh` makes of a program that is UTF-8 text. */
function run(program: string): Buffer {
  const ran = spawnSync('sh', ['-c', program]);
  expect(ran.stderr.toString()).toBe('');
  return ran.stdout;
}

test('any name reaches the shell as it is', () => {
  const byte = fc.integer({ min: 1, max: 255 });
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 40 }), (bytes) => {
      const name = `/${Buffer.from(bytes).toString('latin1')}`;
      expect(run(`${assign('p', name)}; printf '%s' "$p"`).toString('latin1')).toBe(name);
    }),
    { numRuns: 60 },
  );
});

test.each(["it's", '$(touch x)', '`id`', 'a b', '-rf', 'a\nb', 'ü', '', '"', '\\', '!'])(
  'the word %j is one word',
  (word) => {
    expect(run(`printf '%s|' ${sh(word)}`).toString('utf8')).toBe(`${word}|`);
  },
);

test('a plan is JSON: names that are no UTF-8 survive it', () => {
  const name = '/etc/caf\xe9\n';
  const text = JSON.parse(JSON.stringify(assign('p', name))) as string;
  expect(run(`${text}; printf '%s' "$p"`).toString('latin1')).toBe(name);
});
