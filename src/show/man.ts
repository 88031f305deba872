/** The manual page as roff (man(7) macros), drawn from the same tables as the help. */
import { type Command, commands, globalOptions, type Option, usageOf } from './commands-table.ts';
import { exitMeanings, exitNumber } from './exit.ts';
import { environmentVariables, topics } from './topics.ts';

/** A line that roff shows as it is: no escapes, no request at its beginning, hyphens that can be copied. */
function text(line: string): string {
  const escaped = line.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function option(each: Option): string {
  const short = each.short === undefined ? '' : `\\fB\\-${each.short}\\fR, `;
  const value = each.value === undefined ? '' : `=\\fI${each.value}\\fR`;
  return `.TP\n${short}\\fB\\-\\-${text(each.name)}\\fR${value}\n${text(each.summary)}`;
}

function section(command: Command): string[] {
  return [
    `.SS ${text(command.name)}`,
    `\\fB${text(usageOf(command))}\\fR`,
    ...command.details.flatMap((paragraph) => ['.PP', text(paragraph)]),
    ...command.options.map(option),
    ...command.examples.flatMap(({ line, does }) => [
      '.PP',
      `${text(does)}:`,
      '.PP',
      '.nf',
      `    ${text(line)}`,
      '.fi',
    ]),
  ];
}

/** The whole page. */
export function manualPage(version: string): string {
  return [
    `.TH OPSTIMAL\\-MOVE 1 "" "opstimal\\-move ${version}" "User Commands"`,
    '.SH NAME',
    'opstimal\\-move \\- move a hand\\-built server to another machine, and prove that it arrived',
    '.SH SYNOPSIS',
    '\\fBopstimal\\-move\\fR [\\fICOMMAND\\fR] [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]',
    '.SH DESCRIPTION',
    text(
      'Without a command it opens the wizard. SOURCE and DEST are user@host[:port], an alias of ~/.ssh/config, local, or disk:/mnt/old.',
    ),
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH OPTIONS',
    ...globalOptions.map(option),
    '.SH EXIT STATUS',
    ...exitMeanings.map(({ code, meaning }) => `.TP\n.B ${exitNumber(code)}\n${text(meaning)}`),
    '.SH ENVIRONMENT',
    ...environmentVariables.map(({ name, meaning }) => `.TP\n.B ${text(name)}\n${text(meaning)}`),
    '.SH ERRORS',
    ...topics.map((topic) => `.TP\n.B ${text(topic.name)}\n${text(topic.title)}`),
    '',
  ].join('\n');
}
