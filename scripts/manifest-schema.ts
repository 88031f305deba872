/** The JSON Schema of the manifest: the shapes from the program, the words from here. */
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { head, kinds, type ResourceKind } from '../src/decide/manifest-yaml.ts';

type Json = Record<string, unknown>;

/** What is said about a key wherever it stands; a kind may say more about one of its own below. */
const everywhere: Readonly<Record<string, string>> = {
  note: 'Why it stands here, or what to know about it. Yours to change.',
  from: 'The content: a file of this folder below files/.',
  sha256: 'SHA-256 of the content, in hex.',
  group: 'Name of its group.',
  owner: 'Name of the user who owns it; a number where the number has no name.',
  mode: 'Permissions as four octal digits in quotes, for example "0644".',
  bytes: 'Size in bytes, rounded up, so that a server at work gives the same manifest.',
  files: 'Number of files, rounded up.',
  version: 'The version that was found.',
  name: 'What it is called.',
  patch: 'The change as a unified diff, in files/; values of secrets are left out.',
  system: 'Whether its number is from the range for services, not for people.',
  engine: 'The program that runs it.',
};

interface Words {
  readonly description: string;
  readonly keys: Readonly<Record<string, string>>;
}

const words: Readonly<Record<ResourceKind, Words>> = {
  repository: {
    description: 'A source of packages beyond those of the distribution, with the key that signs it.',
    keys: {
      repository: 'Name of its file without the ending.',
      file: 'Where it stands on the server.',
      uris: 'Addresses it fetches from.',
      suites: 'Releases it takes.',
      key: 'The keyring that Signed-By names.',
      path: 'Where the keyring stands on the server.',
    },
  },
  package: {
    description: 'A package somebody asked for. What it depends on follows by itself.',
    keys: {
      package: 'Name, with :architecture where it is a foreign one.',
      held: 'Never upgraded by apt (apt-mark hold).',
      local: 'No repository offers it: rebuilt from its installed files.',
    },
  },
  group: { description: 'A group made by hand.', keys: { group: 'Its name.', gid: 'Its number.' } },
  user: {
    description: 'A user made by hand. The hash of the password is in no file; it is read when applied.',
    keys: {
      user: 'The login name.',
      uid: 'Its number.',
      group: 'Name of its first group.',
      groups: 'Names of further groups.',
      gecos: 'Full name and the like.',
      home: 'Home directory.',
      shell: 'Login shell.',
      password: 'Whether it can log in with a password; never the password.',
    },
  },
  diversion: {
    description: 'A packaged file that was moved aside by hand (dpkg-divert).',
    keys: { diversion: 'Path of the file as packaged.', to: 'Where it was moved.' },
  },
  statoverride: {
    description: 'Owner and mode set over those of the package (dpkg-statoverride).',
    keys: { statoverride: 'Path it speaks of.', user: 'Name of the owner.' },
  },
  alternative: {
    description: 'An alternative chosen by hand (update-alternatives).',
    keys: { alternative: 'Name of the choice, for example editor.', path: 'The program that was chosen.' },
  },
  path: {
    description: 'A file, directory or link of the configuration that was edited, added or removed.',
    keys: {
      path: 'Absolute path; odd bytes as \\xNN, a backslash doubled.',
      kind: 'What it is; absent = removed on purpose, and shall not come back.',
      target: 'Where a link points.',
      secret: 'Holds a secret: its content is not in files/ and is read from the source when applied.',
      sealed: 'The content of a secret, encrypted for the recipients of this folder, below sealed/.',
      base: 'The package that ships it, and the MD5 it shipped.',
      package: 'Name of the package.',
      md5: 'MD5 of the original, in hex; empty where the package recorded none.',
    },
  },
  unit: {
    description: 'A unit of systemd whose state somebody decided, or that ran.',
    keys: {
      unit: 'Full name, for example nginx.service.',
      state: 'Whether it starts at boot; as-is = what its package chooses.',
      active: 'Whether it ran.',
    },
  },
  database: {
    description: 'Databases of one engine, carried by a dump when everything stands still.',
    keys: { database: 'Name of the engine.' },
  },
  data: {
    description: 'A tree of data, carried as it is.',
    keys: {
      data: 'Absolute path of its top.',
      class: 'secret = never at rest in clear.',
      profile: 'The service it belongs to.',
    },
  },
  checkout: {
    description: 'A work tree of git. Its files travel as data; this says where they can be had again.',
    keys: {
      checkout: 'Absolute path of the work tree.',
      remotes: 'Where it is fetched from.',
      url: 'Address without user name, password and token.',
      branch: 'The branch it stands on; absent = on none.',
      commit: 'The commit it stands on.',
      unpushed: 'Commits that no remote branch has.',
      changed: 'Tracked files that were changed.',
      untracked: 'Files git does not know.',
      stashes: 'Stashed changes.',
      submodules: 'Paths of submodules.',
      lfs: 'Whether it uses Git LFS.',
    },
  },
  stack: {
    description: 'What a package manager of a language installed.',
    keys: {
      stack: 'Directory of the project, or the program itself.',
      language: 'The language.',
      manager: 'The package manager, for example npm or composer.',
      lockfile: 'Path of the file that names exact versions.',
      sha256: 'SHA-256 of the lockfile.',
      runtime: 'What it was made for, for example python 3.11.2.',
      reproducible: 'Whether lockfile and runtime are enough to make it again.',
    },
  },
  container: {
    description: 'A container: definition, image and volumes. Volumes travel as data.',
    keys: {
      container: 'Its name.',
      owner: 'Whose it is, where not root’s.',
      image: 'The image it was made from.',
      digest: 'Digest to pull the image by; absent = it exists only there.',
      definition: 'The compose or quadlet file that made it; absent = made on a command line.',
      volumes: 'What is mounted into it.',
      source: 'Path on the server.',
      target: 'Path in the container.',
      ports: 'Ports it publishes.',
      networks: 'Networks it is in.',
      restart: 'When the engine starts it again.',
      running: 'Whether it ran.',
    },
  },
  build: {
    description: 'Programs built or unpacked by hand, and the libraries they need from outside.',
    keys: {
      build: 'Absolute path of the tree.',
      programs: 'How many programs are in it.',
      libraries: 'Shared libraries they need.',
      name: 'Soname.',
      package: 'The package that brings it on the source.',
      missing: 'It is not even there now.',
    },
  },
};

