import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Host } from '../../src/host/host.ts';
import type { Carry, Class, Verdict } from '../../src/types.ts';
import { Folder } from '../../src/work/folder.ts';
import { type Sync, type SyncResult, sync } from '../../src/work/sync.ts';
import { finish } from '../../src/work/work.ts';
import { directoryHost } from '../support/directory-host.ts';
import { hostileTree, makeTree, portrait } from '../support/hostile-tree.ts';

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

function verdict(
  path: string,
  carry: Carry,
  scope: 'tree' | 'path' = 'tree',
  decided: Class = 'mutable',
): Verdict {
  return { path, scope, class: decided, carry, rule: 'test', reason: '', evidence: '', bytes: 0, files: 0 };
}

interface Scene {
  readonly source: string;
  readonly destination: string;
  readonly folder: Folder;
  /** Seconds that the source's clock is ahead of the stamps of its files. */
  clock: number;
  run(more?: Partial<Sync>): Promise<SyncResult>;
}

async function scene(
  verdicts: readonly Verdict[] = [verdict('/', 'none'), verdict('/srv', 'stream')],
): Promise<Scene> {
  const base = mkdtempSync(join(tmpdir(), 'sync-'));
  made.push(base);
  for (const side of ['old', 'new']) mkdirSync(join(base, side, 'srv'), { recursive: true });
  const folder = await Folder.create(join(base, 'web.move'));
  await folder.writeVerdicts(verdicts);
  const source = join(base, 'old');
  const destination = join(base, 'new');
  const self: Scene = {
    source,
    destination,
    folder,
    clock: 10,
    run: (more = {}) =>
      finish(
        sync({
          folder,
          source: withClock(directoryHost(source), () => self.clock),
          destination: directoryHost(destination),
          surroundings: { now: Date.now, by: 'me@here', signal: new AbortController().signal },
          ...more,
        }),
      ),
  };
  return self;
}

function withClock(host: Host, ahead: () => number): Host {
  return {
    ...host,
    run: async (argv, options) =>
      argv[0] === 'date'
        ? {
            code: 0,
            stdout: Buffer.from(`${Math.floor(Date.now() / 1000) + ahead()}\n`),
            stderr: Buffer.alloc(0),
          }
        : host.run(argv, options),
  };
}

const sides = async (at: Scene, roots = ['/srv']) => [
  await portrait(directoryHost(at.destination), roots),
  await portrait(directoryHost(at.source), roots),
];

test('hostile trees arrive whole, and a second pass sends nothing', async () => {
  await fc.assert(
    fc.asyncProperty(hostileTree, async (tree) => {
      const at = await scene();
      makeTree(join(at.source, 'srv'), tree);
      const first = await at.run();
      expect(first.failed).toEqual([]);
      expect(first.torn).toEqual([]);
      const [there, here] = await sides(at);
      expect(there).toEqual(here);
      expect(first.changed).toBe(first.entries);
      expect((await at.run()).changed).toBe(0);
      rmSync(join(at.source, '..'), { recursive: true, force: true });
    }),
    { numRuns: 10 },
  );
}, 120_000);
