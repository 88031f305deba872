import { expect, test } from '@jest/globals';
import { readPackageAddresses } from '../../src/facts/package-addresses.ts';

const sha256 = 'ab'.repeat(32);
const read = (text: string) => readPackageAddresses(Buffer.from(text, 'latin1'));

test('addresses with their version, size and digest', () => {
  expect(
    read(
      `'http://deb.debian.org/debian/pool/main/b/bind9/bind9_9.18%2bx_amd64.deb' bind9_1%3a9.18+x_amd64.deb 70936 SHA256:${sha256}\n` +
        `'file:/srv/repository/tool_1_all.deb' tool_1_all.deb 5 \nend\n`,
    ),
  ).toEqual([
    {
      package: 'bind9',
      version: '1:9.18+x',
      architecture: 'amd64',
      uri: 'http://deb.debian.org/debian/pool/main/b/bind9/bind9_9.18%2bx_amd64.deb',
      size: 70936,
      digest: { algorithm: 'sha256', hex: sha256 },
    },
    {
      package: 'tool',
      version: '1',
      architecture: 'all',
      uri: 'file:/srv/repository/tool_1_all.deb',
      size: 5,
      digest: null,
    },
  ]);
});

test('nothing known is an empty answer; a weak digest is none', () => {
  expect(read('end\n')).toEqual([]);
  expect(read(`'http://a/b_1_all.deb' b_1_all.deb 5 MD5Sum:${'a'.repeat(32)}\nend\n`)[0]?.digest).toBeNull();
  expect(read(`'http://a/b_1_all.deb' b_1_all.deb 5 SHA256:abc\nend\n`)[0]?.digest).toBeNull();
});

test.each([
  ['', 'cut off'],
  [`'http://a/b_1_all.deb' b_1_all.deb 5 SHA256:${sha256}\n`, 'cut off'],
  ['something else\nend\n', 'makes no sense'],
  [`'http://a/b_1_all.deb' ../b_1_all.deb 5 SHA256:${sha256}\nend\n`, 'makes no sense'],
])('%j is an error', (text, reason) => {
  expect(() => read(text)).toThrow(reason);
});
