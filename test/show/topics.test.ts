import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { helpOn } from '../../src/show/help.ts';
import { topics } from '../../src/show/topics.ts';

const src = join(import.meta.dirname, '../../src');

function sources(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
}

test('every topic that a Failure of the source names has its help', () => {
  const missing = new Set<string>();
  let seen = 0;
  for (const file of sources()) {
    const text = readFileSync(join(src, file), 'utf8');
    for (const match of text.matchAll(/new Failure\(\s*'[a-z-]+',\s*'([a-z0-9-]+)'/g)) {
      seen += 1;
      if (!topics.some((topic) => topic.name === match[1])) missing.add(match[1] as string);
    }
  }
  expect(seen).toBeGreaterThan(50);
  expect([...missing].sort()).toEqual([]);
});

test('no topic stands twice, and each has something to say', () => {
  expect(new Set(topics.map((topic) => topic.name)).size).toBe(topics.length);
  for (const topic of topics) {
    expect(topic.paragraphs.join('').length).toBeGreaterThan(20);
    expect(helpOn(topic.name)).toContain(topic.title);
    for (const line of helpOn(topic.name).split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  }
});
