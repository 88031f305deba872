/**
 * What changed in the content of a file, line by line, for people: secrets are taken out before anything is
 * compared, and what cannot be told in lines is told by its size.
 */
import { structuredPatch } from 'diff';
import { quote } from '../bytes.ts';
import type { Bytes } from '../types.ts';
import { redact } from './redact.ts';

/** Larger contents are told by size and digest. Bytes. */
export const largestContent = 512 * 1024;
/** More lines than this in one patch are counted, not shown. */
const mostLines = 1000;
/** More edits than this and the two have nothing to do with each other; the time to find them grows with the square. */
const mostEdits = 1000;

export interface ContentPatch {
  /** Unified diff; null where there is none to tell. */
  readonly patch: string | null;
  readonly added: number;
  readonly removed: number;
  /** Why no lines are told, or not all; empty where all are. */
  readonly leftOut: string;
}

function none(leftOut: string): ContentPatch {
  return { patch: null, added: 0, removed: 0, leftOut };
}

function isBinary(content: Bytes): boolean {
  return content.slice(0, 8192).includes('\0');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 where it is that, else each byte as one letter: nothing is lost, and old configuration is often latin1. */
function textOf(content: Bytes): string {
  try {
    return utf8.decode(Buffer.from(content, 'latin1'));
  } catch {
    return content;
  }
}

/** `name` is the path of the file on its server; null stands for a side that has no such file. */
export function contentPatch(name: Bytes, left: Bytes | null, right: Bytes | null): ContentPatch {
  if ([left, right].some((one) => one !== null && isBinary(one))) return none('no text');
  const [before, after] = [left, right].map((one) => (one === null ? '' : textOf(redact(name, one))));
  if (before === after) {
    return none(
      (left ?? '') === (right ?? '') ? 'empty' : 'they differ only in what is left out as a secret',
    );
  }
  const found = structuredPatch(
    left === null ? '/dev/null' : quote(name),
    right === null ? '/dev/null' : quote(name),
    before as string,
    after as string,
    '',
    '',
    // Against nothing there is nothing to find.
    { context: 3, ...(left === null || right === null ? {} : { maxEditLength: mostEdits }) },
  );
  if (found === undefined) return none('they have too little in common to be told line by line');
  const lines = found.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: said }) => [
    `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`,
    ...said,
  ]);
  const changed = found.hunks.flatMap((hunk) => hunk.lines);
  const shown = lines.slice(0, mostLines);
  return {
    patch: [`--- ${found.oldFileName}`, `+++ ${found.newFileName}`, ...shown, ''].join('\n'),
    added: changed.filter((line) => line.startsWith('+')).length,
    removed: changed.filter((line) => line.startsWith('-')).length,
    leftOut: lines.length > shown.length ? `${lines.length - shown.length} more lines` : '',
  };
}

/** As diff writes it: an empty range begins at the line before it. */
function range(start: number, lines: number): string {
  return lines === 1 ? String(start) : `${lines === 0 ? start - 1 : start},${lines}`;
}
