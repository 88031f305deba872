/** All facts by their name in `Facts`, in the order in which they are asked: what others need to say first. */
import type { Facts } from '../types.ts';
import { accounts } from './accounts.ts';
import { alternatives } from './alternatives.ts';
import { clockAhead } from './clock-ahead.ts';
import { deletedOpen } from './deleted-open.ts';
import { diversions } from './diversions.ts';
import type { Fact } from './fact.ts';
import { logrotate } from './logrotate.ts';
import { mounts } from './mounts.ts';
import { openForWriting } from './open-for-writing.ts';
import { origins } from './origins.ts';
import { os } from './os.ts';
import { owned } from './owned.ts';
import { packages } from './packages.ts';
import { pathFilters } from './path-filters.ts';
import { ports } from './ports.ts';
import { recordedDigests } from './recorded-digests.ts';
import { repositories } from './repositories.ts';
import { statOverrides } from './stat-overrides.ts';
import { sysusers } from './sysusers.ts';
import { tmpfiles } from './tmpfiles.ts';
import { ucf } from './ucf.ts';
import { unitDirectives } from './unit-directives.ts';
import { units } from './units.ts';
import { unpacked } from './unpacked.ts';

type ValueOf<A> = Extract<A, { readonly known: true }> extends { readonly value: infer T } ? T : never;
export type FactTable = { readonly [K in keyof Facts]: Fact<ValueOf<Facts[K]>> };

export const facts: FactTable = {
  os,
  clockAhead,
  packages,
  origins,
  repositories,
  owned,
  recordedDigests,
  unpacked,
  accounts,
  units,
  unitDirectives,
  alternatives,
  diversions,
  statOverrides,
  ucf,
  pathFilters,
  tmpfiles,
  sysusers,
  logrotate,
  mounts,
  ports,
  openForWriting,
  deletedOpen,
};
