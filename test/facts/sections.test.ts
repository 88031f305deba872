import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readSections, sectionsOf, succeeded } from '../../src/facts/sections.ts';
import { run, sectionsOfTexts } from './support.ts';

const text = fc
  .array(
    fc.oneof(
      fc.string(),
      fc.constantFrom('\n', '\n\n', 'end', '\nend\n', 'b 0 3\n', '\\', '%s', '$(x)', "'", '.'),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

test('any text without NUL comes back from a real sh', () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      const question = sectionsOf('section a printf %s "$2"\nsection b printf %s "$3"', '', one, other);
      const sections = readSections(run(question).stdout);
      expect(Buffer.from(succeeded(sections, 'a'), 'latin1').toString()).toBe(Buffer.from(one).toString());
      expect(Buffer.from(succeeded(sections, 'b'), 'latin1').toString()).toBe(Buffer.from(other).toString());
      expect([...sections.keys()]).toEqual(['a', 'b']);
    }),
    { numRuns: 60 },
  );
});

test('any texts are framed so that none can pretend to be another', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), text), (texts) => {
      const latin = Object.fromEntries(
        Object.entries(texts).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
      );
      const sections = readSections(sectionsOfTexts(latin));
      expect(Object.fromEntries([...sections].map(([name, section]) => [name, section.text]))).toEqual(latin);
    }),
  );
});

test('an answer cut off at any byte is an error', () => {
  const whole = sectionsOfTexts({ a: 'one\ntwo\n', b: '' });
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => readSections(whole.subarray(0, length))).toThrow();
  }
});

test('the exit code of a command travels with it', () => {
  const { stdout } = run(
    sectionsOf("section bad sh -c 'echo half; exit 7'\nsection none no-such-command", ''),
  );
  const sections = readSections(stdout);
  expect(sections.get('bad')).toEqual({ code: 7, text: 'half\n' });
  expect(sections.get('none')?.code).toBe(127);
  expect(() => succeeded(sections, 'bad')).toThrow('bad ended with code 7');
  expect(() => succeeded(sections, 'other')).toThrow('the answer has no part other');
});
