import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { commands, globalOptions } from '../../src/show/commands-table.ts';
import { completion } from '../../src/show/completion.ts';
import { commandHelp, helpNames, helpOn, overview } from '../../src/show/help.ts';
import { manualPage } from '../../src/show/man.ts';

function bashCompletes(...words: string[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'opstimal-completion-'));
  const file = join(directory, 'completion.bash');
  writeFileSync(file, completion('bash'));
  const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _opstimal_move; printf "%s\\n" "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['-c', program, 'bash', file, 'opstimal-move', ...words], {
    encoding: 'utf8',
    env: { ...process.env, HOME: directory },
  });
  return text.split('\n').filter((line) => line !== '');
}

test('every command has help with usage, examples and exit codes', () => {
  for (const command of commands) {
    const text = commandHelp(command);
    expect(text).toContain(`Usage: opstimal-move ${command.name}`);
    expect(text).toContain('Examples:\n  # ');
    expect(text).toMatch(/\n {3}0 {2}done/);
    for (const option of command.options) expect(text).toContain(`--${option.name}`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  }
});

test('the overview names every command and every global option', () => {
  for (const command of commands) expect(overview()).toContain(`  ${command.name} `);
  for (const option of globalOptions) expect(overview()).toContain(`--${option.name}`);
});

test('help finds commands and topics, and the nearest of what it does not know', () => {
  expect(helpOn('plan')).toContain('Usage: opstimal-move plan FOLDER DEST');
  expect(helpOn('environment')).toContain('NO_COLOR');
  expect(() => helpOn('enviroment')).toThrow('there is no help on enviroment');
});

test('bash completes commands, options, their values, classes and places', () => {
  expect(bashCompletes('sc')).toEqual(['scan']);
  expect(bashCompletes('sync', '--unt')).toEqual(['--until-quiet']);
  expect(bashCompletes('decide', 'f', '/x', 'mu')).toEqual(['mutable']);
  expect(bashCompletes('scan', 'lo')).toEqual(['local']);
  expect(bashCompletes('--password-file', '/etc/hostn')).toEqual(['/etc/hostname']);
  expect(bashCompletes('completion', 'z')).toEqual(['zsh']);
});

test('bash offers the aliases of the ssh configuration, not its patterns', () => {
  const home = mkdtempSync(join(tmpdir(), 'opstimal-home-'));
  execFileSync('mkdir', [join(home, '.ssh')]);
  writeFileSync(join(home, '.ssh/config'), 'Host web1 web2\nHost *.example !x\n');
  const file = join(home, 'completion.bash');
  writeFileSync(file, completion('bash'));
  const program = `source ${file}; COMP_WORDS=(opstimal-move scan we); COMP_CWORD=2; _opstimal_move; echo "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['-c', program], {
    encoding: 'utf8',
    env: { ...process.env, HOME: home },
  });
  expect(text).toBe('web1 web2\n');
});

test.each(['bash', 'zsh', 'fish'])('%s completion names every command and its options', (shell) => {
  const script = completion(shell);
  for (const command of commands) expect(script).toContain(command.name);
  expect(script).toContain('until-quiet');
  const there = spawnSync(shell, ['--version']);
  if (there.error === undefined) {
    const checked = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    expect(checked.stderr).toBe('');
  }
});

test('an unknown shell is refused with the known ones', () => {
  expect(() => completion('tcsh')).toThrow('no completion for tcsh');
});

test('the manual page has every command, and no line that roff would take for a request of its own', () => {
  const page = manualPage('1.2.3');
  for (const command of commands) expect(page).toContain(`.SS ${command.name}`);
  for (const line of page.split('\n')) {
    if (line.startsWith('.')) expect(line).toMatch(/^\.(TH|SH|SS|TP|PP|B|nf|fi)( |$)/);
    expect(line.startsWith("'")).toBe(false);
  }
});

test('what help lists is what help knows', () => {
  for (const name of helpNames()) if (name !== 'keys') expect(helpOn(name)).toContain(name);
});
