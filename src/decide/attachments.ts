/** Which files of the folder a manifest names, and where it names them. */
import type { Manifest } from '../types.ts';

export interface NamedFile {
  /** Path in the manifest of the key that names it. */
  readonly path: readonly PropertyKey[];
  /** In the folder, for example `files/05ef…`. */
  readonly from: string;
  /** What its content must hash to; null where the manifest does not say. */
  readonly sha256: string | null;
  /** The file of the server whose content it is, quoted; null for a keyring or a patch. */
  readonly content: string | null;
}

/** Every file below files/ and sealed/ that the manifest names; one may be named more than once. */
export function namedFiles(manifest: Manifest): NamedFile[] {
  return manifest.resources.flatMap((resource, index) => {
    const at = ['resources', index] as const;
    const found: NamedFile[] = [];
    const add = (keys: readonly string[], from: string | undefined, more: Partial<NamedFile> = {}): void => {
      if (from !== undefined)
        found.push({ path: [...at, ...keys], from, sha256: null, content: null, ...more });
    };
    if ('repository' in resource) {
      add(['from'], resource.from, { sha256: resource.sha256, content: resource.file });
      add(['key', 'from'], resource.key?.from, { sha256: resource.key?.sha256 ?? null });
    } else if ('checkout' in resource) add(['patch'], resource.patch);
    else if ('path' in resource && 'kind' in resource) {
      add(['from'], resource.from, { sha256: resource.sha256 ?? null, content: resource.path });
      add(['patch'], resource.patch);
      add(['sealed'], resource.sealed);
    }
    return found;
  });
}

/** Begin of the digest that a name made from the content promises; null for a name that is none. */
export function promisedDigest(from: string): string | null {
  return /^files\/([0-9a-f]{32,64})$/.exec(from)?.[1] ?? null;
}
