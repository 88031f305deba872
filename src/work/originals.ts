/**
 * The files as their packages brought them, for configuration that was edited since. An original is known by the MD5
 * that dpkg, ucf or the package recorded; whatever has it is the original and nothing else is, so a wrong version can
 * never be taken for it, and it does not matter where it comes from. Looked for in this order, nearest first:
 *
 * 1. in the folder, where an earlier scan kept it: scanning again downloads nothing and gives the same bytes;
 * 2. on the source: a file of a package with the same recorded digest (templates, what ucf copied), the version that
 *    dpkg or ucf laid beside, packages that apt kept in its cache;
 * 3. in packages that this machine downloads from where the source's apt would: the installed version, and where that
 *    is offered no more the one that is now, since configuration changes rarely.
 *
 * Nothing is written on the source. A server that cannot be reached costs a few seconds, not a scan.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type DownloadJob,
  downloadJobs,
  fullName,
  localFile,
  packageLimit,
  serverOf,
  sizeOf,
} from '../decide/original-downloads.ts';
import { redact } from '../decide/redact.ts';
import { packageAddressesQuestion, readPackageAddresses } from '../facts/package-addresses.ts';
import { Failure } from '../failure.ts';
import { type Host, onHost } from '../host/host.ts';
import type { Bytes, Facts, InstalledPackage, PackageAddress, Work } from '../types.ts';
import { filesByMd5 } from './deb.ts';
import { download, NoWay } from './download.ts';
import type { Folder } from './folder.ts';
import { readSmallFiles } from './read.ts';

export interface WantedOriginal {
  readonly path: Bytes;
  /** Hex. */
  readonly md5: string;
  /** As dpkg names it, with `:architecture` where it is foreign. */
  readonly package: string;
}

export interface Originals {
  /** By MD5; values of secrets are left out. */
  readonly found: ReadonlyMap<string, Buffer>;
  /** MD5s of originals that something was left out of. */
  readonly secret: ReadonlySet<string>;
  /** By MD5: why it could not be had, one clause. */
  readonly missing: ReadonlyMap<string, string>;
}

export interface OriginalsInput {
  readonly source: Host;
  readonly facts: Facts;
  readonly folder: Folder;
  readonly wanted: readonly WantedOriginal[];
  /** Larger originals are not looked for. Bytes. */
  readonly limitEach: number;
  /** Whether this machine may download packages. */
  readonly download: boolean;
  readonly signal: AbortSignal;
}

/** All downloads together. Milliseconds. */
const downloadTime = 300_000;
const atOnce = 2;

const notInIt = 'its package holds no file with the recorded digest';

/** Yields notes about what is downloaded; throws Failure `interrupted` and those of a lost connection to the source. */
export async function* findOriginals(input: OriginalsInput): Work<Originals> {
  const search = new Search(input);
  await search.inFolder();
  await search.onSource();
  await search.inCache();
  if (search.left().length > 0) yield* search.byDownload();
  await search.keep();
  return search;
}

class Search implements Originals {
  readonly found = new Map<string, Buffer>();
  readonly secret = new Set<string>();
  readonly missing = new Map<string, string>();
  readonly #input: OriginalsInput;
  readonly #wanted = new Map<string, WantedOriginal[]>();
  readonly #kept = new Set<string>();
  readonly #installed: ReadonlyMap<string, InstalledPackage>;

