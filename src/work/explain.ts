/** explain: why a path is what it is. */
import { quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Bytes, Carry, Class } from '../types.ts';
import type { Folder } from './folder.ts';

export interface Explanation {
  /** Quoted. */
  readonly path: string;
  readonly class: Class;
  readonly carry: Carry;
  readonly rule: string;
  readonly reason: string;
  readonly evidence: string;
  /** The path whose verdict speaks for this one: itself, or a directory above it; quoted. */
  readonly decidedBy: string;
  /** The command that says otherwise. */
  readonly override: string;
}

/** Throws Failure `usage` for a path that is not absolute, or that the scan never came near. */
export async function explainPath(folder: Folder, path: Bytes): Promise<Explanation> {
  const plain = normal(path);
  const verdict = (await folder.verdictIndex()).of(plain);
  if (verdict === null) {
    throw new Failure('usage', 'path', `nothing was scanned at ${quote(plain)}`, {
      hint: `scan first: opstimal-move scan SOURCE ${folder.name}`,
    });
  }
  return {
    path: quote(plain),
    class: verdict.class,
    carry: verdict.carry,
    rule: verdict.rule,
    reason: quote(verdict.reason),
    evidence: quote(verdict.evidence),
    decidedBy: quote(verdict.path),
    override: `opstimal-move decide ${folder.name} ${shellText(quote(plain))} CLASS`,
  };
}

/** Absolute, without a slash at its end. */
export function normal(path: Bytes): Bytes {
  if (!path.startsWith('/')) {
    throw new Failure('usage', 'path', `${quote(path)} is no absolute path`, {
      hint: 'write it as the server sees it, for example /srv/app',
    });
  }
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw new Failure('usage', 'path', `${quote(path)} holds ..`, { hint: 'write it without' });
  }
  return `/${parts.join('/')}`;
}

/** A word of a command line that a person copies. */
function shellText(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
