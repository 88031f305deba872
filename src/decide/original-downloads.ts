/**
 * Which packages are downloaded for the originals of edited files, and from which of the addresses that apt gave. An
 * address comes from a server that is looked at: only web addresses with a strong digest are followed, and files on the
 * server itself, which are read there.
 */
import type { InstalledPackage, PackageAddress } from '../types.ts';

/** Bytes of one package that are held in memory, and of all that are downloaded in one scan. */
export const packageLimit = 64 * 1024 ** 2;
const downloadLimit = 512 * 1024 ** 2;

export interface DownloadJob {
  readonly one: InstalledPackage;
  /** At least one; the installed version first. */
  readonly addresses: readonly PackageAddress[];
}

export function fullName(one: InstalledPackage): string {
  return `${one.name}:${one.architecture}`;
}

/** Host and port of an address, or its scheme, without what would log in: for people. */
export function serverOf(uri: string): string {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/(?:[^/@]*@)?([A-Za-z0-9.:[\]-]+))?/i.exec(uri);
  return match?.[2] ?? `${match?.[1] ?? 'nowhere'}:`;
}

/**
 * What can be had, smallest first, so that one huge package does not take the room of all others; and by full name, why
 * a package cannot be had.
 */
export function downloadJobs(
  packages: readonly InstalledPackage[],
  addresses: readonly PackageAddress[],
): { readonly jobs: readonly DownloadJob[]; readonly reasons: Map<string, string> } {
  const reasons = new Map<string, string>();
  const jobs: DownloadJob[] = [];
  for (const one of packages) {
    const isOther = (address: PackageAddress): number => (address.version === one.version ? 0 : 1);
    const offered = addresses
      .filter((address) => address.package === one.name && fits(address.architecture, one.architecture))
      .sort((left, right) => isOther(left) - isOther(right));
    const different = [...new Map(offered.map((address) => [address.uri, address])).values()];
    const taken = different.filter((address) => refusal(address) === '');
    const why = different.map(refusal).find((reason) => reason !== '');
    if (taken.length > 0) jobs.push({ one, addresses: taken });
    else reasons.set(fullName(one), why ?? 'no repository of the server offers it any more');
  }
  jobs.sort((left, right) => sizeOf(left) - sizeOf(right));
  let bytes = 0;
  const fitting = jobs.filter((job) => {
    bytes += sizeOf(job);
    if (bytes <= downloadLimit) return true;
    reasons.set(fullName(job.one), 'the packages are too large together');
    return false;
  });
  return { jobs: fitting, reasons };
}

/** Bytes of what is tried first. */
export function sizeOf(job: DownloadJob): number {
  return job.addresses[0]?.size ?? 0;
}

/** A package may have become one for all architectures, or the other way round. */
function fits(offered: string, installed: string): boolean {
  return offered === installed || offered === 'all' || installed === 'all';
}

/** Why an address is not used; empty = it is. */
function refusal({ uri, size, digest }: PackageAddress): string {
  if (localFile(uri) !== null) return '';
  if (!/^https?:\/\//.test(uri)) return `it comes from ${serverOf(uri)}, which is not spoken here`;
  if (size > packageLimit) return `its package is larger than ${packageLimit / 1024 ** 2} MiB`;
  return digest === null ? 'the package lists give no digest of it' : '';
}

/** Path on the server that a file: or copy: address names; null = it is another. */
export function localFile(uri: string): string | null {
  const path = /^(?:file|copy):(?:\/\/)?(\/.*)$/s.exec(uri)?.[1];
  if (path === undefined) return null;
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
