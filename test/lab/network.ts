/**
 * A bridge of our own with a private /24, one namespace and one cable per host, and a way out through this
 * machine for apt. Everything is found again by name, so it can be made twice and taken away after a crash.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, command } from './command.ts';
import { bridge, gateway, nftTable, runDirectory, subnet } from './settings.ts';

const forwarding = '/proc/sys/net/ipv4/ip_forward';
const forwardingWas = join(runDirectory, 'ip_forward.was');

export const namespaceOf = (name: string) => `opstimal-${name}`;
const cableOf = (octet: number) => `opst${octet}`;

async function linkExists(name: string): Promise<boolean> {
  return (await attempt(['ip', 'link', 'show', 'dev', name])).status === 0;
}

/** Makes bridge and address translation unless they are there. The caller holds the lab's lock. */
export async function ensureNetwork(): Promise<void> {
  if (!(await linkExists(bridge))) {
    const clash = (await command(['ip', '-4', 'route', 'show', `${subnet}.0/24`])).trim();
    if (clash !== '')
      throw new Error(`${subnet}.0/24 is in use here (${clash}); choose another by OPSTIMAL_LAB_SUBNET`);
    await command(['ip', 'link', 'add', bridge, 'type', 'bridge']);
    await command(['ip', 'addr', 'add', `${gateway}/24`, 'dev', bridge]);
    await command(['ip', 'link', 'set', bridge, 'up']);
  }
  if (readFileSync(forwarding, 'utf8').trim() !== '1') {
    writeFileSync(forwardingWas, '0');
    writeFileSync(forwarding, '1');
  }
  // "add" before "delete" makes the replacement work whether the table was there or not.
  const rules = `add table ip ${nftTable}
delete table ip ${nftTable}
table ip ${nftTable} {
  chain out {
    type nat hook postrouting priority srcnat;
    ip saddr ${subnet}.0/24 ip daddr != ${subnet}.0/24 masquerade
  }
}
`;
  if ((await attempt(['nft', 'list', 'table', 'ip', nftTable])).status !== 0)
    await command(['nft', '-f', '-'], { input: rules });
}

/** Takes bridge and rules away; fine when there are none. */
export async function removeNetwork(): Promise<void> {
  await attempt(['nft', 'delete', 'table', 'ip', nftTable]);
  await attempt(['ip', 'link', 'delete', bridge]);
  try {
    writeFileSync(forwarding, readFileSync(forwardingWas, 'utf8'));
    rmSync(forwardingWas);
  } catch {
    // it was on before us
  }
}

/** A namespace with one interface `host0` that has the address `subnet.octet` and the bridge as its way out. */
export async function plugIn(name: string, octet: number): Promise<void> {
  const namespace = namespaceOf(name);
  const cable = cableOf(octet);
  const inside = ['ip', '-n', namespace];
  await command(['ip', 'netns', 'add', namespace]);
  await command([
    ...['ip', 'link', 'add', cable, 'type', 'veth'],
    ...['peer', 'name', 'host0', 'netns', namespace],
  ]);
  await command(['ip', 'link', 'set', cable, 'master', bridge, 'up']);
  await command([...inside, 'addr', 'add', `${subnet}.${octet}/24`, 'dev', 'host0']);
  await command([...inside, 'link', 'set', 'lo', 'up']);
  await command([...inside, 'link', 'set', 'host0', 'up']);
  await command([...inside, 'route', 'add', 'default', 'via', gateway]);
}

export async function unplug(name: string, octet: number): Promise<void> {
  await attempt(['ip', 'link', 'delete', cableOf(octet)]);
  await attempt(['ip', 'netns', 'delete', namespaceOf(name)]);
}

/** Processes that live in a host's namespace: all of them are the host's, whoever lost their number. */
export async function processesOf(name: string): Promise<number[]> {
  const listed = await attempt(['ip', 'netns', 'pids', namespaceOf(name)]);
  return listed.status === 0 ? listed.stdout.split('\n').filter(Boolean).map(Number) : [];
}
