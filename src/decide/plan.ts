/**
 * manifest + destination → plan. Nothing is reached and nothing is written here; the same input gives the same
 * plan. Steps stand in the order in which they are done: repositories and pins, people, diversions and overrides,
 * packages, accounts of the system, alternatives, files, removals, units, refreshes.
 */
import { quote } from '../bytes.ts';
import type { Notice, Plan, Step } from '../types.ts';
import { planAccounts } from './plan-accounts.ts';
import { extras, preflight } from './plan-checks.ts';
import { destinationDigest } from './plan-digest.ts';
import { planFiles } from './plan-files.ts';
import type { PlanInput } from './plan-input.ts';
import { planOverrides } from './plan-overrides.ts';
import { planPackages } from './plan-packages.ts';
import { planRefresh } from './plan-refresh.ts';
import { planRepositories } from './plan-repositories.ts';
import { planHolds, planUnits } from './plan-units.ts';

export type { Available, Offer, PlanInput, RepositoryProbe, SeenPath } from './plan-input.ts';

const grades: readonly Notice['grade'][] = ['blocker', 'care', 'by-hand'];

/** apt_preferences(5). */
function isPin(step: Step): boolean {
  return /^(?:file|link|removal|directory):\/etc\/apt\/preferences(?:\.d(?:\/|$)|$)/.test(step.id);
}

/** Pure comparison of a manifest with a destination. */
export function makePlan(input: PlanInput): Plan {
  const packages = planPackages(input);
  const repositories = planRepositories(input, packages.installs.size > 0);
  const accounts = planAccounts(input);
  const madeBefore = accounts.before.steps.map((one) => one.id.replace(/^(?:user|group):/, ''));
  const overrides = planOverrides(input, new Set(madeBefore));
  const files = planFiles(input, packages.installs);
  const units = planUnits(input, packages.installs.size + files.steps.length > 0);
  const refresh = planRefresh(input, files.steps);
  const holds = planHolds(input, packages.becomes);
  const checks = preflight(input, holds);
  // What apt may install is told before it installs.
  const pins = { ...files, notices: [], ok: 0, unknown: 0, steps: files.steps.filter(isPin) };
  const parts = [
    checks,
    repositories,
    pins,
    accounts.before,
    overrides.diversions,
    overrides.early,
    packages,
    accounts.after,
    overrides.late,
    overrides.alternatives,
    { ...files, steps: files.steps.filter((step) => !isPin(step)) },
    units,
    refresh,
  ];
  const steps = parts.flatMap((part) => part.steps);
  const names = new Set([...packages.becomes.values()].flat());
  const extra = extras(input, names);
  const { manifest } = input;
  const os = input.destination.os.known ? input.destination.os.value : null;
  const data = manifest.resources.flatMap((one) => ('data' in one ? [one] : []));
  return {
    opstimal: 'plan/1',
    source: { name: manifest.host.name, os: `${manifest.host.os} ${manifest.host.version}`.trim() },
    destination: {
      name: input.destinationName,
      os: os === null ? '' : `${os.id} ${os.version}`.trim(),
      machineId: os?.machineId ?? '',
    },
    looked: [...new Set(input.looked)].sort().map(quote),
    manifestDigest: input.manifestDigest,
    destinationDigest: destinationDigest(input.destination, input.seen),
    counts: {
      ok: parts.reduce((sum, part) => sum + part.ok, 0),
      change: steps.length,
      extra: extra.length,
      unknown: parts.reduce((sum, part) => sum + part.unknown, 0),
    },
    notices: parts
      .flatMap((part) => part.notices)
      .map((notice, index) => ({ notice, index }))
      .sort(
        (left, right) =>
          grades.indexOf(left.notice.grade) - grades.indexOf(right.notice.grade) || left.index - right.index,
      )
      .map(({ notice }) => notice),
    steps,
    holds,
    extra,
    data: {
      files: data.reduce((sum, one) => sum + one.files, 0),
      bytes: data.reduce((sum, one) => sum + one.bytes, 0),
      databases: manifest.resources.flatMap((one) => ('database' in one ? [one.database] : [])),
    },
  };
}
