import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  parseGitConfig,
  parseGitFile,
  parseGitIndex,
  parseHead,
  parsePackedRefs,
  publicAddress,
  settingOf,
} from '../../src/facts/git.ts';

test.each([
  ['https://anna:s3cret@git.example.org/acme.git', 'https://git.example.org/acme.git'],
  ['https://ghp_0123456789@github.com/acme/site.git', 'https://github.com/acme/site.git'],
  ['https://a:b@c@git.example.org/x', 'https://git.example.org/x'],
  ['https://git.example.org/x.git?private_token=abc#frag', 'https://git.example.org/x.git'],
  ['ssh://git@git.example.org:2222/acme.git', 'ssh://git.example.org:2222/acme.git'],
  ['git@git.example.org:acme/site.git', 'git.example.org:acme/site.git'],
  ['anna@[2001:db8::1]:site', '[2001:db8::1]:site'],
  ['/srv/git/acme.git', '/srv/git/acme.git'],
  ['../other', '../other'],
  ['ext::sh -c "curl -H token:abc"', 'ext::'],
  ['codecommit::eu-west-1://profile@repo', 'codecommit::'],
  ['https://anna:s3/cr#e?t@git.example.org/x', 'https://git.example.org/x'],
  ['https://anna:s3/cret', 'https://anna'],
  ['ssh://[2001:db8::1]:22/a@b', 'ssh://[2001:db8::1]:22/a@b'],
  ['anna:s3cret@git.example.org:site', 'git.example.org:site'],
  ['git.example.org:team@work/site', 'git.example.org:team@work/site'],
  ['https://x:y@host/\x1b[31m', 'https://host/\\x1b[31m'],
])('%s is shown as %s', (url, shown) => {
  expect(publicAddress(url)).toBe(shown);
});

test('a config file as git reads it', () => {
  const settings = parseGitConfig(
    [
      '; comment',
      '[core]',
      '\tbare = true # not yet',
      '\tBARE=false',
      '\tfilemode',
      '[remote "or\\"igin"] url = "https://a b" ; x',
      'fetch = +refs/heads/*:\\',
      'refs/remotes/*',
      '[remote.old]',
      'nonsense ===',
      '= 1',
      '[user]',
      '  name =  Anna   M  ',
    ].join('\n'),
  );
  expect(settingOf(settings, 'core', 'bare')).toBe('false');
  expect(settings).toContainEqual({ section: 'remote', name: 'or"igin', key: 'url', value: 'https://a b' });
  expect(settings).toContainEqual({
    section: 'remote',
    name: 'or"igin',
    key: 'fetch',
    value: '+refs/heads/*:refs/remotes/*',
  });
  expect(settingOf(settings, 'user', 'name')).toBe('Anna   M');
});

test('HEAD, packed refs and .git files', () => {
  const sum = 'a'.repeat(40);
  expect(parseHead('ref: refs/heads/main\n')).toEqual({ ref: 'refs/heads/main' });
  expect(parseHead(`${sum}\n`)).toEqual({ commit: sum });
  for (const wrong of ['', 'ref: /etc/shadow', 'ref: refs/../../etc/shadow', 'a'.repeat(41)])
    expect(parseHead(wrong)).toBeNull();
  expect([...parsePackedRefs(`# pack-refs with: peeled\n${sum} refs/heads/x\n^${sum}\nrubbish\n`)]).toEqual([
    ['refs/heads/x', sum],
  ]);
  expect(parseGitFile('gitdir: ../.git/worktrees/x\n')).toBe('../.git/worktrees/x');
  expect(parseGitFile('gitdir: a\nb')).toBeNull();
});

test('an index that lies is an error and nothing else', () => {
  const head = (version: number, count: number) => {
    const bytes = Buffer.alloc(200);
    bytes.write('DIRC', 'latin1');
    bytes.writeUInt32BE(version, 4);
    bytes.writeUInt32BE(count, 8);
    return bytes;
  };
  expect(() => parseGitIndex(Buffer.from('x'), 20)).toThrow('no index');
  expect(() => parseGitIndex(head(9, 0), 20)).toThrow('version 9');
  expect(() => parseGitIndex(head(2, 0xffffffff), 20)).toThrow('cut off');
  expect(parseGitIndex(head(2, 0), 20)).toEqual([]);
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 188, maxLength: 188 }),
      fc.constantFrom(2, 3, 4),
      fc.nat(4),
      (rest, version, count) => {
        const bytes = Buffer.concat([head(version, count).subarray(0, 12), rest]);
        try {
          parseGitIndex(bytes, 20);
        } catch (error) {
          expect(error).not.toBeInstanceOf(RangeError);
          expect(error).not.toBeInstanceOf(TypeError);
        }
      },
    ),
  );
});

test('an index of names without end is not taken', () => {
  const entry = (name: Buffer) => Buffer.concat([Buffer.alloc(62), Buffer.from([0]), name, Buffer.from([0])]);
  const head = Buffer.alloc(12);
  head.write('DIRC');
  head.writeUInt32BE(4, 4);
  head.writeUInt32BE(2001, 8);
  const first = entry(Buffer.alloc(60_000, 'a'));
  const others = Array.from({ length: 2000 }, () => entry(Buffer.from('b')));
  expect(() => parseGitIndex(Buffer.concat([head, first, ...others, Buffer.alloc(20)]), 20)).toThrow(
    'its names are too long',
  );
});
