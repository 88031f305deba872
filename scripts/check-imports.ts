/**
 * Imports run from right to left only: show knows work, work knows everything to its left, decide knows types and
 * nothing else. Prints each import that goes the other way and ends with 1.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import fastGlob from 'fast-glob';

const root = join(import.meta.dirname, '..');

/** For each room of the house: the rooms it may import from, and modules of Node it may not. */
const rooms: Readonly<Record<string, { readonly from: readonly string[]; readonly not?: RegExp }>> = {
  shared: { from: ['shared'] },
  host: { from: ['shared', 'host'] },
  facts: { from: ['shared', 'facts'], not: /^node:(fs|child_process|net|http|https|dns)/ },
  decide: {
    from: ['shared', 'decide'],
    not: /^node:(fs|child_process|net|http|https|dns|os|process|timers)/,
  },
  stream: { from: ['shared', 'host', 'stream'] },
  work: { from: ['shared', 'host', 'facts', 'decide', 'stream', 'work'] },
  show: { from: ['shared', 'host', 'decide', 'work', 'show'] },
  cli: { from: ['shared', 'host', 'decide', 'work', 'show', 'cli'] },
};

function roomOf(file: string): string {
  const parts = relative(join(root, 'src'), file).split('/');
  if (parts.length > 1) return parts[0] as string;
  return parts[0] === 'cli.ts' ? 'cli' : 'shared';
}

const wrong: string[] = [];
for (const file of fastGlob.sync('src/**/*.{ts,tsx}', { cwd: root, absolute: true })) {
  const room = roomOf(file);
  const rules = rooms[room];
  if (rules === undefined) {
    wrong.push(`${relative(root, file)}: there is no room called ${room}`);
    continue;
  }
  const text = readFileSync(file, 'utf8');
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    const target = match[1] as string;
    if (target.startsWith('.')) {
      const other = roomOf(join(dirname(file), target));
      if (!rules.from.includes(other))
        wrong.push(`${relative(root, file)} imports ${target}: ${room} may not know ${other}`);
    } else if (rules.not?.test(target)) {
      wrong.push(`${relative(root, file)} imports ${target}: no I/O in ${room}`);
    }
  }
  if (room === 'decide' && /\b(Date\.now|new Date\(\)|Math\.random)\b/.test(text))
    wrong.push(`${relative(root, file)}: decide knows no clock and no chance`);
}
for (const line of wrong.sort()) console.error(line);
if (wrong.length > 0) process.exitCode = 1;
else console.log('imports run from right to left');
