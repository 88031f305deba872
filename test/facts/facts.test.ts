import { expect, test } from '@jest/globals';
import { facts } from '../../src/facts/facts.ts';

test('every fact is filed under its own name', () => {
  for (const [name, fact] of Object.entries(facts)) expect(fact.name).toBe(name);
});

test('a question never pastes the root into a program', () => {
  const root = `/mnt/'; touch gone #`;
  for (const fact of Object.values(facts)) {
    const argv = fact.question(root);
    for (const argument of argv) if (argument !== root) expect(argument).not.toContain('gone');
  }
});
