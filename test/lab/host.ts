/** One booted server: an overlay over its base, a network namespace, systemd in a container. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labKey, sshConfig, writeAccess } from './access.ts';
import { ensureBase } from './base.ts';
import { attempt, type CommandOptions, command, type Ran } from './command.ts';
import { locked } from './lock.ts';
import { ensureNetwork, namespaceOf, plugIn, processesOf, removeNetwork, unplug } from './network.ts';
import { removeTree } from './older.ts';
import { end, lives, record } from './process.ts';
import { ensureServer, stopServer } from './server.ts';
import { gateway, type Release } from './settings.ts';
import {
  addressOf,
  allStates,
  type HostState,
  homeOf,
  readState,
  removeState,
  stateLock,
  writeState,
} from './state.ts';

export interface LabHost {
  readonly name: string;
  readonly release: Release;
  readonly address: string;
  /** The host's `/` on this machine. Changing it behind a running host's back is for disk tests only. */
  readonly root: string;
  /** A shell command line as root over ssh; throws unless its status is 0. Gives stdout. */
  run(line: string, options?: CommandOptions): Promise<string>;
  /** The same, giving status and both outputs. */
  attempt(line: string, options?: CommandOptions): Promise<Ran>;
}

export interface StartOptions {
  /** Letters, digits and hyphens: becomes host name, ssh alias and namespace. */
  readonly name: string;
  readonly release: Release;
  /** Directories over the base, uppermost first (from `ensureLayer`). */
  readonly layers?: readonly string[];
  /** true = the host outlives this process, until `down`. */
  readonly keep?: boolean;
}

export function hostOf(state: HostState): LabHost {
  const attemptLine = (line: string, options?: CommandOptions) =>
    attempt(['ssh', '-F', sshConfig, '-o', 'BatchMode=yes', state.name, '--', line], options);
  return {
    name: state.name,
    release: state.release,
    address: addressOf(state),
    root: join(state.home, 'root'),
    attempt: attemptLine,
    async run(line, options) {
      const ran = await attemptLine(line, options);
      if (ran.status !== 0)
        throw new Error(
          `${state.name}: ${line.slice(0, 300)}\nended with ${ran.status}\n${ran.stderr || ran.stdout}`,
        );
      return ran.stdout;
    },
  };
}

/** Boots a host and waits until it lets us in and systemd has settled (about 3 s once the base exists). */
export async function startHost(options: StartOptions): Promise<LabHost> {
  const { name, release } = options;
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) throw new Error(`not a host name for the lab: ${name}`);
  const base = await ensureBase(release);
  const publicKey = await labKey();
  const state = await locked(stateLock, async () => {
    const earlier = readState(name);
    if (earlier?.process && lives(earlier.process) && (earlier.owner === null || lives(earlier.owner)))
      throw new Error(`the host ${name} runs already; stop it first: npm run lab -- stop ${name}`);
    await dismantle(name);
    await ensureNetwork();
    await ensureServer();
    const taken = new Set(allStates().map((other) => other.octet));
    let octet = 10;
    while (taken.has(octet)) octet += 1;
    const planned: HostState = {
      name,
      release,
      octet,
      below: [...(options.layers ?? []), base],
      home: homeOf(name),
      process: null,
      owner: options.keep ? null : record(process.pid),
      hostKeys: [],
    };
    writeState(planned); // before anything exists, so that whatever exists is found again
    await mountRoot(planned);
    const known = { ...planned, hostKeys: await giveIdentity(planned, publicKey) };
    await plugIn(name, octet);
    const booted = { ...known, process: record(await boot(known)) };
    writeState(booted);
    writeAccess();
    return booted;
  });
  const host = hostOf(state);
  try {
    await settled(host, state);
  } catch (error) {
    const log = readFileSync(join(state.home, 'console.log'), 'utf8').split('\n').slice(-30).join('\n');
    if (!process.env.OPSTIMAL_LAB_KEEP) await stopHost(name);
    throw new Error(`the host ${name} did not come up: ${(error as Error).message}\n${log}`);
  }
  return host;
}

async function mountRoot(state: HostState): Promise<void> {
  for (const part of ['upper', 'work', 'root']) mkdirSync(join(state.home, part), { recursive: true });
  // A layer was a root once: keep what its own top directory says (overlayfs takes it from the upper one).
  const layers = `lowerdir=${state.below.join(':')},upperdir=${state.home}/upper,workdir=${state.home}/work`;
  await command(['mount', '-t', 'overlay', 'overlay', '-o', layers, join(state.home, 'root')]);
  await command(['chmod', '0755', join(state.home, 'root')]);
}

