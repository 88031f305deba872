/** Users, groups and memberships that packages declare and systemd-sysusers makes (sysusers.d(5)). */
import type { Bytes, SysusersLine } from '../types.ts';
import { archiveOf, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';
import { fieldsOf, readSnippets, snippetsWanted } from './snippets.ts';

export const sysusers: Fact<readonly SysusersLine[]> = {
  name: 'sysusers',
  live: false,
  question: (root) => archiveOf(root, { directories: [...snippetsWanted('sysusers.d')] }),
  parse(output) {
    return readSnippets(readArchive(output), 'sysusers.d').flatMap(({ file, lines }) =>
      lines.flatMap(({ number, text }) => readLine(file, number, text) ?? []),
    );
  },
  summary(value) {
    const of = (type: SysusersLine['type']) => value.filter((line) => line.type === type).length;
    return `${count(of('u'), 'user')}, ${count(of('g'), 'group')}, ${count(of('m'), 'membership')}`;
  },
};

/** systemd.unit(5) "User/Group Name Syntax"; names with specifiers depend on the machine and are left out. */
const sensibleName = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/;

function readLine(file: Bytes, number: number, text: Bytes): SysusersLine | null {
  const fields = fieldsOf(text, 6)?.map((field) => (field === '-' ? '' : field));
  const type = /^([ugm])!?$/.exec(fields?.[0] ?? '')?.[1];
  const [, name = '', id = '', gecos = '', home = '', shell = ''] = fields ?? [];
  // Ranges of numbers (`r`) and what systemd passes over, too.
  if (type === undefined || !sensibleName.test(name)) return null;
  if (type === 'm' && !sensibleName.test(id)) return null;
  return { file, line: number, type: type as SysusersLine['type'], name, id, gecos, home, shell };
}
