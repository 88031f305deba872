/** What a host can do for a move, and what would be degraded on it. Reads only. */
import { quote } from '../bytes.ts';
import { facts } from '../facts/facts.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Answered, Mount, OsFact, Work } from '../types.ts';
import { ask } from './ask.ts';
import type { Surroundings } from './work.ts';

export interface DoctorLine {
  /** `care` = something works less well; `bad` = a move needs it. */
  readonly state: 'ok' | 'care' | 'bad';
  readonly subject: string;
  readonly text: string;
}
export interface DoctorHost {
  readonly name: string;
  /** No line is `bad`. */
  readonly ok: boolean;
  readonly lines: readonly DoctorLine[];
}
export interface DoctorResult {
  readonly hosts: readonly DoctorHost[];
}

/** Debian releases that moves are tested with. */
const supported = ['11', '12', '13'];

/** Programs that are looked for. Without `state` nothing is lost when one is missing. */
const tools: readonly {
  readonly name: string;
  readonly without?: { readonly state: 'care' | 'bad'; readonly text: string };
  /** Only a system that runs needs it. */
  readonly live?: boolean;
}[] = [
  {
    name: 'find',
    without: { state: 'bad', text: 'no find with -printf (GNU findutils): files cannot be listed' },
  },
  { name: 'tar', without: { state: 'bad', text: 'no tar with --xattrs (GNU tar): files cannot be carried' } },
  { name: 'md5sum', without: { state: 'bad', text: 'no md5sum: changed packaged files cannot be told' } },
  { name: 'timeout', without: { state: 'bad', text: 'no timeout (GNU coreutils): questions could hang' } },
  {
    name: 'dpkg-query',
    without: { state: 'bad', text: 'no dpkg: packages cannot be seen' },
    live: true,
  },
  {
    name: 'apt-get',
    without: { state: 'bad', text: 'no apt-get: packages cannot be installed' },
    live: true,
  },
  {
    name: 'systemctl',
    without: { state: 'bad', text: 'no systemd: services can be neither seen nor stopped' },
    live: true,
  },
  { name: 'sha256sum' },
  { name: 'openssl' },
  { name: 'getfattr' },
  { name: 'getfacl' },
  { name: 'rsync' },
  { name: 'python3' },
  { name: 'sudo', live: true },
];

/**
 * One process answers for all: prints the names that are there. find and tar count only when they can do what is
 * needed; systemctl only when systemd really runs the system (sd_booted(3)).
 */
const toolProgram = [
  'for name in "$@"; do',
  'command -v "$name" >/dev/null 2>&1 || continue',
  'case $name in',
  'find) [ "$(find / -maxdepth 0 -printf x 2>/dev/null)" = x ] || continue ;;',
  'tar) tar --help 2>/dev/null | grep -q -e --xattrs || continue ;;',
  'systemctl) [ -d /run/systemd/system ] || continue ;;',
  'esac',
  'echo "$name"',
  'done',
].join('\n');

/** Below this much, even a small server does not fit, and apt cannot unpack. */
const littleSpace = 1e9;
const fewInodes = 20_000;
/** Seconds. More than this and time-outs, certificates and one-time passwords go wrong. */
const muchAhead = 2;

function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = count;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function connectionLines({ reach }: Host): DoctorLine[] {
  const lines: DoctorLine[] = [];
  const words = {
    ssh2: 'ssh inside this program',
    ssh: "the system's ssh",
    local: 'this machine itself',
    disk: 'files of a mounted disk',
    recorded: 'recorded answers',
  }[reach.transport];
  const how = [
    reach.because === '' ? words : `${words}, because of ${reach.because}`,
    ...(reach.address === '' || reach.transport === 'local' ? [] : [reach.address]),
    ...(reach.authentication === '' ? [] : [reach.authentication]),
  ];
  lines.push({ state: 'ok', subject: 'connection', text: how.join(', ') });
  if (reach.hostKey !== '') lines.push({ state: 'ok', subject: 'host key', text: reach.hostKey });
  if (reach.cipher !== '') {
    const slow = reach.nativeCrypto === false;
    lines.push({
      state: slow ? 'care' : 'ok',
      subject: 'cipher',
      text: slow
        ? `${reach.cipher}, without native crypto: transfers take twice the time; npm rebuild ssh2 makes it`
        : `${reach.cipher}${reach.nativeCrypto ? ', native crypto' : ''}`,
    });
  }
  return lines;
}