/** What an installer or a provider's first boot writes: name, id, keys, network. Gives the public host keys. */
async function giveIdentity(state: HostState, publicKey: string): Promise<string[]> {
  const root = join(state.home, 'root');
  const address = addressOf(state);
  const write = (path: string, content: string, mode = 0o644) =>
    writeFileSync(join(root, path), content, { mode });
  write('etc/machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444);
  write('etc/hostname', `${state.name}\n`);
  const hosts = join(root, 'etc/hosts');
  const others = (await attempt(['grep', '-v', '-e', '# this machine$', hosts])).stdout;
  const common =
    '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n';
  write(
    'etc/hosts',
    `127.0.1.1\t${state.name}.lab.example\t${state.name}\t# this machine\n${others || common}`,
  );
  mkdirSync(join(root, 'etc/network'), { recursive: true });
  write(
    'etc/network/interfaces',
    `auto lo\niface lo inet loopback\n\nauto host0\niface host0 inet static\n\taddress ${address}/24\n\tgateway ${gateway}\n`,
  );
  write('etc/resolv.conf', nameServers());
  if (state.below.length === 1)
    write(
      'etc/fstab',
      `# <file system> <mount point> <type> <options> <dump> <pass>\nUUID=${uuid()} none swap sw 0 0\n`,
    );
  for (const home of ['root', 'home/debian']) await letIn(join(root, home), publicKey);
  await command(['sh', '-c', 'rm -f "$1"/etc/ssh/ssh_host_*', 'sh', root]);
  await command(['ssh-keygen', '-q', '-A', '-f', root]);
  await command([
    'sh',
    '-c',
    'sed -i "s/ [^ ]*$/ root@$2/" "$1"/etc/ssh/ssh_host_*.pub',
    'sh',
    root,
    state.name,
  ]);
  const keys = await command(['sh', '-c', 'cat "$1"/etc/ssh/ssh_host_*.pub', 'sh', root]);
  return keys
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ').slice(0, 2).join(' '));
}

/** Adds the lab's key to those that an account lets in already; the account's directory says who owns the file. */
async function letIn(home: string, publicKey: string): Promise<void> {
  const file = join(home, '.ssh/authorized_keys');
  const before = (await attempt(['cat', file])).stdout;
  if (!existsSync(home) || before.includes(publicKey)) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${before}${publicKey}\n`, { mode: 0o600 });
  const { uid, gid } = statSync(home);
  for (const path of [dirname(file), file]) chownSync(path, uid, gid);
}

function uuid(): string {
  return randomBytes(16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A stub resolver on loopback is not there inside a namespace; systemd-resolved keeps the real list apart. */
function nameServers(): string {
  for (const file of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'])
    try {
      const text = readFileSync(file, 'utf8');
      if (/^nameserver\s+(?!127\.|::1)/m.test(text)) return text;
    } catch {
      // try the next
    }
  return '';
}

async function boot(state: HostState): Promise<number> {
  const log = openSync(join(state.home, 'console.log'), 'w');
  const child = spawn(
    'systemd-nspawn',
    [
      `--directory=${join(state.home, 'root')}`,
      '--boot',
      '--register=no',
      '--keep-unit',
      '--resolv-conf=off',
      '--timezone=off',
      '--link-journal=no',
      // The kernel is not the host's: loading modules would only fail.
      '--capability=all',
      '--drop-capability=CAP_SYS_MODULE',
      '--system-call-filter=@keyring bpf',
      `--network-namespace-path=/run/netns/${namespaceOf(state.name)}`,
      `--machine=${state.name}`,
    ],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  child.unref();
  if (child.pid === undefined) throw new Error('systemd-nspawn could not be started');
  return child.pid;
}

function listens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('timeout', () => done(false));
    socket.once('error', () => done(false));
  });
}

async function settled(host: LabHost, state: HostState): Promise<void> {
  const until = Date.now() + 90_000;
  const alive = () => {
    if (state.process && !lives(state.process)) throw new Error('its systemd-nspawn ended');
    if (Date.now() > until) throw new Error('no answer within 90 s');
  };
  while (!(await listens(host.address))) {
    alive();
    await sleep(100);
  }
  for (;;) {
    const word = (await host.attempt('systemctl is-system-running', { seconds: 20 })).stdout.trim();
    if (word === 'running' || word === 'degraded') return;
    alive();
    await sleep(200);
  }
}

/** Stops a host and takes everything of it away. Fine when it does not exist. */
export async function stopHost(name: string): Promise<void> {
  const state = readState(name);
  // Its files are thrown away, so a few seconds of politeness are enough.
  if (state?.process) await end(state.process, 8);
  await locked(stateLock, async () => {
    await dismantle(name);
    writeAccess();
    if (allStates().length === 0) {
      await stopServer();
      await removeNetwork();
    }
  });
}

/** Shuts a host down properly and gives the directory with everything that it changed, for a layer. */
export async function powerOff(name: string): Promise<string> {
  const state = readState(name);
  if (!state?.process) throw new Error(`the host ${name} does not run`);
  if (!(await end(state.process, 120))) throw new Error(`the host ${name} did not shut down within 120 s`);
  await command(['umount', join(state.home, 'root')]);
  return join(state.home, 'upper');
}

/** Whatever is left of a host of this name, in any state. The caller holds the lab's lock. */
async function dismantle(name: string): Promise<void> {
  const state = readState(name);
  if (state?.process) await end(state.process, 1);
  for (const pid of await processesOf(name)) await end(record(pid), 0);
  const home = homeOf(name);
  const root = join(home, 'root');
  for (let tries = 0; tries < 20; tries++) {
    if ((await attempt(['mountpoint', '-q', root])).status !== 0) break;
    if ((await attempt(['umount', '--recursive', root])).status !== 0) await sleep(100);
  }
  if ((await attempt(['mountpoint', '-q', root])).status === 0)
    throw new Error(`${root} is still in use and cannot be unmounted`);
  if (state) await unplug(name, state.octet);
  await removeTree(home);
  removeState(name);
}

/** Hosts that a test left behind when it died. Gives their names. */
export async function stopOrphans(): Promise<string[]> {
  const names = allStates()
    .filter((state) => state.owner !== null && !lives(state.owner))
    .map((state) => state.name);
  for (const name of names) await stopHost(name);
  return names;
}

/** Stops these hosts and orphans, and no other: hosts that somebody else keeps are not ours. Gives their names. */
export async function takeDown(names: readonly string[]): Promise<string[]> {
  const gone = await stopOrphans();
  for (const name of names.filter((wanted) => allStates().some((state) => state.name === wanted))) {
    await stopHost(name);
    gone.push(name);
  }
  return gone;
}
