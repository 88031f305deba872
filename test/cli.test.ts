import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { makeDisk } from './support/disk.ts';

const cli = join(import.meta.dirname, '../src/cli.ts');
const directory = mkdtempSync(join(tmpdir(), 'opstimal-cli-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(args: readonly string[], environment: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, [cli, ...args], {
    cwd: directory,
    encoding: 'utf8',
    input: '',
    env: { PATH: process.env.PATH, HOME: directory, USER: 'tester', LC_ALL: 'C.UTF-8', ...environment },
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('--help and --version are on stdout, nothing on stderr', () => {
  expect(run(['--help'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Commands:') });
  expect(run(['sync', '--help']).out).toContain('Usage: opstimal-move sync FOLDER DEST');
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  expect(run(['--version'])).toEqual({ code: 0, err: '', out: `opstimal-move ${version}\n` });
});

test('wrong usage ends with 2, a sentence, a hint and a topic that help knows', () => {
  const { code, out, err } = run(['scna']);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toBe(
    'error: there is no command scna\n  hint    did you mean: opstimal-move scan\n  code    usage    more: opstimal-move help usage\n',
  );
  expect(run(['help', 'usage']).code).toBe(0);
});

test('with --json an error is JSON on stdout, with code and exit', () => {
  const { code, out } = run(['plan', 'nowhere.move', 'local', '--json']);
  expect(code).toBe(2);
  expect(lines(out).at(-1)).toMatchObject({ kind: 'error', code: 'usage', exit: 2, topic: 'folder' });
});

test('commands of a later version say so with 2', () => {
  expect(run(['backup', 'x'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('backup is not supported yet'),
  });
});

test('the wizard without a terminal names the commands and ends with 4', () => {
  const { code, err } = run([]);
  expect(code).toBe(4);
  expect(err).toContain('opstimal-move scan, plan, apply, sync, cutover, verify');
});

test('NO_COLOR, no terminal and FORCE_COLOR decide about colour, as bytes', () => {
  expect(run(['scna']).err).not.toContain('\x1b');
  expect(run(['scna'], { FORCE_COLOR: '1' }).err).toContain('\x1b[31merror:\x1b[39m');
  expect(run(['scna', '--no-color'], { FORCE_COLOR: '1' }).err).not.toContain('\x1b');
  expect(run(['scna'], { NO_COLOR: '1' }).err).not.toContain('\x1b');
});

test('no heavy library is imported before the command is known', () => {
  const loaded = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `process.argv.splice(1, 0, 'x'); process.argv[2] = '--help';
      const { registerHooks } = await import('node:module');
      registerHooks({ resolve(name, context, next) { process.stderr.write(name + '\\n'); return next(name, context); } });
      await import(${JSON.stringify(cli)});`,
    ],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const bare = loaded.stderr
    .split('\n')
    .filter(
      (name) => name !== '' && !name.startsWith('.') && !name.startsWith('node:') && !name.startsWith('/'),
    );
  expect(loaded.stdout).toContain('Commands:');
  expect(bare).toEqual([]);
});

test('--help costs little more than an empty script', () => {
  const empty = join(directory, 'empty.mjs');
  writeFileSync(empty, '');
  const built = join(import.meta.dirname, '../dist/cli.js');
  const script =
    existsSync(built) && existsSync(join(import.meta.dirname, '../dist/show/main.js')) ? built : cli;
  const time = (args: readonly string[]): number => {
    const before = process.hrtime.bigint();
    spawnSync(process.execPath, [...args]);
    return Number(process.hrtime.bigint() - before) / 1e6;
  };
  // In turn, so that a busy machine is busy for both; the least disturbed pair counts.
  const ratios = Array.from({ length: 7 }, () => time([script, '--help']) / time([empty]));
  expect(Math.min(...ratios)).toBeLessThan(script === built ? 3 : 9);
});

test('a reader that leaves early is no error', async () => {
  const child = spawn('sh', ['-c', '"$0" "$1" man | head -1', process.execPath, cli], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (part) => {
    err += part;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(0);
  expect(err).toBe('');
});

test('a directory that is no folder and half a folder are told with the next step', () => {
  const half = join(directory, 'half.move');
  mkdirSync(half);
  writeFileSync(join(half, 'hosts.yaml'), '{}\n');
  expect(run(['explain', half, '/etc'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('scan again'),
  });
  const other = join(directory, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'letter'), '');
  const root = makeDisk('old', directory, 'refused');
  expect(run(['scan', `disk:${root}`, other])).toMatchObject({
    code: 2,
    err: expect.stringContaining('holds other things'),
  });
});

test('a disk is scanned, explained, decided, planned and synced; the second time nothing is left to do', () => {
  const old = makeDisk('old', directory);
  const fresh = makeDisk('new', directory);
  const scanned = run(['scan', `disk:${old}`, 'web.move', '--json']);
  const result = lines(scanned.out).at(-1);
  expect(result).toMatchObject({
    kind: 'result',
    command: 'scan',
    folder: 'web.move',
    undecidedGroups: expect.any(Number),
  });
  expect([0, 3]).toContain(scanned.code);
  expect(run(['manifest', 'web.move']).out).toContain('opstimal: manifest/2');
  expect(run(['explain', 'web.move', '/srv/notes']).out).toContain('/srv/notes is mutable');

  const decided = run(['decide', 'web.move', '/srv/notes', 'ephemeral', '--note', 'only notes', '--json']);
  expect(decided.code).toBe(0);
  expect(JSON.parse(decided.out)).toMatchObject({
    kind: 'result',
    path: '/srv/notes',
    class: 'ephemeral',
    rule: 'decision',
  });
  expect(run(['decide', 'web.move', '/srv/notes', 'mutabel']).err).toContain('did you mean: mutable');
  expect(run(['decide', 'web.move', '/srv/notes', 'none']).code).toBe(0);

  const asked = run(['sync', 'web.move', `disk:${fresh}`, '--no-input']);
  expect(asked.code).toBe(4);
  expect(asked.err).toContain('--yes');
  const planned = run(['plan', 'web.move', `disk:${fresh}`, '--json']);
  expect(lines(planned.out).at(-1)).toMatchObject({
    kind: 'result',
    command: 'plan',
    ok: expect.any(Number),
    change: expect.any(Number),
  });

  const dry = run(['sync', 'web.move', `disk:${fresh}`, '--dry-run', '--json']);
  expect(lines(dry.out).at(-1)).toMatchObject({ dryRun: true });
  expect(existsSync(join(fresh, 'srv/notes/todo.txt'))).toBe(false);
  const synced = run(['sync', 'web.move', `disk:${fresh}`, '--json']);
  expect(lines(synced.out).at(-1)).toMatchObject({ kind: 'result', command: 'sync', torn: [], failed: [] });
  expect(readFileSync(join(fresh, 'srv/notes/todo.txt'))).toEqual(
    readFileSync(join(old, 'srv/notes/todo.txt')),
  );
  const again = run(['sync', 'web.move', `disk:${fresh}`, '--json']);
  expect(lines(again.out).at(-1)).toMatchObject({ changed: 0, bytes: 0 });

  const check = run(['manifest', 'web.move', '--check', `disk:${old}`, '--exit-code']);
  expect(check).toMatchObject({ code: 0, out: expect.stringContaining('still matches') });
  writeFileSync(join(old, 'usr/local/bin/extra'), '#!/bin/sh\n'.repeat(1000));
  expect(run(['manifest', 'web.move', '--check', `disk:${old}`, '--exit-code']).code).toBe(5);
});

test('diff compares a folder with a place, as text, JSON and page', () => {
  const place = `disk:${join(directory, 'old')}`;
  const text = run(['diff', 'web.move', place, '--exit-code']);
  expect(text).toMatchObject({ code: 5, out: expect.stringContaining('grown or shrunk') });
  const [json] = lines(run(['diff', 'web.move', 'web.move', '--json', '--exit-code']).out);
  expect(json).toMatchObject({ kind: 'result', command: 'diff', opstimal: 'difference/1', same: true });
  expect(run(['diff', 'web.move', 'web.move', '--exit-code']).code).toBe(0);
  const page = run(['diff', 'web.move', place, '--html', 'web.html']);
  expect(page).toMatchObject({ code: 0, err: expect.stringContaining('wrote web.html') });
  expect(readFileSync(join(directory, 'web.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  expect(run(['diff', 'web.move', 'web.move', '--html', 'no/where.html']).code).toBe(2);
});

test.each([
  ['/srv/backup::latest', 'a snapshot as a place is not supported yet'],
  ['nowhere.move', 'nowhere.move does not exist'],
  ['disk:relative', 'the path of a disk starts with /'],
])('diff answers %s with a sentence', (name, sentence) => {
  expect(run(['diff', 'web.move', name])).toMatchObject({ code: 2, err: expect.stringContaining(sentence) });
});

test('validate names every mistake with line and column, exit 1', () => {
  expect(run(['validate', 'web.move'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^nothing is wrong in \d+ files\n$/),
  });
  const file = join(directory, 'web.move/manifest.yaml');
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, good.replace('codename:', 'codenam:').replace('architecture: ', 'architecture: 1 #'));
  const wrong = run(['validate', 'web.move']);
  expect(wrong.code).toBe(1);
  expect(wrong.out).toMatch(/^web\.move\/manifest\.yaml:\d+:\d+: /);
  expect(wrong.out).toContain('nothing called codenam is known here');
  expect(wrong.out).toContain('architecture must be text, not 1');
  const [json] = lines(run(['validate', 'web.move', '--json']).out);
  expect(json).toMatchObject({ kind: 'result', command: 'validate', ok: false, wrong: 3 });
  writeFileSync(file, good);
  expect(run(['validate', 'nowhere.move']).code).toBe(2);
  expect(run(['validate']).code).toBe(2);
});

test('cutover needs the name of the source; without a terminal the option is named', () => {
  const cutover = run(['cutover', 'web.move', 'disk:/nowhere']);
  expect(cutover.code).toBe(4);
  expect(cutover.err).toContain('--confirm=old');
  expect(run(['cutover', 'web.move', 'disk:/nowhere', '--confirm=new']).code).toBe(2);
});

test('a folder in use is told with the process, exit 11', () => {
  const lock = join(directory, 'web.move/lock');
  writeFileSync(lock, JSON.stringify({ pid: process.pid, machine: 'elsewhere' }));
  expect(run(['decide', 'web.move', '/srv', 'mutable'])).toMatchObject({
    code: 11,
    err: expect.stringContaining('elsewhere'),
  });
  rmSync(lock);
});

test('a manifest edited wrongly is told with line and column', () => {
  const file = join(directory, 'web.move/manifest.yaml');
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, good.replace('opstimal: manifest/2', 'opstimal: [manifest'));
  const { code, err } = run(['manifest', 'web.move']);
  expect(code).toBe(2);
  expect(err).toMatch(/manifest\.yaml.*\d+.*\d+/);
  writeFileSync(file, good);
});

/** Starts a command, hands over what it says on stderr, and resolves when it ended. */
function start(args: readonly string[], onSaid: (said: string, child: ReturnType<typeof spawn>) => void) {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: directory, USER: 'tester', LC_ALL: 'C.UTF-8' },
  });
  let said = '';
  child.stderr.on('data', (part) => {
    said += part;
    onSaid(said, child);
  });
  return new Promise<{ code: number | null; said: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, said }));
  });
}

test('Ctrl-C is answered at once, stops the work and ends with 130; the next run does the rest', async () => {
  const old = makeDisk('old', directory, 'stopped');
  let asked = false;
  const { code, said } = await start(['scan', `disk:${old}`, 'stopped.move'], (so, child) => {
    if (asked || !so.includes('facts')) return;
    asked = true;
    child.kill('SIGINT');
  });
  expect(said).toContain('stopping at the next safe point; Ctrl-C again leaves at once');
  expect(said).toContain('code    interrupted');
  expect(code).toBe(130);
  expect(existsSync(join(directory, 'stopped.move/lock'))).toBe(false);
  const again = run(['scan', `disk:${old}`, 'stopped.move', '--json']);
  expect(lines(again.out).at(-1)).toMatchObject({ kind: 'result', folder: 'stopped.move' });
}, 60_000);

test('SIGUSR1 asks a run without a terminal how far it is, and it goes on', async () => {
  const old = makeDisk('old', directory, 'asked');
  let asked = false;
  const { code, said } = await start(['scan', `disk:${old}`, 'asked.move'], (so, child) => {
    if (asked || !so.includes('facts')) return;
    asked = true;
    child.kill('SIGUSR1');
  });
  expect(said).toContain('nothing is being carried now');
  expect([0, 3]).toContain(code);
}, 60_000);

test('a move without a terminal needs --yes, and a disk is moved without a cutover', () => {
  const old = makeDisk('old', directory, 'move-old');
  const fresh = makeDisk('new', directory, 'move-new');
  const places = [`disk:${old}`, `disk:${fresh}`, 'whole.move'];
  const refused = run(['move', ...places]);
  expect(refused).toMatchObject({ code: 4, out: '', err: expect.stringContaining('--yes') });
  expect(existsSync(join(directory, 'whole.move'))).toBe(false);
  const moved = run(['move', ...places, '--yes', '--json']);
  const last = lines(moved.out).at(-1) as { kind: string; undecided?: unknown };
  if (last.kind === 'error') {
    // The bundled root has places that nothing explains; they stop a move until somebody decided.
    expect(last).toMatchObject({ code: 'needs-person', exit: 4, topic: 'undecided' });
    const manifest = JSON.parse(run(['manifest', 'whole.move', '--json']).out) as {
      undecided: { path: string }[];
    };
    for (const { path } of manifest.undecided)
      expect(run(['decide', 'whole.move', path, 'ephemeral']).code).toBe(0);
    expect(lines(run(['move', ...places, '--yes', '--json']).out).at(-1)).toMatchObject({
      kind: 'result',
      command: 'move',
    });
  } else expect(last).toMatchObject({ kind: 'result', command: 'move', downtimeSeconds: null });
  expect(readFileSync(join(fresh, 'srv/notes/todo.txt'))).toEqual(
    readFileSync(join(old, 'srv/notes/todo.txt')),
  );
}, 120_000);

test('profiles of one’s own are read from --profiles and from the configuration directory', () => {
  const root = makeDisk('old', directory, 'own-profiles');
  const profile = (where: string, kind: string) => {
    mkdirSync(where, { recursive: true });
    const rule = `  - { path: /srv/notes, class: mutable, kind: ${kind} }\n`;
    const rest = 'units: []\ntier: application\nprovenance: x\n';
    const text = `name: notes\ntitle: Notes\ndetect: { packages: ["*"] }\npaths:\n${rule}${rest}`;
    writeFileSync(join(where, 'notes.yaml'), text);
  };
  const usual = join(directory, 'config/opstimal-move/profiles');
  profile(usual, 'usual');
  profile(join(directory, 'given'), 'given');
  const scanned = (folder: string, args: readonly string[], environment: Record<string, string>) => {
    const { err, code } = run(['scan', `disk:${root}`, folder, ...args], environment);
    expect([0, 3]).toContain(code);
    return { err, said: run(['explain', folder, '/srv/notes']).out };
  };
  const config = { XDG_CONFIG_HOME: join(directory, 'config') };
  expect(scanned('none.move', [], {}).said).not.toContain('profile.notes');
  const first = scanned('usual.move', [], config);
  expect(first.said).toContain('profile.notes.usual');
  expect(first.err).toContain(`profile Notes comes from ${join(usual, 'notes.yaml')}`);
  const both = scanned('given.move', ['--profiles=given'], config);
  expect(both.said).toContain('profile.notes.given');
  expect(both.err).toContain(
    'profile Notes comes from given/notes.yaml, in the place of another of its name',
  );

  writeFileSync(join(directory, 'given/notes.yaml'), 'name: notes\ntitel: Notes\n');
  expect(run(['scan', 'root@nowhere.invalid', '--profiles', 'given'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^error: given\/notes\.yaml:2:1: nothing called titel is known here/),
  });
  expect(run(['scan', 'root@nowhere.invalid', '--profiles', 'missing'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot read profiles from missing: it does not exist'),
  });
});
