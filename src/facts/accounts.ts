/**
 * Local users and groups: passwd(5), group(5), shadow(5). Those of LDAP or NIS are not in these files and not
 * ours to make. Password fields are replaced by their state before they leave the server: a hash never does.
 */
import { quote, toText } from '../bytes.ts';
import type { Accounts, Bytes, Group, User } from '../types.ts';
import type { Fact } from './fact.ts';
import { count, senseless } from './lines.ts';
import { readSections, sectionsOf, succeeded } from './sections.ts';

/** `x` in passwd means that shadow knows. On a disk a link is refused: it could lead to the files of this machine. */
const program = `
cd "$1/" || exit
if [ -n "$1" ]; then
  for file in etc etc/passwd etc/shadow etc/group; do
    if [ -L $file ]; then
      echo "/$file is a link" >&2
      exit 3
    fi
  done
fi
state='function state(field) {
  return field == "" ? "none" : field == "x" ? "x" : field ~ /^[!*]/ ? "locked" : "set"
}'
section passwd awk -F: -v OFS=: "$state"' NF > 1 { $2 = state($2) } { print }' etc/passwd
section group awk -F: -v OFS=: 'NF > 1 { $2 = "x" } { print }' etc/group
if [ -r etc/shadow ]; then
  section shadow awk -F: "$state"' NF > 1 { print $1 ":" state($2) }' etc/shadow
fi
`;

export const accounts: Fact<Accounts> = {
  name: 'accounts',
  live: false,
  question: (root) => sectionsOf(program, root),
  parse(output) {
    const sections = readSections(output);
    const states = sections.has('shadow') ? readShadow(succeeded(sections, 'shadow')) : null;
    const users = records(succeeded(sections, 'passwd'), '/etc/passwd', 7).map((fields) =>
      readUser(fields, states),
    );
    const groups = records(succeeded(sections, 'group'), '/etc/group', 4).map(readGroup);
    if (!users.some(({ uid }) => uid === 0)) throw new Error('/etc/passwd has no user with the number 0');
    if (groups.length === 0) throw new Error('/etc/group is empty');
    return { users, groups };
  },
  summary(value) {
    const people = value.users.filter(({ uid }) => uid >= 1000 && uid < 60000).length;
    return `${count(value.users.length, 'user')}, ${people} of people, ${count(value.groups.length, 'group')}`;
  },
};

/** No control character: names are shown and become arguments. */
const sensibleName = /^[^\p{Cc}\s]+$/u;

/** Lines of a colon-separated file. Empty lines and NIS lines (`+…`, `-…`) are passed over, as glibc does. */
function records(text: Bytes, path: Bytes, fields: number): Bytes[][] {
  return text.split('\n').flatMap((line, index) => {
    if (/^([+-]|#|\s*$)/.test(line)) return [];
    const record = line.split(':');
    if (record.length !== fields || !sensibleName.test(record[0] as Bytes))
      throw senseless(path, index, line);
    return [record];
  });
}

function readShadow(text: Bytes): Map<Bytes, User['password']> {
  return new Map(
    text.split('\n').flatMap((line): [Bytes, User['password']][] => {
      if (/^([+-]|#|\s*$)/.test(line)) return [];
      const [name = '', word = ''] = line.split(':');
      return [[name, word === 'x' ? 'locked' : password(word, '/etc/shadow')]];
    }),
  );
}

function readUser(fields: Bytes[], states: ReadonlyMap<Bytes, User['password']> | null): User {
  const [name, word, uid, gid, gecos, home, shell] = fields as [
    Bytes,
    string,
    string,
    string,
    Bytes,
    Bytes,
    Bytes,
  ];
  const inShadow = states === null ? 'unknown' : states.get(name);
  return {
    name: toText(name),
    uid: number(uid, '/etc/passwd', name),
    gid: number(gid, '/etc/passwd', name),
    gecos: toText(gecos),
    home,
    shell,
    // `x` without a line in shadow lets nobody in.
    password: word === 'x' ? (inShadow ?? 'locked') : password(word, '/etc/passwd'),
  };
}

function readGroup(fields: Bytes[]): Group {
  const [name, , gid, members] = fields as [Bytes, string, string, Bytes];
  return {
    name: toText(name),
    gid: number(gid, '/etc/group', name),
    members: members === '' ? [] : members.split(',').map(toText),
  };
}

/** The word that awk put in place of the field. What else may stand there is never shown. */
function password(word: string, path: Bytes): User['password'] {
  if (word === 'set' || word === 'locked' || word === 'none') return word;
  throw new Error(`${path} makes no sense`);
}

function number(text: string, path: string, name: Bytes): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) {
    throw new Error(`${path}: ${quote(name)} has no sensible number`);
  }
  return Number(text);
}
