/** Files of packages that were removed: each place has a verdict, and the person is told once. */
import { quote } from '../bytes.ts';
import type { Classifier } from '../decide/classify.ts';
import type { Fold } from '../decide/fold.ts';
import type { Host } from '../host/host.ts';
import type { Bytes } from '../types.ts';
import type { Seen } from './scan-listing.ts';

/** Gives what is missing its verdicts. The sentence to tell, or null when there is nothing. */
export function nameMissing(source: Host, seen: Seen, classifier: Classifier, fold: Fold): string | null {
  const missing = classifier.missing(unsure(source.root, seen.errors));
  for (const { path, ruling } of missing) fold.amend(path, null, ruling, 0);
  const first = missing[0];
  if (first === undefined) return null;
  const files = missing.reduce((sum, one) => sum + one.files, 0);
  const many = files === 1 ? 'a file of a package was' : `${files} files of packages were`;
  const others = missing.length - 1;
  const where = others === 0 ? '' : ` and ${others} other ${others === 1 ? 'place' : 'places'}`;
  return `${many} removed: ${quote(first.path)}${where}; the packages bring ${files === 1 ? 'it' : 'them'} back`;
}

/** Whether all of a tree was seen: only then something that is not there was removed. */
export function isWhole(root: Bytes, errors: readonly string[], tree: Bytes): boolean {
  const paths = unreadPaths(root, errors);
  return paths?.every((path) => !isInside(tree, path) && !isInside(path, tree)) === true;
}

/** Whether a directory may hold what the listing does not show. */
function unsure(root: Bytes, errors: readonly string[]): (directory: Bytes) => boolean {
  const paths = unreadPaths(root, errors);
  return (directory) => paths === null || paths.some((path) => isInside(directory, path));
}

/** null where an error names no path, so that any may be meant. `` is the top. */
function unreadPaths(root: Bytes, errors: readonly string[]): Bytes[] | null {
  const unread = errors.map((error) => /^['\u2018"](\/.*)['\u2019"]: /s.exec(error)?.[1]);
  if (unread.includes(undefined)) return null;
  return (unread as Bytes[]).map((path) => path.slice(root.length).replace(/\/+$/, ''));
}

function isInside(path: Bytes, tree: Bytes): boolean {
  return path === tree || path.startsWith(`${tree}/`);
}
