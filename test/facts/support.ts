/** Answers as a host would give them, made from readable cases, and questions run on this machine. */
import { spawnSync } from 'node:child_process';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Fact } from '../../src/facts/fact.ts';
import type { Argv, Bytes } from '../../src/types.ts';

type Files = Readonly<Record<Bytes, string | { readonly link: Bytes } | { readonly directory: true }>>;

/** A recorded case. Texts are byte strings. Exactly one of files, sections, output is the answer. */
export interface Case {
  /** Where it was recorded, or `written` by hand. */
  readonly os: string;
  readonly root?: Bytes;
  readonly files?: Files;
  /** A section may itself be files: an archive in base64. */
  readonly sections?: Readonly<
    Record<string, string | { readonly code: number; readonly text: string } | { readonly files: Files }>
  >;
  readonly output?: string;
  readonly fact?: unknown;
  readonly summary?: string;
  /** Part of the reason, where the answer makes no sense. */
  readonly error?: string;
}

/** What the host would have said. */
export function answerOf(recorded: Case): Buffer {
  if (recorded.files !== undefined) return archiveOfFiles(recorded.files);
  if (recorded.sections !== undefined) return sectionsOfTexts(recorded.sections);
  return Buffer.from(recorded.output ?? '', 'latin1');
}

export function sectionsOfTexts(sections: NonNullable<Case['sections']>): Buffer {
  const parts = Object.entries(sections).map(([name, section]) => {
    const { code, text } =
      typeof section === 'string'
        ? { code: 0, text: section }
        : 'files' in section
          ? { code: 0, text: archiveOfFiles(section.files).toString('base64') }
          : section;
    return `${name} ${code} ${text.length}\n${text}\n`;
  });
  return Buffer.from(`${parts.join('')}end\n`, 'latin1');
}

export function archiveOfFiles(files: Files): Buffer {
  const parts = Object.entries(files).flatMap(([path, file]) => {
    const name = path.slice(1);
    if (typeof file === 'string') return entry(name, '0', Buffer.from(file, 'latin1'), '');
    if ('link' in file) return entry(name, '2', Buffer.alloc(0), file.link);
    return entry(`${name}/`, '5', Buffer.alloc(0), '');
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(10240)]));
}

/** Header and content as GNU tar writes them. Long names are not needed here; the real tar is tested elsewhere. */
function entry(name: Bytes, type: string, content: Buffer, target: Bytes): Buffer[] {
  if (name.length > 100 || target.length > 100) throw new RangeError('name too long for a case');
  const header = Buffer.alloc(512);
  header.write(name, 0, 'latin1');
  header.write('0000644\x000000000\x000000000\x00', 100, 'latin1');
  header.write(`${content.length.toString(8).padStart(11, '0')}\x0000000000000\x00        `, 124, 'latin1');
  header.write(type, 156, 'latin1');
  header.write(target, 157, 'latin1');
  header.write('ustar  \x00', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148, 'latin1');
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

/** A value as JSON can hold it: maps become objects, big integers text. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, part: unknown) =>
      part instanceof Map ? Object.fromEntries(part) : typeof part === 'bigint' ? String(part) : part,
    ),
  );
}

/** Runs a question here, as a host would. */
export function run(argv: Argv): { code: number; stdout: Buffer; stderr: string } {
  // Only `Buffer`s would carry other bytes than UTF-8; questions in tests are ASCII.
  const [command, ...rest] = argv;
  const { status, stdout, stderr } = spawnSync(command, rest, {
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 1024 ** 3,
  });
  return { code: status ?? 255, stdout, stderr: stderr.toString('latin1') };
}

/** Asks a disk: question, answer, parser. */
export function askDisk<T>(fact: Fact<T>, root: Bytes): T {
  const { code, stdout, stderr } = run(fact.question(root));
  if (code !== 0) throw new Error(`code ${code}: ${stderr}`);
  return fact.parse(stdout, root);
}

export function unpack(output: Buffer): Buffer {
  return gunzipSync(output);
}
