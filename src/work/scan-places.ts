/**
 * Where units really run: `/srv/app/current` is a link to the release in use in many set-ups, and a program in
 * /usr/local/bin a link into the tree it belongs to.
 */
import { parentOf } from '../bytes.ts';
import { unitPlaces } from '../decide/marks.ts';
import { targetOf } from '../decide/witness.ts';
import type { Host } from '../host/host.ts';
import { listPaths, sorted } from '../stream/listing.ts';
import type { Bytes, Entry, Facts } from '../types.ts';

/** Links in links; a circle ends there, too. */
const mostHops = 10;
/** What packages bring lies in no tree that somebody could make again. */
const packaged = /^\/(?:usr\/(?!local\/)|bin\/|sbin\/|lib\w*\/|etc\/|run\/|proc\/|sys\/|dev\/)/;

/** Places of units without the links on the way, where that makes a difference. */
export async function realPlaces(source: Host, facts: Pick<Facts, 'units'>): Promise<Bytes[]> {
  const found = new Set<Bytes>();
  let waiting = new Set(unitPlaces(facts.units.known ? facts.units.value : []).filter(mayBeLink));
  for (let hop = 0; hop < mostHops && waiting.size > 0; hop += 1) {
    const wanted = new Set([...waiting].flatMap(upwards));
    const { entries } = await sorted(listPaths(source, [...wanted]));
    const links = new Map(entries.filter(({ type }) => type === 'l').map((one) => [one.path, one] as const));
    const next = new Set<Bytes>();
    for (const place of waiting) {
      const real = followed(place, links);
      if (real === null || found.has(real)) continue;
      found.add(real);
      if (mayBeLink(real)) next.add(real);
    }
    waiting = next;
  }
  return [...found].sort();
}

function mayBeLink(place: Bytes): boolean {
  return place.startsWith('/') && place !== '/' && !packaged.test(place);
}

/** A path and all above it, the highest first. */
function upwards(path: Bytes): Bytes[] {
  const all: Bytes[] = [];
  for (let at = path; at !== '/'; at = parentOf(at)) all.unshift(at);
  return all;
}

/** The path with its highest link followed once; null = there is none on the way. */
function followed(path: Bytes, links: ReadonlyMap<Bytes, Entry>): Bytes | null {
  const link = upwards(path).find((at) => links.has(at));
  return link === undefined ? null : `${targetOf(links.get(link) as Entry)}${path.slice(link.length)}`;
}
