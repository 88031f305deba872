/**
 * Files of steps go to the destination as one archive. What they replace is kept before: in the run's `undo.tar`, or,
 * where it is a secret, on the destination itself, because the folder holds none in the open.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { toText, unquote } from '../bytes.ts';
import type { SeenPath } from '../decide/plan.ts';
import { replaceAllText } from '../decide/plan-shell.ts';
import { findSecret, secretData, secretPlaces } from '../decide/secrets.ts';
import { Failure } from '../failure.ts';
import { type Host, onHost } from '../host/host.ts';
import type { Accounts, Bytes, PlannedFile, Step } from '../types.ts';
import { lookAt } from './apply-look.ts';
import { lastLine, type Outcome } from './apply-program.ts';
import type { Folder, Run } from './folder.ts';
import { readSmallFiles } from './read.ts';

/** Configuration is small; what is larger than this and still in a manifest is a mistake. */
export const fileLimit = 64 * 1024 ** 2;

/** Secrets of the folder that were sealed when the source was scanned. */
export interface SealedFiles {
  readonly paths: ReadonlySet<Bytes>;
  read(paths: Iterable<Bytes>): Promise<Map<Bytes, Buffer>>;
}

interface Ready {
  readonly path: Bytes;
  readonly planned: PlannedFile;
  readonly content: Buffer;
  readonly sha256: string;
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Lines of both, each once, the destination's first. */
export function unionOfLines(there: Buffer, added: Buffer): Buffer {
  const lines = there
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '');
  const known = new Set(lines.map((line) => line.trim()));
  for (const line of added.toString('latin1').split('\n')) {
    if (line.trim() !== '' && !known.has(line.trim())) lines.push(line);
  }
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
}

/** Contents of secrets: of the source, or as they were sealed when that cannot be read any more. */
export async function readSecrets(
  source: Host | null,
  sealed: SealedFiles | null,
  paths: readonly Bytes[],
): Promise<Map<Bytes, Buffer>> {
  if (paths.length === 0) return new Map();
  if (source !== null) return readSmallFiles(source, paths, fileLimit);
  return sealed === null ? new Map() : sealed.read(paths);
}

/** What a planned file holds after rewriting, or null where its source cannot be read. */
async function contents(
  { folder, source, sealed }: FileContext,
  files: readonly PlannedFile[],
): Promise<ReadonlyMap<PlannedFile, Buffer>> {
  const secrets = files.flatMap((file) => ('source' in file.content ? [unquote(file.content.source)] : []));
  const read = await readSecrets(source, sealed ?? null, secrets);
  const found = new Map<PlannedFile, Buffer>();
  for (const file of files) {
    const { content } = file;
    const raw =
      'text' in content
        ? Buffer.from(content.text, 'utf8')
        : 'from' in content
          ? await folder.readAttachment(content.from)
          : read.get(unquote(content.source));
    if (raw === undefined) continue;
    found.set(
      file,
      file.rewrites.length === 0
        ? raw
        : Buffer.from(replaceAllText(raw.toString('latin1'), file.rewrites), 'latin1'),
    );
  }
  return found;
}

function differs(ready: Ready, seen: SeenPath | undefined, owned: boolean): string | null {
  if (seen === undefined) return 'it is not there';
  if (seen.type !== 'file') return `there is a ${seen.type} in its place`;
  if (seen.sha256 !== ready.sha256) return 'its content differs';
  if (!owned) return null;
  const { owner, group, mode } = ready.planned;
  if (seen.owner !== owner || seen.group !== group) {
    return `it belongs to ${seen.owner}:${seen.group} and shall belong to ${owner}:${group}; is there such an account?`;
  }
  const wanted = Number.parseInt(mode, 8).toString(8);
  return seen.mode === wanted ? null : `its mode is ${seen.mode} and shall be ${wanted}`;
}

export interface FileContext {
  readonly folder: Folder;
  readonly source: Host | null;
  readonly sealed?: SealedFiles | null;
  readonly destination: Host;
  /** Accounts of the destination, for a disk whose names the machine does not know. */
  readonly accounts: Accounts | null;
}

