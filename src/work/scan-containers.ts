/**
 * Containers: Docker's from its files, which also speak when it does not run; podman's from its storage, because podman
 * writes into its locks there at every question, root's as well; and quadlets.
 * Volumes and binds travel as data; this says what they belong to.
 */
import { quote } from '../bytes.ts';
import {
  parseDockerContainer,
  parseDockerImages,
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
  const all = [
    ...found.docker.flatMap(({ path }) => [path, path.replace(/config\.v2\.json$/, 'hostconfig.json')]),
    ...found.images.map(({ path }) => path),
    ...found.podman.flatMap((one) => [one.path, imagesOf(one)]),
    ...found.started.values(),
    ...found.quadlets.map(({ path }) => path),
  ];
  const paths = all.slice(0, mostFiles);
  if (all.length > mostFiles)
    unread.push({ fact: 'containers', reason: `only the first ${mostFiles} of their files were looked at` });
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
  const podman = fromPodman(found, contents, users);
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

interface Described {
  readonly resource: ContainerResource;
  /** Empty for root. */
  readonly owner: string;
}

function fromPodman(
  found: FoundFiles,
  contents: ReadonlyMap<Bytes, Bytes>,
  users: readonly User[],
): Described[] {
  return found.podman.flatMap((one) => {
    const owner = ownerName(one.uid, users);
    const started = (id: string) => contents.get(found.started.get(id) ?? '');
    return parsePodmanStorage(contents.get(one.path), contents.get(imagesOf(one)), started, owner).map(
      (resource) => ({ resource, owner }),
    );
  });
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
    return resource === null ? [] : [{ resource, owner }];
  });
  const made = new Set<(typeof quadlets)[number]>();
  const known = described.map((one) => {
    const quadlet = quadlets.find(
      (other) => other.owner === one.owner && other.resource.container === one.resource.container,
    );
    if (quadlet === undefined) return one.resource;
    made.add(quadlet);
    return { ...one.resource, definition: quadlet.resource.definition as string };
  });
  return [...known, ...quadlets.filter((one) => !made.has(one)).map(({ resource }) => resource)];
}
