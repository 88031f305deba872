/**
 * Containers: Docker's from its files, which also speak when it does not run; root's of podman by asking it, once it
 * runs anyway (after a boot the first question would make it write); those of people from their storage, because
 * podman writes into its locks there at every question; and quadlets.
 * Volumes and binds travel as data; this says what they belong to.
 */
import { quote } from '../bytes.ts';
import {
  type PodmanContainer,
  parseDockerContainer,
  parseDockerImages,
  parsePodmanInspect,
  parsePodmanStorage,
  parseQuadlet,
} from '../facts/containers.ts';
import type { Host } from '../host/host.ts';
import type { Bytes, ContainerResource, Entry, Facts, User } from '../types.ts';
import { readRanges } from './read-ranges.ts';

/** Bytes; a description has a few KiB. */
const limitEach = 8 * 1024 ** 2;
const mostFiles = 10_000;

interface FoundFiles {
  readonly docker: { readonly path: Bytes; readonly dataRoot: Bytes }[];
  readonly images: { readonly path: Bytes; readonly dataRoot: Bytes }[];
  readonly podman: {
    readonly path: Bytes;
    readonly storage: Bytes;
    readonly driver: string;
    readonly uid: number;
  }[];
  /** Left by the last start of a container, by its id. */
  readonly started: Map<string, Bytes>;
  readonly quadlets: { readonly path: Bytes; readonly uid: number }[];
}

export async function findContainers(input: {
  readonly source: Host;
  readonly facts: Facts;
  readonly listing: () => AsyncIterable<readonly Entry[]>;
}): Promise<{ resources: ContainerResource[]; unread: { fact: string; reason: string }[] }> {
  const { source, facts } = input;
  const unread: { fact: string; reason: string }[] = [];
  const found = await pick(input.listing());
  const paths = [
    ...found.docker.flatMap(({ path }) => [path, path.replace(/config\.v2\.json$/, 'hostconfig.json')]),
    ...found.images.map(({ path }) => path),
    ...found.podman.flatMap((one) => [one.path, imagesOf(one)]),
    ...found.started.values(),
    ...found.quadlets.map(({ path }) => path),
  ].slice(0, mostFiles);
  if (paths.length === 0) return { resources: [], unread };
  const answer = await readRanges(
    source,
    paths.map((path) => ({ path, offset: 0, length: limitEach })),
  );
  if (!answer.known) return { resources: [], unread: [{ fact: 'containers', reason: answer.reason }] };
  const contents = new Map(
    [...answer.value].map(([{ path }, content]) => [path, content.toString('latin1')]),
  );
  const hidden = paths.filter((path) => !contents.has(path) && !path.endsWith('/images.json'));
  if (hidden.length > 0)
    unread.push({ fact: 'containers', reason: `could not be read: ${quote(hidden[0] as Bytes)}` });
  const users = facts.accounts.known ? facts.accounts.value.users : [];
  const podman = await fromPodman(source, found, contents, users, unread);
  return {
    resources: [...fromDocker(found, contents), ...withQuadlets(podman, found, contents, users)],
    unread,
  };
}

async function pick(listing: AsyncIterable<readonly Entry[]>): Promise<FoundFiles> {
  const found: FoundFiles = { docker: [], images: [], podman: [], started: new Map(), quadlets: [] };
  for await (const some of listing) {
    for (const { path, type, uid } of some) {
      if (type !== 'f') continue;
      if (path.endsWith('/config.v2.json')) {
        const dataRoot = /^(.*)\/containers\/[0-9a-f]{64}\/config\.v2\.json$/.exec(path)?.[1];
        if (dataRoot !== undefined) found.docker.push({ path, dataRoot });
      } else if (path.endsWith('/repositories.json')) {
        const dataRoot = /^(.*)\/image\/[a-z0-9-]+\/repositories\.json$/.exec(path)?.[1];
        if (dataRoot !== undefined) found.images.push({ path, dataRoot });
      } else if (path.endsWith('-containers/containers.json')) {
        const match = /^(.*\/containers\/storage)\/([a-z0-9]+)-containers\/containers\.json$/.exec(path);
        if (match !== null)
          found.podman.push({ path, storage: match[1] as Bytes, driver: match[2] as string, uid });
      } else if (path.endsWith('/userdata/config.json')) {
        const id = /-containers\/([0-9a-f]{64})\/userdata\/config\.json$/.exec(path)?.[1];
        if (id !== undefined) found.started.set(id, path);
      } else if (
        path.endsWith('.container') &&
        /^\/(etc|home\/.*\/\.config|root\/\.config)\/containers\/systemd\//.test(path)
      ) {
        found.quadlets.push({ path, uid });
      }
    }
  }
  return found;
}

