/**
 * Command line → command, arguments, options, by the table of commands. Anything the table does not know is a
 * Failure `usage` that names the nearest thing it does know.
 */
import { parseArgs } from 'node:util';
import { Failure } from '../failure.ts';
import {
  type Command,
  commandNamed,
  commands,
  globalOptions,
  laterCommands,
  type Option,
  optionsOf,
  usageOf,
} from './commands-table.ts';
import { nearest } from './nearest.ts';

export interface Parsed {
  /** null = no command: the wizard, or the overview with --help. */
  readonly command: Command | null;
  /** By the name of the argument in the table. */
  readonly arguments: Readonly<Record<string, readonly string[]>>;
  readonly flags: ReadonlySet<string>;
  readonly values: Readonly<Record<string, readonly string[]>>;
}

type Token = NonNullable<ReturnType<typeof tokensOf>>[number];

function tokensOf(args: readonly string[], options: readonly Option[]) {
  const known = Object.fromEntries(
    options.map((option) => [
      option.name,
      {
        type: option.value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: true as const,
        ...(option.short === undefined ? {} : { short: option.short }),
      },
    ]),
  );
  return parseArgs({ args: [...args], options: known, strict: false, allowPositionals: true, tokens: true })
    .tokens;
}

/** The command is the first word that is neither an option nor an option's value. */
function commandOf(args: readonly string[]): { command: Command | null; at: number } {
  const everyOption = [...globalOptions, ...commands.flatMap((command) => command.options)];
  for (const token of tokensOf(args, everyOption) ?? []) {
    if (token.kind !== 'positional') continue;
    const name = token.value;
    const command = commandNamed(name);
    if (command !== undefined) return { command, at: token.index };
    if (laterCommands.includes(name)) {
      throw new Failure('usage', 'not-yet', `${name} is not supported yet`, {
        hint: 'this version can: opstimal-move --help',
      });
    }
    // A folder, or a path: the wizard opens it.
    if (name.includes('/') || name.endsWith('.move')) return { command: null, at: -1 };
    const near = nearest(
      name,
      commands.map((each) => each.name),
    );
    throw new Failure('usage', 'usage', `there is no command ${name}`, {
      hint: near === null ? 'all of them: opstimal-move --help' : `did you mean: opstimal-move ${near}`,
    });
  }
  return { command: null, at: -1 };
}

function optionOf(token: Extract<Token, { kind: 'option' }>, options: readonly Option[], of: string): Option {
  const option = options.find((each) => each.name === token.name);
  if (option === undefined) {
    const near = nearest(
      token.rawName.replace(/^-+/, ''),
      options.map((each) => each.name),
    );
    throw new Failure('usage', 'usage', `${of} has no option ${token.rawName}`, {
      hint: near === null ? `all of them: ${of} --help` : `did you mean: --${near}`,
    });
  }
  if (option.value !== undefined && (token.value === undefined || token.value === '')) {
    throw new Failure('usage', 'usage', `--${option.name} needs a value`, {
      hint: `--${option.name}=${option.value}`,
    });
  }
  if (option.value === undefined && token.value !== undefined) {
    throw new Failure('usage', 'usage', `--${option.name} takes no value`, { hint: `--${option.name}` });
  }
  return option;
}

/** Parses argv without node and script. Missing arguments are told only when no help was asked for. */
export function parseCommandLine(args: readonly string[]): Parsed {
  const { command, at } = commandOf(args);
  const options = command === null ? globalOptions : optionsOf(command);
  const of = command === null ? 'opstimal-move' : `opstimal-move ${command.name}`;
  const flags = new Set<string>();
  const values: Record<string, string[]> = {};
  const words: string[] = [];
  for (const token of tokensOf(args, options) ?? []) {
    if (token.kind === 'positional' && token.index !== at) words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = optionOf(token, options, of);
    if (option.value === undefined) flags.add(option.name);
    else if (option.many) values[option.name] = [...(values[option.name] ?? []), token.value as string];
    else values[option.name] = [token.value as string];
  }
  const asksHelp = flags.has('help') || flags.has('version');
  return { command, arguments: asksHelp ? {} : place(command ?? wizard, words), flags, values };
}

/** No command: the wizard, which opens a folder when one is named. */
const wizard: Command = {
  name: 'the wizard',
  arguments: [{ name: 'FOLDER', completes: 'folder', optional: true }],
  options: [],
  summary: '',
  details: [],
  examples: [],
  exits: [],
};

function place(command: Command, words: readonly string[]): Record<string, readonly string[]> {
  const placed: Record<string, readonly string[]> = {};
  let at = 0;
  for (const argument of command.arguments) {
    const take = argument.many ? words.slice(at) : words.slice(at, at + 1);
    if (take.length === 0 && !argument.optional) {
      throw new Failure('usage', 'usage', `${command.name} needs ${argument.name}`, {
        hint: command === wizard ? 'opstimal-move [FOLDER]' : usageOf(command),
      });
    }
    if (take.includes('')) {
      throw new Failure('usage', 'usage', `${argument.name} is empty`, { hint: usageOf(command) });
    }
    placed[argument.name] = take;
    at += take.length;
  }
  if (at < words.length) {
    throw new Failure('usage', 'usage', `${command.name} does not know what to do with ${words[at]}`, {
      hint: command === wizard ? 'opstimal-move [FOLDER]' : usageOf(command),
    });
  }
  return placed;
}
