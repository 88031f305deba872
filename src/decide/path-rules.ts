/**
 * Rules by path, compiled into a tree of path segments, so that a million paths cost a few map look-ups each and
 * never a pass over all rules.
 *
 * A pattern is absolute; a segment may be a glob of picomatch, and the segment `**` stands for any number of
 * segments. A rule speaks for the path and everything below it, or for the path alone. The deepest match wins;
 * of equally deep ones the literal, then the earlier.
 */
import picomatch from 'picomatch';
import type { Bytes } from '../types.ts';

interface Node<T> {
  readonly literals: Map<Bytes, Node<T>>;
  readonly globs: { readonly source: string; readonly matches: RegExp; readonly node: Node<T> }[];
  /** The node of `**`: it stays, however deep the path goes. */
  deep: Node<T> | null;
  readonly staying: boolean;
  tree: Placed<T> | null;
  exact: Placed<T> | null;
}
interface Placed<T> {
  readonly value: T;
  readonly order: number;
  readonly literal: boolean;
}
interface Reached<T> {
  readonly nodes: readonly Node<T>[];
  readonly best: T | null;
}

/** How many directories' answers are kept; a listing goes through one directory after the other. */
const remembered = 1024;

function newNode<T>(staying: boolean): Node<T> {
  return { literals: new Map(), globs: [], deep: null, staying, tree: null, exact: null };
}

/** Spells text so that a pattern takes it literally. */
export function literally(text: string): string {
  return text.replaceAll(/[\\*?[\]{}()!+@|]/g, '\\$&');
}

function isGlob(segment: string): boolean {
  return /[*?[{]/.test(segment.replaceAll(/\\./g, ''));
}

const nothing = /(?!)/;

/**
 * Whether matching may take more than cubic time. Some patterns come from files of the server; one that is made to be
 * slow speaks for nothing.
 */
function isCostly(segment: string): boolean {
  const plain = segment.replaceAll(/\\./gs, '');
  return segment.length > 500 || plain.split('*').length > 4 || /\(/.test(plain);
}

/**
 * Several tables are asked about one path, and about many paths of one directory: both are remembered, so that the same
 * string is given and comparing it costs nothing. Only the speed depends on it.
 */
const memory = { path: '', directory: '/' };

function directoryOf(path: Bytes): Bytes {
  if (path === memory.path) return memory.directory;
  memory.path = path;
  const at = path.lastIndexOf('/');
  if (at <= 0) memory.directory = '/';
  else if (at !== memory.directory.length || !path.startsWith(memory.directory))
    memory.directory = path.slice(0, at);
  return memory.directory;
}

export class PathRules<T> {
  readonly #root = newNode<T>(false);
  readonly #memory = new Map<Bytes, Reached<T>>();
  /** The last directory that was asked about: a listing has many paths of one directory in a row. */
  #last: { readonly path: Bytes; readonly reached: Reached<T> } | null = null;
  #count = 0;

  /** Patterns are byte strings; `scope` says whether the rule speaks for what is below. */
  add(pattern: Bytes, value: T, scope: 'tree' | 'path' = 'tree'): void {
    this.#memory.clear();
    this.#last = null;
    let node = this.#root;
    let literal = true;
    for (const segment of pattern.split('/').filter((part) => part !== '')) {
      if (isGlob(segment)) literal = false;
      node = child(node, segment);
    }
    this.#count += 1;
    const placed = { value, order: this.#count, literal };
    if (scope === 'tree') node.tree ??= placed;
    else node.exact ??= placed;
  }

  /** The value of the rule that speaks for a path, or null. */
  of(path: Bytes): T | null {
    if (path === '/') return this.#root.exact?.value ?? this.#root.tree?.value ?? null;
    const directory = directoryOf(path);
    if (this.#last === null || this.#last.path !== directory) {
      this.#last = { path: directory, reached: this.#directory(directory) };
    }
    const above = this.#last.reached;
    if (above.nodes.length === 0) return above.best;
    const nodes = step(above.nodes, path.slice(directory === '/' ? 1 : directory.length + 1));
    return best(nodes, 'exact') ?? best(nodes, 'tree') ?? above.best;
  }

  #directory(path: Bytes): Reached<T> {
    const known = this.#memory.get(path);
    if (known !== undefined) return known;
    let reached: Reached<T>;
    if (path === '/') {
      const nodes = closure([this.#root]);
      reached = { nodes, best: best(nodes, 'tree') };
    } else {
      const at = path.lastIndexOf('/');
      const above = this.#directory(at <= 0 ? '/' : path.slice(0, at));
      const nodes = above.nodes.length === 0 ? [] : step(above.nodes, path.slice(at + 1));
      reached = { nodes, best: best(nodes, 'tree') ?? above.best };
    }
    if (this.#memory.size >= remembered) this.#memory.clear();
    this.#memory.set(path, reached);
    return reached;
  }
}

function child<T>(node: Node<T>, segment: string): Node<T> {
  if (segment === '**') {
    node.deep ??= newNode<T>(true);
    return node.deep;
  }
  if (!isGlob(segment)) {
    const name = segment.replaceAll(/\\(.)/gs, '$1');
    const found = node.literals.get(name);
    if (found !== undefined) return found;
    const made = newNode<T>(false);
    node.literals.set(name, made);
    return made;
  }
  const found = node.globs.find((glob) => glob.source === segment);
  if (found !== undefined) return found.node;
  const made = newNode<T>(false);
  const matches = isCostly(segment) ? nothing : picomatch.makeRe(segment, { dot: true });
  node.globs.push({ source: segment, matches, node: made });
  return made;
}

/** With every node also the node of its `**`, which may stand for no segment at all. */
function closure<T>(nodes: readonly Node<T>[]): Node<T>[] {
  const all: Node<T>[] = [];
  for (const node of nodes) {
    all.push(node);
    if (node.deep !== null) all.push(node.deep);
  }
  return all;
}

function step<T>(nodes: readonly Node<T>[], segment: Bytes): Node<T>[] {
  const next: Node<T>[] = [];
  for (const node of nodes) {
    const literal = node.literals.get(segment);
    if (literal !== undefined) next.push(literal);
    for (const glob of node.globs) if (glob.matches.test(segment)) next.push(glob.node);
    if (node.staying) next.push(node);
  }
  return closure(next);
}

function best<T>(nodes: readonly Node<T>[], scope: 'tree' | 'exact'): T | null {
  let chosen: Placed<T> | null = null;
  for (const node of nodes) {
    const placed = scope === 'tree' ? node.tree : node.exact;
    if (placed === null) continue;
    const better =
      chosen === null ||
      (placed.literal && !chosen.literal) ||
      (placed.literal === chosen.literal && placed.order < chosen.order);
    if (better) chosen = placed;
  }
  return chosen === null ? null : chosen.value;
}
