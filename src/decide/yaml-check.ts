/** Reads YAML that a person may have edited and says exactly where it is wrong. */
import * as v from 'valibot';
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { Failure } from '../failure.ts';

interface Spot {
  readonly line: number;
  readonly col: number;
}

/** Something wrong in a file, at the place where an editor shows it; line and column count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly sentence: string;
  readonly hint: string;
}

/** A YAML file whose nodes can be pointed at. */
export interface Checked {
  readonly value: unknown;
  /** What is wrong with the value at this path (or with its key). */
  problem(path: readonly PropertyKey[], sentence: string, hint?: string, at?: 'key' | 'value'): Problem;
  /** Throws a problem as the Failure `usage` that names the file. */
  raise(problem: Problem): never;
  /** Throws the Failure `usage` that names the file and the place of the value at this path (or of its key). */
  fail(path: readonly PropertyKey[], sentence: string, hint?: string, at?: 'key' | 'value'): never;
}

export type Examined =
  | { readonly checked: Checked; readonly problems: readonly [] }
  | { readonly checked: null; readonly problems: readonly [Problem, ...Problem[]] };

function raise(file: string, topic: string, problem: Problem): never {
  const { line, column, sentence, hint } = problem;
  throw new Failure('usage', topic, `${file}:${line}:${column}: ${sentence}`, { hint });
}

/** Parses one YAML 1.2 document, or says everything that is wrong in its notation. */
export function examineYaml(text: string, file: string, topic: string): Examined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true });
  const problemAt = ({ line, col }: Spot, sentence: string, hint: string): Problem => ({
    line,
    column: col,
    sentence,
    hint,
  });
  const problems = document.errors.map((error) =>
    problemAt(
      lines.linePos(error.pos[0]),
      asSentence(error.message.split('\n')[0] ?? ''),
      'this is no YAML; correct the line and run again',
    ),
  );
  visit(document, {
    Alias(_key, alias) {
      const sentence = `aliases like *${alias.source} are not used here`;
      problems.push(problemAt(lines.linePos(alias.range?.[0] ?? 0), sentence, 'write the value out'));
    },
  });
  const [first, ...others] = problems;
  if (first !== undefined) return { checked: null, problems: [first, ...others] };
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
  const problem: Checked['problem'] = (path, sentence, hint = '', at = 'value') =>
    problemAt(spotOf(path, at), sentence, hint);
  return {
    checked: {
      value: document.toJS({ maxAliasCount: 0 }),
      problem,
      raise: (known) => raise(file, topic, known),
      fail: (...about) => raise(file, topic, problem(...about)),
    },
    problems: [],
  };
}

/**
 * Parses one YAML 1.2 document. Errors of the notation are Failures of `topic` with `file:line:column`.
 * The parsed value is untrusted; check it with `conform`.
 */
export function parseYaml(text: string, file: string, topic: string): Checked {
  const { checked, problems } = examineYaml(text, file, topic);
  return checked ?? raise(file, topic, problems[0]);
}

function asSentence(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}

export type Shaped<T> =
  | { readonly fits: true; readonly output: T }
  | { readonly fits: false; readonly problems: readonly [Problem, ...Problem[]] };

/** The part of a checked file at `path` in the shape of `schema`, or all that keeps it from it, most telling first. */
export function checkShape<const S extends v.GenericSchema>(
  checked: Checked,
  path: readonly PropertyKey[],
  schema: S,
  part: unknown,
): Shaped<v.InferOutput<S>> {
  let result = v.safeParse(schema, part);
  if (result.success) return { fits: true, output: result.output };
  // A misspelt key is missing under its right name, too; the name that stands there says more. Only the first key of
  // an object is told at once, so those that were told are taken away until there is none.
  const misspelt: v.BaseIssue<unknown>[] = [];
  const rest = structuredClone(part);
  for (let found = unknownKeys(result.issues); found.length > 0; found = unknownKeys(result.issues ?? [])) {
    misspelt.push(...found);
    for (const issue of found) removeAt(rest, issue.path ?? []);
    result = v.safeParse(schema, rest);
  }
  const [first, ...more] = [...misspelt, ...(result.issues ?? [])].map((issue) =>
    problemOf(checked, path, issue),
  );
  return { fits: false, problems: [first as Problem, ...more] };
}

function unknownKeys(issues: readonly v.BaseIssue<unknown>[]): v.BaseIssue<unknown>[] {
  return issues.filter(({ expected, path }) => expected === 'never' && path?.at(-1)?.origin === 'key');
}

function removeAt(value: unknown, path: readonly v.IssuePathItem[]): void {
  const keys = path.map(({ key }) => key as string);
  let parent = value as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  delete parent[keys.at(-1) as string];
}

function problemOf(checked: Checked, path: readonly PropertyKey[], issue: v.BaseIssue<unknown>): Problem {
  const below = (issue.path ?? []).map((item) => item.key as PropertyKey);
  const full = [...path, ...below];
  const name = nameOf(full);
  const last = issue.path?.at(-1);
  if (last?.origin === 'key' && issue.expected === 'never') {
    const sentence = `nothing called ${name} is known here`;
    return checked.problem(full, sentence, 'remove it, or correct its spelling', 'key');
  }
  if (last?.origin === 'key') {
    const hint = `add the line \`${String(full.at(-1))}: …\``;
    return checked.problem(full.slice(0, -1), `${name} is missing`, hint);
  }
  if (issue.kind === 'validation') return checked.problem(full, `${name} ${issue.message}`);
  const quotes = issue.expected === 'string' && /^[\d.-]+$|^(true|false|null)$/.test(issue.received);
  return checked.problem(
    full,
    `${name} must be ${expectation(issue.expected)}, not ${issue.received}`,
    quotes ? 'put the value in quotes' : '',
  );
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
  const result = checkShape(checked, path, schema, part);
  return result.fits ? result.output : checked.raise(result.problems[0]);
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
