/**
 * show: what a person, a script and a screen reader meet.
 *
 * Rules of this folder:
 * - it decides nothing: what is shown comes from work's events and results, and is drawn from their published form;
 * - stdout is the result, stderr is everything else; with --json nothing but JSON is on stdout;
 * - only `commands/` calls work, only `wizard/` knows Ink, and neither is imported before its command is known;
 * - names from servers are quoted before they get here; meaning is never by colour alone.
 *
 * This file is the one table of commands. Parsing, `--help`, `help`, completion and the manual page are drawn
 * from it, so none of them can forget an option.
 */
import type { FailureCode } from '../failure.ts';

/** What a shell can complete at this place. */
export type Completes = 'place' | 'folder' | 'side' | 'file' | 'class' | 'topic' | 'shell' | 'nothing';

export interface Option {
  readonly name: string;
  readonly short?: string;
  /** Name of its value in help, for example `FILE`; without it the option takes none. */
  readonly value?: string;
  readonly many?: true;
  readonly completes?: Completes;
  readonly summary: string;
}

export interface Argument {
  readonly name: string;
  readonly optional?: true;
  readonly many?: true;
  readonly completes: Completes;
}

export interface Command {
  readonly name: string;
  readonly arguments: readonly Argument[];
  readonly options: readonly Option[];
  readonly summary: string;
  readonly details: readonly string[];
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /** Codes it may end with besides 0, 1, 2 and 130. */
  readonly exits: readonly FailureCode[];
}

export const globalOptions: readonly Option[] = [
  { name: 'json', summary: 'results as JSON on stdout: one object, or JSON lines for long work' },
  { name: 'no-input', summary: 'never ask; end with exit code 4 and name the missing option' },
  { name: 'quiet', short: 'q', summary: 'no progress and no talk on stderr, only warnings and errors' },
  { name: 'verbose', short: 'v', summary: 'every step and every fact, also those with nothing to do' },
  { name: 'no-color', summary: 'no colour; NO_COLOR and TERM=dumb do the same' },
  { name: 'ascii', summary: 'ASCII symbols only' },
  {
    name: 'password-file',
    value: 'FILE',
    completes: 'file',
    summary: 'first line of FILE answers questions for a password or passphrase',
  },
  {
    name: 'password-command',
    value: 'COMMAND',
    summary: 'first line COMMAND prints answers questions for a password or passphrase',
  },
  {
    name: 'profiles',
    value: 'DIR',
    many: true,
    completes: 'file',
    summary: 'read profiles of services from DIR, too; may be given again',
  },
  { name: 'help', short: 'h', summary: 'show help' },
  { name: 'version', summary: 'show the version' },
];

const source: Argument = { name: 'SOURCE', completes: 'place' };
const destination: Argument = { name: 'DEST', completes: 'place' };
const folder: Argument = { name: 'FOLDER', completes: 'folder' };
const perhapsFolder: Argument = { name: 'FOLDER', completes: 'folder', optional: true };

const yes: Option = { name: 'yes', short: 'y', summary: 'do not ask for the word yes' };
const only: Option = {
  name: 'only',
  value: 'PATH',
  many: true,
  summary: 'only this path and what is below it; may be given again',
};
const dryRun: Option = { name: 'dry-run', short: 'n', summary: 'say what would be done, change nothing' };
const differences: Option = { name: 'exit-code', summary: 'exit code 5 when there are differences' };
const all: Option = { name: 'all', summary: 'show every line, not the first of each kind' };
const noOriginals: Option = {
  name: 'no-originals',
  summary: 'download nothing to find out what was changed in files of packages',
};
const confirm: Option = {
  name: 'confirm',
  value: 'NAME',
  summary: 'name of the source, typed here instead of at the question',
};

const recipient: Option = {
  name: 'recipient',
  value: 'AGE1…',
  many: true,
  completes: 'nothing',
  summary: 'seal secrets for this age recipient; may be given again, and is remembered',
};
const recipientsFile: Option = {
  name: 'recipients-file',
  value: 'FILE',
  many: true,
  completes: 'file',
  summary: 'recipients from FILE, one a line',
};
const identity: Option = {
  name: 'identity',
  value: 'FILE',
  completes: 'file',
  summary: 'key that opens the sealed secrets, for when the source cannot be reached any more',
};

const reach: readonly FailureCode[] = ['needs-person', 'refused', 'unreachable'];
const reachLocked: readonly FailureCode[] = ['needs-person', 'locked', 'refused', 'unreachable'];

