/**
 * Questions to a person on the terminal, and their answers from a file or a command. Without a terminal, or
 * with --no-input, nothing is asked: a Failure names the option that would answer.
 */
import { Failure } from '../failure.ts';
import type { Asker } from '../host/host.ts';

/** A line of text from the person; `hidden` shows nothing of it. null = the person gave up (Ctrl-D, Ctrl-C). */
export type AskLine = (question: string, hidden: boolean) => Promise<string | null>;

export interface PromptOptions {
  /** null = nobody can be asked. */
  readonly ask: AskLine | null;
  /** First line of --password-file or of what --password-command prints; null = neither was given. */
  readonly givenSecret: (() => Promise<string>) | null;
}

/** Answers `host/`'s questions. A given secret answers each question once: asked again, it was wrong. */
export function makeAsker(options: PromptOptions): Asker {
  const given = new Set<string>();
  return {
    async trustHostKey({ host, type, fingerprint }) {
      if (options.ask === null) {
        throw new Failure('refused', 'host-key-unknown', `the host key of ${host} is not known`, {
          during: `${type} ${fingerprint}`,
          hint: `compare it with the server's own, then: ssh-keyscan ${keyscanArguments(host)} >> ~/.ssh/known_hosts`,
        });
      }
      const answer = await options.ask(
        `The host key of ${host} is not known.\n  ${type} ${fingerprint}\nTrust it from now on? Type yes: `,
        false,
      );
      return answer?.trim().toLowerCase() === 'yes';
    },
    async secret(question) {
      const name = `${question.what} ${question.for}`;
      if (options.givenSecret !== null) {
        if (given.has(name)) return null;
        given.add(name);
        return options.givenSecret();
      }
      if (options.ask === null) {
        throw new Failure(
          'needs-person',
          'secret-needed',
          `${words[question.what]} ${question.for} is needed`,
          {
            hint: 'give it with --password-file FILE or --password-command COMMAND, or use a key in ssh-agent',
          },
        );
      }
      return options.ask(`${capital(words[question.what])} ${question.for}: `, true);
    },
  };
}

const words = {
  password: 'the password of',
  passphrase: 'the passphrase of',
  sudo: 'the password for sudo on',
} as const;

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `[host]:port` of known_hosts as arguments of ssh-keyscan; anything odd is left to the person. */
function keyscanArguments(host: string): string {
  const match = /^\[?([A-Za-z0-9._:-]+?)\]?(?::(\d+))?$/.exec(host);
  if (match === null) return 'HOST';
  return match[2] === undefined ? (match[1] as string) : `-p ${match[2]} ${match[1]}`;
}

/** Grades of confirmation; mild ones are only told. */
export type Confirmation =
  | { readonly grade: 'moderate'; readonly question: string }
  | { readonly grade: 'severe'; readonly question: string; readonly names: readonly string[] };

/** What the command line answered already. */
export interface Consent {
  readonly yes: boolean;
  readonly confirm: string | undefined;
}

/**
 * Asks for the word yes, or for the name of the source; returns when it was given. Without anybody to ask it
 * throws `needs-person` with the name of the option, and `usage` when --confirm names something else.
 */
export async function confirm(question: Confirmation, consent: Consent, ask: AskLine | null): Promise<void> {
  if (question.grade === 'moderate') {
    if (consent.yes) return;
    if (ask === null) throw cannotAsk(question.question, '--yes');
    const answer = await ask(`${question.question}\nType yes to do it: `, false);
    if (answer?.trim() === 'yes') return;
    throw notConfirmed();
  }
  const name = question.names[0] ?? '';
  const fits = (text: string): boolean => question.names.includes(text.trim());
  if (consent.confirm !== undefined) {
    if (fits(consent.confirm)) return;
    throw new Failure(
      'usage',
      'not-confirmed',
      `--confirm=${consent.confirm} is not the name of the source`,
      {
        hint: `--confirm=${name}`,
      },
    );
  }
  if (ask === null) throw cannotAsk(question.question, `--confirm=${name}`);
  const answer = await ask(`${question.question}\nType the name of the source, ${name}: `, false);
  if (answer !== null && fits(answer)) return;
  throw notConfirmed();
}

function cannotAsk(question: string, option: string): Failure {
  return new Failure(
    'needs-person',
    'confirmation-needed',
    'this needs a confirmation, and nobody can be asked',
    {
      during: question,
      hint: `to answer it now: ${option}`,
    },
  );
}

function notConfirmed(): Failure {
  return new Failure('needs-person', 'not-confirmed', 'not confirmed; nothing was changed');
}
