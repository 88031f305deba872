/**
 * Containers as their engines describe them: Docker's files below its data-root, podman's storage, and quadlet files
 * (podman-systemd.unit(5)). Variables of the environment and command lines may
 * hold passwords and are never taken over. What makes no sense is left out; a description is knowledge, not a promise.
 */
import { quote, toBytes } from '../bytes.ts';
import type { Bytes, ContainerResource } from '../types.ts';

type Json = Readonly<Record<string, unknown>>;

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
/** Text of JSON, shown as names are. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? quote(toBytes(value.slice(0, 4096))) : '';
}
function parse(content: Bytes | undefined): unknown {
  if (content === undefined) return null;
  try {
    return JSON.parse(Buffer.from(content, 'latin1').toString('utf8'));
  } catch {
    return null;
  }
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** Digests by image id and repository, from Docker's repositories.json. */
export type ImageDigests = ReadonlyMap<string, string>;

export function parseDockerImages(content: Bytes | undefined): ImageDigests {
  const digests = new Map<string, string>();
  for (const [repository, names] of Object.entries(objectOf(objectOf(parse(content)).Repositories))) {
    for (const [name, id] of Object.entries(objectOf(names))) {
      const digest = name.slice(name.lastIndexOf('@') + 1);
      if (name.includes('@') && digestPattern.test(digest))
        digests.set(`${String(id)} ${repository}`, digest);
    }
  }
  return digests;
}

/** Repository of a reference: without tag and digest. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

function portsOf(bindings: unknown): string[] {
  return Object.entries(objectOf(bindings))
    .flatMap(([inside, outside]) =>
      listOf(outside).map((one) => {
        const { HostIp, HostPort } = objectOf(one);
        const address = textOf(HostIp);
        const host = textOf(HostPort);
        return `${address === '' || address === '0.0.0.0' ? '' : `${address}:`}${host === '' ? '' : `${host}:`}${quote(toBytes(inside))}`;
      }),
    )
    .sort();
}

/** The compose file that a label names, when it is a path of the host. */
function composeFile(labels: Json): string | undefined {
  const file = String(labels['com.docker.compose.project.config_files'] ?? '').split(',')[0] ?? '';
  const directory = String(labels['com.docker.compose.project.working_dir'] ?? '');
  if (file === '') return undefined;
  const path = file.startsWith('/') ? file : `${directory}/${file.replace(/^\.\//, '')}`;
  return isPath(path) ? quote(toBytes(path)) : undefined;
}

function isPath(path: string): boolean {
  return path.startsWith('/') && !path.split('/').some((part) => part === '.' || part === '..');
}

function restartOf(policy: unknown): { restart?: string } {
  const { Name, MaximumRetryCount } = objectOf(policy);
  const name = textOf(Name);
  if (name === '' || name === 'no') return {};
  return {
    restart:
      name === 'on-failure' && Number(MaximumRetryCount) > 0 ? `${name}:${Number(MaximumRetryCount)}` : name,
  };
}

type Volume = ContainerResource['volumes'][number];

function sortedVolumes(volumes: readonly Volume[]): Volume[] {
  return [...volumes].sort((one, other) => (one.target < other.target ? -1 : 1));
}

/**
 * One container from `config.v2.json` and `hostconfig.json`; null where they describe none. `images`: null where Docker
 * keeps them elsewhere. `dataRoot`: Docker's own directory.
 */
