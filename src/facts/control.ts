/**
 * Paragraphs of `Field: value` lines as in dpkg's status file and apt's deb822 sources
 * (deb822(5)). Field names are compared without case, as dpkg and apt do.
 */
import type { Bytes } from '../types.ts';
import { senseless } from './lines.ts';

export class Paragraph {
  /** Line of its first field, counted from 1. */
  readonly line: number;
  readonly #fields = new Map<string, { name: string; lines: Bytes[] }>();
  #last: Bytes[] | null = null;

  constructor(line: number) {
    this.line = line;
  }

  /** First line of a field, without space around it; empty where the field is missing. */
  get(name: string): Bytes {
    return this.#fields.get(name.toLowerCase())?.lines[0]?.trim() ?? '';
  }

  /** All lines of a field: the first one and its continuation lines without their leading space. */
  lines(name: string): readonly Bytes[] {
    return this.#fields.get(name.toLowerCase())?.lines ?? [];
  }

  has(name: string): boolean {
    return this.#fields.has(name.toLowerCase());
  }

  /** Field names as they are written. */
  names(): string[] {
    return [...this.#fields.values()].map(({ name }) => name);
  }

  /** Adds a field; false when it is there already. */
  begin(name: string, value: Bytes): boolean {
    if (this.has(name)) return false;
    this.#last = [value];
    this.#fields.set(name.toLowerCase(), { name, lines: this.#last });
    return true;
  }

  /** Adds a continuation line to the field begun last; false when there is none. */
  continue(line: Bytes): boolean {
    this.#last?.push(line);
    return this.#last !== null;
  }
}

/** Paragraphs of a text. With `comments`, lines that start with `#` are left out, as apt does. Throws on any other line. */
export function readParagraphs(lines: readonly Bytes[], path: Bytes, comments = false): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let paragraph: Paragraph | null = null;
  for (const [index, line] of lines.entries()) {
    if (comments && line.startsWith('#')) continue;
    if (/^[ \t\r]*$/.test(line)) {
      paragraph = null;
      continue;
    }
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (paragraph === null || !paragraph.continue(line.slice(1))) throw senseless(path, index, line);
      continue;
    }
    const field = /^([!-9;-~]+):[ \t]*(.*)$/s.exec(line);
    if (field === null) throw senseless(path, index, line);
    if (paragraph === null) {
      paragraph = new Paragraph(index + 1);
      paragraphs.push(paragraph);
    }
    if (!paragraph.begin(field[1] as string, field[2] as Bytes)) throw senseless(path, index, line);
  }
  return paragraphs;
}
