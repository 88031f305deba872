import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ListingParser, listSorted } from '../../src/stream/listing.ts';
import { sortByPath } from '../../src/stream/order.ts';
import { Spool } from '../../src/stream/spool.ts';
import type { Entry } from '../../src/types.ts';
import { writeWhole } from '../../src/work/folder.ts';
import { directoryHost } from '../support/directory-host.ts';

async function allOf(batches: AsyncIterable<Entry[]>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const some of batches) entries.push(...some);
  return entries;
}

test('a kept listing gives the same entries again and leaves no file behind', async () => {
  const base = mkdtempSync(join(tmpdir(), 'spool-'));
  try {
    const root = join(base, 'root');
    mkdirSync(join(root, 'srv'), { recursive: true });
    for (let number = 0; number < 3000; number += 1)
      writeFileSync(join(root, 'srv', `file ${number}\n\u001b[31m`), 'x'.repeat(number % 7));
    symlinkSync('file 1', join(root, 'srv', '-link'));
    const host = directoryHost(root);
    const kept = join(base, 'kept');
    mkdirSync(kept);
    const spool = await Spool.create(host, kept);
    expect(readdirSync(kept)).toEqual([]);
    const first: Entry[] = [];
    const listing = spool.list(host, { roots: ['/srv'] });
    for (;;) {
      const step = await listing.next();
      if (step.done) {
        expect(step.value).toEqual({ errors: [], entries: 3002 });
        break;
      }
      first.push(...step.value);
    }
    expect(await allOf(spool.entries())).toEqual(first);
    expect(await allOf(spool.entries())).toEqual(first);
    const plain = await listSorted(host, { roots: ['/srv'] });
    expect(sortByPath(first)).toEqual(plain.entries);
    await spool.close();
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

test('find’s output gives the same entries wherever it is cut', () => {
  const base = mkdtempSync(join(tmpdir(), 'cut-'));
  try {
    writeFileSync(join(base, 'a\n\xe9'), 'x');
    symlinkSync('to\nnowhere', join(base, '-l'));
    spawnSync('touch', ['-d', '1969-12-31 23:59:58.25 UTC', join(base, 'old')]);
    spawnSync('touch', ['-d', '2100-01-01 00:00:00.123456789 UTC', join(base, 'new')]);
    const output = spawnSync('find', [
      base,
      '-printf',
      '%y\\0%m\\0%U\\0%G\\0%u\\0%g\\0%s\\0%T@\\0%C@\\0%D\\0%i\\0%n\\0%b\\0%p\\0%l\\0',
    ]).stdout;
    const whole = new ListingParser(base).push(output);
    expect(whole).toHaveLength(5);
    expect(whole.find(({ path }) => path === '/old')?.mtime).toBe(-1_750_000_000n);
    expect(whole.find(({ path }) => path === '/new')?.mtime).toBe(4102444800_123456789n);
    fc.assert(
      fc.property(fc.array(fc.nat(output.length), { maxLength: 8 }), (cuts) => {
        const parser = new ListingParser(base);
        const entries: Entry[] = [];
        let from = 0;
        for (const to of [...cuts.sort((one, other) => one - other), output.length]) {
          entries.push(...parser.push(output.subarray(from, to)));
          from = to;
        }
        expect(parser.whole).toBe(true);
        expect(entries).toEqual(whole);
      }),
    );
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

const mounted = mkdtempSync(join(tmpdir(), 'full-'));
const isMounted =
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mounted], { stdio: 'ignore' }).status === 0;
afterAll(() => {
  if (isMounted) spawnSync('umount', [mounted]);
  rmSync(mounted, { recursive: true, force: true });
});
(isMounted ? test : test.skip)('a full disk is told, and nothing stays on it', async () => {
  const base = mkdtempSync(join(tmpdir(), 'much-'));
  try {
    for (let number = 0; number < 1500; number += 1) writeFileSync(join(base, `file ${number}`), '');
    const host = directoryHost(base);
    const spool = await Spool.create(host, mounted);
    const listing = spool.list(host, { roots: ['/'] });
    const told = (async () => {
      while (!(await listing.next()).done);
    })();
    await expect(told).rejects.toMatchObject({ code: 'failed', topic: 'full-disk' });
    await spool.close();
    expect(readdirSync(mounted)).toEqual([]);
    const whole = writeWhole(join(mounted, 'x'), Buffer.alloc(100_000));
    await expect(whole).rejects.toMatchObject({ code: 'failed', topic: 'full-disk' });
    expect(readdirSync(mounted)).toEqual([]);
    expect(statfsSync(mounted).bfree).toBeGreaterThan(10);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});
