/**
 * The manifest as a file: canonical YAML, sorted, with comments that say what each part is. The same manifest is
 * always the same bytes, and reading what was written gives it back.
 */
import * as v from 'valibot';
import { Document, isMap, isSeq, type Scalar } from 'yaml';
import { unquote } from '../bytes.ts';
import type { Manifest, Resource } from '../types.ts';
import { migrate, newestManifest } from './manifest-migrations.ts';
import { type Checked, checkShape, examineYaml, type Problem, parseYaml } from './yaml-check.ts';

const text = v.string();
const texts = v.array(v.string());
const count = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0, 'must not be negative'));
const quoted = v.pipe(v.string(), v.check(readable, 'holds an escape that is unknown'));
const absolute = v.pipe(
  quoted,
  v.startsWith('/', 'must begin with /'),
  v.check(clean, 'must not hold . or ..'),
);
const attachment = v.pipe(
  v.string(),
  v.regex(/^files\/[A-Za-z0-9._+~/-]+$/, 'must name a file below files/'),
);
const sealed = v.pipe(v.string(), v.regex(/^sealed\/[A-Za-z0-9._+~-]+$/, 'must name a file below sealed/'));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex'));
const mode = v.pipe(v.string(), v.regex(/^[0-7]{4}$/, 'must be four octal digits in quotes'));
const yes = v.literal(true);
const password = v.picklist(['set', 'locked', 'none', 'unknown']);

function readable(value: string): boolean {
  try {
    unquote(value);
    return true;
  } catch {
    return false;
  }
}
function clean(value: string): boolean {
  return !value.split('/').some((part) => part === '.' || part === '..');
}

const note = { note: v.exactOptional(text) };

