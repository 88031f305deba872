/** Every byte that df calls used is in one class, on real file systems; what is not is said. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ensureBase } from '../lab/base.ts';
import { type LabHost, labAvailable, withHosts } from '../lab/lab.ts';
import { scanPlace } from './scanned.ts';

const reason = labAvailable();
let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'accounting-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

function here(program: string, ...words: string[]): string {
  return execFileSync('sh', ['-ec', program, 'here', ...words], { encoding: 'utf8' }).trim();
}

/** A file system in a file, on a loop device of this machine, that is mounted on the host. */
async function withDevice(make: string, size: string, use: (device: string) => Promise<void>): Promise<void> {
  const image = join(base, `disk-${Math.random().toString(36).slice(2)}`);
  here('truncate -s "$2" "$1"', image, size);
  here(`${make} "$1"`, image);
  const device = here('losetup -f --show "$1"', image);
  try {
    await use(device);
  } finally {
    here('losetup -d "$1"', device);
    await rm(image);
  }
}

async function mountOn(host: LabHost, device: string, ...mounts: string[]): Promise<void> {
  const numbers = here('stat -c \'%Hr %Lr\' "$1"', device);
  await host.run(`test -b ${device} || mknod ${device} b ${numbers}`);
  for (const line of mounts) await host.run(line);
}

if (reason !== null) test.skip(`accounts for disks: not here, ${reason}`, () => {});
else {
  test('the classes of a whole system on ext4 add up to what df calls used', async () => {
    const system = await ensureBase('12');
    await withDevice('mkfs.ext4 -q -F', '900M', async (device) => {
      const root = join(base, 'mounted');
      here('mkdir "$1" && mount "$2" "$1" && cp -a "$3/." "$1/"', root, device, system);
      try {
        here(
          `cd "$1/srv" && truncate -s 3G sparse && head -c 40000000 /dev/urandom >big && mkdir many &&
          for n in $(seq 4000); do echo $n >many/$n; done && ln big again && sync`,
          root,
        );
        const { result } = await scanPlace(`disk:${root}`, base, 'system.move');
        expect(result.disks).toHaveLength(1);
        const [{ used, seen }] = result.disks as [(typeof result.disks)[number]];
        const classes = Object.values(result.classes).reduce((sum, { bytes }) => sum + bytes, 0);
        expect(classes).toBe(seen);
        expect(Math.abs(classes - used) / used).toBeLessThan(0.02);
        expect(result.incomplete.map(({ fact }) => fact)).not.toContain('bytes of /');
      } finally {
        here('umount "$1"', root);
      }
    });
  }, 300_000);

  test('second mounts, subvolumes, memory, open deleted files and hidden bytes of a running server', async () => {
    await withHosts([{ name: 'accounted', release: '12' }], async (host) => {
      await withDevice('mkfs.ext4 -q -F', '700M', (ext4) =>
        withDevice('mkfs.btrfs -q -f', '300M', async (btrfs) => {
          await mountOn(
            host,
            ext4,
            `mkdir -p /data /srv/again /srv/ram && mount ${ext4} /data`,
            'mkdir -p /data/inner /data/hidden && head -c 60000000 /dev/urandom >/data/inner/big',
            'for n in $(seq 3000); do echo $n >/data/inner/$n; done',
            'mount --bind /data/inner /srv/again && mount -t tmpfs none /srv/ram && echo x >/srv/ram/x',
          );
          here(
            `mkdir "$1" && mount "$2" "$1" && btrfs subvolume create "$1/nested" >/dev/null &&
            echo deep >"$1/nested/file" && umount "$1"`,
            join(base, 'pool'),
            btrfs,
          );
          await mountOn(host, btrfs, `mkdir -p /pool && mount ${btrfs} /pool`);
          await host.run(
            `systemd-run --unit=holder -p StandardInput=null sh -c 'exec 9>/data/gone; rm /data/gone; head -c 50000000 /dev/zero >&9; exec sleep 600'`,
          );
          await host.run(
            'for n in $(seq 50); do sleep 0.1; [ $(df --output=used /data | tail -1) -gt 100000 ] && break; done; sync',
          );
          try {
            const { folder, result, manifest } = await scanPlace('root@accounted', base, 'live.move');
            const index = await folder.verdictIndex();
            const disk = result.disks.find(({ path }) => path === '/data');
            expect(disk?.deleted).toBeGreaterThanOrEqual(50_000_000);
            const counted = (disk?.seen ?? 0) + (disk?.deleted ?? 0);
            expect(Math.abs(counted - (disk?.used ?? 0)) / (disk?.used ?? 1)).toBeLessThan(0.02);
            expect(index.of('/srv/again/big')).toMatchObject({ rule: 'mount.again', carry: 'none' });
            expect(index.of('/srv/ram/x')).toMatchObject({ rule: 'mount.memory', class: 'ephemeral' });
            expect(index.of('/data/inner/big')?.class).toBe('undecided');
            expect(index.of('/pool/nested/file')).toMatchObject({ class: 'undecided', files: 1 });
            const tree = (path: string) =>
              [...index.all()].filter((one) => one.path === path || one.path.startsWith(`${path}/`));
            expect(tree('/data').reduce((sum, { files }) => sum + files, 0)).toBe(3001);
            expect(tree('/pool').reduce((sum, { files }) => sum + files, 0)).toBe(1);
            expect(tree('/srv/again').reduce((sum, { files }) => sum + files, 0)).toBe(0);
            expect(result.foreign.map(({ path }) => path)).toEqual(['/srv/again', '/srv/ram']);
            expect(manifest.undecided.map(({ path }) => path).sort()).toEqual(['/data', '/pool']);

            await host.run(
              'head -c 120000000 /dev/urandom >/data/hidden/below; sync; mount -t tmpfs none /data/hidden',
            );
            const hidden = await scanPlace('root@accounted', base, 'hidden.move');
            expect(hidden.result.incomplete).toContainEqual({
              fact: 'bytes of /data',
              reason: expect.stringMatching(/^about 200 MiB of 300 MiB used lie in no path/),
            });
          } finally {
            await host.run(
              'systemctl stop holder; umount /data/hidden; umount /srv/again; umount /srv/ram; umount /data; umount /pool; true',
            );
          }
        }),
      );
    });
  }, 300_000);
}
