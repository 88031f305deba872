/** Parsers against rubbish and against recorded answers with pieces changed by somebody who means harm. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Fact } from '../../src/facts/fact.ts';
import { facts } from '../../src/facts/facts.ts';
import { answerOf, type Case } from './support.ts';

const directory = join(import.meta.dirname, '../../fixtures/facts');

/** What parse threw; null when it gave a value. */
function reasonOf(fact: Fact<unknown>, output: Buffer, root: string): string | null {
  try {
    fact.summary(fact.parse(output, root));
    return null;
  } catch (error) {
    // A TypeError or RangeError would be a bug of ours, not a word about the answer.
    expect((error as Error).name).toBe('Error');
    return (error as Error).message;
  }
}

const bad = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    '\n',
    '\n\n',
    '\0',
    ':',
    ' ',
    '\x1b[2J',
    '/',
    '..',
    '\\',
    '"',
    "'",
    '\n\nPackage: x\n',
    '%',
    '99999999999',
  ),
);

function spoil(text: string, at: number, length: number, piece: string): string {
  const from = Math.floor(at * text.length);
  return text.slice(0, from) + piece + text.slice(from + length);
}

/** Texts within a case that a hostile server writes; what frames them is made anew. */
function spoilCase(recorded: Case, which: number, at: number, length: number, piece: string): Case {
  const spoilOne = <T>(parts: Readonly<Record<string, T>>): Record<string, T> => {
    const entries = Object.entries(parts);
    const chosen = Math.floor(which * entries.length);
    return Object.fromEntries(
      entries.map(([name, part], index) => [
        name,
        index === chosen && typeof part === 'string' ? (spoil(part, at, length, piece) as T) : part,
      ]),
    );
  };
  if (recorded.files !== undefined) return { ...recorded, files: spoilOne(recorded.files) };
  if (recorded.sections !== undefined) return { ...recorded, sections: spoilOne(recorded.sections) };
  return { ...recorded, output: spoil(recorded.output ?? '', at, length, piece) };
}

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe.each(Object.keys(facts))('%s', (name) => {
  const fact = facts[name as keyof typeof facts] as Fact<unknown>;

  test('rubbish and nothing are errors, never an empty list', () => {
    expect(reasonOf(fact, Buffer.alloc(0), '')).not.toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(reasonOf(fact, Buffer.from(bytes), '')).not.toBeNull();
      }),
      { numRuns: 50 },
    );
  });

  test('a changed answer is a value or a reason that can be shown', () => {
    const cases = readdirSync(join(directory, name))
      .map((file) => JSON.parse(readFileSync(join(directory, name, file), 'utf8')) as Case)
      .filter(({ error, files }) => error === undefined && Object.keys(files ?? { some: 1 }).length > 0);
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        unit,
        unit,
        fc.nat(30),
        bad,
        (recorded, which, at, length, piece) => {
          const reason = reasonOf(
            fact,
            answerOf(spoilCase(recorded, which, at, length, piece)),
            recorded.root ?? '',
          );
          if (reason !== null) expect(reason).toMatch(/^[^\p{Cc}]{1,400}$/u);
        },
      ),
      { numRuns: 60 },
    );
  });
});
