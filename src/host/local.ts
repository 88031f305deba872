import { hostname } from 'node:os';
import { Failure } from '../failure.ts';
import type { Place } from '../types.ts';
import { CommandHost } from './command-host.ts';
import type { ConnectOptions, Host } from './host.ts';
import { type OpenPipe, spawnPipe } from './pipe.ts';

/** Starts programs on this machine, with this process's own rights. */
export function localOpener(environment: ConnectOptions['environment']): OpenPipe {
  return (program) => spawnPipe('/bin/sh', ['-c', program], environment);
}

/** Whether this process is root, and the words for it. */
export function localPrivilege(): { privileged: boolean; privilege: string } {
  const privileged = process.getuid?.() === 0;
  return { privileged, privilege: privileged ? 'root' : 'none: this program does not run as root' };
}

export function localLost(name: string): (reason: string) => Failure {
  return (reason) => new Failure('failed', 'process-ended', `a shell on ${name} ended too early: ${reason}`);
}

/** This machine as a host. */
export function connectLocal(
  place: Extract<Place, { kind: 'local' }>,
  options: Pick<ConnectOptions, 'environment'>,
): Promise<Host> {
  const { privileged, privilege } = localPrivilege();
  return Promise.resolve(
    new CommandHost({
      name: hostname(),
      place,
      root: '',
      live: true,
      privileged,
      reach: {
        transport: 'local',
        because: '',
        address: 'this machine',
        authentication: '',
        hostKey: '',
        cipher: '',
        nativeCrypto: null,
        privilege,
      },
      open: localOpener(options.environment),
      lost: localLost('this machine'),
      end: async () => {},
      locate: async (path) => path,
    }),
  );
}
