/**
 * When each package was unpacked last: dpkg writes its file list then, and nothing else touches it. A packaged
 * file with a later ctime is suspect.
 */
import { quote } from '../bytes.ts';
import type { Bytes } from '../types.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';
import { packageOfInfo } from './on-disk.ts';

const program = `cd "$1/var/lib/dpkg/info" && find . -maxdepth 1 -type f -name '*.list' -printf '%T@ %f\\0' && printf 'end\\0'`;

export const unpacked: Fact<ReadonlyMap<string, bigint>> = {
  name: 'unpacked',
  live: false,
  question: (root) => ['sh', '-c', program, 'ask', root],
  parse(output) {
    const records = output.toString('latin1').split('\0');
    if (records.pop() !== '' || records.pop() !== 'end') throw new Error('the answer is cut off');
    const times = new Map<string, bigint>();
    for (const record of records) {
      const match = /^(-?\d+)\.(\d{9})\d* (.+)$/s.exec(record);
      if (match === null) throw new Error(`the answer makes no sense: ${quote(record.slice(0, 80))}`);
      const name = packageOfInfo(`/var/lib/dpkg/info/${match[3] as Bytes}`, 'list');
      if (name === null) continue;
      // find writes seconds and nanoseconds apart: 1.25 s before 1970 is -2.75, which is -2 s and 0.75 s.
      const time = BigInt(match[1] as string) * 1_000_000_000n + BigInt(match[2] as string);
      // Two architectures of one package: the later one counts.
      const earlier = times.get(name);
      if (earlier === undefined || earlier < time) times.set(name, time);
    }
    if (times.size === 0) throw new Error('/var/lib/dpkg/info holds no *.list file');
    return new Map([...times].sort(([one], [other]) => (one < other ? -1 : 1)));
  },
  summary: (value) => count(value.size, 'package'),
};
