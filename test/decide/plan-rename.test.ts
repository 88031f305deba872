import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import {
  counterpart,
  providersOf,
  renameProgram,
  renameUnit,
  versionPairs,
} from '../../src/decide/rename.ts';
import { readRenames } from '../../src/decide/renames.ts';
import { Failure } from '../../src/failure.ts';
import { facts, installed, known, manifest, php, postgresql } from './plan-fixture.ts';

const renames = readRenames(readFileSync('profiles/debian/renames.yaml', 'utf8'), 'renames.yaml');
const profiles = [php, postgresql];
const pairs = [
  { profile: 'php-fpm', old: '7.4', new: '8.4' },
  { profile: 'postgresql', old: '13', new: '17' },
];

/** What becomes of a name where exactly these are offered. */
function becomes(name: string, ...offered: readonly string[]) {
  const available = new Map(offered.map((one) => [one, { candidate: '1', provides: [] as string[] }]));
  return counterpart(name, { pairs, profiles, renames, available, providers: providersOf(available) });
}

test.each([
  ['php7.4-mysql', ['php8.4-mysql'], ['php8.4-mysql', 'php-mysql']],
  ['php7.4-json', [], ['php8.4-cli']],
  ['postgresql-13', ['postgresql-17'], ['postgresql-17', 'postgresql']],
  ['nginx', ['nginx'], ['nginx', 'nginx-light']],
  ['mariadb-server-10.5', ['mariadb-server'], ['mariadb-server']],
  ['mariadb-client-core-10.5', ['mariadb-client-core'], ['mariadb-client-core']],
  ['python3.9-venv', ['python3-venv'], ['python3-venv']],
  ['policykit-1', ['polkitd', 'pkexec'], ['polkitd', 'pkexec']],
  ['dnsutils', ['bind9-dnsutils'], ['bind9-dnsutils']],
  ['openjdk-11-jre-headless', ['default-jre-headless'], ['default-jre-headless']],
  ['libcurl4', ['libcurl4t64'], ['libcurl4t64']],
  ['ntp', ['ntp'], ['ntp', 'ntpsec']],
])('%s becomes %j', (name, names, offered) => {
  expect(becomes(name, ...offered).names).toEqual(names);
});

test('half a successor is none', () => {
  expect(becomes('policykit-1', 'polkitd')).toMatchObject({ names: [], by: 'none' });
});

test('a name that one package provides is that package; of several nobody is chosen', () => {
  const offer = (provides: string[]) => ({ candidate: '1', provides });
  const ask = (available: Map<string, ReturnType<typeof offer>>) =>
    counterpart('mail', { pairs, profiles, renames, available, providers: providersOf(available) }).names;
  expect(ask(new Map([['postfix', offer(['mail'])]]))).toEqual(['postfix']);
  expect(
    ask(
      new Map([
        ['postfix', offer(['mail'])],
        ['exim4', offer(['mail'])],
      ]),
    ),
  ).toEqual([]);
});

test('versions come from what is installed, then from the same one, then from the newest offered', () => {
  const made = manifest([]);
  const offer = (...names: string[]) =>
    new Map(names.map((name) => [name, { candidate: '1', provides: [] }]));
  const phpOf = (destination: Parameters<typeof versionPairs>[1], available: ReturnType<typeof offer>) =>
    versionPairs(made, destination, profiles, available).find((pair) => pair.profile === 'php-fpm')?.new;
  const empty = facts({ packages: known([]) });
  expect(phpOf(empty, offer('php8.2-fpm', 'php8.4-fpm', 'php8.10-cli'))).toBe('8.10');
  expect(phpOf(empty, offer('php7.4-fpm', 'php8.4-fpm'))).toBe('7.4');
  expect(phpOf(facts({ packages: known([installed('php8.2-cli')]) }), offer('php8.4-fpm'))).toBe('8.2');
  expect(phpOf(empty, offer('nginx'))).toBeUndefined();
});

test('units and programs carry the new version, and only whole versions count', () => {
  expect(renameUnit('postgresql@13-main.service', pairs, profiles)).toBe('postgresql@17-main.service');
  expect(renameUnit('php7.4-fpm.service', pairs, profiles)).toBe('php8.4-fpm.service');
  expect(renameUnit('report13.service', pairs, profiles)).toBe('report13.service');
  expect(renameProgram('/usr/bin/php7.4', pairs, profiles)).toBe('/usr/bin/php8.4');
  expect(renameProgram('/usr/bin/php7.40', pairs, profiles)).toBe('/usr/bin/php7.40');
});

test('a wrong pattern in the table is told with its place', () => {
  expect(() => readRenames("renames:\n  - { from: '^(', to: [a] }\n", 'renames.yaml')).toThrow(Failure);
  expect(() => readRenames("renames:\n  - { from: '^(', to: [a] }\n", 'renames.yaml')).toThrow(
    /renames.yaml:2:/,
  );
});