const topWords: Readonly<Record<string, string>> = {
  opstimal: 'Version of this form.',
  host: 'The machine it was scanned on; for reading, nothing is set from it.',
  os: 'ID of os-release.',
  codename: 'Codename of the release.',
  architecture: 'As dpkg calls it.',
  profiles: 'Services that were recognised.',
  resources: 'What makes the server again. The key a resource begins with names its kind.',
  classes: 'Everything on its local file systems, by class.',
  immutable: 'Made again from packages.',
  edited: 'Packaged, then changed by hand.',
  mutable: 'Data.',
  secret: 'Data that is secret.',
  identity: 'Stays with its machine.',
  ephemeral: 'Caches, logs, run-time state: not carried.',
  undecided: 'What nothing explains; a plan needs a word on each.',
  path: 'Absolute path; odd bytes as \\xNN, a backslash doubled.',
  incomplete: 'What could not be asked. It is unknown, not empty.',
  fact: 'What was asked for.',
  reason: 'Why there was no answer.',
};

/** What the program checks by code, as patterns; told by the sentence it answers with. */
const checks: Readonly<Record<string, Json>> = {
  'holds an escape that is unknown': { pattern: String.raw`^([^\\]|\\[nt\\]|\\x[0-9a-f]{2})*$` },
  'must not hold . or ..': { not: { pattern: String.raw`(^|/)\.\.?(/|$)` } },
};

function convert(schema: v.GenericSchema): Json {
  const made = toJsonSchema(schema, {
    overrideAction: ({ valibotAction, jsonSchema }) => {
      if (valibotAction.type !== 'check' && valibotAction.type !== 'starts_with') return undefined;
      const action = valibotAction as { type: string; message?: unknown; requirement?: unknown };
      const said =
        action.type === 'check'
          ? checks[String(action.message)]
          : { pattern: `^${String(action.requirement)}` };
      if (said === undefined) throw new RangeError(`no pattern for the check "${String(action.message)}"`);
      return { ...jsonSchema, allOf: [...(jsonSchema.allOf ?? []), said] };
    },
  }) as Json;
  delete made.$schema;
  return made;
}

/** Puts words to the keys of a schema and of those in it. Throws a RangeError for a key nobody explained. */
function explain(schema: Json, say: (key: string) => string | undefined): void {
  if (typeof schema.items === 'object') explain(schema.items as Json, say);
  for (const [key, part] of Object.entries((schema.properties ?? {}) as Record<string, Json>)) {
    const description = say(key);
    if (description === undefined) throw new RangeError(`no words for the key ${key}`);
    part.description = description;
    explain(part, say);
  }
}

/** The schema as published: draft 7, which every editor knows. */
export function manifestSchema(): Json {
  const whole = convert(head as v.GenericSchema);
  explain(whole, (key) => topWords[key] ?? everywhere[key]);
  const definitions = Object.entries(kinds).map(([kind, { schema }]) => {
    const { description, keys } = words[kind as ResourceKind];
    const made = convert(schema as unknown as v.GenericSchema);
    explain(made, (key) => keys[key] ?? everywhere[key]);
    return [kind, { title: kind, description, ...made }];
  });
  const properties = whole.properties as Record<string, Json>;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'opstimal-move manifest',
    description: 'What makes a server again: manifest.yaml of a migration folder.',
    ...whole,
    properties: {
      ...properties,
      resources: {
        ...properties.resources,
        items: { anyOf: Object.keys(kinds).map((kind) => ({ $ref: `#/definitions/${kind}` })) },
      },
    },
    definitions: Object.fromEntries(definitions),
  };
}