/** Kinds of resources in the order in which they stand in the file and are applied; the key names the kind. */
export const kinds = {
  repository: {
    title: 'Package sources beyond those of the distribution.',
    schema: v.strictObject({
      repository: text,
      ...note,
      file: absolute,
      from: attachment,
      sha256: digest,
      uris: texts,
      suites: texts,
      key: v.exactOptional(v.strictObject({ path: absolute, from: attachment, sha256: digest })),
    }),
  },
  package: {
    title:
      'Packages somebody asked for: apt does not call them automatic. What they depend on follows by itself.',
    schema: v.strictObject({
      package: v.pipe(text, v.regex(/^[a-z0-9][a-z0-9+.:-]*$/, 'is no name of a package')),
      ...note,
      version: text,
      held: v.exactOptional(yes),
      local: v.exactOptional(yes),
    }),
  },
  group: {
    title: 'Groups made by hand, and those that something carried belongs to.',
    schema: v.strictObject({ group: text, ...note, gid: count, system: v.boolean() }),
  },
  user: {
    title:
      'Users made by hand, and those that own something carried. Password hashes are in no file here; they are read from the source when applied.',
    schema: v.strictObject({
      user: text,
      ...note,
      uid: count,
      group: text,
      groups: texts,
      gecos: text,
      home: text,
      shell: text,
      system: v.boolean(),
      password,
    }),
  },
  diversion: {
    title: 'Packaged files that were moved aside by hand.',
    schema: v.strictObject({ diversion: absolute, ...note, to: absolute }),
  },
  statoverride: {
    title: 'Owners and modes set over those of the packages.',
    schema: v.strictObject({ statoverride: absolute, ...note, user: text, group: text, mode: text }),
  },
  alternative: {
    title: 'Alternatives chosen by hand.',
    schema: v.strictObject({ alternative: text, ...note, path: absolute }),
  },
  path: {
    title: 'Files edited, removed or added in the configuration. Without a note: added, no package owns it.',
    schema: v.strictObject({
      path: absolute,
      ...note,
      kind: v.picklist(['file', 'directory', 'link', 'absent']),
      from: v.exactOptional(attachment),
      sha256: v.exactOptional(digest),
      target: v.exactOptional(quoted),
      owner: v.exactOptional(text),
      group: v.exactOptional(text),
      mode: v.exactOptional(mode),
      secret: v.exactOptional(yes),
      sealed: v.exactOptional(sealed),
      base: v.exactOptional(v.strictObject({ package: text, md5: text })),
      patch: v.exactOptional(attachment),
    }),
  },
  unit: {
    title:
      'Units whose state somebody decided, and those that ran. Without a note: it ran, as its package has it.',
    schema: v.strictObject({
      unit: v.pipe(text, v.regex(/^[A-Za-z0-9:_.\\@-]+\.[a-z]+$/, 'is no name of a unit')),
      ...note,
      state: v.picklist(['enabled', 'disabled', 'masked', 'as-is']),
      active: v.boolean(),
    }),
  },
  database: {
    title: 'Databases, carried by a dump when everything stands still.',
    schema: v.strictObject({
      database: text,
      ...note,
      engine: v.picklist(['postgresql', 'mariadb']),
      bytes: count,
    }),
  },
  data: {
    title: 'Data, carried as it is.',
    schema: v.strictObject({
      data: absolute,
      ...note,
      class: v.picklist(['mutable', 'secret']),
      bytes: count,
      files: count,
      profile: v.exactOptional(text),
    }),
  },
  checkout: {
    title:
      'Work trees of git. Their files travel as data; this says where they come from and what only stands here.',
    schema: v.strictObject({
      checkout: absolute,
      ...note,
      remotes: v.array(v.strictObject({ name: text, url: text })),
      branch: v.exactOptional(text),
      commit: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{40,64}$/, 'must be a commit in hex'))),
      unpushed: count,
      changed: count,
      untracked: count,
      stashes: count,
      submodules: v.exactOptional(texts),
      lfs: v.exactOptional(yes),
      patch: v.exactOptional(attachment),
    }),
  },
  stack: {
    title: 'What package managers of languages installed.',
    schema: v.strictObject({
      stack: absolute,
      ...note,
      language: v.picklist(['python', 'node', 'php', 'ruby', 'rust', 'go', 'java']),
      manager: text,
      lockfile: v.exactOptional(absolute),
      sha256: v.exactOptional(digest),
      runtime: v.exactOptional(text),
      reproducible: v.boolean(),
    }),
  },
  container: {
    title: 'Containers: definition, image and volumes. Volumes travel as data.',
    schema: v.strictObject({
      container: text,
      ...note,
      engine: v.picklist(['docker', 'podman']),
      owner: v.exactOptional(text),
      image: text,
      digest: v.exactOptional(text),
      definition: v.exactOptional(absolute),
      volumes: v.array(v.strictObject({ source: text, target: text, name: v.exactOptional(text) })),
      ports: texts,
      networks: texts,
      restart: v.exactOptional(text),
      running: v.boolean(),
    }),
  },
  build: {
    title: 'Programs built or unpacked by hand, and the libraries they need. They travel as data.',
    schema: v.strictObject({
      build: absolute,
      ...note,
      programs: count,
      libraries: v.array(
        v.strictObject({ name: text, package: v.exactOptional(text), missing: v.exactOptional(yes) }),
      ),
    }),
  },
} as const;

export type ResourceKind = keyof typeof kinds;
type Kind = ResourceKind;
const kindNames = Object.keys(kinds) as Kind[];

const classCount = v.strictObject({ files: count, bytes: count });
/** Everything but the resources, which are checked by their kind. */
export const head = v.strictObject({
  opstimal: v.literal(newestManifest),
  host: v.strictObject({ name: text, os: text, version: text, codename: text, architecture: text }),
  profiles: v.array(v.strictObject({ name: text, version: v.nullable(text) })),
  resources: v.array(v.record(v.string(), v.unknown())),
  classes: v.strictObject({
    immutable: classCount,
    edited: classCount,
    mutable: classCount,
    secret: classCount,
    identity: classCount,
    ephemeral: classCount,
    undecided: classCount,
  }),
  undecided: v.array(v.strictObject({ path: absolute, bytes: count, files: count })),
  incomplete: v.array(v.strictObject({ fact: text, reason: text })),
});

