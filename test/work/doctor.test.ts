import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { connectDisk } from '../../src/host/disk.ts';
import type { Host } from '../../src/host/host.ts';
import { connectLocal } from '../../src/host/local.ts';
import type { Event } from '../../src/types.ts';
import { type DoctorLine, doctor } from '../../src/work/doctor.ts';
import { finish } from '../../src/work/work.ts';

jest.setTimeout(60_000);

const surroundings = { now: Date.now, by: 'me@here', signal: new AbortController().signal };

async function linesOf(host: Host, now = Date.now): Promise<Record<string, DoctorLine[]>> {
  const result = await finish(doctor({ hosts: [host], surroundings: { ...surroundings, now } }));
  const lines = result.hosts[0]?.lines ?? [];
  expect(result.hosts[0]?.ok).toBe(lines.every((line) => line.state !== 'bad'));
  const bySubject: Record<string, DoctorLine[]> = {};
  for (const line of lines) bySubject[line.subject] = [...(bySubject[line.subject] ?? []), line];
  return bySubject;
}

/** The same host with another way to have been reached. */
function reachedAs(host: Host, reach: Partial<Host['reach']>, more: Partial<Host> = {}): Host {
  return {
    name: 'web1',
    place: { kind: 'ssh', text: 'web1', host: 'web1' },
    root: host.root,
    live: host.live,
    privileged: host.privileged,
    reach: { ...host.reach, ...reach },
    run: host.run.bind(host),
    stream: host.stream.bind(host),
    readFile: host.readFile.bind(host),
    writeFile: host.writeFile.bind(host),
    close: host.close.bind(host),
    ...more,
  };
}

test('this machine is looked at and nothing is hidden', async () => {
  const host = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
  try {
    const events: Event[] = [];
    const result = await finish(doctor({ hosts: [host], surroundings }), (event) => events.push(event));
    expect(events.map((event) => event.kind)).toEqual(['phase']);
    const lines = result.hosts[0]?.lines ?? [];
    const text = (subject: string): string => lines.find((line) => line.subject === subject)?.text ?? '';
    expect(text('connection')).toContain('this machine itself');
    expect(text('tools')).toMatch(/\bfind\b.*\btar\b/);
    expect(text('clock')).toBe('as ours');
    expect(text('space')).toMatch(/^\/.*: .* free of .*/);
    expect(lines.find((line) => line.subject === 'root')?.state).toBe(
      process.getuid?.() === 0 ? 'ok' : 'bad',
    );
  } finally {
    await host.close();
  }
});

test('what would be degraded is told', async () => {
  const local = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
  try {
    const slow = reachedAs(local, {
      transport: 'ssh2',
      cipher: 'aes128-gcm@openssh.com',
      nativeCrypto: false,
    });
    expect((await linesOf(slow)).cipher).toMatchObject([{ state: 'care' }]);
    const jumped = reachedAs(local, {
      transport: 'ssh',
      because: 'ProxyJump hop',
      cipher: 'aes128-gcm@openssh.com',
    });
    const lines = await linesOf(jumped);
    expect(lines.connection?.[0]?.text).toContain('because of ProxyJump hop');
    expect(lines.cipher).toMatchObject([{ state: 'ok', text: 'aes128-gcm@openssh.com' }]);
    const weak = reachedAs(local, { privilege: 'none: me is not root' }, { privileged: false });
    expect((await linesOf(weak)).root).toMatchObject([
      { state: 'bad', text: expect.stringContaining('none: me') },
    ]);
    expect((await linesOf(local, () => Date.now() - 3_600_000)).clock).toMatchObject([
      { state: 'care', text: expect.stringMatching(/^3600\.\d s ahead/) },
    ]);
  } finally {
    await local.close();
  }
});

test('tools count only when they can do what is needed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tools-'));
  const local = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
  try {
    // BusyBox's find and tar: there, but without -printf and --xattrs.
    for (const name of ['find', 'tar']) {
      await writeFile(join(directory, name), '#!/bin/sh\necho unrecognized >&2\nexit 1\n', { mode: 0o755 });
    }
    const poor = reachedAs(
      local,
      {},
      {
        run: (argv, options) =>
          local.run(['env', `PATH=${directory}:/usr/sbin:/usr/bin:/sbin:/bin`, ...argv], options),
      },
    );
    const lines = await linesOf(poor);
    expect(lines.find).toMatchObject([{ state: 'bad', text: expect.stringContaining('-printf') }]);
    expect(lines.tar).toMatchObject([{ state: 'bad', text: expect.stringContaining('--xattrs') }]);
    expect(lines.tools?.[0]?.text).not.toMatch(/\bfind\b/);
  } finally {
    await local.close();
    await rm(directory, { recursive: true });
  }
});

test.each([
  ['ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n', true, 'ok', 'Debian 12'],
  ['ID=debian\nVERSION_ID="10"\nPRETTY_NAME="Debian 10"\n', true, 'care', 'not tried'],
  ['ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04"\n', true, 'care', 'not tried'],
  ['ID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora 42"\n', false, 'bad', 'not supported yet'],
])('a disk with %j', async (release, dpkg, state, words) => {
  const root = await mkdtemp(join(tmpdir(), 'disk-'));
  await mkdir(join(root, 'etc'));
  await mkdir(join(root, 'usr/lib'), { recursive: true });
  await writeFile(join(root, 'usr/lib/os-release'), release);
  if (dpkg) {
    await mkdir(join(root, 'var/lib/dpkg'), { recursive: true });
    const stanza = [
      'Package: dpkg',
      'Status: install ok installed',
      'Architecture: amd64',
      'Version: 1.0',
      '',
      '',
    ];
    await writeFile(join(root, 'var/lib/dpkg/status'), stanza.join('\n'));
  }
  const host = await connectDisk({ kind: 'disk', text: `disk:${root}`, root }, { environment: process.env });
  try {
    const lines = await linesOf(host);
    expect(lines.system).toMatchObject([{ state, text: expect.stringContaining(words) }]);
    // A disk has no clock and no services of its own.
    expect([lines.clock, lines.systemctl]).toEqual([undefined, undefined]);
    expect(lines.connection?.[0]?.text).toContain(root);
  } finally {
    await host.close();
    await rm(root, { recursive: true });
  }
});
