/**
 * diff: what is different between any two of folder and place. A place is scanned into a folder of its own that is
 * gone afterwards, under the decisions of the other side where that is a folder: the same rules for both.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { copyFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quote, toBytes } from '../bytes.ts';
import { largestContent } from '../decide/content-patch.ts';
import { difference, type ReadContent } from '../decide/difference.ts';
import type { Difference } from '../decide/difference-form.ts';
import type { Host } from '../host/host.ts';
import type { Profile, Work } from '../types.ts';
import { Folder } from './folder.ts';
import { scan } from './scan.ts';
import type { Surroundings } from './work.ts';

/** One side, with what the person called it. */
export type DiffSide =
  | { readonly kind: 'folder'; readonly name: string; readonly folder: Folder }
  | { readonly kind: 'place'; readonly name: string; readonly host: Host };

export interface Diff {
  readonly left: DiffSide;
  readonly right: DiffSide;
  readonly profiles: readonly Profile[];
  readonly surroundings: Surroundings;
  /** Where directories for a while are made. */
  readonly temporary: string;
}

/** Reads only. Throws Failures of the folders, and those of a scan. */
export async function* diff(input: Diff): Work<Difference> {
  const { left, right } = input;
  const temporary: string[] = [];
  try {
    const here = yield* folderOf(left, right, input, temporary);
    const there = yield* folderOf(right, left, input, temporary);
    const folders = { left: here, right: there };
    return difference({
      left: { name: nameOf(left), kind: left.kind, manifest: await here.readManifest() },
      right: { name: nameOf(right), kind: right.kind, manifest: await there.readManifest() },
      content: (side, from) => readContent(folders[side], from),
    });
  } finally {
    for (const directory of temporary) await rm(directory, { recursive: true, force: true });
  }
}

function nameOf(side: DiffSide): string {
  return quote(toBytes(side.name));
}

async function* folderOf(side: DiffSide, other: DiffSide, input: Diff, temporary: string[]): Work<Folder> {
  if (side.kind === 'folder') return side.folder;
  // mkdtemp makes it for its owner only: what is in it came from a server.
  const directory = await mkdtemp(join(input.temporary, 'opstimal-move-diff-'));
  temporary.push(directory);
  const folder = await Folder.create(directory);
  if (other.kind === 'folder' && existsSync(other.folder.path('decisions.jsonl')))
    await copyFile(other.folder.path('decisions.jsonl'), folder.path('decisions.jsonl'));
  if (other.kind === 'folder') await copyOriginals(other.folder, folder);
  const { profiles, surroundings } = input;
  yield* scan({ source: side.host, folder, profiles, surroundings });
  return folder;
}

/** Nothing is downloaded to compare, and what the folder had to download is said once. Links are left out. */
async function copyOriginals(from: Folder, to: Folder): Promise<void> {
  const originals = from.path('originals');
  if (!lstatSync(originals, { throwIfNoEntry: false })?.isDirectory()) return;
  await cp(originals, to.path('originals'), {
    recursive: true,
    filter: (path) => path === originals || lstatSync(path).isFile(),
  });
}

/** One attachment; null where it is not there, or is no file. */
function readContent(folder: Folder, from: string): ReadContent | null {
  const path = folder.attachmentPath(from);
  // A folder may come from somebody else: a link in it must not lead to a file of this machine.
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return null;
  if (!realpathSync(path).startsWith(`${realpathSync(folder.directory)}/`)) return null;
  const content = readFileSync(path);
  return {
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    content: content.length > largestContent ? null : content.toString('latin1'),
  };
}
