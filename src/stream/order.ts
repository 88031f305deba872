/** The one order of listings: byte order of paths with `/` lowest, so that a directory is followed by its tree. */
import type { Bytes } from '../types.ts';

/** `/` becomes NUL, which no path holds; then the order of code units is the order wanted. */
function key(path: Bytes): string {
  return path === '/' ? '' : path.replaceAll('/', '\0');
}

/** Negative, zero or positive, as a comparator wants it. */
export function comparePaths(a: Bytes, b: Bytes): number {
  if (a === b) return 0;
  return key(a) < key(b) ? -1 : 1;
}

/** Sorts by path; the keys are made once. Gives a new array. */
export function sortByPath<T extends { readonly path: Bytes }>(items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ key: key(item.path), item }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ item }) => item);
}
