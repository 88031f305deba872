/**
 * Everything a command gets from `cli.ts`, as values: what was asked for, where to write, how to ask. No other
 * file of the program reads argv, the environment, the clock or the terminal.
 */
import type { Event, Work } from '../types.ts';
import type { Surroundings } from '../work/work.ts';
import { jsonLine, progressGate } from './json.ts';
import type { Parsed } from './parse.ts';
import { redactedEvent } from './redacted.ts';
import type { Symbols } from './symbols.ts';
import type { Talk } from './text.ts';

export interface Settings {
  readonly json: boolean;
  readonly noInput: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** For stdout; stderr has its own in Talk. */
  readonly color: boolean;
  readonly symbols: Symbols;
  readonly passwordFile: string | null;
  readonly passwordCommand: string | null;
}

export interface Terminal {
  /** Whether a person can be asked: stdin and stderr are terminals and --no-input was not given. */
  readonly canAsk: boolean;
  /** Whether the wizard can run: stdin and stdout are terminals. */
  readonly interactive: boolean;
  readonly columns: () => number;
}

export interface Session {
  readonly parsed: Parsed;
  readonly settings: Settings;
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly surroundings: Surroundings;
  readonly version: string;
  /** Writes to stdout. */
  readonly out: (text: string) => void;
  /** The same for content that need not be text. */
  readonly outBytes: (bytes: Uint8Array) => void;
  /** Talk and progress on stderr. */
  readonly talk: Talk;
  /** Closed at the end, in turn, whatever happens: hosts, locks. */
  readonly closing: (() => Promise<void>)[];
}

/** One value of an argument by its name in the table. */
export function argumentOf(session: Session, name: string): string | undefined {
  return session.parsed.arguments[name]?.[0];
}

export function optionValue(session: Session, name: string): string | undefined {
  return session.parsed.values[name]?.at(-1);
}

/** Runs work to its end; events go to the talk, and as JSON lines to stdout when those were asked for. */
export async function runWork<T>(session: Session, work: Work<T>): Promise<T> {
  const due = progressGate();
  try {
    for (;;) {
      const step = await work.next();
      if (step.done) return step.value;
      show(session, redactedEvent(step.value), due);
    }
  } finally {
    session.talk.rest();
  }
}

function show(session: Session, event: Event, due: ReturnType<typeof progressGate>): void {
  const now = session.surroundings.now();
  session.talk.event(event, now);
  if (!session.settings.json) return;
  if (event.kind === 'progress' && !due(event, now)) return;
  session.out(jsonLine(event));
}

/** The result: the last JSON line, or the text for people. */
export function showResult(
  session: Session,
  fields: Readonly<Record<string, unknown>>,
  text: () => string,
): void {
  session.out(session.settings.json ? jsonLine({ kind: 'result', ...fields }) : text());
}