export const commands: readonly Command[] = [
  {
    name: 'scan',
    arguments: [source, perhapsFolder],
    options: [recipient, recipientsFile, noOriginals],
    summary: 'look at a server and write its manifest; reads only',
    details: [
      'Asks the server what is installed and what is running, lists its file systems once, gives every path a class and writes the manifest into FOLDER (the name of the server with .move when none is given).',
      'Secrets are read from the server when they are needed and not stored. With recipients, FOLDER keeps them too, sealed in the format of age: then a server that is lost can be made again from FOLDER and a key.',
      'To show what was changed in a file of a package, its original is needed. What is not on the server is downloaded by this machine: only packages with edited files, from where apt of the server would get them, over http or https, checked against its signed lists, at most 512 MB in 5 minutes. --no-originals leaves that out; edited files are carried whole all the same.',
    ],
    examples: [
      { line: 'opstimal-move scan root@web1', does: 'writes web1.move' },
      {
        line: 'opstimal-move scan disk:/mnt/old web1.move',
        does: 'the disk of a machine that no longer starts',
      },
    ],
    exits: ['partial', ...reachLocked],
  },
  {
    name: 'explain',
    arguments: [folder, { name: 'PATH', completes: 'nothing' }],
    options: [],
    summary: 'why a path has its class, and how to override it',
    details: [
      'Prints the class, the rule, what was seen and how the path will travel. For an edited file of a package, what was changed in it as a patch; values of secrets are left out.',
    ],
    examples: [{ line: 'opstimal-move explain web1.move /srv/uploads', does: 'class, rule and evidence' }],
    exits: [],
  },
  {
    name: 'decide',
    arguments: [folder, { name: 'PATH', completes: 'nothing' }, { name: 'CLASS', completes: 'class' }],
    options: [{ name: 'note', value: 'TEXT', summary: 'why, kept with the decision' }],
    summary: 'give a path a class; appended to decisions.jsonl',
    details: [
      'CLASS is mutable, secret, edited, immutable, identity, ephemeral, or none to take a decision back. It speaks for the whole tree below PATH. Nothing is edited: the newest decision for a path wins.',
    ],
    examples: [
      {
        line: 'opstimal-move decide web1.move /opt/thing mutable --note "made by hand"',
        does: 'carries it as data',
      },
    ],
    exits: ['locked'],
  },
  {
    name: 'manifest',
    arguments: [folder],
    options: [
      {
        name: 'output',
        short: 'o',
        value: 'FILE',
        completes: 'file',
        summary: 'write to FILE instead of stdout',
      },
      {
        name: 'check',
        value: 'SOURCE',
        completes: 'place',
        summary: 'scan SOURCE again and show where it differs',
      },
      differences,
    ],
    summary: 'print the manifest, or check whether the server still matches it',
    details: [
      'The same server gives the same manifest, byte for byte. --check says what diff FOLDER SOURCE says.',
    ],
    examples: [
      { line: 'opstimal-move manifest web1.move -o web1.yaml', does: 'writes it to a file' },
      {
        line: 'opstimal-move manifest web1.move --check root@web1 --exit-code',
        does: 'exit code 5 when the server drifted',
      },
    ],
    exits: ['differences', ...reach],
  },
  {
    name: 'diff',
    arguments: [
      { name: 'A', completes: 'side' },
      { name: 'B', completes: 'side' },
    ],
    options: [
      {
        name: 'html',
        value: 'FILE',
        completes: 'file',
        summary: 'write one page that stands for itself to FILE; no patches on stdout then',
      },
      { name: 'stat', summary: 'no lines of files' },
      differences,
    ],
    summary: 'what is different between any two of place and folder',
    details: [
      'A and B are places or folders. A place is scanned, with the decisions of the folder it is compared with, into a directory that is removed at the end; nothing is written on it. What one side could not be asked is called unknown, not missing. Values of secrets are left out.',
    ],
    examples: [
      { line: 'opstimal-move diff web1.move root@web1', does: 'what changed since the scan' },
      { line: 'opstimal-move diff root@web1 root@web2 --html web.html', does: 'two servers, as a page' },
    ],
    exits: ['differences', ...reach],
  },
  {
    name: 'validate',
    arguments: [{ name: 'FOLDER|FILE', completes: 'file', many: true }],
    options: [],
    summary: 'check a folder, a manifest or a profile; names line and column of each mistake',
    details: [
      'Checks the files of a folder and that the contents the manifest names are there and are what they were. Ends with 1 when anything is wrong. Contents that nothing names any more are told and are no mistake.',
    ],
    examples: [
      { line: 'opstimal-move validate web1.move', does: 'after an edit by hand or a merge' },
      { line: 'opstimal-move validate profiles/*.yaml', does: 'own profiles' },
    ],
    exits: [],
  },
  {
    name: 'plan',
    arguments: [folder, destination],
    options: [all, differences, identity],
    summary: 'what apply and sync would do; writes plan.json, changes nothing',
    details: [
      'Compares the manifest with DEST and writes plan.json. What is shown is what apply does; a plan that no longer fits is refused.',
    ],
    examples: [{ line: 'opstimal-move plan web1.move root@web2', does: 'shows the plan and saves it' }],
    exits: ['differences', ...reachLocked],
  },
  {
    name: 'apply',
    arguments: [folder, destination],
    options: [yes, identity],
    summary: 'make DEST what the manifest says; services stay stopped there',
    details: [
      'Does exactly the saved plan for DEST. Without one, it makes the plan, shows it and asks for the word yes (--yes answers it). A second run finds nothing to do.',
    ],
    examples: [
      { line: 'opstimal-move apply web1.move root@web2', does: 'after plan' },
      { line: 'opstimal-move apply web1.move root@web2 --yes', does: 'plan and apply in one' },
      {
        line: 'opstimal-move apply web1.move root@web2 --identity ~/web1.key',
        does: 'web1 is gone; its secrets come from the folder',
      },
    ],
    exits: ['partial', ...reachLocked],
  },
  {
    name: 'sync',
    arguments: [folder, destination],
    options: [
      { name: 'until-quiet', summary: 'repeat until another pass would not help' },
      only,
      dryRun,
      {
        name: 'allow-deletions',
        summary: 'delete on DEST even when unusually much of what was carried is gone from the source',
      },
      yes,
    ],
    summary: 'one pass of the data: copies what changed since the last one',
    details: [
      'Copies what the last scan called data. Run it as often as you like; a broken pass is simply run again. It asks for the word yes (--yes answers it) when no plan for DEST was made in FOLDER.',
    ],
    examples: [
      {
        line: 'opstimal-move sync web1.move root@web2 --until-quiet',
        does: 'until the last pass finds little',
      },
      {
        line: 'opstimal-move sync web1.move root@web2 --only /srv/www --dry-run',
        does: 'counts, copies nothing',
      },
    ],
    exits: ['partial', ...reachLocked],
  },
  {
    name: 'cutover',
    arguments: [folder, destination],
    options: [confirm],
    summary: 'stop services on the source, carry the rest, start them on DEST, verify',
    details: [
      'Stops the services of the source, makes the last pass and the database dumps, starts the services on DEST and verifies. If anything fails, the services of the source are started again. Ask for it by the name of the source: typed on a terminal, or --confirm=NAME.',
    ],
    examples: [
      { line: 'opstimal-move cutover web1.move root@web2 --confirm=web1', does: 'without a question' },
    ],
    exits: ['partial', ...reachLocked],
  },
  {
    name: 'rollback',
    arguments: [folder],
    options: [yes, confirm],
    summary: 'after a cutover: services on the source up again, on DEST down',
    details: [
      'Takes both places from FOLDER. What was written on DEST after the cutover stays there and is not carried back.',
    ],
    examples: [{ line: 'opstimal-move rollback web1.move --yes', does: 'the source answers again' }],
    exits: reachLocked,
  },
  {
    name: 'verify',
    arguments: [folder, destination],
    options: [all, differences],
    summary: 'both sides compared live: green, red, by hand',
    details: ['Reads both servers, changes nothing.'],
    examples: [
      {
        line: 'opstimal-move verify web1.move root@web2 --exit-code',
        does: 'exit code 5 when anything is red',
      },
    ],
    exits: ['differences', ...reachLocked],
  },
  {
    name: 'move',
    arguments: [source, destination, perhapsFolder],
    options: [
      yes,
      confirm,
      {
        name: 'rehearse',
        summary: 'stop before cutover; nothing is changed on the source',
      },
      noOriginals,
    ],
    summary: 'scan, plan, apply, sync, cutover and verify in one',
    details: [
      'Without a terminal it needs --yes, which speaks for the cutover too. After a break, run it again: it goes on where it stopped.',
    ],
    examples: [
      { line: 'opstimal-move move root@web1 root@web2 --yes', does: 'the whole move' },
      { line: 'opstimal-move move root@web1 root@web2 --rehearse', does: 'all of it but the cutover' },
    ],
    exits: ['partial', ...reachLocked],
  },
  {
    name: 'seal',
    arguments: [folder],
    options: [
      {
        name: 'new-key',
        value: 'FILE',
        completes: 'file',
        summary: 'make a key in FILE, which must not exist, and seal for it',
      },
      recipient,
      recipientsFile,
    ],
    summary: 'for whom the secrets of a folder are sealed from the next scan on',
    details: [
      'Recipients stand in recipients.txt of FOLDER, one a line; a line that is taken out counts from the next scan on. Without options it lists them. Keys and sealed files are those of age, which opens them as well: age -d -i FILE.',
    ],
    examples: [
      {
        line: 'opstimal-move seal web1.move --new-key ~/web1.key',
        does: 'makes a key; keep it apart from web1.move',
      },
      {
        line: 'opstimal-move seal web1.move --recipients-file admins.txt',
        does: 'for everybody named there',
      },
    ],
    exits: ['locked'],
  },
  {
    name: 'unseal',
    arguments: [folder, { name: 'PATH', completes: 'nothing' }],
    options: [identity],
    summary: 'print one sealed secret, as it was on the source',
    details: [
      'Writes the content of the file to stdout and nothing else. /etc/shadow gives the lines of the users in the manifest.',
    ],
    examples: [
      {
        line: 'opstimal-move unseal web1.move /etc/redis/redis.conf --identity ~/web1.key',
        does: 'to the terminal',
      },
    ],
    exits: ['refused'],
  },
  {
    name: 'doctor',
    arguments: [{ name: 'PLACE', completes: 'place', many: true }],
    options: [],
    summary: 'what is reachable, which privileges and tools are there, what would be degraded',
    details: ['Connects to each place and changes nothing.'],
    examples: [{ line: 'opstimal-move doctor root@web1 root@web2', does: 'both ends of a move' }],
    exits: ['partial', ...reach],
  },
  {
    name: 'completion',
    arguments: [{ name: 'SHELL', completes: 'shell' }],
    options: [],
    summary: 'completion for bash, zsh or fish',
    details: ['Prints a script for the shell to read.'],
    examples: [
      { line: 'source <(opstimal-move completion bash)', does: 'in ~/.bashrc' },
      { line: 'opstimal-move completion fish > ~/.config/fish/completions/opstimal-move.fish', does: 'once' },
    ],
    exits: [],
  },
  {
    name: 'man',
    arguments: [],
    options: [],
    summary: 'the manual page, as roff',
    details: ['Prints the manual page.'],
    examples: [{ line: 'opstimal-move man | man -l -', does: 'reads it' }],
    exits: [],
  },
  {
    name: 'help',
    arguments: [{ name: 'TOPIC', completes: 'topic', optional: true }],
    options: [],
    summary: 'help on a command or a topic',
    details: [
      'TOPIC is a command, one of exit-codes, environment, places, folder, confirmation and keys, or the code an error ends with.',
    ],
    examples: [{ line: 'opstimal-move help exit-codes', does: 'what the numbers mean' }],
    exits: [],
  },
];

/** Commands that are promised and not there yet; they answer `not supported yet` with exit code 2. */
export const laterCommands: readonly string[] = [
  'undo',
  'init',
  'backup',
  'snapshots',
  'ls',
  'find',
  'dump',
  'restore',
  'check',
  'forget',
  'prune',
  'unlock',
  'key',
  'rebuild',
  'schedule',
  'export',
];

export function commandNamed(name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}

/** Options that a command takes, its own first. */
export function optionsOf(command: Command): readonly Option[] {
  return [...command.options, ...globalOptions];
}

/** `opstimal-move scan SOURCE [FOLDER]`. */
export function usageOf(command: Command): string {
  const words = command.arguments.map((argument) => {
    const name = argument.many ? `${argument.name}...` : argument.name;
    return argument.optional ? `[${name}]` : name;
  });
  const options = command.options.map((option) => {
    const value = option.value === undefined ? '' : `=${option.value}`;
    return `[--${option.name}${value}]`;
  });
  return ['opstimal-move', command.name, ...words, ...options].join(' ');
}
