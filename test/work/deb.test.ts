import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { pack } from 'tar-stream';
import { filesByMd5 } from '../../src/work/deb.ts';
import { debsCannotBeMade, makeDeb } from './made-deb.ts';

const reason = debsCannotBeMade();
const madeTest = reason === null ? test : test.skip;
const md5 = (content: string | Buffer): string =>
  createHash('md5')
    .update(typeof content === 'string' ? Buffer.from(content, 'latin1') : content)
    .digest('hex');
const noHelp = async (): Promise<Readable> => {
  throw new Error('asked elsewhere');
};
const find = (deb: Buffer, ...contents: string[]) =>
  filesByMd5(deb, new Set(contents.map(md5)), 1024 ** 2, noHelp);

const long = `/usr/share/${'directory-with-a-long-name/'.repeat(6)}${'x'.repeat(120)}`;

madeTest.each(['xz', 'gzip', 'zstd', 'none'] as const)('a package packed by %s', async (compress) => {
  const deb = await makeDeb({
    compress,
    files: {
      '/etc/tool/tool.conf': 'level = 1\n',
      '/etc/tool/caf\xe9 x': 'odd name\n',
      [long]: 'long name\n',
      '/usr/bin/tool': Buffer.alloc(3_000_000, 7),
    },
  });
  const found = await find(deb, 'level = 1\n', 'long name\n', 'odd name\n', 'not in it');
  expect([...found.values()].map(String).sort()).toEqual(['level = 1\n', 'long name\n', 'odd name\n']);
});

madeTest('files larger than the limit are passed over', async () => {
  const deb = await makeDeb({ files: { '/a': 'x'.repeat(1000), '/b': 'after it' } });
  const wanted = new Set([md5('x'.repeat(1000)), md5('after it')]);
  expect([...(await filesByMd5(deb, wanted, 999, noHelp)).keys()]).toEqual([md5('after it')]);
});

madeTest('where xz is missing the package is unpacked elsewhere', async () => {
  const deb = await makeDeb({ files: { '/etc/a': 'a\n' } });
  const wanted = new Set([md5('a\n')]);
  await expect(filesByMd5(deb, wanted, 100, noHelp, '/nowhere/xz')).rejects.toThrow('asked elsewhere');
  const help = async (whole: Buffer) => {
    const child = spawn('dpkg-deb', ['--fsys-tarfile', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(whole);
    return child.stdout;
  };
  const found = await filesByMd5(deb, wanted, 100, help, '/nowhere/xz');
  expect([...found.values()].map(String)).toEqual(['a\n']);
});

/** An ar archive by hand, so that it can hold what dpkg-deb would not make. */
function ar(members: Readonly<Record<string, Buffer>>): Buffer {
  const parts: Buffer[] = [Buffer.from('!<arch>\n')];
  for (const [name, content] of Object.entries(members)) {
    const head = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(content.length).padEnd(10)}\`\n`;
    parts.push(Buffer.from(head), content, Buffer.from(content.length % 2 === 1 ? '\n' : ''));
  }
  return Buffer.concat(parts);
}

async function tarOf(build: (archive: ReturnType<typeof pack>) => void): Promise<Buffer> {
  const archive = pack();
  build(archive);
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function deb(data: Buffer, name = 'data.tar.gz', packed: Buffer = gzipSync(data)): Buffer {
  return ar({
    'debian-binary': Buffer.from('2.0\n'),
    'control.tar.gz': gzipSync(Buffer.alloc(1024)),
    [name]: packed,
  });
}

test('links, devices and paths that lead elsewhere say nothing and write nothing', async () => {
  const data = await tarOf((archive) => {
    archive.entry({ name: 'etc/shadow', type: 'symlink', linkname: '../../../etc/shadow' });
    archive.entry({ name: 'etc/hard', type: 'link', linkname: '/etc/shadow' });
    archive.entry({ name: 'dev/sda', type: 'block-device', devmajor: 8, devminor: 0 });
    archive.entry({ name: 'dev/null', type: 'character-device', devmajor: 1, devminor: 3 });
    archive.entry({ name: 'run/fifo', type: 'fifo' });
    archive.entry({ name: '../../../../tmp/opstimal-hostile' }, 'escaped\n');
    archive.entry({ name: '/tmp/opstimal-hostile' }, 'absolute\n');
    archive.entry({ name: './etc/tool.conf' }, 'level = 1\n');
  });
  const found = await find(deb(data), 'level = 1\n', 'escaped\n');
  expect([...found.values()].map(String).sort()).toEqual(['escaped\n', 'level = 1\n']);
  expect(() => execFileSync('test', ['-e', '/tmp/opstimal-hostile'])).toThrow();
});

test('a name as long as a file is no name that is kept', async () => {
  const data = await tarOf((archive) => {
    archive.entry({ name: 'x'.repeat(300) }, 'behind a long name\n');
  });
  expect((await find(deb(data), 'behind a long name\n')).size).toBe(1);
});

const file = (): Promise<Buffer> => tarOf((archive) => void archive.entry({ name: 'a' }, 'a'.repeat(5000)));

test.each<[string, (data: Buffer) => Buffer, string]>([
  ['nothing', () => Buffer.alloc(0), 'it is no package'],
  ['a web page', () => Buffer.from('<html>not found</html>'), 'it is no package'],
  ['an archive without data', () => ar({ 'debian-binary': Buffer.from('2.0\n') }), 'it holds no data'],
  ['a package that is cut off', (data) => deb(data).subarray(0, -20), 'damaged'],
  [
    'a member larger than the file',
    (data) => Buffer.from(deb(data).toString('latin1').replace('4         `', '999999999 `'), 'latin1'),
    'damaged',
  ],
  [
    'a size that is no number',
    (data) => Buffer.from(deb(data).toString('latin1').replace('4         `', '-1        `'), 'latin1'),
    'damaged',
  ],
  ['packed by something else', (data) => deb(data, 'data.tar.lzma', data), 'packed in a way'],
  ['an archive that ends early', (data) => deb(data, 'data.tar', data.subarray(0, 1000)), 'cut off'],
  [
    'a damaged header',
    (data) => deb(data, 'data.tar', Buffer.concat([Buffer.alloc(512, 1), data])),
    'damaged',
  ],
  ['no gzip', (data) => deb(data, 'data.tar.gz', data), 'header'],
  ['no zstd', (data) => deb(data, 'data.tar.zst', data), ''],
  ['no xz', (data) => deb(data, 'data.tar.xz', data), 'cut off'],
])('%s is an error and not an empty package', async (_, make, reason) => {
  await expect(find(make(await file()), 'b')).rejects.toThrow(reason);
});

test('a package that unpacks to more than is read is given up early', async () => {
  const header = Buffer.from((await file()).subarray(0, 512));
  header.fill(' ', 148, 156);
  header.write('77777777777\0', 124, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  async function* endless() {
    yield header;
    const zeros = Buffer.alloc(16 * 1024 ** 2);
    for (;;) yield zeros;
  }
  const packed = deb(Buffer.alloc(10), 'data.tar.xz');
  const help = async () => Readable.from(endless());
  await expect(filesByMd5(packed, new Set([md5('b')]), 100, help, '/nowhere/xz')).rejects.toThrow(
    'unpacks to more',
  );
}, 60_000);