function privilegeLine({ privileged, reach, place }: Host): DoctorLine {
  if (privileged) return { state: 'ok', subject: 'root', text: reach.privilege };
  const effect =
    place.kind === 'disk'
      ? 'what only root reads is missing, and owners cannot be written'
      : 'what only root reads is missing, and nothing can be installed or carried';
  return { state: 'bad', subject: 'root', text: `${reach.privilege}; ${effect}` };
}

function systemLine(os: Answered<OsFact>): DoctorLine {
  const subject = 'system';
  if (!os.known) return { state: 'bad', subject, text: `not known: ${os.reason}` };
  const { id, version, name, architecture } = os.value;
  const text = [name, architecture].filter((word) => word !== '').join(', ');
  if (architecture === '') return { state: 'bad', subject, text: `${text}: not supported yet (no dpkg)` };
  if (id === 'debian' && supported.includes(version)) return { state: 'ok', subject, text };
  return { state: 'care', subject, text: `${text}: not tried; tested are Debian ${supported.join(', ')}` };
}

async function toolLines(host: Host): Promise<DoctorLine[]> {
  const wanted = tools.filter((tool) => host.live || tool.live !== true);
  const answer = await host.run(['sh', '-c', toolProgram, 'tools', ...wanted.map((tool) => tool.name)], {
    timeoutSeconds: 60,
  });
  const there = new Set(answer.stdout.toString('latin1').split('\n'));
  const missing = wanted.filter((tool) => !there.has(tool.name));
  const optional = missing.filter((tool) => tool.without === undefined).map((tool) => tool.name);
  const found = wanted.filter((tool) => there.has(tool.name)).map((tool) => tool.name);
  const without = optional.length === 0 ? '' : `; not there, not needed: ${optional.join(', ')}`;
  return [
    { state: 'ok', subject: 'tools', text: `${found.join(', ') || 'none'}${without}` },
    ...missing.flatMap((tool) => (tool.without ? [{ subject: tool.name, ...tool.without }] : [])),
  ];
}

function spaceLines(mounts: Answered<readonly Mount[]>): DoctorLine[] {
  if (!mounts.known) return [{ state: 'care', subject: 'space', text: `not known: ${mounts.reason}` }];
  return mounts.value
    .filter(
      (mount) =>
        (mount.size > 0 && /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs)$/.test(mount.type)) ||
        mount.target === '/',
    )
    .filter((mount) => !/^\/(proc|sys|dev|run|snap)(\/|$)/.test(mount.target))
    .map((mount) => {
      const scarce = mount.available < littleSpace;
      // Some file systems make inodes as they go and say 0.
      const inodes = mount.inodesAvailable > 0 && mount.inodesAvailable < fewInodes;
      return {
        state: scarce || inodes ? 'care' : 'ok',
        subject: 'space',
        text:
          `${quote(mount.target)}: ${bytes(mount.available)} free of ${bytes(mount.size)} (${mount.type})` +
          (inodes ? `, only ${mount.inodesAvailable} inodes` : ''),
      } as const;
    });
}

async function clockLine(host: Host, now: () => number): Promise<DoctorLine> {
  const subject = 'clock';
  const before = now();
  const clock = await ask(host, facts.clockAhead);
  if (!clock.known) return { state: 'care', subject, text: `not known: ${clock.reason}` };
  const ahead = clock.value - (before + now()) / 2000;
  const text = facts.clockAhead.summary(ahead);
  if (Math.abs(ahead) <= muchAhead) return { state: 'ok', subject, text };
  return {
    state: 'care',
    subject,
    text: `${text}: set it right first (timers, certificates and logins depend on it)`,
  };
}

/** Looks at hosts that are connected already, one after the other. Throws a Failure when a connection breaks. */
export async function* doctor(input: {
  readonly hosts: readonly Host[];
  readonly surroundings: Surroundings;
}): Work<DoctorResult> {
  const { now, signal } = input.surroundings;
  const hosts: DoctorHost[] = [];
  for (const host of input.hosts) {
    if (signal.aborted) throw new Failure('interrupted', 'interrupted', 'interrupted');
    yield { kind: 'phase', name: 'doctor', text: `looking at ${quote(host.name)}` };
    const lines = [
      ...connectionLines(host),
      privilegeLine(host),
      systemLine(await ask(host, facts.os)),
      ...(await toolLines(host)),
      ...spaceLines(await ask(host, facts.mounts)),
      ...(host.live ? [await clockLine(host, now)] : []),
    ];
    hosts.push({ name: host.name, ok: lines.every((line) => line.state !== 'bad'), lines });
  }
  return { hosts };
}
