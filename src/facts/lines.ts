/** Text files of dpkg end every line, also the last one; one that does not was cut off. */
import { quote } from '../bytes.ts';
import type { Bytes } from '../types.ts';

/** Lines of a file, without their ends. An empty file has none. Throws where the last line is cut off. */
export function wholeLines(content: Buffer, path: Bytes): Bytes[] {
  if (content.length === 0) return [];
  if (content[content.length - 1] !== 10)
    throw new Error(`${quote(path)} is cut off: its last line has no end`);
  return content.toString('latin1', 0, content.length - 1).split('\n');
}

/** Error for a line that makes no sense; `index` counts from 0. Shows at most 80 bytes of it. */
export function senseless(path: Bytes, index: number, line: Bytes): Error {
  const shown = quote(line.slice(0, 80)) + (line.length > 80 ? '…' : '');
  return new Error(`${quote(path)} line ${index + 1} makes no sense: ${shown}`);
}

/** `1 package`, `2 packages`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
