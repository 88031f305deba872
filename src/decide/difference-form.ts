/**
 * The published form of a difference: what `diff --json` prints, and what text and page are drawn from. The JSON
 * Schema is made from it, so the form cannot change in silence.
 */
import * as v from 'valibot';

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const size = v.strictObject({ files: count, bytes: count });
const state = v.picklist(['added', 'removed', 'changed', 'unknown']);

const side = v.strictObject({
  /** As the person named it. */
  name: text,
  kind: v.picklist(['folder', 'place']),
});

const field = v.strictObject({
  /** Key of the manifest; a key inside another as `base.md5`. */
  key: text,
  /** Values as in the manifest; null where the side has none. */
  left: v.unknown(),
  right: v.unknown(),
});

const content = v.strictObject({
  left: v.nullable(v.strictObject({ bytes: count, sha256: text })),
  right: v.nullable(v.strictObject({ bytes: count, sha256: text })),
  /** Lines; 0 where no lines are told. */
  added: count,
  removed: count,
  /** Why no lines are told, or not all; empty where all are. */
  leftOut: text,
});

const change = v.strictObject({
  /** Kind of the resource, or `profile`. */
  kind: text,
  /** What it is called in the manifest. */
  name: text,
  /** Seen from the left: `added` is on the right only. `unknown`: one side could not be asked. */
  state,
  /** Why it is unknown, or what the manifest notes about it. */
  note: text,
  fields: v.array(field),
  content: v.exactOptional(content),
  /** Unified diff of the content; values of secrets are left out. */
  patch: v.exactOptional(text),
});

export const differenceSchema = v.strictObject({
  opstimal: v.literal('difference/1'),
  left: side,
  right: side,
  /** Nothing is different or unknown, but what belongs to two different machines. */
  same: v.boolean(),
  counts: v.strictObject({ added: count, removed: count, changed: count, unknown: count }),
  /** What belongs to the machine: its name, its release; of two machines also files kept to be read only. */
  identity: v.strictObject({ host: v.array(field), changes: v.array(change) }),
  changes: v.array(change),
  /** What grew or shrank: `class`, `data`, `database`. */
  sizes: v.array(v.strictObject({ kind: text, name: text, left: size, right: size })),
  /** Places nothing explains. */
  undecided: v.array(
    v.strictObject({ path: text, state, note: text, left: v.nullable(size), right: v.nullable(size) }),
  ),
  /** What a side could not be asked, with its reason; null = it was asked. */
  incomplete: v.array(v.strictObject({ fact: text, left: v.nullable(text), right: v.nullable(text) })),
  /** What both sides have and nobody compared. */
  notCompared: v.array(v.strictObject({ kind: text, name: text, reason: text })),
});

export type Difference = v.InferOutput<typeof differenceSchema>;
export type Change = Difference['changes'][number];
export type Field = Change['fields'][number];
export type Content = NonNullable<Change['content']>;
