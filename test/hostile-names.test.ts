/**
 * Names that somebody chose to do harm, from the disk through every command to a terminal: nothing of them is run,
 * nothing of them is obeyed, and each can be asked for by the form in which it is shown.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { quote } from '../src/bytes.ts';
import { readManifest, writeManifest } from '../src/decide/manifest-yaml.ts';
import { Folder } from '../src/work/folder.ts';
import { makeDisk } from './support/disk.ts';

jest.setTimeout(120_000);

const cli = join(import.meta.dirname, '../src/cli.ts');
const directory = mkdtempSync(join(tmpdir(), 'opstimal-hostile-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Byte strings: one character is one byte. */
const names = [
  'two\nlines',
  'carriage\rreturn',
  '\xff\xfe\x80 no text',
  '-rf',
  '--help',
  '\x1b]0;pwned\x07title',
  '\x1b[2J\x1b[Hcleared',
  '\x1b[31mred',
  '\x9b31mred in one byte',
  'it\'s "quoted"',
  '$(touch pwned)',
  '`touch pwned`',
  ';touch pwned;',
  ' leading and trailing ',
  'back\\slash\\n',
  '*',
  'a: b # c',
  '- list',
  '{"json": "}',
  '%s%n',
  'x'.repeat(255),
  '\xe2\x80\xae right to left',
  '<script>alert(1)<',
];
/** Where such a name is a file, and what is put before and after it. */
const places: readonly (readonly [directory: string, before: string, after: string])[] = [
  ['/etc', '', ''],
  ['/etc/cron.d', '', ''],
  ['/etc/systemd/system', 'own-', '.service'],
  ['/etc/apt/apt.conf.d', '99', ''],
  ['/srv', '', ''],
  ['/home/anna', '', ''],
  ['/opt', '', ''],
  ['/usr/lib', 'lib', '.so.1'],
  ['/var/lib/dpkg/info', '', '.postrm'],
  ['/var/lib', '', ''],
];

const bytes = (path: string) => Buffer.from(path, 'latin1');
const made: string[] = [];
let root: string;
let folder: string;

function run(...words: string[]) {
  const ran = spawnSync(process.execPath, [cli, ...words], {
    cwd: directory,
    input: '',
    env: { PATH: process.env.PATH, HOME: directory, USER: 'tester', LC_ALL: 'C.UTF-8' },
    maxBuffer: 1 << 28,
  });
  return { code: ran.status, out: ran.stdout.toString('latin1'), err: ran.stderr.toString('latin1') };
}

/** Whatever a terminal would obey: controls but the end of a line and a tab, in one byte or as UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]/;

/** The schema that the first line names for editors. */
const schemaOf = (text: string) => /^# yaml-language-server: \$schema=(.*)$/m.exec(text)?.[1];

beforeAll(() => {
  root = makeDisk('old', directory, 'hostile');
  for (const [place, before, after] of places) {
    mkdirSync(join(root, place), { recursive: true });
    for (const name of names) {
      const path = `${place}/${before}${name.slice(0, 255 - before.length - after.length)}${after}`;
      writeFileSync(bytes(root + path), '# planted\n');
      made.push(path);
    }
  }
  mkdirSync(bytes(`${root}/etc/two\nlines.d`));
  symlinkSync(bytes('\x1b[31m\ntarget'), bytes(`${root}/etc/two\nlines.d/\x1b[31mlink`));
  made.push('/etc/two\nlines.d/\x1b[31mlink');
  // Longer than any system call takes: made and walked step by step.
  execFileSync('python3', [
    '-c',
    'import os, sys\nos.chdir(sys.argv[1])\nfor n in range(30):\n  os.mkdir("d" * 200)\n  os.chdir("d" * 200)\nopen("deepest", "w").close()',
    join(root, 'srv'),
  ]);
  const scanned = run('scan', `disk:${root}`);
  expect(scanned.err).not.toMatch(/at .*\.ts:/);
  expect(scanned.code).toBe(0);
  expect(scanned.out + scanned.err).not.toMatch(controls);
  folder = readdirSync(directory).find((name) => name.endsWith('.move')) ?? '';
  expect(folder).not.toBe('');
}, 120_000);

