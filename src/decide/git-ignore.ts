/**
 * Which files of a work tree git would not mention: gitignore(5). The patterns come from a stranger, so each is a plain
 * comparison or an expression that takes linear time.
 */
import { RE2JS } from 're2js';
import { parentOf } from '../bytes.ts';
import type { Bytes } from '../types.ts';

interface Rule {
  readonly isNegated: boolean;
  readonly forDirectories: boolean;
  /** Whether the pattern speaks of the whole path below its file, or of the last name alone. */
  readonly isAnchored: boolean;
  matches(text: Bytes): boolean;
}

/** More patterns, or longer ones, are not written by anybody. */
const mostRules = 5000;
const longestPattern = 1000;

function compiled(pattern: Bytes): (text: Bytes) => boolean {
  if (!/[*?[\\]/.test(pattern)) return (text) => text === pattern;
  const suffix = /^\*([^*?[\\/]+)$/.exec(pattern)?.[1];
  if (suffix !== undefined) return (text) => text.endsWith(suffix) && !text.includes('/');
  let source = '';
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const step = (length: number, text: string) => {
      at += length;
      source += text;
    };
    const set = /^\[(!|\^)?(\]?[^\]/]*)\]/.exec(rest);
    if (at === 0 && rest.startsWith('**/')) step(3, '(?:.*/)?');
    else if (rest.startsWith('/**/')) step(4, '/(?:.*/)?');
    else if (rest === '/**') step(3, '/.+');
    else if (rest[0] === '*') step(/^\*+/.exec(rest)?.[0].length ?? 1, '[^/]*');
    else if (rest[0] === '?') step(1, '[^/]');
    else if (set !== null) {
      const inner = (set[2] as string).replaceAll(/[\\^[\]&~]/g, '\\$&');
      step(set[0].length, `[${set[1] === undefined ? '' : '^/'}${inner}]`);
    } else if (rest[0] === '\\' && rest.length > 1) step(2, RE2JS.quote(rest[1] as string));
    else step(1, RE2JS.quote(rest[0] as string));
  }
  const expression = RE2JS.compile(source, RE2JS.DOTALL);
  return (text) => expression.matches(text);
}

function parseRules(content: Bytes): Rule[] {
  const rules: Rule[] = [];
  for (const line of content.split('\n').slice(0, mostRules)) {
    let pattern = line.replace(/\r$/, '').replace(/(?<!\\) +$/, '');
    if (pattern === '' || pattern.startsWith('#') || pattern.length > longestPattern) continue;
    const isNegated = pattern.startsWith('!');
    if (isNegated) pattern = pattern.slice(1);
    const forDirectories = pattern.endsWith('/');
    if (forDirectories) pattern = pattern.slice(0, -1);
    const isAnchored = pattern.includes('/');
    pattern = pattern.replace(/^\//, '');
    if (pattern === '') continue;
    try {
      rules.push({ isNegated, forDirectories, isAnchored, matches: compiled(pattern) });
    } catch {
      // A set such as [z-a] fits nothing.
    }
  }
  return rules.reverse();
}

/** Ignore rules of one work tree. */
export class GitIgnore {
  /** Rules by the directory whose `.gitignore` says them, last line first. */
  readonly #files = new Map<Bytes, readonly Rule[]>();
  readonly #everywhere: readonly Rule[];
  readonly #directories = new Map<Bytes, boolean>();

  /** `files`: contents by directory relative to the work tree, `''` for its top; `exclude`: info/exclude. */
  constructor(files: ReadonlyMap<Bytes, Bytes>, exclude: Bytes) {
    for (const [directory, content] of files) this.#files.set(directory, parseRules(content));
    this.#everywhere = parseRules(exclude);
  }

  /** Whether a file at this path, relative to the work tree, is ignored, or a directory above it. */
  ignores(path: Bytes): boolean {
    const above = path.includes('/') ? parentOf(`/${path}`).slice(1) : '';
    return this.#ignoresDirectory(above) || this.#says(path, false);
  }

  #ignoresDirectory(path: Bytes): boolean {
    if (path === '') return false;
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const result = this.#ignoresDirectory(parentOf(`/${path}`).slice(1)) || this.#says(path, true);
    this.#directories.set(path, result);
    return result;
  }

  #says(path: Bytes, isDirectory: boolean): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    let directory = path;
    do {
      directory = directory.includes('/') ? directory.slice(0, directory.lastIndexOf('/')) : '';
      const below = directory === '' ? path : path.slice(directory.length + 1);
      const said = decide(this.#files.get(directory) ?? [], below, name, isDirectory);
      if (said !== null) return said;
    } while (directory !== '');
    return decide(this.#everywhere, path, name, isDirectory) ?? false;
  }
}

function decide(rules: readonly Rule[], below: Bytes, name: Bytes, isDirectory: boolean): boolean | null {
  for (const rule of rules) {
    if (rule.forDirectories && !isDirectory) continue;
    if (rule.matches(rule.isAnchored ? below : name)) return !rule.isNegated;
  }
  return null;
}
