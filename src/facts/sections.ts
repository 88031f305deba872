/**
 * Several commands in one answer. Each section says how long it is before it begins, so no content can pretend
 * to be another section: `<name> <exit code> <length>`, newline, that many bytes, newline; `end` closes it.
 * NUL bytes do not survive (sh keeps the text in a variable); files have `archive.ts`.
 */
import type { Argv, Bytes } from '../types.ts';

export interface Section {
  readonly code: number;
  /** Byte string. */
  readonly text: Bytes;
}
export type Sections = ReadonlyMap<string, Section>;

/** The dot keeps newlines at the end, which a command substitution would drop. */
const prelude = `
export LC_ALL=C
section() {
  title=$1
  shift
  text=$("$@"; code=$?; echo .; exit $code)
  code=$?
  text=\${text%.}
  printf '%s %d %d\\n%s\\n' "$title" $code \${#text} "$text"
}
`;

/**
 * Question made of `section NAME COMMAND ARGUMENT…` lines in sh. `$1` is the root; after a section `$text` is
 * what it said. Exit code 3 with a reason on stderr means that this host can never answer.
 */
export function sectionsOf(program: string, root: Bytes, ...more: Bytes[]): Argv {
  return ['sh', '-c', `${prelude}${program}\nprintf 'end\\n'\n`, 'ask', root, ...more];
}

/** Splits an answer. Throws when it is cut off or does not have the form. */
export function readSections(output: Buffer): Sections {
  const sections = new Map<string, Section>();
  let at = 0;
  for (;;) {
    const newline = output.indexOf(10, at);
    const line = newline === -1 ? null : output.toString('latin1', at, newline);
    if (line === null) throw new Error(output.length === 0 ? 'the answer is empty' : 'the answer is cut off');
    if (line === 'end') return sections;
    const header = /^([a-z][a-z-]*) (\d{1,3}) (\d{1,12})$/.exec(line);
    if (header === null) throw new Error('the answer makes no sense');
    const begin = newline + 1;
    const end = begin + Number(header[3]);
    if (end >= output.length) throw new Error('the answer is cut off');
    if (output[end] !== 10) throw new Error('the answer makes no sense');
    sections.set(header[1] as string, {
      code: Number(header[2]),
      text: output.toString('latin1', begin, end),
    });
    at = end + 1;
  }
}

/** Text of a section that must be there and have succeeded. */
export function succeeded(sections: Sections, name: string): Bytes {
  const section = sections.get(name);
  if (section === undefined) throw new Error(`the answer has no part ${name}`);
  if (section.code !== 0) throw new Error(`${name} ended with code ${section.code}`);
  return section.text;
}
