/**
 * Regular files that a process has open for writing now. The permission bits of the link /proc/PID/fd/N tell how
 * it was opened (proc(5)), so one pass of find over the links is enough. Files that are deleted already are left out.
 */
import type { Bytes } from '../types.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';

/** Processes that end meanwhile are no error. No path is empty, so an empty record parts the two lists. */
const program = `
find /proc/[0-9]*/fd -maxdepth 1 -type l -perm -0200 -lname '/*' -xtype f -printf '%h\\0%l\\0' 2>/dev/null
printf '\\0'
grep -s -H '' /proc/[0-9]*/comm
printf '\\0end\\0'
`;

export const openForWriting: Fact<ReadonlyMap<Bytes, string>> = {
  name: 'openForWriting',
  live: true,
  question: () => ['sh', '-c', program, 'ask'],
  parse(output) {
    const records = output.toString('latin1').split('\0');
    const middle = records.indexOf('');
    if (
      records.at(-1) !== '' ||
      records.at(-2) !== 'end' ||
      middle !== records.length - 4 ||
      middle % 2 !== 0
    ) {
      throw new Error('the answer is cut off');
    }
    const names = new Map<string, string>();
    for (const line of (records[middle + 1] as Bytes).split('\n')) {
      const match = /^\/proc\/(\d+)\/comm:(.*)$/.exec(line);
      if (match !== null) names.set(match[1] as string, match[2] as string);
    }
    const open = new Map<Bytes, string>();
    for (let at = 0; at < middle; at += 2) {
      const process = /^\/proc\/(\d+)\/fd$/.exec(records[at] as string)?.[1];
      if (process === undefined) throw new Error('the answer makes no sense');
      const path = records[at + 1] as Bytes;
      if (!path.endsWith(' (deleted)') && !path.startsWith('/proc/'))
        open.set(path, names.get(process) ?? `process ${process}`);
    }
    return new Map([...open].sort(([one], [other]) => (one < other ? -1 : 1)));
  },
  summary: (value) => `${count(value.size, 'file')} of ${count(new Set(value.values()).size, 'program')}`,
};