/** Brings the files of these steps to the destination; one outcome for each step. */
export async function* placeFiles(
  context: FileContext,
  steps: readonly (readonly [index: number, step: Step])[],
): AsyncGenerator<Outcome, void, void> {
  const { destination } = context;
  const files = steps.flatMap(([, step]) => step.files);
  const found = await contents(context, files);
  const paths = files.map((file) => unquote(file.path));
  const before = await lookAt(destination, paths, context.accounts);
  const ready = new Map<PlannedFile, Ready>();
  for (const [index, step] of steps) {
    void index;
    for (const planned of step.files) {
      let content = found.get(planned);
      if (content === undefined) continue;
      const path = unquote(planned.path);
      if (step.id.startsWith('union:') && before.get(path)?.type === 'file') {
        content = unionOfLines(await destination.readFile(path), content);
      }
      ready.set(planned, { path, planned, content, sha256: digest(content) });
    }
  }
  const owned = destination.privileged;
  const outside = await outsideOf(destination, paths);
  const pending = [...ready.values()].filter(
    (one) => !outside.has(one.path) && differs(one, before.get(one.path), owned) !== null,
  );
  const said = await send(context, pending);
  const after = pending.length === 0 ? before : await lookAt(destination, paths, context.accounts);
  for (const [index, step] of steps) {
    let reason = '';
    let changed = false;
    for (const planned of step.files) {
      const one = ready.get(planned);
      if (one === undefined) {
        reason = 'it cannot be read on the source';
        continue;
      }
      if (outside.has(one.path)) {
        reason = 'a link in its path leads out of the disk';
        continue;
      }
      const wrong = differs(one, after.get(one.path), owned);
      if (wrong !== null) reason = said === '' ? wrong : `${wrong} (${said})`;
      if (differs(one, before.get(one.path), owned) !== null) changed = true;
    }
    yield { index, state: reason !== '' ? 'failed' : changed ? 'changed' : 'ok', reason };
  }
}

// The nearest directory that exists decides where a name leads; what is made below it stays below it.
const insideProgram = `
here=$(cd "$1/" && pwd -P) || exit 1
xargs -0 -r sh -c '
here=$0
for name; do
  at=\${name%/*}
  while [ ! -d "$at" ]; do
    if [ -L "$at" ] || [ -e "$at" ]; then at=; break; fi
    at=\${at%/*}
  done
  there=
  [ -z "$at" ] || there=$(cd -P "$at" && pwd -P; echo .)
  there=\${there%?.}
  case $there/ in "\${here%/}"/*) ;; *) printf "%s\\0" "$name" ;; esac
done' "$here"`;

/**
 * Paths that a link on a disk leads out of it: tar would follow it to a file of the machine the disk is mounted on.
 * Every path of a running system is inside.
 */
export async function outsideOf(host: Host, paths: readonly Bytes[]): Promise<ReadonlySet<Bytes>> {
  if (host.root === '' || paths.length === 0) return new Set();
  const input = Buffer.from(paths.map((path) => `${onHost(host, path)}\0`).join(''), 'latin1');
  const answer = await host.run(['sh', '-c', insideProgram, 'inside', host.root], { input });
  if (answer.code !== 0) {
    throw new Failure('failed', 'apply', `cannot tell where the paths of ${host.name} lead`, {
      during: lastLine(answer.stderr.toString('latin1')),
    });
  }
  const names = answer.stdout.toString('latin1').split('\0').slice(0, -1);
  return new Set(names.map((name) => name.slice(host.root.length)));
}

/** tar's own names are UTF-8 text here; other names are written one by one. */
function isText(path: Bytes): boolean {
  return Buffer.from(toText(path), 'utf8').toString('latin1') === path;
}

/** One archive for all; the last words of tar where it complained. */
async function send(context: FileContext, pending: readonly Ready[]): Promise<string> {
  if (pending.length === 0) return '';
  const { destination } = context;
  const ids = {
    user: new Map((context.accounts?.users ?? []).map((one) => [one.name, one.uid])),
    group: new Map((context.accounts?.groups ?? []).map((one) => [one.name, one.gid])),
  };
  const onDisk = destination.root !== '';
  const flags = !destination.privileged
    ? ['--no-same-owner']
    : onDisk
      ? ['--same-owner', '--numeric-owner']
      : ['--same-owner'];
  const channel = await destination.stream([
    'tar',
    '-x',
    '-p',
    ...flags,
    '--no-overwrite-dir',
    '-C',
    `${destination.root}/`,
    '-f',
    '-',
  ]);
  channel.stdout.resume();
  const archive = pack();
  const sent = pipeline(archive, channel.stdin).catch(() => {});
  for (const one of pending) {
    if (!isText(one.path)) continue;
    archive.entry(
      {
        name: toText(one.path.slice(1)),
        mode: Number.parseInt(one.planned.mode, 8),
        uname: one.planned.owner,
        gname: one.planned.group,
        uid: ids.user.get(one.planned.owner) ?? 0,
        gid: ids.group.get(one.planned.group) ?? 0,
        mtime: new Date(),
      },
      one.content,
    );
  }
  archive.finalize();
  await sent;
  const { code, stderr } = await channel.done;
  for (const one of pending) {
    if (isText(one.path)) continue;
    await destination.writeFile(one.path, one.content, Number.parseInt(one.planned.mode, 8));
    if (onDisk) continue;
    await destination.run(['chown', '--', `${one.planned.owner}:${one.planned.group}`, one.path]);
    await destination.run(['chmod', '--', one.planned.mode, one.path]);
  }
  return code === 0 ? '' : lastLine(stderr);
}

