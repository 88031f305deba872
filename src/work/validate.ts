/** validate: everything that is wrong in a folder or a file, each with its place. Reads only. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import glob from 'fast-glob';
import { quote, toBytes, unquote } from '../bytes.ts';
import { type NamedFile, namedFiles, promisedDigest } from '../decide/attachments.ts';
import { hostsProblems, linesProblems } from '../decide/folder-forms.ts';
import { examineManifest } from '../decide/manifest-yaml.ts';
import { profileProblems } from '../decide/profile-schema.ts';
import { parseRecipients, sealedShadow } from '../decide/recipients.ts';
import { findSecret } from '../decide/secrets.ts';
import type { Checked, Problem } from '../decide/yaml-check.ts';
import { Failure } from '../failure.ts';
import type { Manifest } from '../types.ts';
import { isOwnProfile } from './profiles.ts';

export interface Finding extends Problem {
  /** Below what was named, with that name before it. */
  readonly file: string;
  /** `wrong` must be put right; `note` is only told, nothing comes of it. */
  readonly grade: 'wrong' | 'note';
}

export interface Validated {
  /** Files that were looked at. */
  readonly files: number;
  /** By file and line. */
  readonly findings: readonly Finding[];
}

/** A secret is looked for in contents up to this size. Bytes. */
const largestText = 1024 * 1024;

/** Keys are small files. Bytes. */
const largestKey = 64 * 1024;
const identity = /AGE-SECRET-KEY-/;

/** Checks a folder or one file. Throws Failure `usage` where there is nothing to check. */
export async function validate(named: string): Promise<Validated> {
  const info = await lstat(named).catch((cause) => {
    throw new Failure('usage', 'folder', `${quote(toBytes(named))} does not exist`, { cause });
  });
  const one = info.isDirectory() ? new Validation(named) : new Validation('');
  await (info.isDirectory() ? one.folder() : one.file(named));
  const findings = one.findings.sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
  return { files: one.files, findings };
}

