/**
 * What was changed in a file, as a unified diff (POSIX diff -u, "Diff -u Output Format") that `patch` and `git apply`
 * take. Content is bytes: only a line feed ends a line, so carriage returns, Latin-1 and a missing last newline come
 * through as they are. No times stand in it, so that the same two contents always give the same bytes.
 */
import { formatPatch, OMIT_HEADERS, type StructuredPatchHunk, structuredPatch } from 'diff';
import type { Bytes } from '../types.ts';

/** Lines around a change, as diff -u has them. */
const context = 3;

/**
 * Edits that are searched for the shortest way. Two texts that have less in common are shown as one taken out and the
 * other put in; a bound in time would give other bytes on another machine.
 */
const effort = 1000;

/** Larger files, and those that are no text, are carried whole without a patch. Bytes. */
export const patchLimit = 1024 ** 2;

/** Whether a person can read a difference of it: no NUL byte at its start, as diff and git judge it. */
export function isText(content: Buffer): boolean {
  return !content.subarray(0, 8192).includes(0);
}

/**
 * The patch from `original` to `current`; null = removed. Empty when both have the same content. `path` is absolute; the names in
 * the header are `a/etc/…` and `b/etc/…`, in C quotes where they need them, as git writes them.
 */
export function makePatch(path: Bytes, original: Buffer, current: Buffer | null): Buffer {
  const [from, to] = [original.toString('latin1'), current?.toString('latin1') ?? ''];
  if (from === to) return Buffer.alloc(0);
  const names = [
    `--- ${headerName(`a${path}`)}`,
    `+++ ${current === null ? '/dev/null' : headerName(`b${path}`)}`,
  ];
  return Buffer.from(`${names.join('\n')}\n${hunksOf(from, to)}`, 'latin1');
}

function hunksOf(from: Bytes, to: Bytes): Bytes {
  const found = structuredPatch('', '', from, to, undefined, undefined, { context, maxEditLength: effort });
  const hunks = found === undefined ? [replaced(from, to)] : found.hunks;
  if (hunks.length === 0) return '';
  return formatPatch({ ...unnamed, hunks: [...hunks] }, OMIT_HEADERS);
}

const unnamed = { oldFileName: '', newFileName: '', oldHeader: undefined, newHeader: undefined };

/** All of one text taken out, all of the other put in. */
function replaced(from: Bytes, to: Bytes): StructuredPatchHunk {
  const [old, now] = [linesOf(from), linesOf(to)];
  return {
    oldStart: 1,
    oldLines: old.length,
    newStart: 1,
    newLines: now.length,
    lines: [...marked('-', old), ...marked('+', now)],
  };
}

/** Lines with their line feeds. */
function linesOf(text: Bytes): Bytes[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function marked(sign: '-' | '+', lines: readonly Bytes[]): Bytes[] {
  return lines.flatMap((line) =>
    line.endsWith('\n') ? `${sign}${line.slice(0, -1)}` : [`${sign}${line}`, '\\ No newline at end of file'],
  );
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

function headerName(name: Bytes): Bytes {
  if (/^[!#-[\]-~]*$/.test(name)) return name;
  const quoted = name.replaceAll(
    /[^ !#-[\]-~]/g,
    (byte) => escapes[byte] ?? `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return `"${quoted}"`;
}

/** Lines put in and taken out by a patch that `makePatch` made. */
export function countChanges(patch: Bytes): { readonly added: number; readonly removed: number } {
  // The two lines of names come before the first hunk; in a hunk, a line of content may look like one of them.
  const lines = patch.split('\n').slice(2);
  return {
    added: lines.filter((line) => line.startsWith('+')).length,
    removed: lines.filter((line) => line.startsWith('-')).length,
  };
}
