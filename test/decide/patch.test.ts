import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countChanges, isText, makePatch } from '../../src/decide/patch.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const patchOf = (from: string, to: string | null): string =>
  makePatch('/etc/a.conf', bytes(from), to === null ? null : bytes(to)).toString('latin1');

/** Applies a unified diff and nothing but it: every context line must stand where the patch says. */
function applied(original: string, patch: string): string {
  if (patch === '') return original;
  const old = original.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const lines = patch.split('\n').slice(2, -1);
  const out: string[] = [];
  let at = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] as string;
    const head = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/.exec(line);
    if (head !== null) {
      const start = Number(head[1]) - (head[2] === '0' ? 0 : 1);
      while (at < start) out.push(old[at++] as string);
      continue;
    }
    if (line.startsWith('\\')) continue;
    const text = `${line.slice(1)}${lines[index + 1]?.startsWith('\\') === true ? '' : '\n'}`;
    if (line[0] !== '+') {
      expect(old[at]).toBe(text);
      at += 1;
    }
    if (line[0] !== '-') out.push(text);
  }
  return [...out, ...old.slice(at)].join('');
}

test('a patch is what diff -u writes, with names below a and b and no times', () => {
  expect(patchOf('one\ntwo\nthree\n', 'one\n2\nthree\nfour')).toBe(
    '--- a/etc/a.conf\n+++ b/etc/a.conf\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n three\n+four\n\\ No newline at end of file\n',
  );
  expect(patchOf('same\n', 'same\n')).toBe('');
  expect(patchOf('gone\n', null)).toBe('--- a/etc/a.conf\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-gone\n');
});

test('line endings and bytes that are no UTF-8 are kept', () => {
  const patch = patchOf('a\r\nb\xe9\n', 'a\nb\xe9\n');
  expect(patch).toContain('-a\r\n+a\n');
  expect(patch).toContain(' b\xe9\n');
});

test('a hostile name is quoted as git quotes it and stays on its line', () => {
  const patch = makePatch('/etc/a\n+++ b/etc/passwd"\\\x1b\xe9', bytes('a\n'), bytes('b\n')).toString(
    'latin1',
  );
  expect(patch.split('\n').slice(0, 2)).toEqual([
    '--- "a/etc/a\\n+++ b/etc/passwd\\"\\\\\\033\\351"',
    '+++ "b/etc/a\\n+++ b/etc/passwd\\"\\\\\\033\\351"',
  ]);
});

test('the counts are those of the hunks, whatever the content looks like', () => {
  expect(countChanges(patchOf('-- a\n-\n', '++ b\n'))).toEqual({ added: 1, removed: 2 });
});

test('text has no NUL byte at its start', () => {
  expect(isText(bytes('text\xff\n'))).toBe(true);
  expect(isText(bytes('\x7fELF\0'))).toBe(false);
});

const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString('latin1')),
  fc
    .array(
      fc.constantFrom(
        'a\n',
        'b\n',
        '\n',
        'a\r\n',
        '\r',
        '+x\n',
        '-x\n',
        '\\ No newline\n',
        '@@ -1 +1 @@\n',
        'end',
      ),
    )
    .map((parts) => parts.join('')),
);

test('applying the patch to the original gives the edited bytes, whatever they are', () => {
  fc.assert(
    fc.property(content, content, (from, to) => {
      expect(applied(from, patchOf(from, to))).toBe(to);
    }),
    { numRuns: 2000 },
  );
});

test('two texts with nothing in common are shown in a moment, and still apply', () => {
  const lines = (word: string) => Array.from({ length: 20_000 }, (_, at) => `${word} ${at}\n`).join('');
  const [from, to] = [lines('old'), `${lines('new')}end`];
  const begun = performance.now();
  const patch = patchOf(from, to);
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(applied(from, patch)).toBe(to);
  expect(patchOf(from, to)).toBe(patch);
});

test('git applies it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'patch-'));
  try {
    for (const [from, to] of [
      ['one\ntwo\n', 'one\n2\n'],
      ['a\r\nb\xe9', 'a\nb\xe9\nlast'],
      ['', 'new\n'],
      ['x\n'.repeat(50), `${'x\n'.repeat(20)}y\n${'x\n'.repeat(30)}`],
    ] as const) {
      mkdirSync(join(directory, 'etc'), { recursive: true });
      writeFileSync(join(directory, 'etc/a.conf'), bytes(from));
      writeFileSync(join(directory, 'patch'), bytes(patchOf(from, to)));
      execFileSync('git', ['-C', directory, 'apply', '--whitespace=nowarn', 'patch'], {
        env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
      });
      expect(readFileSync(join(directory, 'etc/a.conf')).toString('latin1')).toBe(to);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
