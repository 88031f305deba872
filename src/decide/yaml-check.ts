/** Reads YAML that a person may have edited and says exactly where it is wrong. */
import * as v from 'valibot';
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { Failure } from '../failure.ts';

interface Spot {
  readonly line: number;
  readonly col: number;
}

/** A YAML file whose nodes can be pointed at. */
export interface Checked {
  readonly value: unknown;
  /** Throws the Failure `usage` that names the file and the place of the value at this path (or of its key). */
  fail(path: readonly PropertyKey[], sentence: string, hint?: string, at?: 'key' | 'value'): never;
}

/**
 * Parses one YAML 1.2 document. Errors of the notation are Failures of `topic` with `file:line:column`.
 * The parsed value is untrusted; check it with `conform`.
 */
export function parseYaml(text: string, file: string, topic: string): Checked {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true });
  const failAt = (spot: Spot, sentence: string, hint: string): never => {
    throw new Failure('usage', topic, `${file}:${spot.line}:${spot.col}: ${sentence}`, { hint });
  };
  const problem = document.errors[0];
  if (problem !== undefined) {
    const said = problem.message.split('\n')[0] ?? '';
    failAt(
      lines.linePos(problem.pos[0]),
      asSentence(said),
      'this is no YAML; correct the line and run again',
    );
  }
  const spotOf = (path: readonly PropertyKey[], at: 'key' | 'value'): Spot => {
    for (let length = path.length; length >= 0; length -= 1) {
      const parent = length === 0 ? null : document.getIn(path.slice(0, length - 1) as unknown[], true);
      const key = path[length - 1];
      if (isMap(parent) && at === 'key') {
        const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
        if (pair !== undefined && isScalar(pair.key) && pair.key.range) {
          return lines.linePos(pair.key.range[0]);
        }
      }
      const node = document.getIn(path.slice(0, length) as unknown[], true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]);
    }
    return { line: 1, col: 1 };
  };
  visit(document, {
    Alias(_key, alias) {
      const spot = lines.linePos(alias.range?.[0] ?? 0);
      failAt(spot, `aliases like *${alias.source} are not used here`, 'write the value out');
    },
  });
  return {
    value: document.toJS({ maxAliasCount: 0 }),
    fail: (path, sentence, hint = '', at = 'value') => failAt(spotOf(path, at), sentence, hint),
  };
}

function asSentence(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}

/**
 * The part of a checked file at `path`, in the shape of `schema`. Anything else is the Failure of the file, with
 * the first wrong place named.
 */
export function conform<const S extends v.GenericSchema>(
  checked: Checked,
  path: readonly PropertyKey[],
  schema: S,
  part: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, part);
  if (result.success) return result.output;
  // A misspelt key is missing under its right name, too; the name that stands there says more.
  const issue = result.issues.find((one) => one.expected === 'never') ?? result.issues[0];
  const below = (issue.path ?? []).map((item) => item.key as PropertyKey);
  const full = [...path, ...below];
  const name = nameOf(full);
  const last = issue.path?.at(-1);
  if (last?.origin === 'key' && issue.expected === 'never') {
    checked.fail(full, `nothing called ${name} is known here`, 'remove it, or correct its spelling', 'key');
  }
  if (last?.origin === 'key') {
    checked.fail(full.slice(0, -1), `${name} is missing`, `add the line \`${String(full.at(-1))}: …\``);
  }
  if (issue.kind === 'validation') checked.fail(full, `${name} ${issue.message}`);
  const quotes = issue.expected === 'string' && /^[\d.-]+$|^(true|false|null)$/.test(issue.received);
  checked.fail(
    full,
    `${name} must be ${expectation(issue.expected)}, not ${issue.received}`,
    quotes ? 'put the value in quotes' : '',
  );
}

function nameOf(path: readonly PropertyKey[]): string {
  const last = path.at(-1);
  if (last === undefined) return 'the document';
  return typeof last === 'number' ? `entry ${last + 1}` : String(last);
}

function expectation(expected: string | null): string {
  const known: Readonly<Record<string, string>> = {
    string: 'text',
    Array: 'a list',
    Object: 'a group of keys',
    boolean: 'true or false',
    number: 'a number',
  };
  if (expected === null) return 'something else';
  return known[expected] ?? expected.replaceAll(/^\(|\)$/g, '').replaceAll(' | ', ' or ');
}
