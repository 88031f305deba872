/**
 * Ports somebody listens on: `ss` (ss(8)), the systemd unit of each process by its cgroup, and for sockets that
 * systemd itself holds by `systemctl list-sockets`. Without ss there is no answer: /proc/net does not name processes, and a
 * port without a process would look as if somebody had started it by hand.
 */
import { quote } from '../bytes.ts';
import type { Bytes, Port } from '../types.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';
import { readSections, sectionsOf, succeeded } from './sections.ts';

const program = `
command -v ss >/dev/null || { echo 'ss (package iproute2) is not installed' >&2; exit 3; }
[ "$(id -u)" = 0 ] || { echo 'only root sees whose ports they are' >&2; exit 3; }
section ss ss -Htulpn
set --
for process in $(printf '%s\\n' "$text" | grep -o 'pid=[0-9]*' | sort -u); do
  set -- "$@" "/proc/\${process#pid=}/cgroup"
done
section cgroups grep -s -H '' "$@" /dev/null
if [ -d /run/systemd/system ]; then
  section sockets systemctl list-sockets --all --no-legend --no-pager --full --plain
fi
`;

export const ports: Fact<readonly Port[]> = {
  name: 'ports',
  live: true,
  question: (root) => sectionsOf(program, root),
  parse(output) {
    const sections = readSections(output);
    const units = readCgroups(sections.get('cgroups')?.text ?? '');
    const sockets = readSockets(sections.get('sockets')?.text ?? '');
    return rows(succeeded(sections, 'ss')).map((row) => {
      const { pid, port } = row;
      const unit =
        pid === null ? null : pid === 1 ? (sockets.get(port) ?? 'init.scope') : (units.get(pid) ?? null);
      return { ...row, unit };
    });
  },
  summary(value) {
    const orphans = value.filter(({ pid, unit }) => pid !== null && unit === null).length;
    return count(value.length, 'port') + (orphans === 0 ? '' : `, ${orphans} of no unit`);
  },
};

/**
 * A process may have a newline in its name: a line that is no row goes on with the one before. Names have 15
 * bytes at most (proc_pid_comm(5)), too few to pretend a row.
 */
function rows(text: Bytes): Omit<Port, 'unit'>[] {
  const found: { row: Omit<Port, 'unit' | 'process' | 'pid'>; rest: Bytes }[] = [];
  for (const line of text.split('\n')) {
    const match = /^(tcp|udp) +[A-Z0-9-]+ +\d+ +\d+ +(\S+):(\d+) +\S+:(?:\d+|\*)(.*)$/.exec(line);
    const last = found.at(-1);
    if (match !== null) {
      const [, protocol, address, port, rest] = match as unknown as [
        string,
        'tcp' | 'udp',
        string,
        string,
        Bytes,
      ];
      found.push({
        row: { protocol, address: address.replace(/^\[(.*)\]/, '$1'), port: Number(port) },
        rest,
      });
    } else if (last !== undefined) last.rest += `\n${line}`;
    else if (line !== '') throw new Error(`ss makes no sense: ${quote(line.slice(0, 80))}`);
  }
  return found.map(({ row, rest }) => {
    const user = /\(\("(.*?)",pid=(\d+),fd=\d+/s.exec(rest);
    return { ...row, process: quote(user?.[1] ?? ''), pid: user === null ? null : Number(user[2]) };
  });
}

/**
 * Unit by process number. The path of systemd's own hierarchy (`0::` or `name=systemd`) ends in the unit or below
 * it; what runs in a session or under a user's own systemd was started by a person, so it has none.
 */
function readCgroups(text: Bytes): Map<number, string> {
  const units = new Map<number, string>();
  for (const line of text.split('\n')) {
    const match = /^\/proc\/(\d+)\/cgroup:\d+:(|name=systemd):(\/.*)$/.exec(line);
    if (match === null) continue;
    const path = (match[3] as string).split('/');
    const unit = path.findLast((part) => /\.(service|scope)$/.test(part));
    if (unit !== undefined && !path.includes('user.slice')) units.set(Number(match[1]), unescapeUnit(unit));
  }
  return units;
}

/** A cgroup directory that would begin with `_` or `.`, or clash with a kernel file, has `_` put before it. */
function unescapeUnit(name: string): string {
  return name.replace(/^_/, '');
}

/** Socket unit by port, from lines like `0.0.0.0:22 ssh.socket ssh.service`. */
function readSockets(text: Bytes): Map<number, string> {
  const sockets = new Map<number, string>();
  for (const line of text.split('\n')) {
    const match = /^(?:\S+:)?(\d+) +(\S+\.socket)\b/.exec(line);
    if (match !== null) sockets.set(Number(match[1]), match[2] as string);
  }
  return sockets;
}
