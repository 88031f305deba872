/**
 * The migration folder: the only state there is, safe to commit to git (it holds no secret but
 * sealed ones).
 *
 *     web1.move/
 *     ├─ hosts.yaml          the two places, host names, machine ids
 *     ├─ manifest.yaml       canonical, commented with reasons
 *     ├─ manifest.schema.json  for editors that complete and check the manifest
 *     ├─ verdicts.jsonl      class and reason of every tree and path, folded
 *     ├─ files/              edited configuration, by content; debs no repository offers
 *     ├─ recipients.txt      for whom secrets are sealed
 *     ├─ sealed/             secrets, for them alone; see sealed.ts
 *     ├─ originals/          edited files as their packages brought them, by MD5, so that scanning again downloads
 *     │                      nothing; unpatched.json says of which edited files there is no patch, and why
 *     ├─ decisions.jsonl     who decided what, appended
 *     ├─ plan.json           last plan, bound to manifest and destination by digest
 *     ├─ sync/               what earlier passes carried, per destination
 *     ├─ runs/<time>/        events, journal, old forms of what was overwritten, report
 *     └─ lock
 */

import { createHash, randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { appendFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { quote, unquote } from '../bytes.ts';
import { readManifest, writeManifest } from '../decide/manifest-yaml.ts';
import { redactText } from '../decide/redact-text.ts';
import { VerdictIndex } from '../decide/verdicts.ts';
import { Failure, writeFailure } from '../failure.ts';
import type { Bytes, Decision, Manifest, Plan, Verdict } from '../types.ts';

/** The published schema, in `profiles/` of the package as all that is data. */
const schemaName = 'manifest.schema.json';
const schemaFile = fileURLToPath(new URL(`../../profiles/${schemaName}`, import.meta.url));

export interface KnownHost {
  /** As the person wrote it; `connect` takes it again. */
  readonly place: string;
  readonly name: string;
  readonly os: string;
  readonly machineId: string;
  readonly hostKey: string;
}
export interface Hosts {
  readonly source?: KnownHost;
  readonly destination?: KnownHost;
}

/** Writes through a temporary name and a rename, so that a reader never sees half a file. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeFailure(error, path);
  }
}

/** `directory` is `path` as the person wrote it. */
async function makeDirectory(path: string, directory: string): Promise<void> {
  const parent = dirname(path);
  try {
    // Never recursive where the parent is there: Node tries for ever where a file system knows no new directories.
    await mkdir(path, { recursive: !existsSync(parent), mode: 0o700 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new Failure('usage', 'folder', `${directory} cannot be made there`, {
        hint: 'name a folder where you may write',
        cause,
      });
    throw writeFailure(cause, directory);
  }
}

/** Words of programs in a journal; everything else in it are names, ids and numbers of ours. */
function withoutSecrets(name: string, value: unknown): unknown {
  return typeof value === 'string' && /^(?:reason|text|during|message|said)$/.test(name)
    ? redactText(value)
    : value;
}

/** One run of one command: a directory of its own with a journal that is flushed line by line. */
export class Run {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Appends one JSON line and flushes it before it returns. */
  async journal(line: Readonly<Record<string, unknown>>): Promise<void> {
    const handle = await open(join(this.directory, 'journal.jsonl'), 'a', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(line, withoutSecrets)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }
}

export class Folder {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Folder name for a host when none was given: `web1.move` in the working directory. */
  static nameFor(hostName: string): string {
    return `${hostName.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[.-]+|[.-]+$/g, '') || 'server'}.move`;
  }

  /** Opens a folder, making it when it does not exist. Refuses a directory that holds other things. */
  static async create(directory: string): Promise<Folder> {
    const path = resolve(directory);
    if (existsSync(path) && !existsSync(join(path, 'hosts.yaml'))) {
      const { readdir } = await import('node:fs/promises');
      const names = await readdir(path).catch((cause) => {
        throw new Failure('usage', 'folder', `${directory} is not a directory`, { cause });
      });
      if (names.length > 0) {
        throw new Failure('usage', 'folder', `${directory} holds other things and is no migration folder`, {
          hint: `choose another folder, for example ${Folder.nameFor(basename(path))}`,
        });
      }
    }
    await makeDirectory(path, directory);
    await mkdir(join(path, 'files'), { recursive: true, mode: 0o700 });
    await mkdir(join(path, 'runs'), { recursive: true, mode: 0o700 });
    const folder = new Folder(path);
    if (!existsSync(folder.path('hosts.yaml'))) await folder.writeHosts({});
    return folder;
  }

  /** Opens an existing folder. Failure `usage` says what is missing and which command makes it. */
  static async open(directory: string): Promise<Folder> {
    const path = resolve(directory);
    if (!existsSync(path)) {
      throw new Failure('usage', 'folder', `${directory} does not exist`, {
        hint: `make it with: opstimal-move scan SOURCE ${directory}`,
      });
    }
    if (!existsSync(join(path, 'hosts.yaml')) || !existsSync(join(path, 'manifest.yaml'))) {
      throw new Failure(
        'usage',
        'folder',
        `${directory} is only half a migration folder: no manifest in it`,
        {
          hint: `scan again, nothing in it is lost: opstimal-move scan SOURCE ${directory}`,
        },
      );
    }
    await mkdir(join(path, 'runs'), { recursive: true, mode: 0o700 });
    return new Folder(path);
  }

  get name(): string {
    return basename(this.directory);
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  async readHosts(): Promise<Hosts> {
    return (parse(await readFile(this.path('hosts.yaml'), 'utf8')) ?? {}) as Hosts;
  }

  async writeHosts(hosts: Hosts): Promise<void> {
    await writeWhole(this.path('hosts.yaml'), stringify(hosts));
  }

  /** The manifest as it stands, checked. A hand edit that is wrong is a Failure with line and column. */
  async readManifest(): Promise<Manifest> {
    const file = this.path('manifest.yaml');
    return readManifest(await readFile(file, 'utf8'), join(this.name, 'manifest.yaml'));
  }

  /** Writes the manifest, and beside it the schema that its first line names. */
  async writeManifest(manifest: Manifest): Promise<void> {
    const schema = await readFile(schemaFile);
    const there = await readFile(this.path(schemaName)).catch(() => null);
    if (there === null || !there.equals(schema)) await writeWhole(this.path(schemaName), schema);
    await writeWhole(this.path('manifest.yaml'), writeManifest(manifest, schemaName));
  }

  async readVerdicts(): Promise<readonly Verdict[]> {
    return jsonLines<Verdict>(this.path('verdicts.jsonl'));
  }

  async writeVerdicts(verdicts: readonly Verdict[]): Promise<void> {
    await writeWhole(
      this.path('verdicts.jsonl'),
      verdicts.map((verdict) => `${JSON.stringify(verdict)}\n`).join(''),
    );
  }

  async decisions(): Promise<readonly Decision[]> {
    return jsonLines<Decision>(this.path('decisions.jsonl'));
  }

  async appendDecision(decision: Decision): Promise<void> {
    await appendFile(this.path('decisions.jsonl'), `${JSON.stringify(decision)}\n`);
  }

  /** Verdicts of the last scan with the decisions laid over them. */
  async verdictIndex(): Promise<VerdictIndex> {
    return new VerdictIndex(await this.readVerdicts(), await this.decisions());
  }

  /** SHA-256 of manifest and decisions: a plan is bound to it. */
  async manifestDigest(): Promise<string> {
    const hash = createHash('sha256').update(await readFile(this.path('manifest.yaml')));
    if (existsSync(this.path('decisions.jsonl'))) hash.update(await readFile(this.path('decisions.jsonl')));
    return hash.digest('hex');
  }

  /** Stores content by its hash and returns its name in the folder, `files/<first 32 hex digits>`. */
  async attach(content: Uint8Array): Promise<{ from: string; sha256: string }> {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const from = `files/${sha256.slice(0, 32)}`;
    if (!existsSync(this.path(from))) await writeWhole(this.path(from), content);
    return { from, sha256 };
  }

  async readAttachment(from: string): Promise<Buffer> {
    return readFile(this.attachmentPath(from));
  }

  /** Where an attachment lies. Throws Failure `usage` for a name that leads out of the folder. */
  attachmentPath(from: string): string {
    if (!/^files\/[A-Za-z0-9._+~/-]+$/.test(from) || from.includes('..')) {
      throw new Failure(
        'usage',
        'manifest',
        `the manifest names ${from}, which is no attachment of this folder`,
      );
    }
    return this.path(from);
  }

  /** An edited file as its package brought it, without its secrets where it had some. null = it is not kept here. */
  async readOriginal(md5: string): Promise<{ content: Buffer; redacted: boolean } | null> {
    // A folder may come from somebody else: a link in it must not lead to a file of this machine.
    const flag = constants.O_RDONLY | constants.O_NOFOLLOW;
    const read = (name: string) => readFile(this.path('originals', name), { flag }).catch(() => null);
    const content = await read(md5);
    // A file that is no longer what its name says would be taken for the original.
    if (content !== null && createHash('md5').update(content).digest('hex') === md5) {
      return { content, redacted: false };
    }
    const redacted = await read(`${md5}.redacted`);
    return redacted === null ? null : { content: redacted, redacted: true };
  }

  async keepOriginal(md5: string, content: Uint8Array, redacted: boolean): Promise<void> {
    await mkdir(this.path('originals'), { recursive: true, mode: 0o700 });
    await writeWhole(this.path('originals', redacted ? `${md5}.redacted` : md5), content);
  }

  /** Edited files of packages without a patch, with the reason. */
  async readUnpatched(): Promise<ReadonlyMap<Bytes, string>> {
    const text = await readFile(this.path('originals', 'unpatched.json'), 'utf8').catch(() => '{}');
    return new Map(
      Object.entries(JSON.parse(text) as Record<string, string>).map(([path, why]) => [unquote(path), why]),
    );
  }

  async writeUnpatched(why: ReadonlyMap<Bytes, string>): Promise<void> {
    await mkdir(this.path('originals'), { recursive: true, mode: 0o700 });
    const sorted = [...why].map(([path, reason]) => [quote(path), reason] as const).sort();
    await writeWhole(
      this.path('originals', 'unpatched.json'),
      `${JSON.stringify(Object.fromEntries(sorted), null, 1)}\n`,
    );
  }

  async readPlan(): Promise<Plan | null> {
    if (!existsSync(this.path('plan.json'))) return null;
    return JSON.parse(await readFile(this.path('plan.json'), 'utf8')) as Plan;
  }

  async writePlan(plan: Plan): Promise<void> {
    await writeWhole(this.path('plan.json'), `${JSON.stringify(plan, null, 1)}\n`);
  }

  /** Starts a run: `runs/<time>-<command>/`. */
  async startRun(command: string, now: number): Promise<Run> {
    const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    for (let count = 0; ; count += 1) {
      const directory = this.path('runs', `${time}-${command}${count === 0 ? '' : `-${count}`}`);
      try {
        await mkdir(directory, { mode: 0o700 });
        return new Run(directory);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  /** Takes the folder for one run. A lock whose process is gone on this machine is taken over. */
  async lock(): Promise<() => Promise<void>> {
    const file = this.path('lock');
    for (;;) {
      try {
        await writeFile(file, JSON.stringify({ pid: process.pid, machine: hostname() }), { flag: 'wx' });
        return () => rm(file, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = JSON.parse((await readFile(file, 'utf8').catch(() => '{}')) || '{}') as {
        pid?: number;
        machine?: string;
      };
      if (holder.machine === hostname() && holder.pid !== undefined && !alive(holder.pid)) {
        await rm(file, { force: true });
        continue;
      }
      throw new Failure('locked', 'locked', `another run works with ${this.name}`, {
        during: `process ${holder.pid ?? '?'} on ${holder.machine ?? 'another machine'}`,
        hint: `wait for it; if it is certainly gone, remove ${file}`,
      });
    }
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function jsonLines<T>(file: string): Promise<readonly T[]> {
  if (!existsSync(file)) return [];
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as T];
    } catch (cause) {
      // The last line may be cut off by a power loss while it was appended; any other is damage.
      if (index === lines.length - 1) return [];
      throw new Failure('usage', 'folder', `${file} line ${index + 1} is not JSON`, { cause });
    }
  });
}
