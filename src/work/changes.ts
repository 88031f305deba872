/**
 * What somebody changed in the files of packages, as patches for people: the manifest carries each such file whole,
 * and beside it what differs from the original. Values of secrets are left out on both sides before they are compared.
 * A patch that cannot be made is no error; why is kept in the folder for explain.
 */
import { createHash } from 'node:crypto';
import type { CarriedPath } from '../decide/manifest.ts';
import { isText, makePatch, patchLimit } from '../decide/patch.ts';
import { redact } from '../decide/redact.ts';
import type { Ruling } from '../decide/ruling.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, Entry, Work } from '../types.ts';
import { findOriginals, type OriginalsInput, type WantedOriginal } from './originals.ts';
import { readSmallFiles } from './read.ts';

export interface ChangesInput extends Omit<OriginalsInput, 'wanted' | 'limitEach'> {
  readonly carried: readonly CarriedPath[];
  /** Contents of what the manifest carries in clear. */
  readonly contents: ReadonlyMap<Bytes, Buffer>;
}

/** Patches by path; what the folder says about the others is brought up to date. */
export async function* findChanges(input: ChangesInput): Work<ReadonlyMap<Bytes, Buffer>> {
  const why = new Map<Bytes, string>();
  const based = input.carried.flatMap((one) => {
    if (one.base === null || (one.entry !== null && one.entry.type !== 'f')) return [];
    const { md5 } = one.base;
    if (/^[0-9a-f]{32}$/.test(md5)) return { ...one, md5, package: one.base.package };
    if (one.entry !== null) why.set(one.path, 'no digest of it was recorded');
    return [];
  });
  const secret = new Set(based.filter(({ ruling }) => ruling.class === 'secret').map(({ path }) => path));
  const sealed = await readSmallFiles(input.source, secret, patchLimit);
  const current = (path: Bytes) => (secret.has(path) ? sealed.get(path) : input.contents.get(path));
  const registered = based.some(({ package: name }) => name === 'ucf')
    ? await ucfRegistry(input.source)
    : null;
  const wanted: (WantedOriginal & { readonly gone: boolean })[] = [];
  for (const { path, entry, ruling, md5, package: name } of based) {
    // Left by a removed package as it was: there is nothing to show.
    if (entry !== null && isOriginal(current(path), md5)) continue;
    const reason = entry === null ? '' : hindrance(ruling, entry, current(path));
    if (reason !== '') why.set(path, reason);
    else wanted.push({ path, md5, package: registered?.get(path) ?? name, gone: entry === null });
  }
  const patches = new Map<Bytes, Buffer>();
  if (wanted.length > 0) {
    const files = wanted.length === 1 ? 'an edited file' : `${wanted.length} edited files`;
    yield { kind: 'phase', name: 'originals', text: `looking for the originals of ${files}` };
    const originals = yield* findOriginals({ ...input, wanted, limitEach: patchLimit });
    for (const { path, md5, gone } of wanted) {
      const original = originals.found.get(md5);
      if (original === undefined) why.set(path, originals.missing.get(md5) ?? 'it was not found');
      else if (!isText(original)) why.set(path, 'the original is no text');
      else {
        const now = gone ? null : (current(path) as Buffer);
        const isClear = !secret.has(path) && !originals.secret.has(md5);
        const patch = makePatch(path, original, now === null || isClear ? now : clear(path, now));
        if (patch.length > 0) patches.set(path, patch);
        else why.set(path, 'only values of secrets differ');
      }
    }
  }
  await input.folder.writeUnpatched(why);
  return patches;
}

function isOriginal(content: Buffer | undefined, md5: string): boolean {
  return content !== undefined && createHash('md5').update(content).digest('hex') === md5;
}

/** Why there can be no patch of a file, whatever the original is; empty = there can. */
function hindrance(ruling: Ruling, entry: Entry, content: Buffer | undefined): string {
  // Secret by its place or by a profile: there is no telling which lines of it are not.
  if (ruling.class === 'secret' && ruling.rule !== 'secret.format') return 'all that stands there is secret';
  if (entry.size > patchLimit) return 'it is larger than 1 MiB';
  if (content === undefined) return 'it could not be read';
  return isText(content) ? '' : 'it is no text';
}

/** Which package asked ucf to look after a file (ucfr(1)): lines of package and path. */
async function ucfRegistry(source: Host): Promise<ReadonlyMap<Bytes, string>> {
  const file = '/var/lib/ucf/registry';
  const text = (await readSmallFiles(source, [file], patchLimit)).get(file)?.toString('latin1') ?? '';
  return new Map(
    [...text.matchAll(/^(\S+)\s+(\/.*)$/gm)].map(([, name, path]) => [path as Bytes, name as string]),
  );
}

/** Without the values of secrets. */
function clear(path: Bytes, content: Buffer): Buffer {
  return Buffer.from(redact(path, content.toString('latin1')), 'latin1');
}