export function parseDockerContainer(
  config: Bytes | undefined,
  hostConfig: Bytes | undefined,
  images: ImageDigests | null,
  dataRoot: Bytes,
): ContainerResource | null {
  const whole = objectOf(parse(config));
  const host = objectOf(parse(hostConfig));
  const inner = objectOf(whole.Config);
  const labels = objectOf(inner.Labels);
  const name = textOf(whole.Name).replace(/^\//, '');
  const image = textOf(inner.Image);
  if (name === '' || image === '') return null;
  const volumes = Object.entries(objectOf(whole.MountPoints)).flatMap(([target, value]): Volume[] => {
    const { Type, Name, Source, Destination } = objectOf(value);
    if (Type === 'tmpfs') return [];
    const volume = textOf(Name);
    const given = textOf(Source);
    const source = given !== '' ? given : volume === '' ? '' : `${quote(dataRoot)}/volumes/${volume}/_data`;
    return [
      {
        source,
        target: textOf(Destination) || quote(toBytes(target)),
        ...(volume === '' ? {} : { name: volume }),
      },
    ];
  });
  const digest = images?.get(`${String(whole.Image)} ${repositoryOf(String(inner.Image))}`);
  const definition = composeFile(labels);
  const own = image.includes('@') ? image.slice(image.lastIndexOf('@') + 1) : '';
  return {
    container: name,
    ...(images === null ? { note: 'the digest of its image is kept where it was not read' } : {}),
    engine: 'docker',
    image,
    ...(digest !== undefined ? { digest } : digestPattern.test(own) ? { digest: own } : {}),
    ...(definition === undefined ? {} : { definition }),
    volumes: sortedVolumes(volumes),
    ports: portsOf(host.PortBindings),
    networks: Object.keys(objectOf(objectOf(whole.NetworkSettings).Networks))
      .map((one) => quote(toBytes(one)))
      .sort(),
    ...restartOf(host.RestartPolicy),
    running: objectOf(whole.State).Running === true,
  };
}

/** podman gives images that were only ever here a digest, too; their names say so. */
function pulled(image: string, digest: string): { digest?: string } {
  const isLocal = image === '' || image.startsWith('localhost/') || !image.includes('/');
  return isLocal || !digestPattern.test(digest) ? {} : { digest };
}

/**
 * Containers from podman's storage; podman itself writes there at every question. `containers.json`, `images.json`, and by the
 * container's id the `config.json` that its last start left, which knows its mounts (OCI runtime specification). Ports
 * and restart policies are in a database that is not read.
 */
export function parsePodmanStorage(
  containers: Bytes | undefined,
  images: Bytes | undefined,
  started: (id: string) => Bytes | undefined,
  owner: string,
): ContainerResource[] {
  const digests = new Map(
    listOf(parse(images)).map((value) => [String(objectOf(value).id), textOf(objectOf(value).digest)]),
  );
  return listOf(parse(containers)).flatMap((value): ContainerResource[] => {
    const one = objectOf(value);
    const about = objectOf(typeof one.metadata === 'string' ? parse(toBytes(one.metadata)) : null);
    const name = textOf(about.name) || textOf(listOf(one.names)[0]);
    const image = textOf(about['image-name']);
    if (name === '' || /-infra$/.test(name)) return [];
    const config = started(String(one.id));
    const unknown = config === undefined ? 'volumes, ports' : 'ports';
    return [
      {
        container: owner === '' ? name : `${owner}/${name}`,
        note: `podman was not asked: its ${unknown}, networks, restart policy and whether it runs are not known`,
        engine: 'podman',
        ...(owner === '' ? {} : { owner }),
        image,
        ...pulled(image, digests.get(String(about['image-id'] ?? one.image)) ?? ''),
        volumes: sortedVolumes(listOf(objectOf(parse(config)).mounts).flatMap(volumeOfRuntime)),
        ports: [],
        networks: [],
        running: false,
      },
    ];
  });
}

/** A mount that somebody asked for, and not one that podman makes for every container. */
function volumeOfRuntime(mount: unknown): Volume[] {
  const { type, source, destination } = objectOf(mount);
  if (type !== 'bind' || typeof source !== 'string' || !source.startsWith('/')) return [];
  if (/^\/(run|proc|sys|dev)(\/|$)|\/userdata\//.test(source)) return [];
  const name = /\/containers\/storage\/volumes\/([^/]+)\/_data$/.exec(source)?.[1];
  return [
    {
      source: textOf(source),
      target: textOf(destination),
      ...(name === undefined ? {} : { name: quote(toBytes(name)) }),
    },
  ];
}

/** A quadlet file; null where it names no image. `path` is its own. */
export function parseQuadlet(content: Bytes, path: Bytes, owner: string): ContainerResource | null {
  const values = new Map<string, string[]>();
  let section = '';
  for (const line of content.replaceAll(/\\\n/g, ' ').split('\n')) {
    const text = line.trim();
    if (text.startsWith('[')) section = text;
    const match = /^([A-Za-z]+)\s*=\s*(.*)$/.exec(text);
    if (match === null) continue;
    const key = `${section}${match[1]}`;
    const list = values.get(key) ?? [];
    // An empty value takes earlier ones back.
    values.set(key, match[2] === '' ? [] : [...list, quote(match[2] as string)]);
  }
  const all = (key: string) => values.get(key) ?? [];
  const image = all('[Container]Image').at(-1);
  if (image === undefined) return null;
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.container$/, '');
  const name = all('[Container]ContainerName').at(-1) ?? `systemd-${quote(stem)}`;
  const restart = all('[Service]Restart').at(-1);
  const own = image.slice(image.lastIndexOf('@') + 1);
  return {
    container: owner === '' ? name : `${owner}/${name}`,
    engine: 'podman',
    ...(owner === '' ? {} : { owner }),
    image,
    ...(digestPattern.test(own) ? { digest: own } : {}),
    definition: quote(path),
    volumes: sortedVolumes(
      all('[Container]Volume').flatMap((one): Volume[] => {
        const [source, target] = one.split(':');
        if (source === undefined || target === undefined) return [];
        return source.startsWith('/') ? [{ source, target }] : [{ source: '', target, name: source }];
      }),
    ),
    ports: [...all('[Container]PublishPort')].sort(),
    networks: [...all('[Container]Network')].sort(),
    ...(restart === undefined || restart === 'no' ? {} : { restart }),
    running: false,
  };
}
