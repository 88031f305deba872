/** The shape of `profiles/<name>.yaml`, checked strictly: a misspelt key is an error, not silence. */
import * as v from 'valibot';
import type { Profile } from '../types.ts';
import { conform, parseYaml } from './yaml-check.ts';

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const texts = v.array(text);
const pattern = v.pipe(text, v.check(compiles, 'is no regular expression with at most one group'));
const glob = v.pipe(text, v.regex(/^[/$]/, 'must begin with / or ${'));
const classes = v.picklist([
  'immutable',
  'edited',
  'mutable',
  'secret',
  'identity',
  'ephemeral',
  'undecided',
]);
const fromTo = v.strictObject({ from: text, to: text });

function compiles(value: string): boolean {
  try {
    // The empty alternative makes it match, so that the number of groups can be counted.
    return (new RegExp(`${value}|`).exec('')?.length ?? 0) <= 2;
  } catch {
    return false;
  }
}

const schema = v.strictObject({
  name: v.pipe(text, v.regex(/^[a-z0-9-]+$/, 'must be lower case letters, digits and -')),
  title: text,
  detect: v.strictObject({
    packages: v.exactOptional(texts),
    units: v.exactOptional(texts),
    magic: v.exactOptional(v.literal('sqlite')),
  }),
  version: v.exactOptional(v.strictObject({ package: text, of: v.picklist(['name', 'version']), pattern })),
  settings: v.exactOptional(
    v.array(
      v.strictObject({
        name: v.pipe(text, v.regex(/^[a-zA-Z][a-zA-Z0-9]*$/, 'must be letters and digits')),
        files: v.array(glob),
        pattern,
        take: v.picklist(['last', 'all']),
        default: texts,
      }),
    ),
  ),
  paths: v.array(
    v.strictObject({
      path: glob,
      class: classes,
      kind: text,
      carry: v.exactOptional(v.picklist(['manifest', 'stream', 'dump', 'none'])),
      weak: v.exactOptional(v.boolean()),
    }),
  ),
  dump: v.exactOptional(v.picklist(['postgresql', 'mariadb'])),
  units: texts,
  tier: v.picklist(['actor', 'front', 'application', 'database']),
  packages: v.exactOptional(v.array(fromTo)),
  rewrites: v.exactOptional(v.array(v.strictObject({ files: v.array(glob), from: text, to: text }))),
  moves: v.exactOptional(v.array(fromTo)),
  crossing: v.exactOptional(
    v.array(
      v.strictObject({
        files: v.array(glob),
        how: v.picklist(['file', 'postgresql-settings', 'dovecot-settings', 'by-hand']),
        note: v.exactOptional(text),
      }),
    ),
  ),
  probes: v.exactOptional(
    v.array(
      v.variant('probe', [
        v.strictObject({ probe: v.literal('unit'), unit: text }),
        v.strictObject({ probe: v.literal('port'), port: v.pipe(v.number(), v.integer()) }),
        v.strictObject({ probe: v.literal('http'), url: text }),
        v.strictObject({
          probe: v.literal('command'),
          name: text,
          argv: v.pipe(texts, v.nonEmpty('must not be empty')),
          compare: v.picklist(['equal', 'zero']),
        }),
      ]),
    ),
  ),
  provenance: text,
});

/** Reads one profile. Throws Failure `usage` on topic `profile` with `file:line:column`. */
export function readProfile(content: string, file: string): Profile {
  const checked = parseYaml(content, file, 'profile');
  return conform(checked, [], schema, checked.value);
}
