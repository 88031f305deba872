/** What GNU tar says on stderr, by member: names are quoted there in tar's `escape` style. */
import type { Bytes } from '../types.ts';

export interface NamedFailure {
  /** Absolute path; empty when tar named no file that was asked for. */
  readonly path: Bytes;
  readonly reason: string;
}

const letters: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Takes tar's quoting of a name back. */
export function unescapeTar(quoted: string): Bytes {
  return quoted.replace(/\\([0-7]{3}|[\s\S])/g, (_whole, what: string) =>
    what.length === 3 ? String.fromCharCode(Number.parseInt(what, 8)) : (letters[what] ?? what),
  );
}

/**
 * The system lives: what vanished or grew while it was read is found by looking again, not by tar's words. The rest
 * repeats what was said before.
 */
const unimportant =
  /: (File removed before we read it|file changed as we read it|File shrank by \d+ bytes.*|socket ignored|Warning: (Cannot stat|Cannot open): No such file or directory|(Cannot stat|Cannot open): No such file or directory)$|^tar: (Exiting with failure status due to previous errors|Error is not recoverable: exiting now|Child returned status|Removing leading|A lone zero block)/;

/** Failures in tar's stderr, one per path. `asked` tells which absolute paths were in the request. */
export function tarFailures(
  stderr: string,
  asked: { has(path: Bytes): boolean },
  ignore: boolean,
): NamedFailure[] {
  const failures = new Map<Bytes, string>();
  for (const line of stderr.split('\n')) {
    if (!line.startsWith('tar: ') || (ignore && unimportant.test(line))) continue;
    if (/^tar: (Exiting with failure status|Error is not recoverable)/.test(line)) continue;
    const attribute = /^tar: \w+: Cannot \w+ .*attributes? for file '(.*)': (.*)$/.exec(line);
    const named = attribute ?? nameAndReason(line.slice(5), asked);
    const path = named === null ? '' : `/${unescapeTar(named[1] as string)}`;
    const known = path !== '' && asked.has(path);
    const reason = attribute === null ? (named?.[2] ?? line.slice(5)) : `extended attribute: ${attribute[2]}`;
    const key = known ? path : '';
    if (!failures.has(key)) failures.set(key, known ? tidy(reason) : line.slice(5));
  }
  return [...failures].map(([path, reason]) => ({ path, reason }));
}

/** A name may hold `: ` itself: the longest beginning that was asked for is the name. */
function nameAndReason(text: string, asked: { has(path: Bytes): boolean }): [string, string, string] | null {
  for (let at = text.lastIndexOf(': '); at > 0; at = text.lastIndexOf(': ', at - 1)) {
    const name = text.slice(0, at);
    if (asked.has(`/${unescapeTar(name)}`)) return [text, name, text.slice(at + 2)];
  }
  return null;
}

function tidy(reason: string): string {
  const text = reason.replace(/^Warning: /, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
}
