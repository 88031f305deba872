/**
 * Files that are deleted and still open. They hold data that no path names: what df calls used and no listing finds,
 * and what is gone for good when the process ends (proc(5), /proc/PID/fd).
 */
import { quote } from '../bytes.ts';
import type { Bytes, DeletedOpen } from '../types.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';

/**
 * The first find follows the links to what is open and prints numbers, the second prints what the links say. Two
 * records without content between the parts, which no path is. Processes that end meanwhile are no error.
 */
const program = `
[ "$(id -u)" = 0 ] || { echo 'only root sees the files of other users' >&2; exit 3; }
find -L /proc/[0-9]*/fd -maxdepth 1 -type f -links 0 -printf '%D %i %b %p\\0' 2>/dev/null
printf '\\0'
find /proc/[0-9]*/fd -maxdepth 1 -type l -lname '/* (deleted)' -printf '%p\\0%l\\0' 2>/dev/null
printf '\\0'
grep -s -H '' /proc/[0-9]*/comm
printf '\\0end\\0'
`;

export const deletedOpen: Fact<readonly DeletedOpen[]> = {
  name: 'deletedOpen',
  live: true,
  question: () => ['sh', '-c', program, 'ask'],
  parse(output) {
    const records = output.toString('latin1').split('\0');
    const numbers = records.splice(0, records.indexOf(''));
    records.shift();
    const links = records.splice(0, records.indexOf(''));
    const [, comms, end, rest, ...more] = records;
    if (end !== 'end' || rest !== '' || more.length > 0 || links.length % 2 !== 0)
      throw new Error('the answer is cut off');
    const names = new Map<string, string>();
    for (const line of (comms as Bytes).split('\n')) {
      const match = /^\/proc\/(\d+)\/comm:(.*)$/.exec(line);
      if (match !== null) names.set(match[1] as string, match[2] as string);
    }
    const targets = new Map<Bytes, Bytes>();
    for (let at = 0; at < links.length; at += 2) targets.set(links[at] as Bytes, links[at + 1] as Bytes);
    const found = new Map<string, DeletedOpen>();
    for (const record of numbers) {
      const match = /^(\d+) (\d+) (\d+) (\/proc\/(\d+)\/fd\/\d+)$/.exec(record);
      if (match === null) throw new Error('the answer makes no sense');
      const [, device, inode, blocks, link, process] = match as unknown as string[];
      const target = targets.get(link as Bytes);
      // Memory that only looks like a file (memfd_create(2)) has no directory.
      if (target === undefined || target.startsWith('/memfd:')) continue;
      found.set(`${device} ${inode}`, {
        device: Number(device),
        inode: Number(inode),
        bytes: Number(blocks) * 512,
        path: target.replace(/ \(deleted\)$/, ''),
        process: quote(names.get(process as string) ?? `process ${process}`),
      });
    }
    return [...found.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
  },
  summary: (value) => `${count(value.length, 'file')} that no path names`,
};
