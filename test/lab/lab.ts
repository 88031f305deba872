/** What tests use: is there a lab, and hosts that go away with the test. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LabHost, type StartOptions, startHost, stopHost } from './host.ts';

export { labEnvironment, sshConfig } from './access.ts';
export { type LabHost, startHost, stopHost } from './host.ts';
export { ensureLayer } from './layer.ts';

const tools = ['mmdebstrap', 'systemd-nspawn', 'nft', 'ip', 'ssh', 'ssh-keygen', 'mount', 'chattr'];

function onPath(tool: string): boolean {
  return (process.env.PATH ?? '')
    .split(':')
    .concat('/usr/sbin', '/sbin')
    .some((directory) => {
      try {
        accessSync(join(directory, tool), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** null where the lab works, otherwise why it cannot. */
export function labAvailable(): string | null {
  if (process.platform !== 'linux') return 'the lab needs Linux';
  if (process.getuid?.() !== 0) return 'the lab needs root (namespaces and mounts)';
  let system = '';
  try {
    system = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // no os-release is no Debian
  }
  if (!/^ID="?debian"?$/m.test(system)) return 'the lab needs Debian (its apt sources and keyrings)';
  const missing = tools.filter((tool) => !onPath(tool));
  if (missing.length > 0)
    return `the lab needs ${missing.join(', ')}: apt-get install $(cat test/lab/packages.txt)`;
  if (!/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return 'the lab needs overlayfs';
  return null;
}

/** Starts hosts, runs `work` with them and takes them away, whatever happens. */
export async function withHosts<T>(
  wanted: readonly StartOptions[],
  work: (...hosts: LabHost[]) => Promise<T>,
): Promise<T> {
  const hosts: LabHost[] = [];
  try {
    for (const options of wanted) hosts.push(await startHost(options));
    return await work(...hosts);
  } finally {
    if (!process.env.OPSTIMAL_LAB_KEEP) for (const options of wanted) await stopHost(options.name);
  }
}
