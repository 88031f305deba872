/** Which file systems a sync enters, so that nothing is skipped that a verdict or a person calls data. */
import { expect, test } from '@jest/globals';
import { VerdictIndex } from '../../src/decide/verdicts.ts';
import type { Class, Decision, Entry, Verdict } from '../../src/types.ts';
import { mountedInside, subvolumesIn, syncRoots } from '../../src/work/sync-roots.ts';

function tree(path: string, made: Class, rule: string): Verdict {
  const carry = made === 'mutable' ? 'stream' : 'none';
  return { path, scope: 'tree', class: made, carry, rule, reason: '', evidence: '', bytes: 0, files: 0 };
}
function decision(path: string, made: Class): Decision {
  return { path, class: made, by: 'anna@desk', at: '2026-01-01T00:00:00Z', note: '' };
}
const verdicts = [
  tree('/', 'undecided', 'undecided.unseen'),
  tree('/srv', 'mutable', 'place.data'),
  tree('/srv/pool', 'undecided', 'mount.unknown'),
  tree('/srv/nas', 'identity', 'mount.remote'),
  tree('/srv/memory', 'ephemeral', 'mount.memory'),
];
const mounts = [
  { path: '/', type: 'ext4' },
  { path: '/srv/pool', type: 'fuse.mergerfs' },
  { path: '/srv/nas', type: 'nfs4' },
  { path: '/srv/memory', type: 'tmpfs' },
  { path: '/srv/disk', type: 'xfs' },
  { path: '/srv/jail/proc', type: 'proc' },
];
function entered(decisions: readonly Decision[]): readonly string[] {
  const index = new VerdictIndex(verdicts, decisions);
  return mountedInside(index, syncRoots(index), mounts);
}

test("the server's own file systems are entered, others not", () => {
  expect(entered([])).toEqual(['/srv/disk']);
});
test('what a person decided about is entered, whatever kind it is', () => {
  expect(entered([decision('/srv/pool', 'mutable')])).toEqual(['/srv/pool', '/srv/disk']);
});
test("a decision about all around it never enters another machine's files or the kernel's", () => {
  expect(entered([decision('/srv', 'mutable')])).toEqual(['/srv/pool', '/srv/memory', '/srv/disk']);
});

test('subvolumes that are mounted nowhere are entered, once', () => {
  const directory = (path: string, device: number) => ({ path, type: 'd', device }) as Entry;
  const entries = [
    directory('/srv', 1),
    directory('/srv/a', 1),
    directory('/srv/volume', 7),
    directory('/srv/volume/deeper', 7),
    directory('/srv/pool', 8),
    directory('/srv/nas', 9),
    directory('/srv/disk', 10),
  ];
  const index = new VerdictIndex(verdicts);
  expect(subvolumesIn(index, entries, ['/srv', '/srv/disk'], mounts)).toEqual(['/srv/volume']);
  expect(subvolumesIn(index, entries, ['/srv', '/srv/disk', '/srv/volume'], mounts)).toEqual([]);
});
