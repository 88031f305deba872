/**
 * Programs that no package owns travel as they are, and stop at the first library that is not there. So before
 * anything is written it is said which libraries the destination will not have, and for which programs.
 */
import type { BuildResource, InstalledPackage, Manifest } from '../types.ts';
import type { PlanInput } from './plan-input.ts';
import { type PartBuilder, some } from './plan-part.ts';
import { counterpart, providersOf } from './rename.ts';

export function checkLibraries(part: PartBuilder, input: PlanInput): void {
  const builds = input.manifest.resources.filter((one): one is BuildResource => 'build' in one);
  for (const { build, libraries } of builds) {
    const missing = libraries.filter((one) => one.missing).map((one) => one.name);
    if (missing.length === 0) continue;
    part.notice(
      'care',
      `programs in ${build}`,
      `${some(missing)} ${missing.length === 1 ? 'is' : 'are'} missing on the source already, and programs in ${build} need ${missing.length === 1 ? 'it' : 'them'}`,
      'whatever needs them does not run there either, or is started with a path of its own',
    );
  }
  const needed = byPackage(builds);
  const { packages } = input.destination;
  if (needed.size === 0 || !input.destinationLive || !packages.known) return;
  const installed = new Set(
    packages.value.filter((one) => one.status === 'installed').map((one) => one.name),
  );
  const coming = closure(input.manifest, input.source?.packages.known ? input.source.packages.value : []);
  const available = input.available.known ? input.available.value : new Map();
  const context = { ...input, available, providers: providersOf(available) };
  const unasked: { name: string; trees: string[] }[] = [];
  for (const [name, { libraries, trees }] of needed) {
    // Since the time of 64 bits some libraries carry it in their package's name and are the same otherwise.
    if (installed.has(name) || installed.has(`${name}t64`)) continue;
    if (!input.available.known) continue;
    const { names, by } = counterpart(name, context);
    const isSame = by === 'same' || by === 'provides' || (by === 'table' && names[0] === `${name}t64`);
    if (isSame) {
      const isComing = coming.has(name) || names.some((one) => coming.has(one) || installed.has(one));
      if (!isComing) unasked.push({ name: names[0] ?? name, trees: [...trees] });
      continue;
    }
    const instead = names.length === 0 ? '' : ` (there is ${names.join(' and ')} instead)`;
    part.notice(
      'care',
      `library ${name}`,
      `the destination offers no ${name}${instead}, and programs in ${some([...trees])} need ${some([...libraries])} from it`,
      'build them again on the destination, or carry the library along with them',
    );
  }
  if (unasked.length > 0) {
    const names = unasked.map((one) => one.name).sort();
    const trees = [...new Set(unasked.flatMap((one) => one.trees))];
    part.notice(
      'by-hand',
      'libraries',
      `no package that is moved asks for ${some(names, 20)}, and programs in ${some(trees)} need ${names.length === 1 ? 'it' : 'them'}`,
      `on the destination: apt-get install ${names.join(' ')}`,
    );
  }
}

/** Libraries and trees by the package that brings the libraries on the source. */
function byPackage(builds: readonly BuildResource[]) {
  const needed = new Map<string, { libraries: Set<string>; trees: Set<string> }>();
  for (const { build, libraries } of builds) {
    for (const one of libraries) {
      if (one.package === undefined) continue;
      const need = needed.get(one.package) ?? { libraries: new Set(), trees: new Set() };
      need.libraries.add(one.name);
      need.trees.add(build);
      needed.set(one.package, need);
    }
  }
  return needed;
}

/** The manifest's packages and whatever they depend on at the source. */
function closure(manifest: Manifest, packages: readonly InstalledPackage[]): ReadonlySet<string> {
  const depends = new Map(
    packages.map((one) => [
      one.name,
      one.depends.split(/[,|]/).map((word) => word.trim().split(/[\s:(]/)[0] ?? ''),
    ]),
  );
  const found = new Set(manifest.resources.flatMap((one) => ('package' in one ? [one.package] : [])));
  for (const name of found) for (const other of depends.get(name) ?? []) found.add(other);
  return found;
}
