import { expect, test } from '@jest/globals';
import { makePlan } from '../../src/decide/plan.ts';
import { isDistribution, replaceSuites, suitesFor } from '../../src/decide/plan-repositories.ts';
import type { RepositoryResource } from '../../src/types.ts';
import { facts, input, known, manifest, sha } from './plan-fixture.ts';

function repository(uri: string, suite: string, more: Partial<RepositoryResource> = {}): RepositoryResource {
  return {
    repository: 'vendor',
    file: '/etc/apt/sources.list.d/vendor.list',
    from: 'files/list',
    sha256: sha(`deb ${uri} ${suite} main`),
    uris: [uri],
    suites: [suite],
    ...more,
  };
}
const key = { path: '/etc/apt/keyrings/vendor.gpg', from: 'files/key', sha256: sha('key') };

test.each([
  ['http://deb.debian.org/debian', 'bullseye', true],
  ['http://security.debian.org/debian-security', 'bullseye-security', true],
  ['http://mirror.example/debian', 'bullseye-updates', true],
  ['https://download.docker.com/linux/debian', 'bullseye', false],
  ['http://nginx.org/packages/debian', 'bullseye', false],
  ['https://packages.sury.org/php/', 'bullseye', false],
  ['https://apt.example/', 'stable', false],
  ['http://deb.debian.org/debian', 'vendor', false],
])('%s %s is the distribution’s: %s', (uri, suite, expected) => {
  expect(isDistribution(repository(uri, suite), known([]))).toBe(expected);
});

test('what the destination reads itself is the distribution’s, under any address', () => {
  const own = [
    {
      file: '/etc/apt/sources.list',
      format: 'one-line' as const,
      enabled: true,
      types: ['deb'],
      uris: ['http://10.0.0.1/mirror/'],
      suites: ['trixie'],
      components: ['main'],
      options: {},
      signedBy: null,
    },
  ];
  expect(isDistribution(repository('http://10.0.0.1/mirror', 'bullseye'), known(own))).toBe(true);
});

test('suites follow the release, addresses do not', () => {
  const text =
    'deb https://apt.example/bullseye bullseye main\ndeb https://apt.example/x bullseye-extra main\n';
  const suites = suitesFor(['bullseye', 'bullseye-extra', 'stable'], 'bullseye', 'trixie');
  expect(replaceSuites(text, suites)).toBe(
    'deb https://apt.example/bullseye trixie main\ndeb https://apt.example/x trixie-extra main\n',
  );
  expect(replaceSuites('Suites: bullseye\n', suites)).toBe('Suites: trixie\n');
});

test('a carried repository comes with its key, before the lists and the packages', () => {
  const resource = repository('https://apt.example/', 'bullseye', { key });
  const text = 'deb https://apt.example/ trixie main';
  const plan = makePlan(
    input(manifest([resource, { package: 'nginx', version: '1' }]), {
      repositories: new Map([
        [resource.file, { suites: [{ from: 'bullseye', to: 'trixie' }], text, state: 'offered' as const }],
      ]),
    }),
  );
  expect(plan.steps.map((step) => step.id)).toEqual([
    'repository:/etc/apt/sources.list.d/vendor.list',
    'repository-lists',
    'package:nginx',
  ]);
  expect(plan.steps[0]?.files.map((file) => [file.path, file.content])).toEqual([
    [key.path, { from: 'files/key' }],
    [resource.file, { text }],
  ]);
  expect(plan.steps[0]?.check).toContain(sha(text));
});

test('a repository that is there already is no step', () => {
  const resource = repository('https://apt.example/', 'stable', { key });
  const seen = (text: string) => ({
    type: 'file' as const,
    owner: 'root',
    group: 'root',
    mode: '644',
    size: 1,
    sha256: text,
    target: null,
  });
  const plan = makePlan(
    input(manifest([resource]), {
      destination: facts(),
      seen: new Map([
        [resource.file, seen(resource.sha256)],
        [key.path, seen(key.sha256)],
      ]),
    }),
  );
  expect(plan.steps).toEqual([]);
});
