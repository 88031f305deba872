/**
 * What was installed beside the packages: checkouts, programs built by hand, stacks of languages, containers. All of it
 * travels as data whatever is found here; this is knowledge on top, so that a person sees what it is and can make it
 * again. A part that could not be asked is named, never taken as empty.
 */
import { kindOf, nameOfResource } from '../decide/manifest-yaml.ts';
import type { Host } from '../host/host.ts';
import type { Entry, Facts, Resource } from '../types.ts';
import { findBuilds } from './scan-builds.ts';
import { findCheckouts } from './scan-checkouts.ts';
import { findContainers } from './scan-containers.ts';
import { mostPicked, type Seen } from './scan-listing.ts';
import { findStacks } from './scan-stacks.ts';

export interface Finds {
  readonly resources: readonly Resource[];
  readonly unread: readonly { readonly fact: string; readonly reason: string }[];
}

export interface FindsInput {
  readonly source: Host;
  readonly facts: Facts;
  readonly seen: Seen;
  /** Every entry of the listing again. */
  readonly listing: () => AsyncIterable<readonly Entry[]>;
  readonly attach: (content: Uint8Array) => { readonly from: string };
}

export async function findInstalled(input: FindsInput): Promise<Finds> {
  const { source, facts, seen } = input;
  const builds = await findBuilds(source, facts, seen.programs);
  const checkouts = await findCheckouts({ ...input, marks: seen.marks, entries: seen.entries });
  const stacks = await findStacks({
    ...input,
    marks: seen.marks,
    entries: seen.entries,
    programs: builds.programs,
  });
  const containers = await findContainers(input);
  const unread = [...builds.unread, ...checkouts.unread, ...stacks.unread, ...containers.unread];
  if (seen.programs.length >= mostPicked)
    unread.push({ fact: 'builds', reason: `only the first ${mostPicked} programs were looked at` });
  const all = [...builds.resources, ...checkouts.resources, ...stacks.resources, ...containers.resources];
  // A directory may be a work tree and look like a bare repository, too: the first word holds.
  const unique = new Map(all.map((one) => [`${kindOf(one)} ${nameOfResource(one)}`, one] as const).reverse());
  return { resources: [...unique.values()], unread };
}