const places = secretPlaces();

function isSecret(path: Bytes, content: Buffer): boolean {
  return (
    places.of(path) !== null || secretData(path) || findSecret(path, content.toString('latin1')) !== null
  );
}

/** Archives on stdout, from names on stdin. */
const keepProgram =
  'cd "$1/" && exec tar -c --format=posix --sparse --xattrs --acls --no-recursion --ignore-failed-read --null -T - -f -';
const keepThereProgram =
  'umask 077; mkdir -p "$2/var/lib/opstimal-move" && chmod 700 "$2/var/lib/opstimal-move" && cd "$2/" && exec tar -c --format=posix --xattrs --acls --no-recursion --ignore-failed-read --null -T - -f "$2/var/lib/opstimal-move/$1.tar"';

/**
 * Keeps the old forms of everything that steps overwrite or remove. Gives the paths that did not exist, so that
 * undoing knows what to take away.
 */
export async function keepOldForms(
  destination: Host,
  run: Run,
  steps: readonly Step[],
  name: string,
): Promise<{ readonly kept: readonly Bytes[]; readonly absent: readonly Bytes[] }> {
  const secret = new Set<Bytes>();
  const paths = steps.flatMap((step) => {
    if (step.kind !== 'file' && step.kind !== 'removal' && step.kind !== 'repository') return [];
    const path = /^(?:directory|link|removal|file|union):(.*)$/s.exec(step.id)?.[1];
    const all = step.files.map((file) => unquote(file.path));
    if (path !== undefined) all.push(unquote(path));
    if (step.files.some((file) => 'source' in file.content)) for (const one of all) secret.add(one);
    return all;
  });
  const seen = await lookAt(destination, paths);
  const kept = [...seen.keys()].sort();
  // What stands there now may be secret although what takes its place is not.
  const files = kept.filter((path) => !secret.has(path) && seen.get(path)?.type === 'file');
  for (const [path, content] of await readSmallFiles(destination, files, fileLimit)) {
    if (isSecret(path, content)) secret.add(path);
  }
  const open = kept.filter((path) => !secret.has(path));
  const closed = kept.filter((path) => secret.has(path));
  const list = (some: readonly Bytes[]) => Buffer.from(some.map((path) => `.${path}\0`).join(''), 'latin1');
  if (open.length > 0) {
    const channel = await destination.stream(['sh', '-c', keepProgram, 'keep', destination.root]);
    channel.stdin.on('error', () => {});
    channel.stdin.end(list(open));
    await pipeline(channel.stdout, createWriteStream(run.path('undo.tar'), { mode: 0o600 }));
    const { code, stderr } = await channel.done;
    if (code > 1) throw notKept(stderr);
  }
  if (closed.length > 0) {
    if ((await outsideOf(destination, [`/var/lib/opstimal-move/${name}.tar`])).size > 0) {
      throw notKept('a link in the path of /var/lib/opstimal-move leads out of the disk');
    }
    const answer = await destination.run(['sh', '-c', keepThereProgram, 'keep', name, destination.root], {
      input: list(closed),
    });
    if (answer.code > 1) throw notKept(answer.stderr.toString('latin1'));
  }
  return { kept, absent: [...new Set(paths)].filter((path) => !seen.has(path)) };
}

function notKept(stderr: string): Failure {
  return new Failure(
    'failed',
    'apply',
    'the old forms of the files could not be kept, so nothing was written',
    {
      during: lastLine(stderr),
    },
  );
}
