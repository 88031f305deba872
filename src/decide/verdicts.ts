/**
 * decide: pure functions. inventory → verdicts → manifest → plan.
 *
 * Rules of this folder:
 * - no I/O of any kind, no clock, no randomness: the same input gives the same bytes;
 * - knowledge is data (`profiles/`, the tables of this folder), not code;
 * - every path gets one class, one rule and one reason; what nothing explains is undecided, never skipped.
 */
import { parentOf } from '../bytes.ts';
import type { Bytes, Carry, Class, Decision, Manifest, Verdict } from '../types.ts';

/** How a path travels when a person has said what it is. */
function carryOf(decided: Class): Carry {
  return decided === 'mutable' || decided === 'secret' || decided === 'edited' ? 'stream' : 'none';
}

/** Answers which verdict speaks for a path: the deepest one that names it or a tree above it. */
export class VerdictIndex {
  readonly #trees = new Map<Bytes, Verdict>();
  readonly #paths = new Map<Bytes, Verdict>();

  constructor(verdicts: readonly Verdict[], decisions: readonly Decision[] = []) {
    for (const verdict of verdicts) {
      (verdict.scope === 'tree' ? this.#trees : this.#paths).set(verdict.path, verdict);
    }
    const newest = new Map<Bytes, Decision>();
    for (const decision of decisions) newest.set(decision.path, decision);
    for (const decision of newest.values()) {
      if (decision.class === null) continue;
      this.#override({
        path: decision.path,
        scope: 'tree',
        class: decision.class,
        carry: carryOf(decision.class),
        rule: 'decision',
        reason: decision.note === '' ? `decided by ${decision.by}` : decision.note,
        evidence: `decided ${decision.at} by ${decision.by}`,
        bytes: 0,
        files: 0,
      });
    }
  }

  /**
   * A person's word speaks for the whole tree: deeper verdicts of rules give way, except identity, and what they
   * counted is counted here. What a rule found to be of that class already keeps its way: a patch, a seal.
   */
  #override(verdict: Verdict): void {
    const below = `${verdict.path === '/' ? '' : verdict.path}/`;
    let { bytes, files } = verdict;
    for (const map of [this.#trees, this.#paths]) {
      for (const [path, old] of map) {
        const isInside = path === verdict.path || path.startsWith(below);
        if (!isInside || old.rule === 'decision' || old.class === 'identity') continue;
        if (old.class === verdict.class && old.carry === 'manifest') {
          const { rule, reason, evidence } = verdict;
          map.set(path, { ...old, rule, reason, evidence });
          continue;
        }
        bytes += old.bytes;
        files += old.files;
        map.delete(path);
      }
    }
    this.#trees.set(verdict.path, { ...verdict, bytes, files });
  }

  /** null only when nothing at all was scanned above the path. */
  of(path: Bytes): Verdict | null {
    const exact = this.#paths.get(path);
    if (exact !== undefined) return exact;
    for (let at = path; ; at = parentOf(at)) {
      const tree = this.#trees.get(at);
      if (tree !== undefined) return tree;
      if (at === '/') return null;
    }
  }

  *all(): Generator<Verdict> {
    yield* this.#trees.values();
    yield* this.#paths.values();
  }
}

/** Files and bytes by class after what people decided; `counted` is what the rules alone gave. */
export function decidedClasses(
  counted: Manifest['classes'],
  verdicts: readonly Verdict[],
  index: VerdictIndex,
): Manifest['classes'] {
  const classes = Object.fromEntries(
    Object.entries(counted).map(([name, sum]) => [name, { ...sum }]),
  ) as Record<Class, { files: number; bytes: number }>;
  const add = (each: Iterable<Verdict>, sign: 1 | -1) => {
    for (const { class: name, files, bytes } of each) {
      classes[name].files += sign * files;
      classes[name].bytes += sign * bytes;
    }
  };
  add(index.all(), 1);
  add(verdicts, -1);
  return classes;
}
