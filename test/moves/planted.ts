/**
 * What may be said about files that somebody made by hand in every kind of place: anything but that a recipe makes
 * them again, and nothing that leaves them behind, except where only throw-away things belong.
 */
import { quote } from '../../src/bytes.ts';
import type { Verdict } from '../../src/types.ts';

export interface Planted {
  readonly path: string;
  /** Kind of file, or `over-…` for what was done to a packaged one. */
  readonly kind: string;
  /** Whether a package lists the directory it lies in. */
  readonly packaged: boolean;
}

/** Trees in which nothing is kept: temporary files, caches, logs, what lives only while the server runs. */
const throwAway =
  /^\/(tmp|run|var\/(tmp|cache|log|run|lock|crash)|root\/\.cache|etc\/apparmor\.d\/cache|var\/lib\/(nginx\/(body|proxy|fastcgi|uwsgi|scgi)))(\/|$)/;

/** Single files of a tool that were not there yet, so that one that was planted cannot be told from its own. */
const single = new Set([
  '/usr/lib/locale/locale-archive',
  '/var/lib/logrotate/status',
  '/var/lib/nfs/etab',
  '/var/lib/sgml-base/supercatalog',
]);

/** Names that the tool's own trigger writes anew in every directory of a package, whatever was there. */
const rewritten =
  /\/(\.uuid|icon-theme\.cache|fonts\.(dir|scale|alias)|encodings\.dir|giomodule\.cache|gconv-modules\.cache|tags)$|^\/usr\/share\/(info\/dir(\.old)?|applications\/mimeinfo\.cache|mime\/(aliases|globs))$/;

function mayBeEphemeral({ path, kind }: Planted, verdict: Verdict): boolean {
  if (throwAway.test(path)) return true;
  // A socket is made by who listens on it; nothing is in an empty directory.
  if (kind === 'socket' || (kind === 'directory' && verdict.rule === 'place.empty')) return true;
  // A profile knows which directories its service keeps for things it makes again.
  if (verdict.rule.startsWith('profile.')) return true;
  // Beside a configuration file of a package it is what the package offered; Python never reads stale bytecode.
  return (
    verdict.rule === 'generated.leftover' ||
    (verdict.rule === 'mark.pycache' && (kind === 'directory' || path.endsWith('.pyc')))
  );
}

/** What is wrong about a verdict, or null. */
export function wrongAbout(planted: Planted, verdict: Verdict | null): string | null {
  const { path, kind, packaged } = planted;
  const said = verdict === null ? 'nothing' : `${verdict.class} ${verdict.rule}`;
  const wrong = `${quote(path)} (${kind}) is ${said}`;
  if (verdict === null) return wrong;
  if (single.has(path)) return null;
  if (verdict.class === 'immutable') return packaged && rewritten.test(path) ? null : wrong;
  if (verdict.class === 'ephemeral' && !mayBeEphemeral(planted, verdict)) return wrong;
  if (kind.startsWith('over-') && !['edited', 'secret', 'undecided', 'mutable'].includes(verdict.class))
    return wrong;
  return null;
}
