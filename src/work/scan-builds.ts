/** Programs built or unpacked by hand: what they are, and the libraries they need from the system. */
import { type OpenBuilds, openBuilds } from '../decide/builds.ts';
import { type Elf, readElf } from '../facts/elf.ts';
import { abiOf, parseLibraryCache } from '../facts/library-cache.ts';
import { type Host, onHost } from '../host/host.ts';
import type { Bytes, Entry, Facts, Resource } from '../types.ts';
import { readSmallFiles } from './read.ts';
import { readPieces } from './read-pieces.ts';

export interface FoundPrograms {
  readonly programs: ReadonlyMap<Bytes, Elf>;
  readonly resources: Resource[];
  readonly unread: { readonly fact: string; readonly reason: string }[];
}

const cachePath = '/etc/ld.so.cache';
/** People without root keep layers of images in their homes. */
const layers = /\/(containers\/storage|share\/docker)\/(?!volumes\/)/;
/** Bytes; one of a large desktop has 300 KiB. */
const cacheLimit = 16 * 1024 ** 2;

/** `programs` are files that can be run, and libraries, that no package owns. */
export async function findBuilds(
  source: Host,
  facts: Facts,
  programs: readonly Entry[],
): Promise<FoundPrograms> {
  const paths = programs
    .filter((one) => one.type === 'f' && one.size >= 64 && !layers.test(one.path))
    .map((one) => one.path);
  const read = await readPieces(source, paths, readElf);
  if (!read.known) {
    return { programs: new Map(), resources: [], unread: [{ fact: 'builds', reason: read.reason }] };
  }
  if (read.value.size === 0) return { programs: read.value, resources: [], unread: [] };
  const unread: { fact: string; reason: string }[] = [];
  const content = (await readSmallFiles(source, [cachePath], cacheLimit)).get(cachePath);
  let cache: ReturnType<typeof parseLibraryCache> | null = null;
  try {
    cache = content === undefined ? null : parseLibraryCache(content);
  } catch (error) {
    unread.push({ fact: 'libraries', reason: (error as Error).message });
  }
  const owned = facts.owned.known ? facts.owned.value : null;
  if (owned === null && cache === null) {
    return {
      programs: read.value,
      resources: [],
      unread: [
        ...unread,
        { fact: 'builds', reason: 'neither packages nor ld.so.cache say which libraries are there' },
      ],
    };
  }
  const open = openBuilds({
    programs: [...read.value].map(([path, elf]) => ({ path, ...elf })),
    owned,
    cache,
    abiOf,
    architecture: facts.os.known ? facts.os.value.architecture : '',
  });
  return { programs: read.value, resources: open.finish(await whichAreThere(source, open)), unread };
}

/** One process however many; whatever is at the path counts, it is only looked at. */
async function whichAreThere(source: Host, { questions }: OpenBuilds): Promise<Set<Bytes>> {
  if (questions.length === 0) return new Set();
  const program = 'for path; do [ ! -e "$path" ] && [ ! -L "$path" ] || printf "%s\\0" "$path"; done';
  const answer = await source.run(['xargs', '-0', '-r', 'sh', '-c', program, 'there'], {
    input: Buffer.from(questions.map((path) => `${onHost(source, path)}\0`).join(''), 'latin1'),
  });
  return new Set(
    answer.stdout
      .toString('latin1')
      .split('\0')
      .filter((path) => path !== '')
      .map((path) => path.slice(source.root.length)),
  );
}
