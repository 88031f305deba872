/**
 * How the lab's hosts are reached: a key, a known_hosts and a config of their own below the lab's home, made
 * again whenever a host comes or goes. Nobody's ~/.ssh is touched. OpenSSH takes the home directory from the
 * user database and not from $HOME, so its own programs need `-F`; opstimal-move takes OPSTIMAL_SSH_CONFIG.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import { labHome } from './settings.ts';
import { addressOf, allStates } from './state.ts';

const directory = join(labHome, '.ssh');
export const sshConfig = join(directory, 'config');
const key = join(directory, 'id_ed25519');
const knownHosts = join(directory, 'known_hosts');

/** Environment for a program that is to find the lab's hosts by name. */
export const labEnvironment = { HOME: labHome, OPSTIMAL_SSH_CONFIG: sshConfig } as const;

/** The public key that every host lets in as root. Made once. */
export async function labKey(): Promise<string> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(key)) {
    rmSync(`${key}.new`, { force: true });
    await command(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'opstimal-lab', '-f', `${key}.new`]);
    renameSync(`${key}.new.pub`, `${key}.pub`);
    renameSync(`${key}.new`, key);
  }
  return readFileSync(`${key}.pub`, 'utf8').trim();
}

function replace(file: string, content: string): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Writes config and known_hosts from what runs. The caller holds the lab's lock. */
export function writeAccess(): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const states = allStates();
  replace(
    knownHosts,
    states
      .flatMap((state) => state.hostKeys.map((line) => `${state.name},${addressOf(state)} ${line}\n`))
      .join(''),
  );
  replace(
    sshConfig,
    states
      .map((state) => `Host ${state.name} ${addressOf(state)}\n  HostName ${addressOf(state)}\n`)
      .concat(
        `Host ${[...states.map((state) => `${state.name} ${addressOf(state)}`), 'nobody.invalid'].join(' ')}\n` +
          `  User root\n  IdentityFile ${key}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${knownHosts}\n` +
          '  StrictHostKeyChecking yes\n  ConnectTimeout 10\n',
      )
      .join('\n'),
  );
}
