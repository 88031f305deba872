/** The lab itself: hosts are real, differ, and go away; nobody else's do. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { attempt } from '../lab/command.ts';
import { stopHost, takeDown } from '../lab/host.ts';
import { labAvailable, startHost, withHosts } from '../lab/lab.ts';
import { allStates } from '../lab/state.ts';

const reason = labAvailable();
const here = dirname(fileURLToPath(import.meta.url));

if (reason !== null) test.skip(`boots servers: not here, ${reason}`, () => {});
else {
  afterAll(async () => {
    for (const name of ['lab-kept', 'lab-pair', 'lab-crashed']) await stopHost(name);
  }, 60_000);

  test('boots two servers from one base that are two machines', async () => {
    const wanted = ['lab-a', 'lab-b'].map((name) => ({ name, release: '13' as const }));
    await withHosts(wanted, async (...hosts) => {
      const seen = new Set<string>();
      for (const host of hosts) {
        expect((await host.run('systemctl is-system-running')).trim()).toBe('running');
        seen.add(await host.run('cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub'));
      }
      expect(seen.size).toBe(2);
      expect((await hosts[0]?.attempt('exit 3'))?.status).toBe(3);
    });
    expect(allStates().filter((state) => /^lab-[ab]$/.test(state.name))).toEqual([]);
  }, 300_000);

  test('takes down what was asked for and what a crash left, and leaves the hosts of others', async () => {
    await startHost({ name: 'lab-kept', release: '13', keep: true });
    await startHost({ name: 'lab-pair', release: '13', keep: true });
    const directory = await mkdtemp(join(tmpdir(), 'lab-crash-'));
    const script = join(directory, 'crash.ts');
    const lab = JSON.stringify(join(here, '../lab/host.ts'));
    writeFileSync(
      script,
      `import { startHost } from ${lab};\nawait startHost({ name: 'lab-crashed', release: '13' });\nprocess.kill(process.pid, 'SIGKILL');\n`,
    );
    await attempt([process.execPath, script]);
    await rm(directory, { recursive: true });
    const before = allStates().map((state) => state.name);
    expect(before).toEqual(expect.arrayContaining(['lab-kept', 'lab-pair', 'lab-crashed']));

    const gone = await takeDown(['lab-pair', 'lab-never-was']);

    expect(gone).toEqual(expect.arrayContaining(['lab-crashed', 'lab-pair']));
    expect(gone).not.toContain('lab-kept');
    const after = allStates().map((state) => state.name);
    expect(after).toContain('lab-kept');
    expect(after).not.toContain('lab-pair');
    expect(after).not.toContain('lab-crashed');
    expect((await attempt(['ip', 'netns', 'list'])).stdout).not.toMatch(/opstimal-lab-(pair|crashed)/);
  }, 300_000);
}
