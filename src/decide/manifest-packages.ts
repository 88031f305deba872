/** Packages and package sources that somebody chose, as resources. */

import { quote } from '../bytes.ts';
import type {
  Bytes,
  Facts,
  InstalledPackage,
  PackageResource,
  Repository,
  RepositoryResource,
} from '../types.ts';
import { findSecret } from './secrets.ts';

/** Kernel, boot, firmware, guest tools, installer: they belong to the machine. */
const ofTheMachine =
  /^(linux-(image|headers|modules|kbuild|base|libc-dev)|grub|shim-|efibootmgr|os-prober|systemd-boot|initramfs-tools|dracut|firmware-|(intel|amd64)-microcode|cloud-(init|guest-utils|initramfs|image-utils|utils)|qemu-guest-agent|open-vm-tools|hyperv-daemons|memtest86|console-setup|keyboard-configuration|task-|tasksel|discover|laptop-detect|installation-report|usrmerge|usr-is-merged|debootstrap|mmdebstrap)/;

function isLibrary(one: InstalledPackage): boolean {
  return /(^|\/)(libs|oldlibs)$/.test(one.section) || /^gcc-\d+-base$/.test(one.name);
}

/** Names that the dependencies of installed packages mention. */
function mentioned(packages: readonly InstalledPackage[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const one of packages) {
    for (const match of one.depends.matchAll(/(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]*)/g)) {
      if (match[1] !== one.name) names.add(match[1] as string);
    }
  }
  return names;
}

/**
 * Packages that were asked for: not marked automatic, or held. Left out are what every Debian has, what belongs to
 * the machine, and libraries that images mark as asked for although something else needs them.
 */
export function packageResources(facts: Facts): PackageResource[] {
  if (!facts.packages.known) return [];
  const native = facts.os.known ? facts.os.value.architecture : '';
  const installed = facts.packages.value.filter((one) => one.status === 'installed');
  const needed = mentioned(installed);
  const isForeign = (one: InstalledPackage) =>
    native !== '' && one.architecture !== native && one.architecture !== 'all';
  return (
    installed
      .filter((one) => !one.automatic || one.held)
      .filter((one) => one.held || (!one.essential && one.priority !== 'required'))
      .filter((one) => one.held || !ofTheMachine.test(one.name))
      // A library of another architecture is no part of any system: a program by hand needs it.
      .filter((one) => one.held || isForeign(one) || !(isLibrary(one) && needed.has(one.name)))
      .map((one) => {
        const name = isForeign(one) ? `${one.name}:${one.architecture}` : one.name;
        return {
          package: name,
          version: one.version,
          ...(one.held ? { held: true as const } : {}),
          ...(isLocal(facts, one, name) ? { local: true as const } : {}),
        };
      })
  );
}

function isLocal(facts: Facts, one: InstalledPackage, name: string): boolean {
  if (!facts.origins.known) return false;
  const origin = facts.origins.value.get(name) ?? facts.origins.value.get(one.name);
  return origin !== undefined && origin.origin === null;
}

const releases =
  /^(?:buster|bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable)(?:-(?:updates|security|backports|backports-sloppy|proposed-updates))?(?:\/updates)?$/;
const distributionKeys = /^\/usr\/share\/keyrings\/debian-archive-[a-z0-9-]*keyring\.(?:gpg|pgp)$/;

/**
 * Whether a source is the distribution's own archive: told by suites, components and key, because mirrors have any
 * name. A vendor that names its suites like Debian's has a key or components of its own.
 */
export function isDistribution(one: Repository): boolean {
  const components = ['main', 'contrib', 'non-free', 'non-free-firmware'];
  return (
    one.suites.every((suite) => releases.test(suite)) &&
    one.components.length > 0 &&
    one.components.every((component) => components.includes(component)) &&
    (one.signedBy === null || distributionKeys.test(one.signedBy)) &&
    !vendor.test(one.uris.join(' '))
  );
}
/** Vendors whose archives look like Debian's own but for the name. */
const vendor =
  /nginx\.org|docker\.com|sury\.org|mariadb\.|mysql\.com|postgresql\.org|nodesource|grafana|gitlab/;

/** Sources somebody added, by the file that names them. */
export function addedSources(repositories: readonly Repository[]): ReadonlyMap<Bytes, readonly Repository[]> {
  const files = new Map<Bytes, Repository[]>();
  for (const one of repositories) {
    if (isDistribution(one)) continue;
    files.set(one.file, [...(files.get(one.file) ?? []), one]);
  }
  return files;
}

/** Content of files that the manifest refers to, by path on the server. */
export type Contents = ReadonlyMap<Bytes, Buffer>;
/** Gives the attachment's name and digest for some content. */
export type Attach = (content: Uint8Array) => { readonly from: string; readonly sha256: string };

/** A line of sources.list that is not the distribution's, as it stands there. */
function addedLines(content: Buffer, added: readonly Repository[]): Buffer {
  const lines = content.toString('latin1').split('\n');
  const kept = lines.filter((line) =>
    added.some((one) => one.uris.some((uri) => line.includes(uri)) && /^\s*deb(-src)?\s/.test(line)),
  );
  return Buffer.from(`${kept.join('\n')}\n`, 'latin1');
}

/** Whether the text holds a password or token, in an address for example: such a file is a secret and no attachment. */
export function hasPassword(content: Buffer): boolean {
  return findSecret('', content.toString('latin1')) !== null;
}

/**
 * One resource for each file with sources that somebody added. Where the distribution's lines stand in the same
 * file, only the others go, into a file of their own.
 */
export function repositoryResources(facts: Facts, contents: Contents, attach: Attach): RepositoryResource[] {
  if (!facts.repositories.known) return [];
  const all = facts.repositories.value;
  return [...addedSources(all)].flatMap(([file, added]) => {
    const content = contents.get(file);
    if (content === undefined || hasPassword(content)) return [];
    const isMixed = all.some((one) => one.file === file && isDistribution(one));
    if (isMixed && added[0]?.format === 'deb822') return [];
    const text = isMixed ? addedLines(content, added) : content;
    const name = file.slice(file.lastIndexOf('/') + 1).replace(/\.(list|sources)$/, '');
    const place =
      isMixed || file === '/etc/apt/sources.list' ? `/etc/apt/sources.list.d/${name}-added.list` : file;
    const key = added.find((one) => one.signedBy !== null)?.signedBy ?? null;
    const keyContent = key === null ? undefined : contents.get(key);
    const resource: RepositoryResource = {
      repository: quote(name),
      file: quote(place),
      ...attach(text),
      uris: unique(added.flatMap((one) => one.uris)),
      suites: unique(added.flatMap((one) => one.suites)),
      ...(key === null || keyContent === undefined
        ? {}
        : { key: { path: quote(key), ...attach(keyContent) } }),
    };
    return [resource];
  });
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values.map(quote))].sort();
}
