/** dpkg's own records of an administrator's choices: diversions, statoverrides, alternatives. */
import { quote, unquote } from '../bytes.ts';
import type { AlternativeResource, DiversionResource, StatOverrideResource } from '../types.ts';
import type { PlanInput } from './plan-input.ts';
import { PartBuilder } from './plan-part.ts';
import { assign, sh } from './plan-shell.ts';
import { renameProgram } from './rename.ts';

export interface OverridePlan {
  readonly diversions: PartBuilder;
  /** Overrides whose owner exists before packages are installed, and those whose owner comes with one. */
  readonly early: PartBuilder;
  readonly late: PartBuilder;
  readonly alternatives: PartBuilder;
}

export function planOverrides(input: PlanInput, usersMadeBefore: ReadonlySet<string>): OverridePlan {
  const plan = {
    diversions: new PartBuilder(),
    early: new PartBuilder(),
    late: new PartBuilder(),
    alternatives: new PartBuilder(),
  };
  const { resources } = input.manifest;
  const diversions = resources.filter((one): one is DiversionResource => 'diversion' in one);
  const overrides = resources.filter((one): one is StatOverrideResource => 'statoverride' in one);
  const alternatives = resources.filter((one): one is AlternativeResource => 'alternative' in one);
  if (!input.destinationLive) {
    const number = diversions.length + overrides.length + alternatives.length;
    plan.early.unknown += number;
    if (number > 0) {
      plan.early.notice(
        'by-hand',
        'alternatives',
        'alternatives, diversions and statoverrides: not supported yet on a disk',
      );
    }
    return plan;
  }
  for (const one of diversions) planDiversion(plan.diversions, input, one);
  const accounts = input.destination.accounts.known ? input.destination.accounts.value : null;
  const known = new Set([
    ...(accounts?.users ?? []).map((one) => one.name),
    ...(accounts?.groups ?? []).map((one) => one.name),
    ...usersMadeBefore,
  ]);
  for (const one of overrides) {
    // A package must find its override when it is unpacked; one for a user it brings itself can only come after.
    planStatOverride(known.has(one.user) && known.has(one.group) ? plan.early : plan.late, input, one);
  }
  for (const one of alternatives) planAlternative(plan.alternatives, input, one);
  return plan;
}

function planDiversion(part: PartBuilder, input: PlanInput, one: DiversionResource): void {
  const [path, to] = [unquote(one.diversion), unquote(one.to)];
  const { diversions } = input.destination;
  if (diversions.known && diversions.value.some((old) => old.path === path && old.divertedTo === to)) {
    part.ok += 1;
    return;
  }
  const names = `${assign('p', path)}; ${assign('t', to)}`;
  part.step({
    id: `diversion:${one.diversion}`,
    kind: 'diversion',
    symbol: '+',
    title: one.diversion,
    detail: `the packaged file goes to ${one.to}`,
    check: `${names}; [ "$(dpkg-divert --truename "$p")" = "$t" ]`,
    apply: `${names}; dpkg-divert --local --rename --divert "$t" --add "$p"`,
  });
}

function planStatOverride(part: PartBuilder, input: PlanInput, one: StatOverrideResource): void {
  const path = unquote(one.statoverride);
  const { statOverrides } = input.destination;
  const same = (mode: string) => Number.parseInt(mode, 8) === Number.parseInt(one.mode, 8);
  const there = statOverrides.known ? statOverrides.value.find((old) => old.path === path) : undefined;
  if (there !== undefined && there.user === one.user && there.group === one.group && same(there.mode)) {
    part.ok += 1;
    return;
  }
  const name = assign('p', path);
  const mode = Number.parseInt(one.mode, 8).toString(8);
  const line = `${one.user} ${one.group} ${mode} `;
  part.step({
    id: `statoverride:${one.statoverride}`,
    kind: 'statoverride',
    symbol: there === undefined ? '+' : '~',
    title: `${one.statoverride} ${one.user}:${one.group} ${one.mode}`,
    check: `${name}; [ "$(dpkg-statoverride --list "$p" 2>/dev/null)" = ${sh(line)}"$p" ]`,
    apply: `${name}; dpkg-statoverride --quiet --force-statoverride-add --update --add ${sh(one.user)} ${sh(one.group)} ${mode} "$p"`,
  });
}

function planAlternative(part: PartBuilder, input: PlanInput, one: AlternativeResource): void {
  const path = unquote(renameProgram(one.path, input.pairs, input.profiles));
  const { alternatives } = input.destination;
  const there = alternatives.known
    ? alternatives.value.find((old) => old.name === one.alternative)
    : undefined;
  if (there?.mode === 'manual' && there.path === path) {
    part.ok += 1;
    return;
  }
  const [name, target] = [sh(one.alternative), assign('p', path)];
  part.step({
    id: `alternative:${one.alternative}`,
    kind: 'alternative',
    symbol: '~',
    title: `${one.alternative} is ${quote(path)}`,
    detail: path === unquote(one.path) ? '' : `${one.path} on the source`,
    check: `${target}; [ "$(readlink /etc/alternatives/${name})" = "$p" ] && [ "$(head -n 1 /var/lib/dpkg/alternatives/${name} 2>/dev/null)" = manual ]`,
    apply: `${target}; update-alternatives --set ${name} "$p"`,
  });
}
