/**
 * Manifests of earlier versions, brought to the newest form step by step. They lie in folders that people keep
 * in git for years, so every version that was ever written is read; what is written is always the newest.
 *
 * A step is pure, sees the parsed file before anything was checked, and touches only what changed its form: what
 * is wrong in the user's file is left to the check that follows, which still names its line and column.
 */
import type { Checked, Problem } from './yaml-check.ts';

export const newestManifest = 'manifest/2';

type Path = readonly PropertyKey[];
type Fields = Readonly<Record<string, unknown>>;

interface Migration {
  readonly from: string;
  readonly to: string;
  /** What changed, for those who come after. */
  readonly why: string;
  readonly change: (whole: Fields) => Fields;
  /** Where a path of the new form stands in the old one, where that is elsewhere. */
  readonly origin?: (path: Path) => Path;
}

const migrations: readonly Migration[] = [
  {
    from: 'manifest/1',
    to: 'manifest/2',
    why: 'new kinds checkout, stack, container and build, and new keys patch and sealed; nothing changed its form',
    change: (whole) => whole,
  },
];

export type Migrated =
  | { readonly known: true; readonly checked: Checked }
  | { readonly known: false; readonly problem: Problem };

/** The file in the newest form. A version that is not known, or none at all, is a problem of the file. */
export function migrate(checked: Checked): Migrated {
  const { value } = checked;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const hint = `its first line is opstimal: ${newestManifest}`;
    return { known: false, problem: checked.problem([], 'this is no manifest', hint) };
  }
  let whole = value as Fields;
  let origin = (path: Path): Path => path;
  while (whole.opstimal !== newestManifest) {
    const step = migrations.find(({ from }) => from === whole.opstimal);
    if (step === undefined) return { known: false, problem: unknownVersion(checked, whole.opstimal) };
    whole = { ...step.change(whole), opstimal: step.to };
    const [before, back] = [origin, step.origin];
    if (back !== undefined) origin = (path) => before(back(path));
  }
  return {
    known: true,
    checked: {
      ...checked,
      value: whole,
      problem: (path, ...about) => checked.problem(origin(path), ...about),
      fail: (path, ...about) => checked.fail(origin(path), ...about),
    },
  };
}

function unknownVersion(checked: Checked, version: unknown): Problem {
  if (version === undefined) {
    const hint = `add the line \`opstimal: ${newestManifest}\``;
    return checked.problem([], 'opstimal is missing: the version of the manifest', hint);
  }
  const number = typeof version === 'string' ? /^manifest\/(\d+)$/.exec(version)?.[1] : undefined;
  if (number !== undefined && Number(number) > Number(newestManifest.split('/')[1])) {
    return checked.problem(
      ['opstimal'],
      `this manifest is of version ${number}; newest known here is ${newestManifest.split('/')[1]}`,
      'a newer opstimal-move wrote it: update this one, or scan again into another folder',
    );
  }
  const said = typeof version === 'string' ? version : 'that';
  return checked.problem(['opstimal'], `${said} is no version of a manifest`, `write ${newestManifest}`);
}
