/** Trees with everything a server's file system may hold, made from plain data so that a property test can draw them. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import fc from 'fast-check';
import type { Host } from '../../src/host/host.ts';
import { listSorted } from '../../src/stream/listing.ts';

export interface Made {
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'device' | 'sparse';
  readonly name: string;
  /** Which of the directories (or files, for a hard link) made so far. */
  readonly at: number;
  readonly of: number;
  readonly mode: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly content: number;
  readonly owner: number;
  readonly extra: 'none' | 'attribute' | 'acl' | 'capability';
}

export const isRoot = process.getuid?.() === 0;
const has = (tool: string) =>
  ['/usr/bin', '/usr/sbin', '/sbin', '/bin'].some((path) => existsSync(`${path}/${tool}`));

const oddNames = [
  '-C',
  '--help',
  'new\nline',
  'back\\nslash\\',
  '\xff\xfe',
  'caf\xc3\xa9',
  ' ',
  '*?[x]',
  'a: b',
  'tar: a: Cannot open: No',
  'PaxHeaders',
  'GNUSparseFile.0',
  '\x01\x7f\t\r',
  'x'.repeat(255),
  '\xe9'.repeat(120),
  '...',
  '@LongLink',
];

const name = fc.oneof(
  fc.constantFrom(...oddNames),
  fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll(/[\0/]/g, '_'))
    .filter((text) => text !== '.' && text !== '..'),
);

/** Data of one tree. */
export const hostileTree = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'file' as const,
      'file' as const,
      'file' as const,
      'directory' as const,
      'directory' as const,
      'symlink' as const,
      'hardlink' as const,
      'fifo' as const,
      'device' as const,
      'sparse' as const,
    ),
    name,
    at: fc.nat(1000),
    of: fc.nat(1000),
    mode: fc.oneof(fc.constantFrom(0, 0o644, 0o755, 0o4755, 0o2770, 0o1777), fc.nat(0o7777)),
    seconds: fc.oneof(
      fc.constantFrom(-1, 0, 1_700_000_000, 4_102_444_800),
      fc.integer({ min: -2_000_000_000, max: 9_000_000_000 }),
    ),
    nanoseconds: fc.oneof(fc.constantFrom(0, 1, 999_999_999), fc.nat(999_999_999)),
    content: fc.oneof(fc.constantFrom(0, 1, 511, 512, 513, 10_240, 70_000), fc.nat(3000)),
    owner: fc.constantFrom(0, 1, 1000, 65_534, 3_000_000),
    extra: fc.constantFrom(
      'none' as const,
      'none' as const,
      'attribute' as const,
      'acl' as const,
      'capability' as const,
    ),
  }),
  { minLength: 1, maxLength: 40 },
);

const raw = (path: string) => Buffer.from(path, 'latin1');

/** Runs a tool with the path on stdin: arguments of spawn cannot hold bytes that are no UTF-8. */
function onPath(argv: readonly string[], path: string): void {
  execFileSync('xargs', ['-0', ...argv], { input: raw(`${path}\0`), stdio: ['pipe', 'ignore', 'pipe'] });
}

