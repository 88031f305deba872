import { expect, test } from '@jest/globals';
import { matchLine, matchLines, patternProblem } from '../../src/decide/line-pattern.ts';
import { PathRules } from '../../src/decide/path-rules.ts';
import { globProblem } from '../../src/decide/profile-glob.ts';
import { fitsName } from '../../src/decide/rename.ts';

/** Milliseconds that something takes. */
function timeOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

test.each(['(a+)+$', '^(a|aa)+$', '(?:a*)*b', '(.*)*(.*)*(.*)*x', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
  '%s takes no more than linear time',
  (pattern) => {
    if (patternProblem(pattern) !== null) return expect(patternProblem(pattern)).toContain('group');
    const short = `${'a'.repeat(5_000)}!`;
    const long = `${'a'.repeat(60_000)}!`;
    matchLine(pattern, short);
    const once = timeOf(() => matchLine(pattern, short));
    expect(timeOf(() => matchLine(pattern, long))).toBeLessThan(Math.max(1, once) * 12 * 20);
  },
);

test('a file of lines that look for their end again and again takes linear time', () => {
  const text = `${'a'.repeat(200)}\n`.repeat(20_000);
  expect(timeOf(() => expect([...matchLines('(?s)(?:.*Z|a)', text)]).toHaveLength(20_000))).toBeLessThan(
    10_000,
  );
});

test('one match a line, the group where there is one', () => {
  expect([...matchLines('^\\s*dir\\s+(\\S+)', 'dir /a dir /b\n# dir /c\n\tdir /d\r\n')]).toEqual([
    '/a',
    '/d',
  ]);
  expect(matchLine('/\\S+', 'x /a y')).toBe('/a');
  expect(matchLine('a', 'a'.repeat(70_000))).toBeNull();
});

test('what re2js cannot do is a problem and not an error', () => {
  expect(patternProblem('(?<=a)b')).toMatch(/cannot be used/);
  expect(patternProblem('(a)\\1')).toMatch(/cannot be used/);
  expect(patternProblem('a{2000}')).toMatch(/cannot be used/);
  expect(patternProblem('a'.repeat(2000))).toMatch(/longer than/);
  expect(patternProblem('^(?:a|b)(c)')).toBeNull();
});

test('a name pattern with many stars answers at once', () => {
  const name = 'a'.repeat(5000);
  expect(timeOf(() => expect(fitsName(`${'*a'.repeat(200)}*b`, name)).toBe(false))).toBeLessThan(1000);
  expect(fitsName('php*-fpm', 'php8.2-fpm')).toBe(true);
  expect(fitsName('a*a', 'a')).toBe(false);
  expect(fitsName('*a*b*', 'xxaxxbxx')).toBe(true);
  expect(fitsName('ab*ba', 'aba')).toBe(false);
});

test('the worst glob that is allowed answers at once on the worst name', () => {
  const glob = '/x/**/*a*b/**/*a{a,aa,aaa}*c';
  expect(globProblem(glob)).toBeNull();
  const rules = new PathRules<true>();
  rules.add(glob, true);
  const path = `/x${`/${'a'.repeat(255)}`.repeat(15)}`;
  expect(timeOf(() => expect(rules.of(path)).toBeNull())).toBeLessThan(1000);
});

test.each([
  ['/a/@(b|c)', 'may not hold ( ) or \\'],
  ['/a/!b*', 'may not begin a name with !'],
  ['/a/**b', 'may use ** only as a whole name between slashes'],
  ['/a/[b', 'has a [ or ] without the other'],
  ['/a/b}', 'has a { or } without the other'],
  ['a/b', 'must begin with / or ${'],
  [`/${'a'.repeat(600)}`, 'is longer than 500 characters'],
  [`/{${'a,'.repeat(40)}b}`, 'has more than 32 alternatives'],
  ['/a\nb', 'holds a control character'],
])('the glob %j %s', (glob, problem) => {
  expect(globProblem(glob)).toBe(problem);
});