test('nothing of a name was run', () => {
  const found = execFileSync('find', [directory, '-name', 'pwned']).toString();
  expect(found).toBe('');
});

test('what is kept about them holds nothing that a terminal obeys', () => {
  for (const name of ['manifest.yaml', 'hosts.yaml', 'verdicts.jsonl'])
    expect([name, controls.exec(readFileSync(join(directory, folder, name), 'latin1'))?.[0]]).toEqual([
      name,
      undefined,
    ]);
});

test('every name has a verdict, and the configuration among them is in the manifest', async () => {
  const opened = await Folder.open(join(directory, folder));
  const index = await opened.verdictIndex();
  const manifest = await opened.readManifest();
  const paths = new Set(manifest.resources.flatMap((one) => ('kind' in one ? [one.path] : [])));
  for (const path of made) {
    const verdict = index.of(path);
    expect([path, verdict?.class]).not.toEqual([path, 'immutable']);
    if (verdict?.carry === 'manifest') expect(paths).toContain(quote(path));
  }
  expect(
    made.filter((path) => path.startsWith('/etc/') && index.of(path)?.carry === 'manifest').length,
  ).toBeGreaterThan(80);
  // Written again it is the same, byte for byte.
  const text = readFileSync(join(directory, folder, 'manifest.yaml'), 'utf8');
  expect(writeManifest(readManifest(text, 'manifest.yaml'), schemaOf(text))).toBe(text);
});

test.each(names.map((name) => [quote(`/etc/${name}`)]))('explain %s', (path) => {
  const { code, out, err } = run('explain', folder, path);
  expect([code, err]).toEqual([0, '']);
  expect(out).not.toMatch(controls);
  const spoken = run('explain', folder, path, '--json');
  expect(spoken.code).toBe(0);
  expect(spoken.out).not.toMatch(controls);
  const said = spoken.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as Record<string, unknown>);
  expect(JSON.stringify(said)).toContain(JSON.stringify(path).slice(1, -1));
});

test('a path longer than any system call takes can be explained', () => {
  const path = `/srv/${Array(30).fill('d'.repeat(200)).join('/')}/deepest`;
  expect(run('explain', folder, path)).toMatchObject({ code: 0, err: '' });
});

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
(hasTmux ? describe : describe.skip)(`on a real terminal${hasTmux ? '' : ' (skipped: no tmux here)'}`, () => {
  const socket = join(directory, 'tmux.sock');
  const tmux = (...words: string[]) => execFileSync('tmux', ['-S', socket, ...words], { encoding: 'latin1' });
  afterAll(() => {
    spawnSync('tmux', ['-S', socket, 'kill-server']);
  });

  test('no name moves the cursor, changes a colour or the title', async () => {
    const raw = join(directory, 'raw');
    const line = (words: readonly string[]) =>
      words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const commands = [
      ...names.map((name) => [process.execPath, cli, 'explain', folder, quote(`/etc/${name}`)]),
      [process.execPath, cli, 'report', folder],
    ];
    const script = join(directory, 'show.sh');
    writeFileSync(
      script,
      `${commands.slice(0, 8).concat(commands.slice(-1)).map(line).join('\n')}\ntouch done\n`,
    );
    tmux(
      'new-session',
      '-d',
      '-x',
      '120',
      '-y',
      '50',
      '-s',
      'names',
      `cd '${directory}' && sleep 1 && sh show.sh; sleep 60`,
    );
    tmux('pipe-pane', '-t', 'names', `cat > '${raw}'`);
    const until = Date.now() + 90_000;
    while (!readdirSync(directory).includes('done') && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 200));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const sent = readFileSync(raw, 'latin1');
    expect(sent.length).toBeGreaterThan(1000);
    for (const sign of ['\x1b]0;pwned', '\x1b[2J\x1b[H', '\x1b[31mred', '\x9b31m', '\xc2\x9b31m'])
      expect(sent).not.toContain(sign);
    expect(tmux('display-message', '-p', '-t', 'names', '#{pane_title}')).not.toContain('pwned');
  });
});
