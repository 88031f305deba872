import { statSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import {
  accounted,
  deviceName,
  foreignMounts,
  foreignRules,
  unaccounted,
  walkOf,
} from '../../src/decide/file-systems.ts';
import type { Answered, Mount } from '../../src/types.ts';

function mount(target: string, type: string, device: string, more: Partial<Mount> = {}): Mount {
  return {
    target,
    root: '/',
    source: '/dev/sda1',
    type,
    options: 'rw',
    device,
    size: 0,
    used: 0,
    available: 0,
    inodesAvailable: 0,
    ...more,
  };
}
const known = (...value: Mount[]): Answered<readonly Mount[]> => ({ known: true, value });

test('the top and every other file system of the server are walked, each once', () => {
  const mounts = known(
    mount('/', 'ext4', '8:1'),
    mount('/var', 'xfs', '8:2'),
    mount('/proc', 'proc', '0:5'),
    mount('/run/host/incoming', 'ext4', '254:0', { root: '/run/systemd/nspawn' }),
    mount('/mnt/nas', 'nfs4', '0:9', { source: 'nas:/export' }),
    mount('/srv/again', 'ext4', '8:1', { root: '/srv/data' }),
  );
  const walk = walkOf(mounts);
  expect(walk.roots).toEqual(['/', '/var']);
  expect(walk.again.map(({ path }) => path)).toEqual(['/srv/again']);
});

test('of two mounts of one device the wider is walked, whatever its name', () => {
  const walk = walkOf(
    known(
      mount('/', 'ext4', '8:1'),
      mount('/a-part', 'ext4', '8:9', { root: '/part' }),
      mount('/z-whole', 'ext4', '8:9'),
    ),
  );
  expect(walk.roots).toEqual(['/', '/z-whole']);
  expect(walk.again.map(({ path }) => path)).toEqual(['/a-part']);
});

test('subvolumes beside each other are walked, and the whole without the part that is the top', () => {
  const walk = walkOf(
    known(
      mount('/', 'btrfs', '0:25', { root: '/@' }),
      mount('/home', 'btrfs', '0:25', { root: '/@home' }),
      mount('/mnt/pool', 'btrfs', '0:25'),
    ),
  );
  expect(walk.roots).toEqual(['/', '/home', '/mnt/pool']);
  expect(walk.again.map(({ path }) => path)).toEqual(['/mnt/pool/@', '/mnt/pool/@home']);
});

test('without an answer the top is walked', () => {
  expect(walkOf({ known: false, reason: 'no' }).roots).toEqual(['/']);
});

test('what is not entered is named, and only what was made for run-time state is not', () => {
  const mounts = known(
    mount('/', 'ext4', '8:1'),
    mount('/proc', 'proc', '0:5'),
    mount('/run/user/0', 'tmpfs', '0:6'),
    mount('/tmp', 'tmpfs', '0:7'),
    mount('/mnt/nas', 'nfs4', '0:9', { source: 'nas:/ex\nport' }),
    mount('/srv/ram', 'tmpfs', '0:10', { source: 'tmpfs' }),
    mount('/snap/x', 'squashfs', '7:0'),
    mount('/strange', 'newfs', '9:0'),
    mount('/twice', 'ext4', '8:1', { root: '/srv' }),
  );
  const foreign = foreignMounts(mounts, walkOf(mounts));
  expect(foreign.map(({ path, ruling }) => [path, ruling.class, ruling.rule])).toEqual([
    ['/mnt/nas', 'identity', 'mount.remote'],
    ['/snap/x', 'ephemeral', 'mount.image'],
    ['/srv/ram', 'ephemeral', 'mount.memory'],
    ['/strange', 'undecided', 'mount.unknown'],
    ['/twice', 'identity', 'mount.again'],
  ]);
  expect(foreign[0]?.ruling.evidence).toBe('nfs4 from nas:/ex\\nport, mounted while it was scanned');
  const rules = foreignRules(foreign);
  expect(rules.of('/mnt/nas/deep/file')?.rule).toBe('mount.remote');
  expect(rules.of('/mnt/nasty')).toBeNull();
});

test('a device number is spelled as mountinfo spells it', () => {
  expect([deviceName(0x801), deviceName(0xfd00), deviceName(2 ** 20 + 25)]).toEqual([
    '8:1',
    '253:0',
    '0:281',
  ]);
  expect(deviceName(statSync('/proc').dev)).toMatch(/^0:\d+$/);
});

test('what df calls used is compared with what was seen and with deleted files that are open', () => {
  const mounts = known(
    mount('/', 'ext4', '8:1', { used: 1000e6 }),
    mount('/var', 'ext4', '8:2', { used: 500e6 }),
    mount('/pool', 'btrfs', '0:30', { used: 9e9 }),
  );
  const input = {
    mounts,
    roots: ['/', '/var', '/pool'],
    seen: new Map([
      [0x801, 990e6],
      [0x802, 300e6],
    ]),
    deleted: new Map([[0x802, 20e6]]),
    isMounted: true,
  };
  const disks = accounted(input);
  expect(disks).toEqual([
    { path: '/', type: 'ext4', used: 1000e6, seen: 990e6, deleted: 0 },
    { path: '/var', type: 'ext4', used: 500e6, seen: 300e6, deleted: 20e6 },
  ]);
  expect(disks.map(unaccounted)).toEqual([0, 180e6]);
  // The root of a disk that is a directory of a larger file system cannot be compared.
  expect(accounted({ ...input, isMounted: false }).map(({ path }) => path)).toEqual(['/var']);
});
