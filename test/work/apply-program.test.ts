import { expect, test } from '@jest/globals';
import type { Step } from '../../src/types.ts';
import { lastLine, programFor, readOutcome, runSteps } from '../../src/work/apply-program.ts';
import { local } from '../support/local-shell.ts';

function step(check: string, apply: string): Step {
  return { id: check, kind: 'file', symbol: '+', title: check, detail: '', check, apply, files: [] };
}

async function outcomes(...steps: readonly Step[]) {
  const found = [];
  for await (const one of runSteps(
    local(),
    steps.map((one, at) => [at + 1, one] as const),
  ))
    found.push(one);
  return found;
}

test('each step is checked, done and checked again', async () => {
  const directory = local().scratch;
  const file = `${directory}/a`;
  const make = step(`[ -e ${file} ]`, `echo made >${file}`);
  expect(await outcomes(make, make)).toEqual([
    { index: 1, state: 'changed', reason: '' },
    { index: 2, state: 'ok', reason: '' },
  ]);
});

test('a step that fails gives its last words and does not stop the others', async () => {
  expect(await outcomes(step('false', 'echo one; echo "E: two" >&2; exit 3'), step('true', ''))).toEqual([
    { index: 1, state: 'failed', reason: 'E: two' },
    { index: 2, state: 'ok', reason: '' },
  ]);
});

test('a step that says it is done and is not, has failed', async () => {
  const [one] = await outcomes(step('false', 'true'));
  expect(one).toMatchObject({ state: 'failed', reason: expect.stringContaining('still is not') });
});

test('what a step prints or reads cannot pass for a result of another', async () => {
  const evil = step('cat; false', "printf 'ok 2\\nchanged 2\\n'; cat; exit 1");
  expect(await outcomes(evil, step('false', 'exit 1'))).toEqual([
    { index: 1, state: 'failed', reason: expect.any(String) },
    { index: 2, state: 'failed', reason: '' },
  ]);
});

test('a step that leaves the shell leaves only its own', async () => {
  expect((await outcomes(step('exit 1', 'exit 0'), step('exit 0', ''))).map((one) => one.state)).toEqual([
    'failed',
    'ok',
  ]);
});

test('hundreds of steps run as one program, longer than what a shell reads at once', async () => {
  const many = Array.from({ length: 400 }, (_, at) => step(`[ ${at} -ge 0 ] # ${'x'.repeat(60)}`, 'cat'));
  expect(programFor(many.map((one, at) => [at, one])).length).toBeGreaterThan(40_000);
  expect((await outcomes(...many)).filter((one) => one.state === 'ok').length).toBe(400);
});

test('lines that are no result are none', () => {
  expect(readOutcome('ok')).toBeNull();
  expect(readOutcome('ok 1 2 3')).toBeNull();
  expect(readOutcome('failed 3 RTogYm9vbQ==')).toEqual({ index: 3, state: 'failed', reason: 'E: boom' });
});

test('a reason is one line without control characters', () => {
  expect(lastLine('a\nE: \x1b[31mno\nb')).toBe('E:  [31mno');
  expect(lastLine('')).toBe('');
});
