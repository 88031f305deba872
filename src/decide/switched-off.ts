/**
 * Links of packages that somebody switched off: a2dismod(8) and phpdismod(8) take the link away and leave a mark. On
 * another server the package would switch its part on again when it is installed.
 */
import type { Bytes } from '../types.ts';

export interface SwitchedOff {
  readonly path: Bytes;
  /** What switches it on when it is installed. */
  readonly package: string;
}

const apacheLinks: Readonly<
  Record<string, { readonly directory: string; readonly endings: readonly string[] }>
> = {
  conf: { directory: 'conf', endings: ['.conf'] },
  module: { directory: 'mods', endings: ['.load', '.conf'] },
  site: { directory: 'sites', endings: ['.conf'] },
};

/**
 * `marks` are paths that such tools keep, `etc` the paths below /etc, `ownerOf` gives the package of a path. Only what
 * a package brings is named; PHP's numbers come from the links that other programs have of the same module.
 */
export function switchedOff(
  marks: Iterable<Bytes>,
  etc: Iterable<Bytes>,
  ownerOf: (path: Bytes) => string | undefined,
): SwitchedOff[] {
  const found: SwitchedOff[] = [];
  const php: [version: Bytes, program: Bytes, name: Bytes][] = [];
  for (const mark of marks) {
    const apache = /^\/var\/lib\/apache2\/(conf|module|site)\/disabled_by_admin\/([^/]+)$/s.exec(mark);
    if (apache !== null) {
      const [, kind, name] = apache as unknown as [Bytes, Bytes, Bytes];
      const { directory, endings } = apacheLinks[kind] as (typeof apacheLinks)[string];
      for (const ending of endings) {
        const owner = ownerOf(`/etc/apache2/${directory}-available/${name}${ending}`);
        if (owner === undefined) continue;
        found.push({ path: `/etc/apache2/${directory}-enabled/${name}${ending}`, package: owner });
      }
    }
    const module = /^\/var\/lib\/php\/modules\/([^/]+)\/([^/]+)\/disabled_by_admin\/([^/]+)$/s.exec(mark);
    if (module !== null) php.push(module.slice(1) as [Bytes, Bytes, Bytes]);
  }
  if (php.length === 0) return found;
  const numbered = new Map<Bytes, Bytes>();
  for (const path of etc) {
    const link = /^\/etc\/php\/([^/]+)\/[^/]+\/conf\.d\/(\d+-([^/]+)\.ini)$/s.exec(path);
    if (link !== null) numbered.set(`${link[1]}/${link[3]}`, link[2] as Bytes);
  }
  for (const [version, program, name] of php) {
    const file = numbered.get(`${version}/${name}`);
    if (file === undefined) continue;
    const owner = program === 'apache2' ? `libapache2-mod-php${version}` : `php${version}-${program}`;
    found.push({ path: `/etc/php/${version}/${program}/conf.d/${file}`, package: owner });
  }
  return found;
}
