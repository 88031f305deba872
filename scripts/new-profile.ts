/**
 * Begins a profile: `npm run new-profile -- NAME` writes the profile, its fixture and what is expected of it, in a
 * form that is valid and says nothing yet. Its test fails, and says what is missing, until `todo` is gone.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is written, from the top of the repository. Throws Error for a name that cannot be one. */
export function newProfile(name: string): ReadonlyMap<string, string> {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw new Error(`${name} is no name of a profile: lower case letters, digits and -`);
  const fixture = `fixtures/profiles/${name}`;
  return new Map([
    [
      `profiles/${name}.yaml`,
      `# yaml-language-server: $schema=profile.schema.json
name: ${name}
title: ${name}
detect:
  packages: [${name}]
  units: [${name}.service]
settings:
  - name: data
    files: [/etc/${name}/${name}.conf]
    # RE2, tried on each line; the group is an absolute path.
    pattern: '^\\s*data_directory\\s*=\\s*"?(/[^"\\s]+?)/?"?\\s*$'
    take: last
    default: [/var/lib/${name}]
paths:
  # What travels, what is a cache, what is a key. The deepest rule speaks.
  - { path: "\${data}", class: mutable, kind: data, carry: stream }
  - { path: "\${data}/cache", class: ephemeral, kind: cache }
  - { path: /var/log/${name}, class: ephemeral, kind: log }
units: [${name}.service]
# actor = must never act on two servers at once; else front, application or database.
tier: application
probes:
  - { probe: unit, unit: ${name}.service }
provenance: where this is documented
`,
    ],
    [
      `${fixture}/facts.yaml`,
      `# Packages and units as dpkg and systemd name them where the service is installed.
packages: { ${name}: 1.0-1 }
units: [${name}.service]
`,
    ],
    [
      `${fixture}/etc/${name}/${name}.conf`,
      `# The service's configuration, with paths that are not the default.
data_directory = /data/${name}
`,
    ],
    [
      `${fixture}/expected.yaml`,
      `# Delete the next line when everything here is true of the service and not of this draft.
todo: look up the service's configuration, then correct the profile, facts.yaml, etc/ and the lines below
settings: { data: [/data/${name}] }
# PATH: CLASS CARRY RULE; at least one that travels and one that stays.
paths:
  /data/${name}/file: mutable stream profile.${name}.data
  /data/${name}/cache/file: ephemeral none profile.${name}.cache
units: [${name}.service]
tier: application
`,
    ],
  ]);
}

/** Writes a new profile below `root`; nothing that is there is touched. Gives back what to say. */
export function writeNewProfile(root: string, name: string): string {
  const files = newProfile(name);
  for (const file of files.keys()) {
    if (existsSync(join(root, file))) throw new Error(`${file} is there already`);
  }
  for (const [file, text] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return `wrote ${[...files.keys()].join('\n      ')}\nnext: fill them in; npm run unit -- test/profiles.test.ts -t ${name}\n`;
}

if (import.meta.main) {
  const [name, ...rest] = process.argv.slice(2);
  try {
    if (name === undefined || rest.length > 0) throw new Error('usage: npm run new-profile -- NAME');
    process.stdout.write(writeNewProfile(join(import.meta.dirname, '..'), name));
  } catch (error) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
