import { expect, test } from '@jest/globals';
import { Failure } from '../../src/failure.ts';
import { commands, globalOptions } from '../../src/show/commands-table.ts';
import { nearest } from '../../src/show/nearest.ts';
import { parseCommandLine } from '../../src/show/parse.ts';

function failureOf(...args: string[]): Failure {
  try {
    parseCommandLine(args);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`${args.join(' ')} was taken`);
}

test('arguments and options are placed by name, wherever they stand', () => {
  const parsed = parseCommandLine([
    '--json',
    'sync',
    '--only',
    '/srv',
    'web1.move',
    '--only=/etc',
    'root@web2',
    '-n',
  ]);
  expect(parsed.command?.name).toBe('sync');
  expect(parsed.arguments).toEqual({ FOLDER: ['web1.move'], DEST: ['root@web2'] });
  expect([...parsed.flags].sort()).toEqual(['dry-run', 'json']);
  expect(parsed.values).toEqual({ only: ['/srv', '/etc'] });
});

test('an option of a command may stand before it, with its value', () => {
  const parsed = parseCommandLine(['--confirm', 'web1', 'cutover', 'web1.move', 'web2']);
  expect(parsed.command?.name).toBe('cutover');
  expect(parsed.values.confirm).toEqual(['web1']);
});

test('after two dashes everything is an argument', () => {
  expect(parseCommandLine(['explain', 'f', '--', '--odd']).arguments.PATH).toEqual(['--odd']);
});

test('many places go to one argument', () => {
  expect(parseCommandLine(['doctor', 'a', 'b', 'c']).arguments.PLACE).toEqual(['a', 'b', 'c']);
});

test.each([
  [['scna', 'x'], 'did you mean: opstimal-move scan'],
  [['cut', 'x'], 'did you mean: opstimal-move cutover'],
  [['scan', 'x', '--jsno'], 'did you mean: --json'],
  [['plan', 'a', 'b', '--al'], 'did you mean: --all'],
  [['move', 'a', 'b', '--reherse'], 'did you mean: --rehearse'],
])('%j names the nearest match', (args, hint) => {
  const failure = failureOf(...args);
  expect(failure.code).toBe('usage');
  expect(failure.hint).toBe(hint);
});

test('what is promised and not built yet says so', () => {
  expect(failureOf('backup', 'x').message).toBe('backup is not supported yet');
});

test.each([
  [['scan'], 'scan needs SOURCE'],
  [['explain', 'f'], 'explain needs PATH'],
  [['scan', 'a', 'b', 'c'], 'scan does not know what to do with c'],
  [['scan', ''], 'SOURCE is empty'],
  [['decide', 'f', '/x', 'mutable', '--note'], '--note needs a value'],
  [['scan', 'a', '--json=1'], '--json takes no value'],
  [['scan', 'a', '--until-quiet'], 'opstimal-move scan has no option --until-quiet'],
])('%j is refused', (args, sentence) => {
  expect(failureOf(...args).message).toBe(sentence);
});

test('help is given even where arguments are missing', () => {
  expect(parseCommandLine(['scan', '--help']).flags.has('help')).toBe(true);
});

test('no command is the wizard, and a folder opens in it', () => {
  expect(parseCommandLine([]).command).toBeNull();
  expect(parseCommandLine(['web1.move']).arguments.FOLDER).toEqual(['web1.move']);
  expect(failureOf('web1.move', 'more').message).toContain('does not know what to do with more');
});

test('no name stands twice in the table, and no option takes the place of a global one', () => {
  expect(new Set(commands.map((command) => command.name)).size).toBe(commands.length);
  const global = globalOptions.flatMap((option) => [option.name, option.short ?? option.name]);
  for (const command of commands) {
    for (const option of command.options) {
      expect(global).not.toContain(option.name);
      if (option.short !== undefined) expect(global).not.toContain(option.short);
    }
  }
});

test('the nearest name is near, or there is none', () => {
  expect(nearest('planm', ['plan', 'apply'])).toBe('plan');
  expect(nearest('aplpy', ['plan', 'apply'])).toBe('apply');
  expect(nearest('xyzzy', ['plan', 'apply'])).toBeNull();
});
