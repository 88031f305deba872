/** Names of packages that changed between releases, as data (`profiles/debian/renames.yaml`). */
import * as v from 'valibot';
import { conform, parseYaml } from './yaml-check.ts';

const schema = v.strictObject({
  renames: v.array(
    v.strictObject({
      from: v.string(),
      to: v.array(v.string()),
      note: v.exactOptional(v.string()),
    }),
  ),
});

export interface Rename {
  /** A name, or a pattern that begins with `^`. */
  readonly from: string;
  readonly to: readonly string[];
  readonly note?: string;
}
export type Renames = readonly Rename[];

/** Throws Failure `usage` with `file:line:column`. */
export function readRenames(text: string, file: string): Renames {
  const checked = parseYaml(text, file, 'profile');
  const { renames } = conform(checked, [], schema, checked.value);
  renames.forEach((rename, index) => {
    if (!rename.from.startsWith('^')) return;
    try {
      new RegExp(rename.from);
    } catch {
      checked.fail(['renames', index, 'from'], `${rename.from} is no pattern`);
    }
  });
  return renames;
}

/** Every proposal of the table for a name, first one first; an empty list of names = it is gone. */
export function successors(
  renames: Renames,
  name: string,
): readonly { readonly to: readonly string[]; readonly note: string }[] {
  return renames.flatMap((rename) => {
    if (!rename.from.startsWith('^')) {
      return rename.from === name ? [{ to: rename.to, note: rename.note ?? '' }] : [];
    }
    const match = new RegExp(rename.from).exec(name);
    if (match === null) return [];
    const fill = (text: string) =>
      text.replaceAll(/\$(\d)/g, (_all, group: string) => match[Number(group)] ?? '');
    return [{ to: rename.to.map(fill), note: rename.note ?? '' }];
  });
}
