/** A disk is mounted on somebody's machine: nothing that is meant for the disk may happen to that machine. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { makePlan } from '../../src/decide/plan.ts';
import { Failure } from '../../src/failure.ts';
import type { PathResource, Step } from '../../src/types.ts';
import { outsideOf, placeFiles } from '../../src/work/apply-files.ts';
import { installPackages, settlePolicy } from '../../src/work/apply-packages.ts';
import { runSteps } from '../../src/work/apply-program.ts';
import { Folder } from '../../src/work/folder.ts';
import { holdUnits, releaseUnits } from '../../src/work/hold.ts';
import { input, manifest } from '../decide/plan-fixture.ts';
import { directoryHost } from '../support/directory-host.ts';
import { local } from '../support/local-shell.ts';

const scratch = local().scratch;
const disk = join(scratch, 'disk');
mkdirSync(join(disk, 'etc'), { recursive: true });

async function drain(generator: AsyncGenerator<unknown>) {
  const all = [];
  for await (const one of generator) all.push(one);
  return all;
}

function step(id: string, apply: string): Step {
  return { id, kind: 'file', symbol: '+', title: id, detail: '', check: 'false', apply, files: [] };
}

test('a plan for a disk has no step that is a program', () => {
  const paths: PathResource[] = [
    { path: '/etc/dir', kind: 'directory' },
    { path: '/etc/link', kind: 'link', target: '/x' },
    { path: '/etc/gone', kind: 'absent' },
    { path: '/etc/file', kind: 'file', from: 'files/a', sha256: 'a'.repeat(64) },
  ];
  const there = {
    type: 'file' as const,
    owner: 'root',
    group: 'root',
    mode: '644',
    size: 1,
    sha256: 'b',
    target: null,
  };
  const seen = new Map([['/etc/gone', there]]);
  const live = makePlan(input(manifest(paths), { seen }));
  expect(live.steps.map((one) => one.id)).toContain('removal:/etc/gone');
  const plan = makePlan(input(manifest(paths), { seen, destinationLive: false }));
  expect(plan.steps.map((one) => one.id)).toEqual(['file:/etc/file']);
  expect(plan.steps.map((one) => one.apply)).toEqual(['']);
  expect(plan.notices.map((one) => one.text).join()).toContain(
    '3 directories, links and removals not supported yet',
  );
});

test('whatever runs programs refuses a disk, whoever asks', async () => {
  const host = directoryHost(disk);
  const mark = join(scratch, 'mark');
  const make = step('directory:/x', `touch ${mark}`);
  await expect(drain(runSteps(host, [[1, make]]))).rejects.toBeInstanceOf(Failure);
  const bash = { ...step('package:bash', ''), kind: 'package' as const };
  await expect(
    drain(installPackages(host, [[1, bash]], new AbortController().signal)),
  ).rejects.toBeInstanceOf(Failure);
  await expect(settlePolicy(host)).rejects.toBeInstanceOf(Failure);
  await expect(holdUnits(host, ['a.service'])).rejects.toBeInstanceOf(Failure);
  await expect(releaseUnits(host, ['a.service'])).rejects.toBeInstanceOf(Failure);
  expect(existsSync(mark)).toBe(false);
  await drain(runSteps(local(), [[1, make]]));
  expect(existsSync(mark)).toBe(true);
});

test('a link on the disk does not lead a file out of it', async () => {
  const machine = join(scratch, 'machine');
  mkdirSync(machine);
  writeFileSync(join(machine, 'victim'), 'mine');
  symlinkSync(machine, join(disk, 'etc/absolute'));
  symlinkSync('../../machine', join(disk, 'etc/relative'));
  symlinkSync('inner', join(disk, 'etc/fine'));
  mkdirSync(join(disk, 'etc/inner\n'), { recursive: true });
  mkdirSync(join(disk, 'etc/inner'), { recursive: true });
  const host = directoryHost(disk);
  const paths = [
    '/etc/absolute/victim',
    '/etc/relative/new/x',
    '/etc/fine/x',
    '/etc/inner\n/x',
    '/etc/none/x',
    '/x',
  ];
  expect([...(await outsideOf(host, paths))]).toEqual(['/etc/absolute/victim', '/etc/relative/new/x']);
  const content = { text: 'theirs' };
  const file = (path: string) => ({
    path,
    owner: 'root',
    group: 'root',
    mode: '0644',
    content,
    rewrites: [],
  });
  const folder = await Folder.create(join(scratch, 'disk.move'));
  const steps = ['/etc/absolute/victim', '/etc/fine/x'].map(
    (path, at) => [at + 1, { ...step(`file:${path}`, ''), files: [file(path)] }] as const,
  );
  const accounts = { users: [], groups: [] };
  const outcomes = await drain(placeFiles({ folder, source: null, destination: host, accounts }, steps));
  expect(outcomes[0]).toMatchObject({ state: 'failed', reason: expect.stringContaining('out of the disk') });
  expect(readFileSync(join(machine, 'victim'), 'utf8')).toBe('mine');
  expect(readFileSync(join(disk, 'etc/inner/x'), 'utf8')).toBe('theirs');
});