/** Makes the tree below an existing directory. */
export function makeTree(base: string, tree: readonly Made[]): void {
  const directories = [base];
  const files: string[] = [];
  const made: { readonly path: string; readonly item: Made }[] = [];
  for (const item of tree) {
    const path = `${directories[item.at % directories.length]}/${item.name}`;
    if (path.length > 3500 || lstatSync(raw(path), { throwIfNoEntry: false }) !== undefined) continue;
    if (item.kind === 'directory') {
      mkdirSync(raw(path));
      directories.push(path);
    } else if (item.kind === 'file') {
      writeFileSync(raw(path), Buffer.alloc(item.content, item.content % 251));
      files.push(path);
    } else if (item.kind === 'sparse') {
      const file = openSync(raw(path), 'w');
      ftruncateSync(file, 1_000_000 + item.content);
      if (item.of % 2 === 1) writeSync(file, 'in the middle', 300_000);
      if (item.of % 3 === 1) writeSync(file, 'at the end', 999_990 + item.content);
      closeSync(file);
      files.push(path);
    } else if (item.kind === 'symlink') {
      symlinkSync(raw(item.of % 2 === 0 ? `../${item.name}` : '/etc/passwd'), raw(path));
    } else if (item.kind === 'hardlink') {
      if (files.length === 0) continue;
      linkSync(raw(files[item.of % files.length] as string), raw(path));
      continue;
    } else if (item.kind === 'fifo') {
      onPath(['mkfifo', '--'], path);
    } else {
      if (!isRoot) continue;
      onPath(['sh', '-c', `mknod -- "$1" ${item.of % 2 === 0 ? 'c' : 'b'} 1 ${item.of % 200}`, 'sh'], path);
    }
    made.push({ path, item });
  }
  // Deepest first, so that a directory's time is set after its content.
  for (const { path, item } of made.reverse()) {
    if (isRoot) {
      if (item.kind === 'symlink') onPath(['chown', '-h', `${item.owner}:${item.owner}`, '--'], path);
      else chownSync(raw(path), item.owner, item.owner);
    }
    if (item.kind !== 'symlink') {
      chmodSync(raw(path), isRoot ? item.mode : item.mode | 0o700);
      if (item.kind === 'file' || item.kind === 'directory') decorate(path, item);
    }
    onPath(['touch', '-h', '-d', `@${time(item)}`, '--'], path);
  }
}

function time(item: Made): string {
  const nanoseconds = BigInt(item.seconds) * 1_000_000_000n + BigInt(item.nanoseconds);
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = String(size % 1_000_000_000n).padStart(9, '0');
  return `${nanoseconds < 0n ? '-' : ''}${size / 1_000_000_000n}.${fraction}`;
}

function decorate(path: string, item: Made): void {
  if (item.extra === 'attribute' && has('setfattr')) {
    onPath(['setfattr', '-n', 'user.odd=name%', '-v', '0x00ff0a3d', '--'], path);
  }
  if (item.extra === 'acl' && has('setfacl')) onPath(['setfacl', '-m', 'u:1234:rx', '--'], path);
  if (item.extra === 'capability' && isRoot && item.kind === 'file' && has('setcap')) {
    onPath(['setcap', 'cap_net_bind_service=ep'], path);
  }
}

/** Everything that must be equal on both sides, as comparable data; hard links as groups of names. */
export async function portrait(host: Host, roots: readonly string[]): Promise<unknown> {
  const { entries } = await listSorted(host, { roots });
  const groups = new Map<number, string[]>();
  for (const { inode, path, type } of entries) {
    if (type !== 'd') groups.set(inode, [...(groups.get(inode) ?? []), path]);
  }
  const attributes = has('getfattr')
    ? execFileSync(
        'sh',
        [
          '-c',
          'cd "$1" && shift && getfattr -R -P -h -d -m - -e hex -- "$@"',
          'sh',
          host.root,
          ...roots.map((path) => path.slice(1)),
        ],
        {
          encoding: 'latin1',
          maxBuffer: 1e8,
        },
      )
        .split('\n\n')
        .sort()
    : [];
  return {
    attributes,
    links: [...groups.values()].filter((group) => group.length > 1).sort(),
    entries: entries.map((entry) => ({
      path: entry.path,
      type: entry.type,
      mode: entry.type === 'l' ? 0 : entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      mtime: entry.mtime,
      target: entry.target ?? '',
      size: entry.type === 'd' ? 0 : entry.size,
      holes: entry.type === 'f' && entry.blocks * 512 < entry.size,
      device: entry.type === 'b' || entry.type === 'c' ? lstatSync(raw(host.root + entry.path)).rdev : 0,
      content: entry.type === 'f' ? readFileSync(raw(host.root + entry.path)).toString('base64') : '',
    })),
  };
}
