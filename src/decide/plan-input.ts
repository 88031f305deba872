/** What a plan is made from. Everything was asked before; nothing here reaches a machine. */
import type { Buffer } from 'node:buffer';
import type { Answered, Bytes, Facts, Manifest, Profile } from '../types.ts';
import type { LeftOut } from './left-out.ts';
import type { VersionPair } from './rename.ts';
import type { Renames } from './renames.ts';

/** What the destination's package lists offer under one name. */
export interface Offer {
  readonly candidate: string;
  /** Names it provides besides its own, without versions. */
  readonly provides: readonly string[];
}
export type Available = ReadonlyMap<string, Offer>;

/** A path of the destination that the plan would touch, as it is now. */
export interface SeenPath {
  readonly type: 'file' | 'directory' | 'link' | 'other';
  readonly owner: string;
  readonly group: string;
  /** Octal text without leading zeros, as stat's %a. */
  readonly mode: string;
  readonly size: number;
  /** Of a file; null where it could not be read. */
  readonly sha256: string | null;
  /** Of a link. */
  readonly target: Bytes | null;
}

export interface PlanInput {
  readonly manifest: Manifest;
  readonly manifestDigest: string;
  /** Name of the source's host as a person says it, and its machine-id where it is known. */
  readonly sourceMachineId: string | null;
  /** Facts of the source that are asked again for the plan; null when the source cannot be asked. */
  readonly source: Pick<Facts, 'packages' | 'units' | 'ports' | 'owned'> | null;
  readonly destinationName: string;
  readonly destination: Facts;
  /** False on a disk: no services, no packages. */
  readonly destinationLive: boolean;
  readonly seen: ReadonlyMap<Bytes, SeenPath>;
  /** Every path that was looked at, there or not. */
  readonly looked: readonly Bytes[];
  readonly available: Answered<Available>;
  /** Suites of carried repositories that the destination's release needs under another name, by file. */
  readonly repositories: ReadonlyMap<string, RepositoryProbe>;
  readonly profiles: readonly Profile[];
  readonly pairs: readonly VersionPair[];
  readonly renames: Renames;
  /** Attachments of packages that were rebuilt from the source's installed files, by package name. */
  readonly localDebs: ReadonlyMap<string, string>;
  /** Content of an attachment of the folder. */
  readonly attachment: (from: string) => Buffer;
  /** Users whose hash and ageing are equal on both sides, and secret files equal on both; compared in memory only. */
  readonly passwordsSame: ReadonlySet<string>;
  readonly secretsSame: ReadonlySet<Bytes>;
  /** Whether the source can be read while applying: secrets and hashes need it. */
  readonly sourceReadable: boolean;
  /** What can be had without the source: secrets that are sealed in the folder, by path there, and users' hashes. */
  readonly sealed?: { readonly paths: ReadonlySet<Bytes>; readonly users: ReadonlySet<string> };
  /** Trees that lockfiles name and that do not travel. */
  readonly leftOut?: readonly LeftOut[];
  /** Whether an earlier pass already carried data to this destination. */
  readonly carriedBefore: boolean;
  /** Whether the services already run on the destination: nothing is held any more. */
  readonly cutOver: boolean;
}

/** How a carried repository answers on the destination. */
export interface RepositoryProbe {
  /** Suites to write instead, for example `bullseye` → `trixie`. */
  readonly suites: readonly { readonly from: string; readonly to: string }[];
  /** The whole source file with these suites; null = as it is on the source. */
  readonly text: string | null;
  readonly state: 'offered' | 'unreachable' | 'not asked';
}
