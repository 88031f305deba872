import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serverOf } from '../../src/decide/original-downloads.ts';
import { Failure } from '../../src/failure.ts';
import { type Download, download, NoWay } from '../../src/work/download.ts';

const content = Buffer.from('a package\n'.repeat(1000));
const digest = { algorithm: 'sha256' as const, hex: createHash('sha256').update(content).digest('hex') };
const here = { isHere: true };
const never = new AbortController().signal;
let server: Server;
let base: string;
const asked: string[] = [];
const open = new Set<ServerResponse>();

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    open.add(response);
    response.once('close', () => open.delete(response));
    const to = (location: string) => response.writeHead(302, { location }).end();
    switch (request.url) {
      case '/good':
        return response.end(content);
      case '/other':
        return response.end(Buffer.alloc(content.length, 1));
      case '/short':
        return response.end(content.subarray(1));
      case '/large':
        return void response.write(Buffer.concat([content, Buffer.alloc(1)]));
      case '/hangs':
        return;
      case '/stalls':
        return void response.write(content.subarray(0, 100));
      case '/breaks':
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, 100));
        return void setTimeout(() => response.destroy(), 20);
      case '/moved':
        return to('/good');
      case '/circle':
        return to('/circle');
      case '/to-file':
        return to('file:///etc/passwd');
      case '/to-login':
        return to('http://anna:hunter2@127.0.0.1/');
      case '/to-link':
        return to('http://169.254.169.254/latest/meta-data');
      case '/nowhere':
        return response.writeHead(301).end();
      default:
        return response.writeHead(404).end('no');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const wanted = (path: string): Download => ({ uri: `${base}${path}`, size: content.length, digest });

test.each(['/good', '/moved'])('%s is downloaded', async (path) => {
  expect((await download(wanted(path), never, here)).equals(content)).toBe(true);
});

test.each([
  ['/other', 'it is not what the package lists say'],
  ['/short', 'it is smaller than the package lists say'],
  ['/large', 'it is larger than the package lists say'],
  ['/missing', 'answered with 404'],
  ['/nowhere', 'answered with 301'],
  ['/circle', 'leads round in circles'],
  ['/to-file', 'file: is no web address'],
  ['/to-login', '127.0.0.1 asks for a login'],
])('%s: %s', async (path, reason) => {
  const error = await download(wanted(path), never, here).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).toContain(reason);
  expect(error).not.toBeInstanceOf(NoWay);
  expect((error as Error).message).not.toContain('hunter2');
});

test.each([
  ['file:///etc/passwd', 'file: is no web address'],
  ['ftp://ftp.example/a.deb', 'ftp.example is no web address'],
  ['cdrom:[Debian 12]/pool/a.deb', 'cdrom: is no web address'],
  ['http://anna:hunter2@example.org/a.deb', 'example.org asks for a login'],
])('%s is refused before anything is asked', async (uri, reason) => {
  const error = await download({ ...wanted(''), uri }, never, here).catch((caught: unknown) => caught);
  expect((error as Error).message).toBe(reason);
});

test.each(['/hangs', '/stalls'])('%s: a server that says nothing is given up', async (path) => {
  const error = await download(wanted(path), never, { ...here, waitMs: 200 }).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(NoWay);
  expect((error as Error).message).toContain('does not answer in time');
});

test('the end of the time for all downloads ends this one', async () => {
  const deadline = AbortSignal.timeout(100);
  await expect(download(wanted('/stalls'), never, { ...here, deadline })).rejects.toThrow(
    'does not answer in time',
  );
});

test('a connection that breaks, and a server that is not there, are the way to it', async () => {
  await expect(download(wanted('/breaks'), never, here)).rejects.toBeInstanceOf(NoWay);
  const closed = createTcp();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const error = await download({ ...wanted(''), uri: `http://127.0.0.1:${port}/a.deb` }, never, here).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(NoWay);
  expect((error as Error).message).toBe(`127.0.0.1:${port} cannot be reached (ECONNREFUSED)`);
});

test('the person can stop it', async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  const error = await download(wanted('/hangs'), abort.signal, here).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Failure);
  expect(error).toMatchObject({ code: 'interrupted' });
});

test('no connection is left behind', async () => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(open.size).toBe(0);
  expect(asked.length).toBeGreaterThan(10);
});

test('a server is named without what would log in', () => {
  expect(serverOf('https://anna:hunter2@deb.example/debian/a.deb')).toBe('deb.example');
  expect(serverOf('http://[::1]:80/a')).toBe('[::1]:80');
  expect(serverOf('cdrom:[Debian]/a')).toBe('cdrom:');
});

test.each([
  [(port: string) => `http://localhost:${port}/good`, 'is the server itself'],
  [(port: string) => `http://127.1:${port}/good`, 'is the server itself'],
  [(port: string) => `http://[::ffff:127.0.0.1]:${port}/good`, 'is the server itself'],
  [(port: string) => `http://0.0.0.0:${port}/good`, 'is the server itself'],
  [() => 'http://169.254.169.254/latest/meta-data', 'is an address of one link only'],
  [() => 'http://[fe80::1]/x', 'is an address of one link only'],
])('what a server calls its own is not asked here: %s', async (uri, reason) => {
  const before = asked.length;
  const one = { ...wanted(''), uri: uri(new URL(base).port) };
  await expect(download(one, never)).rejects.toThrow(reason);
  expect(asked.length).toBe(before);
});

test('nor where a redirect leads to', async () => {
  await expect(download(wanted('/to-link'), never, here)).rejects.toThrow('is an address of one link only');
});
