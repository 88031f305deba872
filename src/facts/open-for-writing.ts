/**
 * Regular files that a process has open for writing now. The permission bits of the link /proc/PID/fd/N tell how
 * it was opened (proc(5)), so one pass of find over the links is enough. Files that are deleted already are left out.
 */
import { quote } from '../bytes.ts';
import type { Bytes } from '../types.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';

/**
 * Three lists with an empty record between them, which no path and no name is: open files, process names, namespaces
 * of process numbers. Processes that end meanwhile are no error.
 */
const program = `
[ "$(id -u)" = 0 ] || { echo 'only root sees the files of other users' >&2; exit 3; }
find /proc/[0-9]*/fd -maxdepth 1 -type l -perm -0200 -lname '/*' -xtype f -printf '%h\\0%l\\0' 2>/dev/null
printf '\\0'
grep -s -H '' /proc/[0-9]*/comm
printf '\\0\\0'
find /proc/self/ns/pid /proc/[0-9]*/ns/pid -maxdepth 0 -printf '%h %l\\n' 2>/dev/null
printf '\\0end\\0'
`;

export const openForWriting: Fact<ReadonlyMap<Bytes, string>> = {
  name: 'openForWriting',
  live: true,
  question: () => ['sh', '-c', program, 'ask'],
  parse(output) {
    const records = output.toString('latin1').split('\0');
    const files = records.splice(0, records.indexOf(''));
    const [, comms, empty, namespaces, end, rest, ...more] = records;
    if (empty !== '' || end !== 'end' || rest !== '' || more.length > 0 || files.length % 2 !== 0) {
      throw new Error('the answer is cut off');
    }
    const names = byProcess(comms as string, /^\/proc\/(\d+)\/comm:(.*)$/);
    const spaces = byProcess(namespaces as string, /^\/proc\/(\d+|self)\/ns (.*)$/);
    const open = new Map<Bytes, string>();
    for (let at = 0; at < files.length; at += 2) {
      const process = /^\/proc\/(\d+)\/fd$/.exec(files[at] as string)?.[1];
      if (process === undefined) throw new Error('the answer makes no sense');
      // A process of a container has another root: its path would be taken for one of ours.
      const foreign = spaces.has(process) && spaces.get(process) !== spaces.get('self');
      const path = files[at + 1] as Bytes;
      if (foreign || path.endsWith(' (deleted)') || path.startsWith('/proc/')) continue;
      open.set(path, quote(names.get(process) ?? `process ${process}`));
    }
    return new Map([...open].sort(([one], [other]) => (one < other ? -1 : 1)));
  },
  summary: (value) => `${count(value.size, 'file')} of ${count(new Set(value.values()).size, 'program')}`,
};

/** Second group by the first; lines of another form are pieces of a name with a newline in it. */
function byProcess(text: Bytes, form: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = form.exec(line);
    if (match !== null) found.set(match[1] as string, match[2] as string);
  }
  return found;
}