class Validation {
  readonly #directory: string;
  readonly findings: Finding[] = [];
  files = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async folder(): Promise<void> {
    const [manifest, hosts] = ['manifest.yaml', 'hosts.yaml'].map((name) => join(this.#directory, name));
    if (!existsSync(manifest as string) && !existsSync(hosts as string)) {
      throw new Failure('usage', 'folder', `${quote(toBytes(this.#directory))} is no migration folder`, {
        hint: 'name a folder that scan made, or a file of one',
      });
    }
    for (const name of [
      'manifest.yaml',
      'hosts.yaml',
      'verdicts.jsonl',
      'decisions.jsonl',
      'plan.json',
      'recipients.txt',
    ]) {
      if (existsSync(join(this.#directory, name))) await this.file(join(this.#directory, name));
      else if (name.endsWith('.yaml') || name === 'verdicts.jsonl') {
        const hint = 'scan again, nothing in the folder is lost';
        this.#add(name, { line: 1, column: 1, sentence: `${name} is missing`, hint });
      }
    }
    await this.#identities();
  }

  /** A key that opens what is sealed must not lie beside it. */
  async #identities(): Promise<void> {
    for (const name of await glob('*', { cwd: this.#directory, dot: true, onlyFiles: true })) {
      const path = join(this.#directory, name);
      if ((await lstat(path)).size > largestKey) continue;
      const line = (await readFile(path, 'latin1')).split('\n').findIndex((text) => identity.test(text));
      if (line < 0) continue;
      const sentence = 'a key lies in the folder: whoever has it can open what is sealed';
      const hint = 'move it out of the folder, and out of version control';
      this.#add(quote(toBytes(name)), { line: line + 1, column: 1, sentence, hint });
    }
  }

  async file(path: string): Promise<void> {
    const content = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new Failure('failed', 'folder', `cannot read ${quote(toBytes(path))}: ${cause.code}`, { cause });
    });
    this.files += 1;
    const name = basename(path);
    // Below a folder names are told from the folder on, a file by itself as it was named.
    const told = this.#directory === '' ? path : name;
    const all = (problems: readonly Problem[]): void => {
      for (const problem of problems) this.#add(told, problem);
    };
    if (name === 'hosts.yaml') all(hostsProblems(content, name));
    else if (name === 'verdicts.jsonl') all(linesProblems(content, 'verdicts'));
    else if (name === 'decisions.jsonl') all(linesProblems(content, 'decisions'));
    else if (name === 'plan.json') all(planProblems(content));
    else if (name === 'recipients.txt') all(recipientProblems(content));
    else if (!/^opstimal:/m.test(content) && /^(detect|tier):/m.test(content))
      all(profileProblems(content, name, !isOwnProfile(path)));
    else await this.#manifest(content, told);
  }

  async #manifest(content: string, told: string): Promise<void> {
    const { manifest, problems, checked } = examineManifest(content, told);
    for (const problem of problems) this.#add(told, problem);
    if (manifest === null || checked === null) return;
    this.#contradictions(manifest, checked, told);
    // A manifest beside its files is checked with them, also when it was named alone.
    const directory = this.#directory === '' ? join(told, '..') : this.#directory;
    if (!existsSync(join(directory, 'files')) && this.#directory === '') return;
    const named = namedFiles(manifest);
    for (const one of named) await this.#attachment(one, checked, told, directory);
    if (this.#directory !== '') await this.#orphans(named);
  }

  #contradictions(manifest: Manifest, checked: Checked, told: string): void {
    for (const [index, resource] of manifest.resources.entries()) {
      if (!('path' in resource && 'kind' in resource)) continue;
      const wrong = (key: string, sentence: string, hint: string): void =>
        this.#add(told, checked.problem(['resources', index, key], sentence, hint));
      const { kind, from, patch, target, secret, sealed } = resource;
      if (secret === true && from !== undefined)
        wrong('from', 'a secret stands in clear in files/', 'take the line away, and the file with it');
      if (kind === 'file' && secret !== true && from === undefined && patch === undefined)
        wrong('kind', 'a file needs from, or secret', 'say where its content is');
      if (kind === 'link' && target === undefined) wrong('kind', 'a link needs a target', 'add target');
      if (kind !== 'file' && from !== undefined)
        wrong('from', `a ${kind} has no content`, 'take the line away');
      if (sealed !== undefined && secret !== true)
        wrong('sealed', 'only a secret is sealed', 'add secret: true');
    }
  }

  async #attachment(one: NamedFile, checked: Checked, told: string, directory: string): Promise<void> {
    const { from } = one;
    const wrong = (sentence: string, hint: string): void =>
      this.#add(told, checked.problem(one.path, sentence, hint));
    if (from.split('/').includes('..')) return wrong(`${from} leads out of the folder`, 'name a file in it');
    const path = join(directory, from);
    const info = await lstat(path).catch(() => null);
    if (info === null) return wrong(`${from} is missing`, 'scan again, or take it back from version control');
    if (!info.isFile()) return wrong(`${from} is no file`, 'a link or directory is not followed');
    this.files += 1;
    if (from.startsWith('sealed/')) {
      const isSealed = (await beginOf(path)).startsWith('age-encryption.org/v1\n');
      if (!isSealed)
        wrong(`${from} is not sealed: it is no age file`, 'scan again; do not commit it as it is');
      return;
    }
    const digest = await digestOf(path);
    const promised = one.sha256 ?? promisedDigest(from) ?? '';
    if (!digest.startsWith(promised)) {
      return wrong(`${from} is not what it was: its SHA-256 is ${digest}`, 'take it back, or scan again');
    }
    if (one.content === null || info.size > largestText) return;
    const text = await readFile(path, 'latin1');
    const found = text.slice(0, 8192).includes('\0') ? null : findSecret(nameOf(one.content), text);
    if (found !== null) {
      const sentence = `${from} holds a secret in clear, in line ${found.line}: ${quote(found.what)}`;
      wrong(sentence, 'scan again; until then the folder is not safe to commit');
    }
  }

  /** Files that nothing names: a later scan, or a decision, has no use for them any more. */
  async #orphans(named: readonly NamedFile[]): Promise<void> {
    const known = new Set([...named.map(({ from }) => from), sealedShadow, 'sealed/seen.jsonl']);
    const options = { cwd: this.#directory, dot: true, onlyFiles: false, markDirectories: true };
    const there = await glob(['files/**', 'sealed/**'], { ...options, followSymbolicLinks: false });
    for (const name of there) {
      // Packages that no repository offers are found by their own names.
      if (known.has(name) || name.endsWith('/') || name.startsWith('files/debs/')) continue;
      const hint = 'it may be removed';
      const sentence = 'nothing names this file';
      this.#add(quote(toBytes(name)), { line: 1, column: 1, sentence, hint }, 'note');
    }
  }

  #add(file: string, problem: Problem, grade: Finding['grade'] = 'wrong'): void {
    const whole = this.#directory === '' ? file : join(this.#directory, file);
    this.findings.push({ file: whole, grade, ...problem });
  }
}

function nameOf(quoted: string): string {
  try {
    return unquote(quoted);
  } catch {
    return quoted;
  }
}

async function beginOf(path: string): Promise<string> {
  let begin = '';
  for await (const part of createReadStream(path, { end: 63 })) begin += (part as Buffer).toString('latin1');
  return begin;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

function recipientProblems(content: string): Problem[] {
  return content.split('\n').flatMap((text, index) => {
    try {
      parseRecipients(text, 'this line');
      return [];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return [
        {
          line: index + 1,
          column: 1,
          sentence: error.message.replace('this line line 1', 'this'),
          hint: error.hint,
        },
      ];
    }
  });
}

function planProblems(content: string): Problem[] {
  const problem = (sentence: string): Problem[] => [
    { line: 1, column: 1, sentence, hint: 'make it again: opstimal-move plan FOLDER DEST' },
  ];
  try {
    const plan = JSON.parse(content) as { opstimal?: unknown } | null;
    return plan?.opstimal === 'plan/1' ? [] : problem('this is no plan of this version');
  } catch {
    return problem('this is no JSON');
  }
}
