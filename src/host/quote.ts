import type { Argv, Bytes } from '../types.ts';

/**
 * One word for a POSIX shell. Single quotes only: inside them no byte has a meaning but the quote itself, in every
 * shell and in every locale. Throws a RangeError on what no process argument can hold: NUL, or a character that is
 * no byte (text must go through `toBytes` first).
 */
export function shellWord(bytes: Bytes): Bytes {
  for (let at = 0; at < bytes.length; at += 1) {
    const unit = bytes.charCodeAt(at);
    if (unit === 0 || unit > 0xff) throw new RangeError(`code unit ${unit} cannot be part of a shell word`);
  }
  return `'${bytes.replaceAll("'", `'\\''`)}'`;
}

/** A shell line that runs exactly this argv; send it as latin1. */
export function shellLine(argv: Argv): Bytes {
  return argv.map(shellWord).join(' ');
}
