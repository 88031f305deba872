/**
 * Where a value ends. Told too short, the rest of a password would be shown; told too long, a few words more are
 * hidden. So every doubt goes for longer.
 *
 * Looking for the end of a quoted value stops after `farthest` bytes; with that every function here costs time in
 * proportion to what it covers.
 */
import type { Bytes } from '../types.ts';
import { isSecretValue } from './secret-words.ts';

/** Offsets of a value in the whole text, and the part of it that tells whether it is one. */
export interface Value {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly isQuoted: boolean;
}

/** Bytes. */
const farthest = 16_384;

export interface Place {
  /** Of the value: the first byte after the sign and its blanks. */
  readonly at: number;
  /** End of the line. */
  readonly lineEnd: number;
  /** The quote in which key and value stand together, as in `"KEY=value"`. */
  readonly enclosing: string | null;
  /** The key is the first on its line, so that an unquoted value goes on to its end. */
  readonly isFirst: boolean;
  /** Blanks before the key; a longer indentation goes on with a value. */
  readonly indentation: number;
}

/** The secret value at a place, or null where there is none. */
export function valueAt(content: Bytes, place: Place): Value | null {
  const { at, lineEnd, enclosing } = place;
  if (/^[ \t]*\r?$/.test(content.slice(at, Math.min(lineEnd, at + 100)))) {
    return place.isFirst && at + 100 > lineEnd ? below(content, place) : null;
  }
  if (enclosing !== null) {
    const end = endOfQuoted(content, at, enclosing, lineEnd) ?? lineEnd;
    return accepted({ start: at, end, text: content.slice(at, Math.min(end, at + 400)), isQuoted: true });
  }
  const escaped = content[at] === '\\' ? escapedQuote(content, at, lineEnd) : null;
  if (escaped !== null) return accepted(escaped);
  const prefix = /^[bBrRuUfF@$]{0,2}(?=["'`])/.exec(content.slice(at, at + 3));
  if (prefix !== null) return quoted(content, at + prefix[0].length, lineEnd);
  if (/^[|>][0-9+-]{0,2}[ \t]*(?:#.*)?\r?$/.test(content.slice(at, Math.min(lineEnd, at + 200)))) {
    const end = moreIndented(content, lineEnd, place.indentation, 'block');
    return end === lineEnd ? null : { start: at, end, text: 'block', isQuoted: true };
  }
  const listed = content[at] === '[' ? list(content, at) : null;
  if (listed !== null) return accepted(listed);
  const text = firstToken(content.slice(at, Math.min(lineEnd, at + 400)));
  if (!isSecretValue(text)) return null;
  return { start: at, end: (place.isFirst ? restOfLine : endOfToken)(content, place), text, isQuoted: false };
}

function accepted(value: Value | null): Value | null {
  return value !== null && isSecretValue(value.text, value.isQuoted) ? value : null;
}

/** Offset of the quote that ends what begins at `from`, or null. A backslash takes the next byte literally. */
function endOfQuoted(content: Bytes, from: number, quote: string, limit: number): number | null {
  const end = Math.min(limit, from + farthest, content.length);
  for (let at = from; at < end; at += 1) {
    if (content[at] === '\\') at += 1;
    else if (content[at] === quote) return at;
  }
  return null;
}

/** `\"value\"` in a text that is quoted itself. */
function escapedQuote(content: Bytes, at: number, lineEnd: number): Value | null {
  const mark = /^\\+["']/.exec(content.slice(at, at + 9))?.[0];
  if (mark === undefined) return null;
  const start = at + mark.length;
  const length = content.slice(start, Math.min(lineEnd, start + farthest)).indexOf(mark);
  const end = length === -1 ? lineEnd : start + length;
  return { start, end, text: content.slice(start, Math.min(end, start + 400)), isQuoted: true };
}

function quoted(content: Bytes, at: number, lineEnd: number): Value | null {
  const quote = content[at] as string;
  const triple = quote.repeat(3);
  if (content.startsWith(triple, at)) {
    const inner = content.slice(at + 3, at + 3 + farthest);
    const length = inner.indexOf(triple);
    if (length !== -1) {
      const text = inner.slice(0, length).trim();
      return accepted({ start: at + 3, end: at + 3 + length, text, isQuoted: true });
    }
  }
  const start = at + 1;
  // `prompt = "Password:"` ends with it.
  if (/^\s*$/.test(content.slice(start, Math.min(lineEnd, start + 100)))) return null;
  const close =
    endOfQuoted(content, start, quote, lineEnd) ??
    lastQuote(content, start, quote, lineEnd) ??
    endOfQuoted(content, start, quote, content.length);
  const value = accepted({
    start,
    end: close ?? lineEnd,
    text: content.slice(start, Math.min(close ?? lineEnd, start + 400)),
    isQuoted: true,
  });
  if (value === null || close === null) return value;
  return { ...value, end: continued(content, close, Math.max(close, lineEnd)) };
}

/** Not every format takes a backslash for an escape: a quote that ends the line ends the value. */
function lastQuote(content: Bytes, start: number, quote: string, lineEnd: number): number | null {
  const from = Math.max(start, lineEnd - 100);
  const end = /["'`][\s,;)}\]]{0,10}$/.exec(content.slice(from, lineEnd));
  return end !== null && end[0][0] === quote ? from + end.index : null;
}

/** Goes on where quoted parts follow each other: `'a''b'`, `'a'"b"`, `'a' . 'b'`, `"a"b`. */
function continued(content: Bytes, close: number, lineEnd: number): number {
  let end = close;
  for (;;) {
    const next = /^["'`](?:\s{0,40}[.+]\s{0,40}|\\?\r?\n[ \t]{0,80}|)(["'`])/.exec(
      content.slice(end, end + 130),
    );
    if (next === null) break;
    const from = end + next[0].length;
    const further = endOfQuoted(content, from, next[1] as string, content.length);
    if (further === null) return Math.max(end, lineEnd);
    end = further;
  }
  const glued = /^["'`][^\s"'`,;:)}\]&<>/\\?|=]+/.exec(content.slice(end, Math.min(lineEnd, end + farthest)));
  return glued === null ? end : end + glued[0].length;
}

/** The quoted or bare values between brackets, without them. */
function list(content: Bytes, at: number): Value | null {
  const inside = content.slice(at + 1, at + 1 + farthest);
  const end = inside.indexOf(']');
  if (end === -1) return null;
  const text = inside.slice(0, end);
  const first = /^\s*["']?([^"',\s]+)/.exec(text)?.[1];
  if (first === undefined || /^[{[]/.test(first)) return null;
  return { start: at + 1, end: at + 1 + end, text: first, isQuoted: true };
}

function restOfLine(content: Bytes, place: Place): number {
  const { at, lineEnd } = place;
  let end = lineEnd;
  while (content[end - 1] === '\\' && end < content.length) end = lineAfter(content, end);
  if (end === lineEnd) end = moreIndented(content, lineEnd, place.indentation, 'word');
  while (end > at && /[\s;,]/.test(content[end - 1] as string)) end -= 1;
  return end;
}

/** Values on the lines below their key, as items or alone. */
function below(content: Bytes, place: Place): Value | null {
  const end = moreIndented(content, place.lineEnd, place.indentation, 'word');
  if (end === place.lineEnd) return null;
  const first = content.slice(place.lineEnd, Math.min(end, place.lineEnd + 400));
  const found = /^\s+(?:-\s+)?["']?([^\s"']+)/.exec(first);
  if (found === null) return null;
  const start = place.lineEnd + found[0].length - (found[1] as string).length;
  return accepted({ start, end, text: found[1] as string, isQuoted: true });
}

/**
 * The end of the lines after one that are indented deeper, else `lineEnd`: all of them (`block`), or those that
 * hold one word and no key.
 */
function moreIndented(content: Bytes, lineEnd: number, indentation: number, which: 'block' | 'word'): number {
  let end = lineEnd;
  for (let at = lineEnd; at < content.length; ) {
    const next = lineAfter(content, at);
    const text = content.slice(at + 1, next);
    const depth = text.search(/[^ \t\r]/);
    if (depth === -1 ? which === 'word' : depth <= indentation) break;
    if (which === 'word' && !/^\s+(?:-\s+)?(?:"[^"]*"|'[^']*'|[^\s#;=:{}[\]<>"']+=*)\s*$/.test(text)) break;
    if (depth !== -1) end = next;
    at = next;
  }
  return end;
}

/** The end of the line after the one that ends at `end`. */
function lineAfter(content: Bytes, end: number): number {
  const next = content.indexOf('\n', end + 1);
  return next === -1 ? content.length : next;
}

function firstToken(text: string): string {
  const cut = text.slice(1).search(/[\s"',;)}\]&]/);
  return cut === -1 ? text : text.slice(0, cut + 1);
}

/** The end of an unquoted value within a line: a blank or quote, or a separator with which something else begins. */
function endOfToken(content: Bytes, place: Place): number {
  const { at, lineEnd } = place;
  const window = content.slice(at, Math.min(lineEnd, at + farthest));
  const stop = /[\s"'`<>]|[,;&)}\]|]/g;
  for (let found = stop.exec(window); found !== null; found = stop.exec(window)) {
    if (/[\s"'`<>]/.test(found[0])) return at + found.index;
    const rest = window.slice(found.index + 1, found.index + 100);
    if (/^(?:[)}\],;]*(?:$|[\s"'`<>])|[ \t]*["']?[A-Za-z_][\w. -]{0,60}["']?[ \t]*[=:])/.test(rest)) {
      return at + found.index;
    }
  }
  return at + window.length;
}
