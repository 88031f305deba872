/**
 * Digests and contents of many files on a host in one go. Only regular files are opened: a fifo would hang, a
 * device would answer for ever, a link would answer for another file. Names travel NUL-separated in both directions.
 */
import type { Readable } from 'node:stream';
import { readTar } from '../facts/archive.ts';
import { Failure } from '../failure.ts';
import { type Host, onHost } from '../host/host.ts';
import type { Argv, Bytes } from '../types.ts';

/** NUL-separated names on stdin → those that are regular files and no link. `$1` is a condition for find. */
const regularFiles = `regular() { xargs -0 -r sh -c 'exec find "$@" -maxdepth 0 -type f -print0' find; }`;

/**
 * Of each file that could be read: MD5 as hex. Vanished, unreadable and other things are missing in the map. For a scan,
 * so it leaves the processor to the services of the host: nice(1) 10.
 */
export function digestMd5(host: Host, paths: Iterable<Bytes>): Promise<Map<Bytes, string>> {
  const program = `${regularFiles}\nregular | nice -n 10 xargs -0 -r md5sum -z --`;
  return digests(host, [...paths], program, coreutilsLine(32));
}

/** Of each file that could be read: SHA-256 as hex. Vanished, unreadable and other things are missing in the map. */
export async function sha256(host: Host, paths: Iterable<Bytes>): Promise<Map<Bytes, string>> {
  const all = [...paths];
  // openssl is several times faster than sha256sum where that has no SHA instructions, but it ends names with a
  // newline. What it leaves out (odd names, no openssl at all, vanished files) is asked again.
  const found = await digests(
    host,
    all.filter((path) => !/[\n\\]/.test(path)),
    `${regularFiles}\ncommand -v openssl >/dev/null || exit 0\nregular | xargs -0 -r openssl dgst -sha256 -r`,
    /([0-9a-f]{64}) \*([^\n]+)\n/y,
  );
  const left = all.filter((path) => !found.has(path));
  const more = await digests(
    host,
    left,
    `${regularFiles}\nregular | xargs -0 -r sha256sum -z --`,
    coreutilsLine(64),
  );
  return new Map([...found, ...more]);
}

/**
 * Contents of the regular files among `paths` that have at most `limitEach` bytes. Larger ones, vanished and unreadable
 * ones, links and directories are missing in the map.
 */
export async function readSmallFiles(
  host: Host,
  paths: Iterable<Bytes>,
  limitEach: number,
): Promise<Map<Bytes, Buffer>> {
  const contents = new Map<Bytes, Buffer>();
  const all = [...paths];
  for (let at = 0; at < all.length; at += filesAtOnce) {
    const some = all.slice(at, at + filesAtOnce);
    let { code, archive } = await readSome(host, some, limitEach);
    // 1 = something changed while it was read, so tar may have padded it.
    if (code === 1) ({ code, archive } = await readSome(host, some, limitEach));
    for (const [name, archived] of archive) {
      if (archived.type !== 'file' || archived.content.length > limitEach) continue;
      contents.set(name.slice(1), Buffer.from(archived.content));
    }
  }
  return contents;
}

const filesAtOnce = 5000;

async function readSome(host: Host, paths: readonly Bytes[], limitEach: number) {
  // find counts -size in the given unit and rounds up, so only `c` is exact.
  const program = `cd "$1/" || exit
xargs -0 -r sh -c 'limit=$1; shift; exec find "$@" -maxdepth 0 -type f -size -"$limit"c -print0' find ${Math.floor(limitEach) + 1} |
  tar -c --format=gnu --hard-dereference --no-recursion --null --no-unquote -T - -f -`;
  const names = paths.map((path) => `.${path}`);
  const { code, stdout, stderr } = await exchange(host, ['sh', '-c', program, 'read', host.root], names);
  if (code > 2) throw failed(host, 'tar', stderr);
  return { code, archive: [...readTar(stdout)] };
}

function coreutilsLine(digits: number): RegExp {
  return new RegExp(`([0-9a-f]{${digits}})  ([^\\0]+)\\0`, 'y');
}

async function digests(
  host: Host,
  paths: readonly Bytes[],
  program: string,
  line: RegExp,
): Promise<Map<Bytes, string>> {
  const found = new Map<Bytes, string>();
  if (paths.length === 0) return found;
  const names = paths.map((path) => onHost(host, path));
  const { code, stdout, stderr } = await exchange(host, ['sh', '-c', program, 'digest'], names);
  // xargs: 123 = one of the files could not be read, which the map shows; any other = the tool itself did not run.
  if (code !== 0 && code !== 123) throw failed(host, 'the digest tool', stderr);
  const text = stdout.toString('latin1');
  const at = new RegExp(line);
  for (let end = 0; end < text.length; end = at.lastIndex) {
    const match = at.exec(text);
    if (match === null) throw failed(host, 'the digest tool', stderr);
    const path = (match[2] as Bytes).slice(host.root.length);
    found.set(path, match[1] as string);
  }
  return found;
}

function failed(host: Host, tool: string, stderr: string): Failure {
  return new Failure('failed', 'read', `${tool} did not work on ${host.name}`, {
    during: stderr.trim().split('\n').at(-1) ?? '',
  });
}

/** Names in, bytes out. Both at once: the process would stop when nobody takes what it says. */
async function exchange(
  host: Host,
  argv: Argv,
  names: readonly Bytes[],
): Promise<{ code: number; stdout: Buffer; stderr: string }> {
  const channel = await host.stream(argv);
  // A process that ended early closes its end; its exit code tells more than the broken pipe does.
  channel.stdin.on('error', () => {});
  channel.stdin.end(Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1'));
  const stdout = await collect(channel.stdout);
  const { code, stderr } = await channel.done;
  return { code, stdout, stderr };
}

async function collect(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
