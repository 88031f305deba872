/**
 * Which files logrotate(8) turns into logs of the past: /etc/logrotate.conf and what it includes. Only the settings
 * that say which files these are and how the rotated ones are called.
 */
import type { Bytes, RotatedLogs } from '../types.ts';
import { type Archive, archiveOf, optional, readArchive } from './archive.ts';
import type { Fact } from './fact.ts';
import { count } from './lines.ts';

const main = '/etc/logrotate.conf';
const directory = '/etc/logrotate.d/';
/** Names that logrotate leaves alone in a directory it includes (its default `tabooext`). */
const taboo =
  /(,v|\.cfsaved|\.disabled|\.dpkg-(bak|del|dist|new|old|tmp)|\.rhn-cfg-tmp-.*|\.rpm(new|orig|save)|\.swp|\.ucf-(dist|new|old)|~)$/;

export const logrotate: Fact<readonly RotatedLogs[]> = {
  name: 'logrotate',
  live: false,
  question: (root) =>
    archiveOf(root, {
      paths: ['etc/logrotate.conf'],
      directories: [{ path: 'etc/logrotate.d', names: '*' }],
    }),
  parse(output) {
    const archive = readArchive(output);
    const files = [...archive.keys()]
      .filter((path) => path.startsWith(directory) && !taboo.test(path))
      .sort();
    return [main, ...files].flatMap((file) => readFile(archive, file));
  },
  summary: (value) =>
    `${count(new Set(value.flatMap(({ patterns }) => patterns)).size, 'pattern')} in ${count(new Set(value.map(({ file }) => file)).size, 'file')}`,
};

/** A link or a directory in logrotate's folder says nothing we could read. */
function readFile(archive: Archive, file: Bytes): RotatedLogs[] {
  if (archive.get(file)?.type !== 'file') return [];
  const found: RotatedLogs[] = [];
  const lines = (optional(archive, file) as Buffer).toString('latin1').split('\n');
  let patterns: Bytes[] = [];
  let block: { patterns: Bytes[]; olddir: Bytes | null } | null = null;
  let olddir: Bytes | null = null;
  let script = false;
  for (const line of lines) {
    const text = line.trim();
    if (script) {
      script = text !== 'endscript';
    } else if (text === '' || text.startsWith('#')) {
      // Nothing to read.
    } else if (block !== null) {
      if (text.startsWith('}')) {
        if (block.patterns.length > 0) found.push({ file, ...block });
        block = null;
      } else if (/^(pre|post|first|last)(rotate|action)$|^preremove$/.test(text)) {
        script = true;
      } else {
        block.olddir = olddirOf(text, block.olddir);
        // The last setting may share its line with the end.
        if (/\}\s*$/.test(text)) {
          found.push({ file, ...block });
          block = null;
        }
      }
    } else if (/^["'/]/.test(text) || (text.startsWith('{') && patterns.length > 0)) {
      const at = text.search(/\{\s*(#.*)?$/);
      const opens = at !== -1 && (at === 0 || /\s|["']/.test(text[at - 1] as string));
      patterns.push(...patternsOf(opens ? text.slice(0, at) : text));
      if (opens) {
        block = { patterns, olddir };
        patterns = [];
      }
    } else {
      patterns = [];
      olddir = olddirOf(text, olddir);
    }
  }
  return found;
}

function olddirOf(text: Bytes, before: Bytes | null): Bytes | null {
  if (/^noolddir\b/.test(text)) return null;
  const match = /^olddir\s+(?:"([^"]+)"|'([^']+)'|([^\s}]+))/.exec(text);
  return match === null ? before : (match[1] ?? match[2] ?? (match[3] as Bytes));
}

/** Names and globs, quoted or parted by blanks. What is no absolute path is left out. */
function patternsOf(text: Bytes): Bytes[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|((?:\\.|[^\s"'])+)/g)]
    .map((match) => match[1] ?? match[2] ?? (match[3] as Bytes))
    .filter((pattern) => pattern.startsWith('/'));
}
