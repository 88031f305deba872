/**
 * Writes the published JSON Schemas from the schemas that check at run time, so that the two cannot differ.
 * `--check` writes nothing, names what is stale and ends with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { differenceSchema } from '../src/decide/difference-form.ts';
import { profileSchema } from '../src/decide/profile-schema.ts';
import { manifestSchema } from './manifest-schema.ts';

/** Published files, from the top of the repository. */
export const schemas: readonly { readonly file: string; readonly schema: () => object }[] = [
  { file: 'profiles/difference.schema.json', schema: differenceJson },
  { file: 'profiles/manifest.schema.json', schema: manifestSchema },
  {
    file: 'profiles/profile.schema.json',
    schema: () => titled('Profile of opstimal-move', profileSchema),
  },
];

/** The line that `diff --json` prints. */
function differenceJson(): object {
  const schema = titled('Difference of opstimal-move', differenceSchema) as {
    properties: object;
    required: string[];
  };
  const command = { enum: ['diff', 'manifest'], description: 'The command that printed it.' };
  return {
    ...schema,
    properties: { kind: { const: 'result' }, command, ...schema.properties },
    required: ['kind', 'command', ...schema.required],
  };
}

/** Checks that JSON Schema has no words for are left out of it. */
function titled(title: string, schema: GenericSchema): object {
  const { $schema, ...rest } = toJsonSchema(schema, { errorMode: 'ignore' }) as JsonSchema;
  return { $schema, title, ...rest };
}

/** The text of a published schema. */
export function schemaText({ schema }: (typeof schemas)[number]): string {
  return `${JSON.stringify(schema(), null, 2)}\n`;
}

/** Files whose text is not what their schema gives. */
export function staleSchemas(): string[] {
  const root = join(import.meta.dirname, '..');
  return schemas
    .filter((one) => {
      try {
        return readFileSync(join(root, one.file), 'utf8') !== schemaText(one);
      } catch {
        return true;
      }
    })
    .map(({ file }) => file);
}

if (import.meta.main) {
  const stale = staleSchemas();
  if (process.argv.includes('--check')) {
    for (const file of stale) console.error(`${file} is stale: npm run schemas`);
    if (stale.length > 0) process.exitCode = 1;
  } else {
    for (const one of schemas) writeFileSync(join(import.meta.dirname, '..', one.file), schemaText(one));
  }
}
