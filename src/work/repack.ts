/**
 * A package that no repository offers, built again from the files that are installed: deb(5) = an ar archive of
 * `debian-binary`, control.tar and data.tar. The data archive is made by the source's own tar, so that owners, modes,
 * links and holes are what they are there.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { readTar } from '../facts/archive.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Bytes } from '../types.ts';
import type { Folder } from './folder.ts';

/** Files of /var/lib/dpkg/info that belong into control.tar, beside `control` itself. */
const controlFiles = [
  'conffiles',
  'config',
  'md5sums',
  'postinst',
  'postrm',
  'preinst',
  'prerm',
  'shlibs',
  'symbols',
  'templates',
  'triggers',
];
const scripts = new Set(['config', 'postinst', 'postrm', 'preinst', 'prerm']);

/** Fields of the status database that describe the installation, not the package. */
const ofInstallation = /^(?:Status|Config-Version|Conffiles|Triggers-Pending|Triggers-Awaited)$/i;

/** The package's paragraph of /var/lib/dpkg/status as a control file. Null when it is not installed. */
export function controlOf(status: string, name: string): string | null {
  const paragraph = status
    .split('\n\n')
    .find((text) => text.startsWith(`Package: ${name}\n`) && /^Status: .* installed$/m.test(text));
  if (paragraph === undefined) return null;
  const kept: string[] = [];
  let keep = true;
  for (const line of paragraph.split('\n')) {
    if (!/^[ \t]/.test(line)) keep = line !== '' && !ofInstallation.test(line.split(':')[0] as string);
    if (keep && line !== '') kept.push(line);
  }
  return `${kept.join('\n')}\n`;
}

function field(control: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1]?.trim() ?? '';
}

/** ar(5) header of one member; names of a deb have no slash (deb(5)). */
function arHeader(name: string, size: number): string {
  return `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(size).padEnd(10)}\`\n`;
}

const infoProgram = `
cd "$1/var/lib/dpkg/info" || exit 1
for name in "$2:$3" "$2"; do
  if [ -e "$name.list" ]; then
    set -- "$name"
    printf '%s\\0' "$name"
    exec tar -c --format=gnu -f - -- "$name".*
  fi
done
exit 1`;

// No sparse entries: dpkg's own tar reader knows none. A conffile that was deleted is left out, as dpkg would find it.
const dataProgram = `
cd "$1/" || exit 1
xargs -0 -r sh -c 'for name; do if [ -e "$name" ] || [ -L "$name" ]; then printf "%s\\0" "$name"; fi; done' names |
  exec tar -c --format=gnu --no-recursion --null --no-unquote -T - -f -`;

/**
 * Builds the deb and gives its name in the folder, `files/debs/<name>_<version>_<architecture>.deb`; null when the
 * package is not installed. A package that owns a file which `secret` names is refused: the folder holds none.
 */
export async function repack(
  host: Host,
  folder: Folder,
  name: string,
  secret: (path: Bytes) => boolean = () => false,
): Promise<string | null> {
  const status = (await host.readFile('/var/lib/dpkg/status', 256 * 1024 ** 2)).toString('utf8');
  const control = controlOf(status, name);
  if (control === null) return null;
  const version = field(control, 'Version').replace(/^\d+:/, '');
  const from = `files/debs/${name}_${version}_${field(control, 'Architecture')}.deb`;
  const target = folder.path(from);
  if (await exists(target)) return from;
  await mkdir(folder.path('files', 'debs'), { recursive: true, mode: 0o700 });
  const info = await readInfo(host, name, field(control, 'Architecture'));
  const part = `${target}.part`;
  try {
    const controlArchive = await makeControl(control, info);
    await writeData(host, info, `${part}.data`, secret);
    const { size } = await stat(`${part}.data`);
    const file = await open(part, 'w', 0o600);
    try {
      const version2 = Buffer.from('2.0\n');
      await file.writeFile(`!<arch>\n${arHeader('debian-binary', version2.length)}`);
      await file.writeFile(version2);
      await file.writeFile(arHeader('control.tar.gz', controlArchive.length));
      await file.writeFile(controlArchive);
      if (controlArchive.length % 2 === 1) await file.writeFile('\n');
      await file.writeFile(arHeader('data.tar.gz', size));
    } finally {
      await file.close();
    }
    await pipeline(createReadStream(`${part}.data`), createWriteStream(part, { flags: 'a' }));
    if (size % 2 === 1)
      await pipeline(
        async function* () {
          yield '\n';
        },
        createWriteStream(part, { flags: 'a' }),
      );
    await rename(part, target);
  } finally {
    await rm(`${part}.data`, { force: true });
    await rm(part, { force: true });
  }
  return from;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Files of dpkg's info directory by their ending. */
async function readInfo(host: Host, name: string, architecture: string): Promise<Map<string, Buffer>> {
  const answer = await host.run(['sh', '-c', infoProgram, 'info', host.root, name, architecture]);
  if (answer.code !== 0) throw cannot(name, 'its list of files cannot be read');
  const at = answer.stdout.indexOf(0);
  const stem = answer.stdout.toString('latin1', 0, at);
  const found = new Map<string, Buffer>();
  for (const [path, archived] of readTar(answer.stdout.subarray(at + 1))) {
    const file = path.replace(/^\.?\//, '');
    if (archived.type === 'file' && file.startsWith(`${stem}.`)) {
      found.set(file.slice(stem.length + 1), Buffer.from(archived.content));
    }
  }
  return found;
}

async function makeControl(control: string, info: ReadonlyMap<string, Buffer>): Promise<Buffer> {
  const archive = pack();
  const entry = (name: string, content: Buffer, mode: number) =>
    archive.entry(
      { name: `./${name}`, mode, uname: 'root', gname: 'root', uid: 0, gid: 0, mtime: new Date(0) },
      content,
    );
  entry('control', Buffer.from(control, 'utf8'), 0o644);
  for (const name of controlFiles) {
    const content = info.get(name);
    if (content !== undefined) entry(name, content, scripts.has(name) ? 0o755 : 0o644);
  }
  archive.finalize();
  return buffer(archive.pipe(createGzip()));
}

async function writeData(
  host: Host,
  info: ReadonlyMap<string, Buffer>,
  to: string,
  secret: (path: Bytes) => boolean,
): Promise<void> {
  const list = (info.get('list') ?? Buffer.alloc(0)).toString('latin1').split('\n');
  const paths = list.filter((path) => path.startsWith('/') && path !== '/.');
  const held = paths.filter(secret);
  if (held.length > 0) {
    throw cannot(
      list[0] ?? '',
      `it owns ${held.length === 1 ? 'a secret' : 'secrets'}, and the folder may hold none`,
    );
  }
  const channel = await host.stream(['sh', '-c', dataProgram, 'data', host.root]);
  channel.stdin.on('error', () => {});
  channel.stdin.end(
    Buffer.from(['./', ...paths.map((path) => `.${path}`)].map((path) => `${path}\0`).join(''), 'latin1'),
  );
  await pipeline(channel.stdout, createGzip(), createWriteStream(to, { mode: 0o600 }));
  const { code, stderr } = await channel.done;
  if (code !== 0) throw cannot('', stderr.trim().split('\n').at(-1) ?? '');
}

function cannot(name: string, why: string): Failure {
  return new Failure('failed', 'repack', `cannot rebuild the package ${name}`.trim(), { during: why });
}
