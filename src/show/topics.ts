/**
 * Help topics: what `help TOPIC` prints and the manual page repeats. Each topic a Failure can carry is one of
 * them; a test walks the source and compares.
 */
import { exitMeanings, exitNumber } from './exit.ts';
import { failureTopics } from './failure-topics.ts';

export interface Topic {
  readonly name: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
}

function exitCodes(): string[] {
  return exitMeanings.map(({ code, meaning }) => `${String(exitNumber(code)).padStart(4)}  ${meaning}`);
}

/** Environment variables we read, with their meaning. */
export const environmentVariables: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: 'NO_COLOR', meaning: 'any value: no colour' },
  { name: 'FORCE_COLOR', meaning: 'colour even without a terminal; 0 = none' },
  { name: 'TERM', meaning: 'dumb: no colour, no cursor movement' },
  { name: 'LC_ALL, LC_CTYPE, LANG', meaning: 'without UTF-8 in them: ASCII symbols' },
  {
    name: 'OPSTIMAL_PROGRESS',
    meaning: 'seconds between progress lines when stderr is no terminal (30)',
  },
  { name: 'OPSTIMAL_SSH_CONFIG', meaning: 'a file to use instead of ~/.ssh/config' },
  {
    name: 'XDG_CONFIG_HOME',
    meaning: 'profiles of your own are in opstimal-move/profiles there (~/.config)',
  },
  { name: 'INK_SCREEN_READER', meaning: 'true: the wizard in its spoken form' },
  { name: 'HOME, USER, SSH_AUTH_SOCK', meaning: 'as ssh uses them: ~/.ssh, the login name, the agent' },
];

export const generalTopics: readonly Topic[] = [
  {
    name: 'exit-codes',
    title: 'what the exit codes mean',
    paragraphs: [exitCodes().join('\n'), 'With --json the last line carries the code and its name.'],
  },
  {
    name: 'environment',
    title: 'environment variables',
    paragraphs: [environmentVariables.map(({ name, meaning }) => `${name.padEnd(26)} ${meaning}`).join('\n')],
  },
  {
    name: 'places',
    title: 'how to write SOURCE and DEST',
    paragraphs: [
      'user@host[:port], or an alias from ~/.ssh/config; local for this machine; disk:/mnt/old for the root of a machine that does not run.',
    ],
  },
  {
    name: 'folder',
    title: 'the migration folder',
    paragraphs: [
      'The only state there is; safe to commit to git, for it holds no secret. scan makes it, every other command opens it. A directory that holds other things is refused, and one without a manifest is only half a folder: scan again, nothing in it is lost.',
      'hosts.yaml  the two places\nmanifest.yaml  what can be made again\nmanifest.schema.json  completes the manifest in an editor\nfiles/  edited configuration\ndecisions.jsonl  who decided what\nplan.json  the last plan\nruns/  journal and report of each run',
    ],
  },
  {
    name: 'confirmation',
    title: 'what is asked before something changes',
    paragraphs: [
      'Mild: writes only into the folder; told, not asked. Moderate: writes on the destination; the word yes, or --yes. Severe: stops services on the source; the name of the source typed, or --confirm=NAME. move --yes speaks for both.',
      'Without a terminal, or with --no-input, nothing is asked: exit code 4, and the missing option is named.',
    ],
  },
  {
    name: 'usage',
    title: 'wrong usage',
    paragraphs: ['opstimal-move --help lists the commands, opstimal-move COMMAND --help its options.'],
  },
  {
    name: 'not-yet',
    title: 'commands of a later version',
    paragraphs: ['The command is promised and not built yet. opstimal-move --help lists those that work.'],
  },
  {
    name: 'node-version',
    title: 'Node is too old',
    paragraphs: [
      'opstimal-move needs Node 22.15 or newer: it reads zstd with it, and its terminal library asks for it.',
    ],
  },
];

export const topics: readonly Topic[] = [...generalTopics, ...failureTopics];

export function topicNamed(name: string): Topic | undefined {
  return topics.find((topic) => topic.name === name);
}
