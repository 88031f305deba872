/** Trees deeper than a path may be long (PATH_MAX, 4096 bytes) cannot be opened by their whole name. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { carry } from '../../src/stream/content.ts';
import { listSorted } from '../../src/stream/listing.ts';
import type { Entry } from '../../src/types.ts';
import { directoryHost } from '../support/directory-host.ts';

/** 45 directories of 111 bytes each below srv, a file and a hard link at the end. */
const makeDeep = `
mkdir "$1/srv" && cd "$1/srv" || exit 1
name=$(printf %100s | tr ' ' d)
for level in $(seq 10 54); do mkdir "level-$level-$name" && cd -P "level-$level-$name" || exit 1; done
echo bottom >file && ln file again && touch -d 2001-02-03T04:05:06.789 file && chmod 640 file
`;

function facts(entry: Entry): string {
  return [
    entry.path.length,
    entry.type,
    entry.mode,
    entry.type === 'd' ? 0 : entry.size,
    entry.mtime,
    entry.links,
  ].join(' ');
}

test('a tree deeper than a path may be long is carried whole, with its times and links', async () => {
  const base = mkdtempSync(join(tmpdir(), 'deep-'));
  try {
    mkdirSync(join(base, 'old'));
    mkdirSync(join(base, 'new'));
    execFileSync('sh', ['-c', makeDeep, 'deep', join(base, 'old')]);
    const [source, destination] = [directoryHost(join(base, 'old')), directoryHost(join(base, 'new'))];
    const { entries } = await listSorted(source, { roots: ['/srv'] });
    expect(Math.max(...entries.map(({ path }) => path.length))).toBeGreaterThan(4500);
    const signal = new AbortController().signal;
    const stream = carry({ source, destination, entries, signal, now: Date.now });
    let step = await stream.next();
    while (!step.done) step = await stream.next();
    expect(step.value.failed).toEqual([]);
    expect(step.value.passed).toEqual(new Set(entries.map(({ path }) => path)));
    const there = await listSorted(destination, { roots: ['/srv'] });
    expect(there.entries.map(({ path }) => path)).toEqual(entries.map(({ path }) => path));
    expect(there.entries.map(facts)).toEqual(entries.map(facts));
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});
