/** Every recorded case of every fact: `fixtures/facts/<fact>/<case>.json`. A bug report becomes a file there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Fact } from '../../src/facts/fact.ts';
import { facts } from '../../src/facts/facts.ts';
import { answerOf, type Case, plain } from './support.ts';

const directory = join(import.meta.dirname, '../../fixtures/facts');

describe.each(Object.keys(facts))('%s', (name) => {
  const fact = facts[name as keyof typeof facts] as Fact<unknown>;
  const files = readdirSync(join(directory, name)).filter((file) => file.endsWith('.json'));

  test('has recorded cases', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  test.each(files)('%s', (file) => {
    const recorded = JSON.parse(readFileSync(join(directory, name, file), 'utf8')) as Case;
    const parse = () => fact.parse(answerOf(recorded), recorded.root ?? '');
    if (recorded.error !== undefined) {
      expect(parse).toThrow(recorded.error);
      return;
    }
    const value = parse();
    expect(plain(value)).toEqual(recorded.fact);
    expect(fact.summary(value)).toBe(recorded.summary);
  });

  test.each(files)('%s cut off anywhere is an error, never a shorter list', (file) => {
    const recorded = JSON.parse(readFileSync(join(directory, name, file), 'utf8')) as Case;
    if (recorded.error !== undefined) return;
    const output = answerOf(recorded);
    const step = Math.max(1, Math.floor(output.length / 50));
    for (let length = 0; length < output.length; length += step) {
      expect(() => fact.parse(output.subarray(0, length), recorded.root ?? '')).toThrow();
    }
    expect(() => fact.parse(output.subarray(0, -1), recorded.root ?? '')).toThrow();
  });
});
