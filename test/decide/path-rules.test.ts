import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { literally, PathRules } from '../../src/decide/path-rules.ts';

function rules(patterns: readonly string[]): PathRules<string> {
  const made = new PathRules<string>();
  for (const pattern of patterns) made.add(pattern, pattern);
  return made;
}

test.each([
  ['/var/log/x/y', '/var/log'],
  ['/var/log', '/var/log'],
  ['/var/logs', null],
  ['/var/lib/redis/temp-1.rdb', '/var/lib/redis/temp-*.rdb'],
  ['/var/lib/redis/dump.rdb', '/var/lib/redis'],
  ['/etc/postfix/a/b/c.db', '/etc/postfix/**/*.db'],
  ['/etc/postfix/c.db', '/etc/postfix/**/*.db'],
  ['/etc/postfix/main.cf', null],
  ['/lost+found/x', '/lost+found'],
  ['/home/anna/.cache/thing', '/home/*/.cache'],
  ['/', null],
])('%s is spoken for by %s', (path, pattern) => {
  const made = rules([
    '/var/log',
    '/var/lib/redis',
    '/var/lib/redis/temp-*.rdb',
    '/etc/postfix/**/*.db',
    '/lost+found',
    '/home/*/.cache',
  ]);
  expect(made.of(path)).toBe(pattern);
});

test('of equally deep rules the literal one wins, then the earlier', () => {
  expect(rules(['/a/*', '/a/b']).of('/a/b/c')).toBe('/a/b');
  expect(rules(['/a/b*', '/a/*']).of('/a/bc')).toBe('/a/b*');
});

test('a rule for the path alone does not speak for what is below', () => {
  const made = new PathRules<string>();
  made.add('/etc', 'alone', 'path');
  expect(made.of('/etc')).toBe('alone');
  expect(made.of('/etc/x')).toBeNull();
});

test('a literal path matches itself, whatever bytes it holds', () => {
  const segment = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
      const path = `/${segments.join('/')}`;
      const made = new PathRules<number>();
      made.add(literally(path), 1);
      expect(made.of(path)).toBe(1);
      expect(made.of(`${path}/below`)).toBe(1);
      expect(made.of(`${path}x`)).toBeNull();
    }),
  );
});

test('a pattern made to be slow speaks for nothing, at once', () => {
  const rules = new PathRules<string>();
  rules.add(`/srv/${'*a'.repeat(20)}b`, 'stars');
  rules.add('/srv/((a)+)+b', 'groups');
  rules.add(`/srv/+(${'a|aa|'.repeat(3)}a)b*`, 'extended');
  rules.add('/srv/*a*b*', 'fast');
  const begin = performance.now();
  expect(rules.of(`/srv/${'a'.repeat(40)}c`)).toBe(null);
  expect(rules.of(`/srv/${'a'.repeat(200)}c`)).toBe(null);
  expect(rules.of(`/srv/${'a'.repeat(200)}bc`)).toBe('fast');
  expect(performance.now() - begin).toBeLessThan(2000);
});