/**
 * The key that names the kind, most telling first: users and paths have a `group` too, alternatives a `path`,
 * stat overrides a `user`.
 */
const telling = [
  'package',
  'repository',
  'diversion',
  'statoverride',
  'alternative',
  'unit',
  'database',
  'data',
  'checkout',
  'stack',
  'container',
  'build',
  'user',
  'path',
  'group',
] as const satisfies readonly Kind[];

function kindIn(raw: object): Kind | null {
  return telling.find((kind) => kind in raw) ?? null;
}

/** Kind of a resource; the property of the same name is what it is called. */
export function kindOf(resource: Resource): ResourceKind {
  const kind = kindIn(resource);
  if (kind === null) throw new RangeError('a resource without a kind');
  return kind;
}

/** What the resource is called within its kind. */
export function nameOfResource(resource: Resource): string {
  return (resource as unknown as Record<string, string>)[kindOf(resource)] as string;
}

/** A manifest with everything that is wrong in it; null where it is too wrong to be read. */
export interface ExaminedManifest {
  readonly manifest: Manifest | null;
  readonly problems: readonly Problem[];
  /** Points at a place of the file by its path in the manifest; null where the file is no YAML. */
  readonly checked: Checked | null;
}

/**
 * Checks a manifest of any version and gives it in the newest form, with all its problems: unknown keys, wrong
 * types, doubled resources. `file` is only for messages.
 */
export function examineManifest(content: string, file: string): ExaminedManifest {
  const { checked: raw, problems: notation } = examineYaml(content, file, 'manifest');
  if (raw === null) return { manifest: null, problems: notation, checked: null };
  const migrated = migrate(raw);
  if (!migrated.known) return { manifest: null, problems: [migrated.problem], checked: raw };
  const { checked } = migrated;
  const whole = checkShape(checked, [], head, checked.value);
  if (!whole.fits) {
    // Each resource stands for itself, so that one pass over the file finds all that is wrong in it.
    const list = (checked.value as { resources?: unknown } | null)?.resources;
    const entries = Array.isArray(list) ? list : [];
    const others = readResources(checked, entries.filter(isGroupOfKeys)).problems;
    return { manifest: null, problems: [...whole.problems, ...others], checked };
  }
  const { resources, problems } = readResources(checked, whole.output.resources);
  const manifest = problems.length > 0 ? null : { ...whole.output, resources };
  return { manifest, problems, checked };
}

/**
 * Checks and reads a manifest. `file` is only for messages. Throws Failure `usage` on topic `manifest` with
 * `file:line:column` of the first place that is wrong.
 */
export function readManifest(content: string, file: string): Manifest {
  const { manifest, problems, checked } = examineManifest(content, file);
  if (manifest !== null) return manifest;
  if (checked === null) return parseYaml(content, file, 'manifest') as never;
  return checked.raise(problems[0] as Problem);
}

