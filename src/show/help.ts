/** Help text, drawn from the tables of commands and topics; plain lines of at most 80 columns or so. */
import { Failure } from '../failure.ts';
import {
  type Command,
  commandNamed,
  commands,
  globalOptions,
  type Option,
  usageOf,
} from './commands-table.ts';
import { exitMeanings, exitNumber } from './exit.ts';
import { nearest } from './nearest.ts';
import { generalTopics, type Topic, topicNamed, topics } from './topics.ts';
import { wrap } from './wrap.ts';

/** Text behind a start, its further lines below its first word. */
function hanging(start: string, text: string): string {
  return start + wrap(text, 80, ' '.repeat(start.length)).trimStart();
}

/** Left column and right column; the right one is wrapped below itself. */
function rows(pairs: readonly (readonly [string, string])[]): string[] {
  const left = Math.min(30, Math.max(...pairs.map(([name]) => name.length)) + 2);
  return pairs.flatMap(([name, text]) => {
    const wrapped = wrap(text, 80 - left - 2).split('\n');
    const first = name.length >= left ? [`  ${name}`] : [];
    const head = first.length > 0 ? ''.padEnd(left) : name.padEnd(left);
    return [
      ...first,
      `  ${head}${wrapped[0]}`,
      ...wrapped.slice(1).map((line) => `  ${''.padEnd(left)}${line}`),
    ];
  });
}

export function optionWords(option: Option): string {
  const value = option.value === undefined ? '' : `=${option.value}`;
  return option.short === undefined
    ? `--${option.name}${value}`
    : `-${option.short}, --${option.name}${value}`;
}

function optionRows(options: readonly Option[]): string[] {
  return rows(options.map((option) => [optionWords(option), option.summary]));
}

/** `opstimal-move --help`. */
export function overview(): string {
  return [
    'opstimal-move moves a hand-built server to another machine, and proves that it arrived.',
    '',
    'Usage: opstimal-move [COMMAND] [ARGUMENTS] [OPTIONS]',
    '       opstimal-move              the wizard, over everything below',
    '',
    'Commands:',
    ...rows(commands.map((command) => [command.name, command.summary])),
    '',
    'Options of every command:',
    ...optionRows(globalOptions),
    '',
    'Examples:',
    '  opstimal-move scan root@web1',
    '  opstimal-move plan web1.move root@web2',
    '  opstimal-move move root@web1 root@web2 --rehearse',
    '',
    `Topics: ${generalTopics
      .slice(0, 5)
      .map((topic) => topic.name)
      .join(', ')}, keys (opstimal-move help TOPIC)`,
    '',
  ].join('\n');
}

/** `opstimal-move COMMAND --help`. */
export function commandHelp(command: Command): string {
  const exits = exitMeanings.filter(
    ({ code }) => code === null || ['failed', 'usage', 'interrupted', ...command.exits].includes(code),
  );
  return [
    `opstimal-move ${command.name}: ${command.summary}`,
    '',
    hanging('Usage: ', usageOf(command)),
    '',
    ...command.details.map((text) => `${wrap(text, 80)}\n`),
    ...(command.options.length === 0 ? [] : ['Options:', ...optionRows(command.options), '']),
    'Options of every command:',
    ...optionRows(globalOptions),
    '',
    'Examples:',
    ...command.examples.flatMap(({ line, does }) => [`  # ${does}`, `  ${line}`]),
    '',
    'Exit codes:',
    ...exits.map(({ code, meaning }) => hanging(`${String(exitNumber(code)).padStart(4)}  `, meaning)),
    '',
  ].join('\n');
}

export function topicHelp(topic: Topic): string {
  return `${topic.name}: ${topic.title}\n\n${topic.paragraphs.map((text) => wrap(text, 80)).join('\n\n')}\n`;
}

/** `opstimal-move help [TOPIC]`; `keys` comes from the wizard's own table and is handed in by the command. */
export function helpOn(name: string | undefined, more: readonly Topic[] = []): string {
  if (name === undefined) return overview();
  const command = commandNamed(name);
  const topic = topicNamed(name) ?? more.find((each) => each.name === name);
  // Some errors are named after the command that they are about.
  const parts = [
    ...(command === undefined ? [] : [commandHelp(command)]),
    ...(topic === undefined
      ? []
      : [`${command === undefined ? '' : 'As the code of an error:\n\n'}${topicHelp(topic)}`]),
  ];
  if (parts.length > 0) return parts.join('\n');
  const near = nearest(
    name,
    [...commands, ...topics, ...more].map((each) => each.name),
  );
  throw new Failure('usage', 'usage', `there is no help on ${name}`, {
    hint: near === null ? 'topics: opstimal-move help' : `did you mean: opstimal-move help ${near}`,
  });
}

/** Names of everything `help` knows. */
export function helpNames(): string[] {
  return [...commands.map((command) => command.name), ...topics.map((topic) => topic.name), 'keys'];
}
