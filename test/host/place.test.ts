import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { parsePlace } from '../../src/host/place.ts';

test.each([
  ['web1', { kind: 'ssh', host: 'web1' }],
  ['root@web1', { kind: 'ssh', user: 'root', host: 'web1' }],
  ['root@web1.example:2222', { kind: 'ssh', user: 'root', host: 'web1.example', port: 2222 }],
  ['192.0.2.7:22', { kind: 'ssh', host: '192.0.2.7', port: 22 }],
  ['2001:db8::1', { kind: 'ssh', host: '2001:db8::1' }],
  ['a@2001:db8::1', { kind: 'ssh', user: 'a', host: '2001:db8::1' }],
  ['[2001:db8::1]:2200', { kind: 'ssh', host: '2001:db8::1', port: 2200 }],
  ['root@[::1]', { kind: 'ssh', user: 'root', host: '::1' }],
  ['name@corp@web1', { kind: 'ssh', user: 'name@corp', host: 'web1' }],
  ['ssh://root@web1:22/', { kind: 'ssh', user: 'root', host: 'web1', port: 22 }],
  ['local', { kind: 'local' }],
  ['disk:/mnt/old/', { kind: 'disk', root: '/mnt/old' }],
  ['disk:/mnt//./old server', { kind: 'disk', root: '/mnt/old server' }],
])('%s', (text, place) => {
  expect(parsePlace(text)).toEqual({ ...place, text });
});

test.each([
  ['', 'empty'],
  ['@web1', 'user before @'],
  ['root@', 'host is missing'],
  ['root@web1:', 'no port'],
  ['root@web1:0', 'no port'],
  ['root@web1:70000', 'no port'],
  ['root@web1:ssh', 'no port'],
  ['-oProxyCommand=id', 'characters'],
  ['root@-oProxyCommand=id', 'characters'],
  ['-l@web1', 'characters'],
  ['$(id)@web1', 'characters'],
  ['web1;id', 'characters'],
  ['web 1', 'characters'],
  ['/mnt/old', 'no /'],
  ['disk:mnt/old', 'starts with /'],
  ['disk:', 'starts with /'],
  ['disk:/', 'this machine'],
  ['disk:/mnt/../etc', '..'],
  ['[web1:22', 'characters'],
  ['/srv/backup::latest', 'not supported yet'],
])('%j is refused with the reason and a hint', (text, reason) => {
  const read = () => parsePlace(text);
  expect(read).toThrow(Failure);
  try {
    read();
  } catch (error) {
    expect((error as Failure).code).toBe('usage');
    expect((error as Failure).message).toContain(reason);
    expect((error as Failure).hint).not.toBe('');
  }
});

test('whatever is typed, no host or user can be an option or hold shell syntax', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), (text) => {
      try {
        const place = parsePlace(text);
        if (place.kind !== 'ssh') return;
        for (const word of [place.host, place.user ?? 'x'])
          expect(word).not.toMatch(/^-|["'`$\\;&<>|(){}\s]/);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
  );
});
