/** For whom the secrets of a folder are sealed: `recipients.txt`, in the format of age(1). */
import { createHash } from 'node:crypto';
import { Failure } from '../failure.ts';
import type { Bytes, Entry } from '../types.ts';

/**
 * Recipients of a text, one a line, `#` begins a comment; each once, in order. Failure `usage` names the line that is
 * none: an ssh key or a plugin's recipient, which the reference implementation takes, is not supported yet.
 */
export function parseRecipients(text: string, name: string): string[] {
  const found = new Set<string>();
  text.split('\n').forEach((line, index) => {
    const word = line.trim();
    if (word === '' || word.startsWith('#')) return;
    checkRecipient(word, `${name} line ${index + 1}`);
    found.add(word);
  });
  return [...found];
}

/** Throws Failure `usage` where a word cannot be a recipient. An identity given by mistake is not repeated. */
export function checkRecipient(word: string, where: string): void {
  if (/^age1[02-9ac-hj-np-z]{58}$|^age1(?:pq|tag|tagpq)1[02-9ac-hj-np-z]{50,}$/.test(word)) return;
  if (/^age-secret-key/i.test(word)) {
    throw new Failure('usage', 'recipient', `${where} is an identity, which must stay secret`, {
      hint: 'a recipient begins with age1; age-keygen -y FILE prints the one of an identity',
    });
  }
  const kind = word.startsWith('ssh-') ? 'an ssh key, which is not supported yet' : 'no age recipient';
  throw new Failure('usage', 'recipient', `${where} is ${kind}`, {
    hint: 'a recipient begins with age1; opstimal-move seal FOLDER --new-key FILE makes one',
  });
}

/** A file of recipients with these added at its end; what stood there stays as it is. */
export function withRecipients(text: string, added: readonly string[]): string {
  if (added.length === 0) return text;
  const start = text === '' ? '# Whoever holds the key of one of these can read what is in sealed/.\n' : text;
  return `${start}${start.endsWith('\n') ? '' : '\n'}${added.map((one) => `${one}\n`).join('')}`;
}

/** The name under which a path is sealed. Paths are no secret, the manifest names them. */
export function sealedName(path: Bytes): string {
  return `sealed/${createHash('sha256').update(path, 'latin1').digest('hex').slice(0, 32)}.age`;
}

/** Passwords of users, in the lines of shadow(5). */
export const sealedShadow = 'sealed/shadow.age';

/**
 * By what a sealed file is known to be still right, without opening it: where its content was on the source, and for
 * whom it is. A digest of the content would do as well, and would let a short password be guessed.
 */
export function stampOf(entry: Entry, recipients: readonly string[], more = ''): string {
  const whom = createHash('sha256')
    .update(`${[...recipients].sort().join('\n')}\n${more}`)
    .digest('hex')
    .slice(0, 16);
  return [entry.size, entry.mtime, entry.ctime, entry.inode, whom].join(' ');
}
