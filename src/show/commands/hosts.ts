/** Reaching the places of a command, and the names a person may type for the source. */

import { toText } from '../../bytes.ts';
import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import type { Bytes } from '../../types.ts';
import type { Folder } from '../../work/folder.ts';
import { type AskLine, makeAsker } from '../prompt.ts';
import type { Session } from '../session.ts';

/** Connects and says so before it goes there. The host is closed when the command ends. */
export async function reach(session: Session, place: string): Promise<Host> {
  const { parsePlace } = await import('../../host/place.ts');
  const parsed = parsePlace(place);
  session.talk.say(`connecting to ${place}`);
  const { connect } = await import('../../host/connect.ts');
  const host = await connect(parsed, {
    asker: await askerOf(session),
    environment: session.environment,
    note: (text) => session.talk.say(`  ${text}`),
  });
  session.closing.push(() => host.close());
  return host;
}

async function askerOf(session: Session) {
  const { secretSource } = await import('../terminal.ts');
  const { passwordFile, passwordCommand } = session.settings;
  return makeAsker({
    ask: await askLineOf(session),
    givenSecret: secretSource(passwordFile, passwordCommand),
  });
}

/** How to ask the person, or null when nobody can be asked. */
export async function askLineOf(session: Session): Promise<AskLine | null> {
  if (!session.terminal.canAsk) return null;
  const { terminalAsk } = await import('../terminal.ts');
  return terminalAsk(session.surroundings.signal, () => session.talk.rest());
}

/** The server's own name, first label of /etc/hostname; the place's where that says nothing. */
export async function serverName(host: Host): Promise<string> {
  try {
    const text = toText((await host.readFile('/etc/hostname' as Bytes, 4096)).toString('latin1'));
    const name = text
      .split('\n')
      .map((line) => line.trim())
      .find((line) => line !== '' && !line.startsWith('#'));
    const label = name?.split('.')[0] ?? '';
    if (label !== '' && label !== 'localhost') return label;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  return host.name;
}

/** Names that count as the source's: its own, its alias, and the host of the place; the best one first. */
export async function sourceNames(folder: Folder, host: Host | null): Promise<string[]> {
  const known = (await folder.readHosts()).source;
  const names = [
    known?.name,
    host?.name,
    ...placeNames(known?.place),
    ...(host === null ? [] : placeNames(host.place.text)),
  ];
  const whole = names.filter((name): name is string => name !== undefined && name !== '');
  const labels = whole
    .filter((name) => !/^[\d.]+$/.test(name) && !name.includes(':'))
    .map((name) => name.split('.')[0] as string);
  return [...new Set([...(labels.length > 0 ? [labels[0] as string] : []), ...whole, ...labels])];
}

function placeNames(place: string | undefined): string[] {
  if (place === undefined || place === 'local' || place.startsWith('disk:')) return [];
  const host = place.slice(place.lastIndexOf('@') + 1);
  return [host, host.replace(/:\d+$/, '')];
}

/** The source a folder was scanned from; Failure when the folder does not say. */
export async function sourcePlace(folder: Folder): Promise<string> {
  const { source } = await folder.readHosts();
  if (source === undefined) {
    throw new Failure('usage', 'folder', `${folder.name} does not say which server it was made from`, {
      hint: `scan again: opstimal-move scan SOURCE ${folder.name}`,
    });
  }
  return source.place;
}

/** Writes down which destination a folder goes to, so that rollback and the wizard find it again. */
export async function rememberDestination(folder: Folder, host: Host): Promise<void> {
  const hosts = await folder.readHosts();
  const machineId = await textOf(host, '/etc/machine-id');
  const known = hosts.destination;
  if (known?.place === host.place.text && known.machineId === machineId) return;
  const release = await textOf(host, '/etc/os-release');
  const field = (name: string): string =>
    new RegExp(`^${name}=["']?([^"'\n]*)`, 'm').exec(release)?.[1] ?? '';
  const destination = {
    place: host.place.text,
    name: await serverName(host),
    os: `${field('ID')} ${field('VERSION_ID')}`.trim(),
    machineId,
    hostKey: host.reach.hostKey,
  };
  await folder.writeHosts({ ...hosts, destination });
}

/** Content of a small file, or nothing where it cannot be read. */
async function textOf(host: Host, path: Bytes): Promise<string> {
  try {
    return toText((await host.readFile(path, 65_536)).toString('latin1')).trim();
  } catch (error) {
    if (error instanceof Failure) return '';
    throw error;
  }
}
