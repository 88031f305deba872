/** explain: why a path is what it is, and what was changed in it where a package brought it. */
import { quote } from '../bytes.ts';
import { countChanges } from '../decide/patch.ts';
import { mark } from '../decide/redact.ts';
import { Failure } from '../failure.ts';
import type { Bytes, Carry, Class, Manifest, PathResource, Resource } from '../types.ts';
import type { Folder } from './folder.ts';

export interface Explanation {
  /** Quoted. */
  readonly path: string;
  readonly class: Class;
  readonly carry: Carry;
  readonly rule: string;
  readonly reason: string;
  readonly evidence: string;
  /** The path whose verdict speaks for this one: itself, or a directory above it; quoted. */
  readonly decidedBy: string;
  /** The command that says otherwise. */
  readonly override: string;
  /** Of a secret that travels with the manifest: whether the folder keeps it sealed. */
  readonly sealed?: boolean;
  /** Why it does not travel yet although its class says so; absent where it does. */
  readonly missing?: string;
  /** What was recognised there: checkout, stack, build, container. */
  readonly known?: readonly Resource[];
  /** What was changed in a file of a package. */
  readonly change?: Change;
}

export interface Change {
  /** The package that brought the original; empty where that is not known. */
  readonly package: string;
  /** Whether the file was removed. */
  readonly removed: boolean;
  readonly linesAdded: number;
  readonly linesRemoved: number;
  /** Unified diff, each line quoted (see bytes.ts), so that its bytes can be had back and no terminal is harmed. */
  readonly patch: string | null;
  /** Why there is no patch; empty where there is one. */
  readonly missing: string;
  /** Whether values of secrets are left out of the patch. */
  readonly secret: boolean;
}

/** Throws Failure `usage` for a path that is not absolute, for /, or for one that the scan never came near. */
export async function explainPath(folder: Folder, path: Bytes): Promise<Explanation> {
  const plain = normal(path);
  if (plain === '/') {
    throw new Failure('usage', 'path', '/ has no class as a whole', {
      hint: 'name a directory or file below it',
    });
  }
  const verdict = (await folder.verdictIndex()).of(plain);
  if (verdict === null) {
    throw new Failure('usage', 'path', `nothing was scanned at ${quote(plain)}`, {
      hint: `scan first: opstimal-move scan SOURCE ${folder.name}`,
    });
  }
  const manifest = await folder.readManifest();
  const resource = manifest.resources.find(
    (one): one is PathResource => 'path' in one && 'kind' in one && one.path === quote(plain),
  );
  const change = await changeOf(folder, plain, resource);
  const known = knownAt(manifest, quote(plain));
  const missing = manifest.incomplete.find(
    ({ fact }) => fact.startsWith('/') && `${quote(plain)}/`.startsWith(`${fact}/`),
  )?.reason;
  return {
    path: quote(plain),
    class: verdict.class,
    carry: verdict.carry,
    rule: verdict.rule,
    reason: quote(verdict.reason),
    evidence: quote(verdict.evidence),
    decidedBy: quote(verdict.path),
    override: `opstimal-move decide ${folder.name} ${shellText(quote(plain))} CLASS`,
    ...(verdict.class === 'secret' && resource !== undefined
      ? { sealed: resource.sealed !== undefined }
      : {}),
    ...(missing === undefined ? {} : { missing }),
    ...(known.length === 0 ? {} : { known }),
    ...(change === null ? {} : { change }),
  };
}

function knownAt(manifest: Manifest, path: string): Resource[] {
  return manifest.resources.filter(
    (one) =>
      ('checkout' in one && one.checkout === path) ||
      ('stack' in one && one.stack === path) ||
      ('build' in one && one.build === path) ||
      ('container' in one && (one.definition === path || one.volumes.some(({ source }) => source === path))),
  );
}

async function changeOf(
  folder: Folder,
  path: Bytes,
  resource: PathResource | undefined,
): Promise<Change | null> {
  if (resource === undefined) return null;
  const missing = (await folder.readUnpatched()).get(path);
  if (resource.patch === undefined && missing === undefined) return null;
  const patch =
    resource.patch === undefined ? null : (await folder.readAttachment(resource.patch)).toString('latin1');
  const { added, removed } = patch === null ? { added: 0, removed: 0 } : countChanges(patch);
  return {
    // ucf looks after files of other packages; which one brought it is not written down.
    package: resource.base?.package === 'ucf' ? '' : (resource.base?.package ?? ''),
    removed: resource.kind === 'absent',
    linesAdded: added,
    linesRemoved: removed,
    patch: patch === null ? null : patch.split('\n').map(quote).join('\n'),
    missing: patch === null ? (missing ?? '') : '',
    secret: resource.secret === true || patch?.includes(mark) === true,
  };
}

/** Absolute, without a slash at its end. */
export function normal(path: Bytes): Bytes {
  if (!path.startsWith('/')) {
    throw new Failure('usage', 'path', `${quote(path)} is no absolute path`, {
      hint: 'write it as the server sees it, for example /srv/app',
    });
  }
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw new Failure('usage', 'path', `${quote(path)} holds ..`, { hint: 'write it without' });
  }
  return `/${parts.join('/')}`;
}

/** A word of a command line that a person copies. */
function shellText(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
