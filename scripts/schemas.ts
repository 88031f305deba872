/**
 * Writes the published JSON Schemas from the schemas that check at run time, so that the two cannot differ.
 * `--check` writes nothing, names what is stale and ends with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { profileSchema } from '../src/decide/profile-schema.ts';

/** Published files, from the top of the repository. */
export const schemas: readonly {
  readonly file: string;
  readonly title: string;
  readonly schema: GenericSchema;
}[] = [{ file: 'profiles/profile.schema.json', title: 'Profile of opstimal-move', schema: profileSchema }];

/** The text of a published schema. Checks that JSON Schema has no words for are left out of it. */
export function schemaText({ title, schema }: (typeof schemas)[number]): string {
  const { $schema, ...rest } = toJsonSchema(schema, { errorMode: 'ignore' }) as JsonSchema;
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
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
