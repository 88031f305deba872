/** The shapes of the other files of a migration folder, for those who edit them or merge them in git. */
import * as v from 'valibot';
import type { Class } from '../types.ts';
import { checkShape, examineYaml, type Problem } from './yaml-check.ts';

const text = v.string();
const count = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0, 'must not be negative'));
/** A name as bytes: one letter is one byte. */
const path = v.pipe(
  text,
  v.startsWith('/', 'must begin with /'),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a name may hold every byte but NUL
  v.regex(/^[\x01-\xff]*$/, 'must be bytes, one letter for each'),
);
const classes = [
  'immutable',
  'edited',
  'mutable',
  'secret',
  'identity',
  'ephemeral',
  'undecided',
] as const satisfies readonly Class[];

const verdict = v.strictObject({
  path,
  scope: v.picklist(['tree', 'path']),
  class: v.picklist(classes),
  carry: v.picklist(['manifest', 'stream', 'dump', 'none']),
  rule: text,
  reason: text,
  evidence: text,
  bytes: count,
  files: count,
});

const decision = v.strictObject({
  path,
  class: v.nullable(v.picklist(classes)),
  by: text,
  at: v.pipe(text, v.regex(/^$|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/, 'must be a time as 2026-01-31T12:00:00Z')),
  note: text,
});

const host = v.strictObject({ place: text, name: text, os: text, machineId: text, hostKey: text });
const hosts = v.strictObject({ source: v.exactOptional(host), destination: v.exactOptional(host) });

/** All that is wrong in hosts.yaml. */
export function hostsProblems(content: string, file: string): readonly Problem[] {
  const { checked, problems } = examineYaml(content, file, 'folder');
  if (checked === null) return problems;
  const read = checkShape(checked, [], hosts, checked.value ?? {});
  return read.fits ? [] : read.problems;
}

/** All that is wrong in verdicts.jsonl or decisions.jsonl; each line is one JSON value. */
export function linesProblems(content: string, form: 'verdicts' | 'decisions'): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  const lines = content.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const at = (problem: Problem): Problem => ({ ...problem, line: index + 1 });
    const whole = index < lines.length - 1;
    const parsed = parseLine(line);
    if (parsed.problem !== undefined) {
      // What was cut off by a power loss while it was appended is left out when the file is read.
      const hint = whole ? 'each line is one JSON object' : 'the line was cut off; remove it';
      problems.push(at({ ...parsed.problem, hint }));
      continue;
    }
    const read = v.safeParse(form === 'verdicts' ? verdict : decision, parsed.value);
    if (!read.success) {
      problems.push(...shapeProblems(line, parsed.value, form).map(at));
      continue;
    }
    if (form === 'decisions') continue;
    const { path: named, scope } = read.output as v.InferOutput<typeof verdict>;
    const before = seen.get(`${scope} ${named}`);
    if (before !== undefined) {
      const sentence = `the same path and scope stand in line ${before}, too`;
      problems.push({ line: index + 1, column: 1, sentence, hint: 'remove one of the two' });
    }
    seen.set(`${scope} ${named}`, index + 1);
  }
  return problems;
}

function parseLine(
  line: string,
): { value: unknown; problem?: undefined } | { value: null; problem: Problem } {
  try {
    return { value: JSON.parse(line) };
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    const column = position === undefined ? line.length + 1 : Number(position) + 1;
    return { value: null, problem: { line: 1, column, sentence: 'this is no JSON', hint: '' } };
  }
}

/** JSON is YAML, whose parser knows where each value stands. */
function shapeProblems(line: string, value: unknown, form: 'verdicts' | 'decisions'): readonly Problem[] {
  const { checked } = examineYaml(line, form, 'folder');
  if (checked === null) return [{ line: 1, column: 1, sentence: 'this is no line of it', hint: '' }];
  const read = checkShape(checked, [], form === 'verdicts' ? verdict : decision, value);
  return read.fits ? [] : read.problems;
}