  constructor(input: OriginalsInput) {
    this.#input = input;
    for (const one of input.wanted) this.#wanted.set(one.md5, [...(this.#wanted.get(one.md5) ?? []), one]);
    const packages = input.facts.packages.known ? input.facts.packages.value : [];
    this.#installed = new Map(
      // The first of a name wins: it is set last.
      [...packages].reverse().flatMap((one): [string, InstalledPackage][] => [
        [fullName(one), one],
        [one.name, one],
      ]),
    );
  }

  left(): string[] {
    return [...this.#wanted.keys()].filter((md5) => !this.found.has(md5));
  }

  /** Takes content for what its digest says. */
  #take(content: Buffer): void {
    const md5 = createHash('md5').update(content).digest('hex');
    if (this.#wanted.has(md5) && !this.found.has(md5)) this.found.set(md5, content);
  }

  async inFolder(): Promise<void> {
    this.#take(Buffer.alloc(0));
    for (const md5 of this.left()) {
      const kept = await this.#input.folder.readOriginal(md5);
      if (kept === null) continue;
      this.found.set(md5, kept.content);
      this.#kept.add(md5);
      if (kept.redacted) this.secret.add(md5);
    }
  }

  async onSource(): Promise<void> {
    const { source, facts, limitEach } = this.#input;
    const left = new Set(this.left());
    if (left.size === 0) return;
    const paths = [...left].flatMap((md5) => this.#wanted.get(md5) ?? []).map(({ path }) => path);
    const edited = new Set(paths);
    const packaged = new Map<string, Bytes>();
    for (const [path, md5] of facts.recordedDigests.known ? facts.recordedDigests.value : []) {
      if (left.has(md5) && !packaged.has(md5) && !edited.has(path)) packaged.set(md5, path);
    }
    const beside = paths.flatMap((path) => [
      ...['dpkg-dist', 'dpkg-new', 'ucf-dist'].map((ending) => `${path}.${ending}`),
      // ucf(1) spells the slashes of a path as colons in its cache.
      `/var/lib/ucf/cache/${path.replaceAll('/', ':')}`,
    ]);
    const contents = await readSmallFiles(source, [...packaged.values(), ...beside], limitEach);
    for (const content of contents.values()) this.#take(content);
  }

  /** Package files that apt or somebody left in its cache; each is read only while something of it is missing. */
  async inCache(): Promise<void> {
    const { source } = this.#input;
    const packages = this.#packagesLeft();
    if (packages.length === 0) return;
    const directory = '/var/cache/apt/archives';
    const answer = await source.run([
      'find',
      onHost(source, directory),
      '-maxdepth',
      '1',
      '-type',
      'f',
      '-name',
      '*.deb',
      '-printf',
      '%f\\0',
    ]);
    const names = answer.stdout.toString('latin1').split('\0').sort();
    for (const one of packages) {
      const candidates = names.filter((name) => name.startsWith(`${one.name}_`));
      for (const name of candidates) await this.#readPackage(one, `${directory}/${name}`);
    }
  }

  async #readPackage(one: InstalledPackage, path: Bytes): Promise<string> {
    if (this.#of(one).length === 0) return '';
    const { source } = this.#input;
    const deb = (await readSmallFiles(source, [path], packageLimit)).get(path);
    return deb === undefined ? 'its file on the server cannot be read' : this.#search(one, deb);
  }

  /** Empty = all that was wanted of it is there now, otherwise the reason. */
  async #search(one: InstalledPackage, deb: Buffer): Promise<string> {
    const { source, limitEach } = this.#input;
    try {
      const wanted = new Set(this.#of(one));
      if (wanted.size === 0) return '';
      const files = await filesByMd5(deb, wanted, limitEach, (whole) => unpackOn(source, whole));
      for (const content of files.values()) this.#take(content);
      return files.size === wanted.size ? '' : notInIt;
    } catch (error) {
      if (error instanceof Failure && error.code !== 'failed') throw error;
      return `its package cannot be read: ${(error as Error).message}`;
    }
  }

  #of(one: InstalledPackage): string[] {
    return this.left().filter((md5) =>
      (this.#wanted.get(md5) ?? []).some((wanted) => this.#installed.get(wanted.package) === one),
    );
  }

  /** Packages of which something is missing, by name. What belongs to none is told so. */
  #packagesLeft(): readonly InstalledPackage[] {
    const packages = new Map<string, InstalledPackage>();
    for (const md5 of this.left()) {
      const of = (this.#wanted.get(md5) ?? []).flatMap((one) => this.#installed.get(one.package) ?? []);
      for (const one of of) packages.set(fullName(one), one);
      if (of.length === 0) this.missing.set(md5, 'no file of a package with its digest is there');
    }
    return [...packages.values()].sort((left, right) => (fullName(left) < fullName(right) ? -1 : 1));
  }

  async *byDownload(): Work<void> {
    const packages = this.#packagesLeft();
    if (packages.length === 0) return;
    const offered = await this.#addresses(packages);
    const { jobs, reasons } = downloadJobs(packages, typeof offered === 'string' ? [] : offered);
    if (jobs.length > 0) {
      const bytes = jobs.reduce((sum, job) => sum + sizeOf(job), 0);
      const servers = jobs.flatMap((job) => job.addresses.map(({ uri }) => serverOf(uri)));
      yield {
        kind: 'note',
        grade: 'info',
        text: `downloading ${jobs.length === 1 ? 'a package' : `${jobs.length} packages`} for ${jobs.length === 1 ? 'its' : 'their'} originals, ${(bytes / 1e6).toFixed(1)} MB from ${[...new Set(servers)].sort().join(', ')}`,
      };
    }
    const lost = new Map<string, string>();
    const deadline = AbortSignal.timeout(downloadTime);
    for (let at = 0; at < jobs.length; at += atOnce) {
      const some = jobs.slice(at, at + atOnce);
      const told = await Promise.all(some.map((job) => this.#get(job, lost, deadline)));
      for (const [index, { one }] of some.entries()) reasons.set(fullName(one), told[index] ?? '');
    }
    const byReason = new Map<string, string[]>();
    for (const one of packages) {
      const left = this.#of(one);
      if (left.length === 0) continue;
      const reason = (typeof offered === 'string' ? offered : reasons.get(fullName(one))) || notInIt;
      for (const md5 of left) this.missing.set(md5, reason);
      byReason.set(reason, [...(byReason.get(reason) ?? []), one.name]);
    }
    for (const [reason, names] of byReason) {
      yield { kind: 'note', grade: 'info', text: `no original of ${names.join(', ')}: ${reason}` };
    }
  }

  /** Where apt of the source would get the packages from, or why that is not known. */
  async #addresses(packages: readonly InstalledPackage[]): Promise<PackageAddress[] | string> {
    const { source } = this.#input;
    if (!this.#input.download) return 'it lies nowhere on the server, and nothing was downloaded';
    if (!source.live) return 'the system does not run, so its apt cannot be asked';
    // The version that is there, and the one that is offered now; apt leaves out what it does not have.
    const names = packages.flatMap((one) => {
      const name = one.architecture === 'all' ? one.name : fullName(one);
      return one.version === '' ? [name] : [`${name}=${one.version}`, name];
    });
    try {
      const { code, stdout } = await source.run(packageAddressesQuestion, {
        input: Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1'),
        timeoutSeconds: 120,
      });
      if (code === 0) return readPackageAddresses(stdout);
    } catch (error) {
      if (error instanceof Failure && error.code !== 'failed') throw error;
    }
    return 'apt of the server does not say where it comes from';
  }

  /** Empty = everything of it was found. */
  async #get(job: DownloadJob, lost: Map<string, string>, deadline: AbortSignal): Promise<string> {
    const { signal, source } = this.#input;
    const isHere = !/^ssh/.test(source.reach.transport);
    let reason = '';
    for (const { uri, size, digest } of job.addresses) {
      if (this.#of(job.one).length === 0) return '';
      const local = localFile(uri);
      if (local !== null) {
        reason = await this.#readPackage(job.one, local);
        continue;
      }
      const server = serverOf(uri);
      const before = lost.get(server);
      if (before !== undefined || digest === null) {
        reason = before ?? 'the package lists give no digest of it';
        continue;
      }
      try {
        reason = await this.#search(
          job.one,
          await download({ uri, size, digest }, signal, { deadline, isHere }),
        );
      } catch (error) {
        if (error instanceof Failure) throw error;
        reason = (error as Error).message;
        if (error instanceof NoWay) lost.set(server, reason);
      }
    }
    return reason;
  }

  /**
   * Keeps what was found for the next scan. A script may have written a password into what it offered, a package of
   * one's own may bring one: of such an original only what may be shown is kept.
   */
  async keep(): Promise<void> {
    for (const [md5, content] of this.found) {
      if (this.#kept.has(md5) || content.length === 0) continue;
      const text = content.toString('latin1');
      const shown = (this.#wanted.get(md5) ?? []).map(({ path }) => redact(path, text));
      const redacted = shown.find((one) => one !== text);
      if (redacted !== undefined) {
        this.secret.add(md5);
        this.found.set(md5, Buffer.from(redacted, 'latin1'));
      }
      await this.#input.folder.keepOriginal(md5, this.found.get(md5) as Buffer, redacted !== undefined);
    }
  }
}

/** This machine has no xz, a Debian always has dpkg-deb(1), which reads a package from its standard input. */
async function unpackOn(source: Host, deb: Buffer): Promise<Readable> {
  const channel = await source.stream(['dpkg-deb', '--fsys-tarfile', '-']);
  channel.done.catch(() => {});
  channel.stdin.on('error', () => {});
  Readable.from([deb]).pipe(channel.stdin);
  channel.stdout.once('close', () => channel.kill());
  return channel.stdout;
}
