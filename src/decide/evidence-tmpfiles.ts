/**
 * What tmpfiles.d(5) says about paths. What a package's line makes is made again by it, when it is still what the line
 * makes; a directory that a line makes is there for somebody's data. Lines that clear a place do not say that what is
 * in it may be lost: that is true only in places for temporary things, which are known by their place.
 */
import { createHash } from 'node:crypto';
import type { Bytes, Entry, TmpfilesLine } from '../types.ts';
import type { Candidate } from './classify-packages.ts';
import { saysTooMuch } from './evidence-units.ts';
import { literally, PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';

/** Where a line without an argument takes its content from. */
const factory = '/usr/share/factory';

export class TmpfilesEvidence {
  readonly #made = new PathRules<TmpfilesLine>();
  readonly #trees = new PathRules<Ruling>();
  readonly #cleared = new PathRules<TmpfilesLine>();
  readonly #kept = new PathRules<Ruling>();

  /** `isPackaged` says whether a package brings a file. */
  constructor(lines: readonly TmpfilesLine[], isPackaged: (file: Bytes) => boolean) {
    for (const line of lines) {
      const byHand = line.file.startsWith('/etc/') || !isPackaged(line.file);
      const { type, path } = line;
      if (!byHand && /^[fFLpdDqQv]$/.test(type)) this.#made.add(literally(path), line, 'path');
      if (!byHand && type === 'C') this.#made.add(literally(path), line);
      if (/^[DrR]$/.test(type) || (line.age !== '' && /^[deqQv]$/.test(type))) {
        this.#cleared.add(/^[erR]$/.test(type) ? path : literally(path), line);
      } else if (/^[dqQv]$/.test(type) && !saysTooMuch(path, byHand)) {
        this.#trees.add(literally(path), {
          class: 'mutable',
          carry: 'stream',
          rule: 'tmpfiles.directory',
          reason: 'directory that a service is given',
          evidence: named(line),
        });
      }
      if (byHand && /^[fFLCp]$/.test(type)) {
        const reason = 'somebody has it made at every start';
        const ruling = { class: 'mutable', carry: 'stream', rule: 'tmpfiles.own', reason } as const;
        this.#trees.add(
          literally(path),
          { ...ruling, evidence: named(line) },
          type === 'C' ? 'tree' : 'path',
        );
      }
      if (byHand && /^[xX]$/.test(type)) {
        this.#kept.add(path, {
          class: 'mutable',
          carry: 'stream',
          rule: 'tmpfiles.kept',
          reason: 'kept from being cleared',
          evidence: named(line),
        });
      }
    }
  }

  /** What a tree is that nothing else explains, or a part of a temporary place that somebody wants to last. */
  tree(path: Bytes, known: Ruling): Ruling | null {
    if (known.rule === 'place.temporary') return this.#kept.of(path);
    if (known.class !== 'undecided') return null;
    const line = this.#cleared.of(path);
    const tree = this.#trees.of(path);
    if (line === null || tree !== null) return tree;
    const when = line.age === '' ? 'at every start' : `of what is older than ${line.age}`;
    return { ...known, reason: `${known.reason}; cleared ${when} (${named(line)})` };
  }

  /**
   * A path that a packaged line makes: its ruling where it is as the line makes it, and the digest to ask where only
   * that tells. null = no line makes it, or it is something else now.
   */
  made(
    entry: Entry,
    digestOf: (path: Bytes) => string | undefined,
  ): { readonly ruling: Ruling; readonly candidate: Candidate | null } | null {
    const line = this.#made.of(entry.path);
    if (line === null) return null;
    const { type, argument } = line;
    const ruling: Ruling = {
      class: 'immutable',
      carry: 'none',
      rule: 'tmpfiles.made',
      reason: 'made again by systemd-tmpfiles',
      evidence: named(line),
      single: true,
    };
    const asked = (digest: string | undefined) =>
      digest === undefined
        ? null
        : { ruling, candidate: { kind: 'tmpfiles', package: '', digests: [digest] } as const };
    if (/^[dDqQv]$/.test(type)) return entry.type === 'd' ? { ruling, candidate: null } : null;
    if (type === 'p') return entry.type === 'p' ? { ruling, candidate: null } : null;
    const source = argument === '' ? `${factory}${line.path}` : argument;
    if (type === 'L')
      return entry.type === 'l' && entry.target === source ? { ruling, candidate: null } : null;
    if (entry.type !== 'f' || source === null) return null;
    if (type === 'C') return asked(digestOf(`${source}${entry.path.slice(line.path.length)}`));
    if (argument === null || entry.size !== argument.length) return null;
    return asked(createHash('md5').update(argument, 'latin1').digest('hex'));
  }
}

function named({ file, line }: TmpfilesLine): string {
  return `${file} line ${line}`;
}