function isGroupOfKeys(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

function readResources(
  checked: Checked,
  entries: readonly Readonly<Record<string, unknown>>[],
): { resources: Resource[]; problems: Problem[] } {
  const seen = new Set<string>();
  const resources: Resource[] = [];
  const problems: Problem[] = [];
  for (const [index, raw] of entries.entries()) {
    const path = ['resources', index];
    const kind = kindIn(raw);
    if (kind === null) {
      const hint = `it needs one of ${telling.join(', ')}`;
      problems.push(checked.problem(path, `entry ${index + 1} is no resource`, hint));
      continue;
    }
    const schema = kinds[kind].schema as unknown as v.GenericSchema<unknown, Resource>;
    const read = checkShape(checked, path, schema, raw);
    if (read.fits) resources.push(read.output);
    else problems.push(...read.problems);
    const key = `${kind} ${String(raw[kind])}`;
    if (seen.has(key)) {
      problems.push(checked.problem([...path, kind], `${key} stands here twice`, 'remove one of the two'));
    }
    seen.add(key);
  }
  return { resources, problems };
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Properties in the order of the schema, so that the bytes do not depend on who built the object. */
function ordered(kind: Kind, resource: Resource): Record<string, unknown> {
  const source = resource as unknown as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(kinds[kind].schema.entries)) {
    if (source[key] !== undefined) result[key] = source[key];
  }
  return result;
}

/** The same manifest with everything in its fixed order. */
export function canonical(manifest: Manifest): Manifest {
  const sorted = manifest.resources
    .map((resource) => ({ kind: kindOf(resource), resource }))
    .sort(
      (left, right) =>
        kindNames.indexOf(left.kind) - kindNames.indexOf(right.kind) ||
        byText(nameOfResource(left.resource), nameOfResource(right.resource)),
    );
  return {
    opstimal: manifest.opstimal,
    host: manifest.host,
    profiles: [...manifest.profiles].sort((left, right) => byText(left.name, right.name)),
    resources: sorted.map(({ kind, resource }) => ordered(kind, resource) as unknown as Resource),
    classes: manifest.classes,
    undecided: [...manifest.undecided].sort(
      (left, right) => right.bytes - left.bytes || byText(left.path, right.path),
    ),
    incomplete: [...manifest.incomplete].sort((left, right) => byText(left.fact, right.fact)),
  };
}

const heading = [
  ' What makes this server again. Written by opstimal-move scan; edits by hand are kept until the next scan.',
  ' Contents of files are in files/ by their SHA-256; secrets are in no file here but sealed/.',
].join('\n');

/**
 * The manifest as canonical YAML. `schema` is where its JSON Schema stands, relative to the file; editors complete and
 * check with it, without any network. It is left out where none stands beside the file.
 */
export function writeManifest(manifest: Manifest, schema?: string): string {
  const sorted = canonical(manifest);
  const document = new Document({
    opstimal: sorted.opstimal,
    host: pick(sorted.host, ['name', 'os', 'version', 'codename', 'architecture']),
    profiles: sorted.profiles.map((profile) => pick(profile, ['name', 'version'])),
    resources: sorted.resources,
    classes: Object.fromEntries(
      Object.keys(head.entries.classes.entries).map((name) => [
        name,
        pick(sorted.classes[name as keyof Manifest['classes']], ['files', 'bytes']),
      ]),
    ),
    undecided: sorted.undecided.map((group) => pick(group, ['path', 'bytes', 'files'])),
    incomplete: sorted.incomplete.map((part) => pick(part, ['fact', 'reason'])),
  });
  const line = schema === undefined ? '' : ` yaml-language-server: $schema=${schema}\n`;
  document.commentBefore = line + heading;
  comment(document, sorted);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}

function comment(document: Document, manifest: Manifest): void {
  const list = document.get('resources');
  if (isSeq(list)) {
    let before: Kind | null = null;
    for (const [index, resource] of manifest.resources.entries()) {
      const kind = kindOf(resource);
      const node = list.items[index];
      if (kind !== before && isMap(node)) {
        node.commentBefore = ` ${kinds[kind].title}`;
        node.spaceBefore = index > 0;
      }
      before = kind;
    }
  }
  const titles: readonly (readonly [string, string])[] = [
    ['host', ' Where it was scanned.'],
    ['profiles', ' Services that were recognised.'],
    ['resources', ''],
    ['classes', ' Everything on its local file systems, by class.'],
    ['undecided', ' What nothing explains: decide it with opstimal-move decide.'],
    ['incomplete', ' What could not be asked.'],
  ];
  if (!isMap(document.contents)) return;
  for (const pair of document.contents.items) {
    const key = pair.key as Scalar<string>;
    const title = titles.find(([name]) => name === key.value);
    if (title === undefined) continue;
    key.spaceBefore = true;
    if (title[1] !== '') key.commentBefore = title[1];
  }
}
