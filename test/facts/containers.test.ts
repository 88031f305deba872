import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  parseDockerContainer,
  parseDockerImages,
  parsePodmanStorage,
  parseQuadlet,
} from '../../src/facts/containers.ts';

const digest = `sha256:${'d'.repeat(64)}`;
const image = `sha256:${'1'.repeat(64)}`;

const images = JSON.stringify({
  Repositories: {
    'registry.example.org/acme/web': {
      'registry.example.org/acme/web:1.25': image,
      [`registry.example.org/acme/web@${digest}`]: image,
    },
    'acme-local': { 'acme-local:latest': `sha256:${'2'.repeat(64)}` },
  },
});
const config = {
  Name: '/shop_web_1',
  Image: image,
  State: { Running: true },
  Config: {
    Image: 'registry.example.org/acme/web:1.25',
    Env: ['PASSWORD=hunter2'],
    Cmd: ['--token', 'hunter2'],
    Labels: {
      'com.docker.compose.project.config_files': '/srv/shop/compose.yaml,/srv/shop/other.yaml',
      'com.docker.compose.project.working_dir': '/srv/shop',
      secret: 'hunter2',
    },
  },
  NetworkSettings: { Networks: { shop_default: {} } },
  MountPoints: {
    '/var/lib/data': { Type: 'volume', Name: 'shop_data', Source: '', Destination: '/var/lib/data' },
    '/etc/site': { Type: 'bind', Source: '/srv/shop/etc', Destination: '/etc/site' },
    '/tmp': { Type: 'tmpfs', Destination: '/tmp' },
  },
};
const hostConfig = {
  PortBindings: {
    '80/tcp': [{ HostIp: '', HostPort: '8080' }],
    '53/udp': [{ HostIp: '127.0.0.1', HostPort: '53' }],
  },
  RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
};

test('a container of Docker, without anything that could be a secret', () => {
  const parsed = parseDockerContainer(
    JSON.stringify(config),
    JSON.stringify(hostConfig),
    parseDockerImages(images),
    '/var/lib/docker',
  );
  expect(parsed).toEqual({
    container: 'shop_web_1',
    engine: 'docker',
    image: 'registry.example.org/acme/web:1.25',
    digest,
    definition: '/srv/shop/compose.yaml',
    volumes: [
      { source: '/srv/shop/etc', target: '/etc/site' },
      { source: '/var/lib/docker/volumes/shop_data/_data', target: '/var/lib/data', name: 'shop_data' },
    ],
    ports: ['127.0.0.1:53:53/udp', '8080:80/tcp'],
    networks: ['shop_default'],
    restart: 'on-failure:3',
    running: true,
  });
  expect(JSON.stringify(parsed)).not.toContain('hunter2');
});

test('an image that is only here has no digest; where it is kept elsewhere, that is said', () => {
  const local = JSON.stringify({
    Name: '/a',
    Image: `sha256:${'2'.repeat(64)}`,
    Config: { Image: 'acme-local' },
  });
  const parsed = parseDockerContainer(local, undefined, parseDockerImages(images), '/var/lib/docker');
  expect(parsed).toMatchObject({ image: 'acme-local', running: false });
  expect(parsed?.digest).toBeUndefined();
  expect(parsed?.note).toBeUndefined();
  expect(parseDockerContainer(local, undefined, null, '/x')?.note).toMatch(/digest/);
});

test("podman's storage", () => {
  const mounts = [
    {
      type: 'bind',
      source: '/home/anna/.local/share/containers/storage/volumes/data/_data',
      destination: '/data',
    },
    { type: 'bind', source: '/home/anna/etc', destination: '/etc/app' },
    { type: 'bind', source: '/run/user/1001/containers/hosts', destination: '/etc/hosts' },
    { type: 'bind', source: '/x/vfs-containers/c1/userdata/shm', destination: '/dev/shm' },
    { type: 'tmpfs', source: 'tmpfs', destination: '/dev' },
  ];
  const metadata = JSON.stringify({
    'image-name': 'docker.io/library/nginx:1',
    'image-id': 'i1',
    name: 'web',
  });
  const found = parsePodmanStorage(
    JSON.stringify([{ id: 'c1', names: ['web'], image: 'i1', metadata }, { id: 'c2' }]),
    JSON.stringify([{ id: 'i1', digest }]),
    (id) => (id === 'c1' ? JSON.stringify({ mounts }) : undefined),
    'anna',
  );
  expect(found).toMatchObject([
    {
      container: 'anna/web',
      image: 'docker.io/library/nginx:1',
      digest,
      running: false,
      volumes: [
        {
          source: '/home/anna/.local/share/containers/storage/volumes/data/_data',
          target: '/data',
          name: 'data',
        },
        { source: '/home/anna/etc', target: '/etc/app' },
      ],
    },
  ]);
  expect(found[0]?.note).toMatch(/^podman was not asked/);
});

test('a quadlet file', () => {
  const text = [
    '[Unit]',
    'Description=x',
    '[Container]',
    'Image=docker.io/library/redis:7',
    'Volume=/srv/redis:/data:Z',
    'Volume=cache.volume:/cache',
    'PublishPort=127.0.0.1:6379:6379',
    'Environment=PASSWORD=hunter2',
    'Network=host',
    '[Service]',
    'Restart=always',
  ].join('\n');
  const parsed = parseQuadlet(text, '/etc/containers/systemd/redis.container', '');
  expect(parsed).toEqual({
    container: 'systemd-redis',
    engine: 'podman',
    image: 'docker.io/library/redis:7',
    definition: '/etc/containers/systemd/redis.container',
    volumes: [
      { source: '', target: '/cache', name: 'cache.volume' },
      { source: '/srv/redis', target: '/data' },
    ],
    ports: ['127.0.0.1:6379:6379'],
    networks: ['host'],
    restart: 'always',
    running: false,
  });
  expect(JSON.stringify(parsed)).not.toContain('hunter2');
  expect(parseQuadlet('[Container]\nExec=x', '/etc/x.container', '')).toBeNull();
});

test('rubbish is left out', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), fc.json(), (one, other) => {
      parseDockerContainer(one, other, parseDockerImages(other), '/d');
      parsePodmanStorage(one, other, () => one, '');
      parseQuadlet(one, '/etc/x.container', '');
    }),
  );
  const hostile = {
    Name: '/a\x1b[31m\n',
    Config: { Image: 'x', Labels: { 'com.docker.compose.project.config_files': '/a/../etc/shadow' } },
  };
  const parsed = parseDockerContainer(JSON.stringify(hostile), undefined, new Map(), '/d');
  expect(parsed).toMatchObject({ container: 'a\\x1b[31m\\n' });
  expect(parsed?.definition).toBeUndefined();
});