function imagesOf({ storage, driver }: { readonly storage: Bytes; readonly driver: string }): Bytes {
  return `${storage}/${driver}-images/images.json`;
}

function fromDocker(found: FoundFiles, contents: ReadonlyMap<Bytes, Bytes>): ContainerResource[] {
  const images = new Map(
    found.images.map((one) => [one.dataRoot, parseDockerImages(contents.get(one.path))]),
  );
  return found.docker.flatMap(({ path, dataRoot }) => {
    const host = contents.get(path.replace(/config\.v2\.json$/, 'hostconfig.json'));
    const one = parseDockerContainer(contents.get(path), host, images.get(dataRoot) ?? null, dataRoot);
    return one === null ? [] : [one];
  });
}

/** Empty for root. */
function ownerName(uid: number, users: readonly User[]): string {
  if (uid === 0) return '';
  return users.find((one) => one.uid === uid)?.name ?? String(uid);
}

interface Described extends PodmanContainer {
  readonly owner: string;
}

async function fromPodman(
  source: Host,
  found: FoundFiles,
  contents: ReadonlyMap<Bytes, Bytes>,
  users: readonly User[],
  unread: { fact: string; reason: string }[],
): Promise<Described[]> {
  const described: Described[] = [];
  const asked = new Map<number, Described[] | string>();
  for (const one of found.podman) {
    const owner = ownerName(one.uid, users);
    const started = (id: string) => contents.get(found.started.get(id) ?? '');
    const stored = parsePodmanStorage(contents.get(one.path), contents.get(imagesOf(one)), started, owner);
    if (stored.length === 0) continue;
    if (!asked.has(one.uid)) asked.set(one.uid, await askPodman(source, one.uid));
    const said = asked.get(one.uid) as Described[] | string;
    if (typeof said !== 'string') {
      // All drivers of one person answer together.
      if (!described.some((other) => other.owner === owner)) described.push(...said);
      continue;
    }
    if (said !== '') unread.push({ fact: 'containers', reason: said });
    described.push(...stored.map((resource) => ({ resource, owner, unit: '' })));
  }
  return described;
}

/** `alive` is made by the first podman after a boot, which brings the database up to date. */
const program = `
[ -e /run/libpod/alive ] || exit 91
cd /
ids=$(timeout -k 5 120 podman --log-level=error ps --all --quiet --no-trunc </dev/null) || exit
if [ -z "$ids" ]; then echo '[]'; exit; fi
exec timeout -k 5 300 podman --log-level=error inspect --type container $ids </dev/null
`;

/** What podman says of root's containers, or why it said nothing; empty where there is nothing to complain of. */
async function askPodman(source: Host, uid: number): Promise<Described[] | string> {
  if (!source.live || !source.privileged || uid !== 0) return '';
  try {
    const answer = await source.run(
      [
        'env',
        '-i',
        'PATH=/usr/bin:/bin:/usr/sbin:/sbin',
        'LC_ALL=C',
        'HOME=/root',
        'sh',
        '-c',
        program,
        'podman',
      ],
      { timeoutSeconds: 600 },
    );
    if (answer.code === 91 || answer.code === 127) return '';
    if (answer.code !== 0) throw new Error(answer.stderr.toString('latin1').trim().split('\n').at(-1) ?? '');
    return parsePodmanInspect(answer.stdout.toString('latin1')).map((one) => ({ ...one, owner: '' }));
  } catch (error) {
    return `podman: ${quote((error as Error).message)}`;
  }
}

/** Says which quadlet made a container, and adds those of which no container is there now. */
function withQuadlets(
  described: readonly Described[],
  found: FoundFiles,
  contents: ReadonlyMap<Bytes, Bytes>,
  users: readonly User[],
): ContainerResource[] {
  const quadlets = found.quadlets.flatMap(({ path, uid }) => {
    const owner = path.startsWith('/etc/') ? '' : ownerName(uid, users);
    const resource = parseQuadlet(contents.get(path) ?? '', path, owner);
    const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.container$/, '');
    return resource === null ? [] : [{ resource, owner, unit: `${quote(stem)}.service` }];
  });
  const made = new Set<(typeof quadlets)[number]>();
  const known = described.map((one) => {
    const quadlet = quadlets.find(
      (other) =>
        other.owner === one.owner &&
        (other.unit === one.unit || other.resource.container === one.resource.container),
    );
    if (quadlet === undefined) return one.resource;
    made.add(quadlet);
    return { ...one.resource, definition: quadlet.resource.definition as string };
  });
  return [...known, ...quadlets.filter((one) => !made.has(one)).map(({ resource }) => resource)];
}
