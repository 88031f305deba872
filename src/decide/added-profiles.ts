/**
 * Rules of profiles that did not come with this program. Such a profile may come from a stranger, so it is believed
 * where it lets more travel, and where it calls something a cache outside of the places people keep things in.
 *
 * It comes after everything that is known for certain: what belongs to one machine, packages, and what the system
 * writes itself. So it can carry none of these along, and it can make nothing immutable: that a recipe makes a file
 * again is shown by packages and never by a claim.
 */
import type { Bytes } from '../types.ts';
import { PathRules } from './path-rules.ts';
import { isBroad, type ProfilePath } from './profile.ts';
import type { Ruling } from './ruling.ts';
import { secretPlaces } from './secrets.ts';

/** What only we say: the first two would lose a file, the last needs what its package brought. */
const claims = new Set<Ruling['class']>(['immutable', 'edited']);

/** Never spoken for: keys that let people in, and sources of packages, have rules of their own. */
const closed = /^\/(?:root|boot|etc\/(?:apt|ssh|systemd|sudoers\.d|pam\.d)|usr\/share\/keyrings)(?:\/|$)/;

/** Where people keep what is theirs; nothing there is left behind because a profile says so. */
const people = /^\/(?:home|srv|usr|opt|var\/(?:www|mail|spool\/cron|local|backups|opt))(?:\/|$)/;

export class AddedRules {
  readonly #strong = new PathRules<Ruling>();
  readonly #weak = new PathRules<Ruling>();
  readonly #secrets = secretPlaces();

  add({ pattern, weak, ruling }: ProfilePath): void {
    if (claims.has(ruling.class) || ruling.carry === 'dump') return;
    if (ruling.carry === 'none' && isBroad(pattern)) return;
    (weak ? this.#weak : this.#strong).add(pattern, ruling);
  }

  /** What they say of a path that nothing certain spoke for; null = nothing, or nothing to be believed. */
  of(path: Bytes, strength: 'strong' | 'weak'): Ruling | null {
    const ruling = (strength === 'strong' ? this.#strong : this.#weak).of(path);
    if (ruling === null || closed.test(path) || this.#secrets.of(path) !== null) return null;
    // Configuration travels in the manifest anyway, where it is merged and shown; only its secrets are news.
    if (/^\/etc(?:\/|$)/.test(path))
      return ruling.class === 'secret' ? { ...ruling, carry: 'manifest' } : null;
    return ruling.carry === 'none' && people.test(path) ? null : ruling;
  }
}
