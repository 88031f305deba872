/**
 * Engines move what only they can read: their own logical dump, piped from the source's server straight into
 * the destination's. Nothing is written on the way.
 *
 * Rules of this folder:
 * - names from a server are quoted by the language they go into (SQL, connection string, shell) and nowhere else;
 * - password hashes pass through memory and stdin, never through an argument, an event, a file of ours or an error;
 * - both ends of a pipe are asked how it went, and the dump itself has to say that it is whole;
 * - nothing on the destination is dropped that an earlier run of the same folder did not make.
 */
import { redactText } from '../../decide/redact-text.ts';
import type { Observation } from '../../decide/report.ts';
import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import type { Notice, Work } from '../../types.ts';

export interface DatabaseSize {
  /** As text; `engine` knows how to spell it for its server. */
  readonly name: string;
  readonly bytes: number;
}

export interface Transfer {
  readonly source: Host;
  readonly destination: Host;
  readonly signal: AbortSignal;
  /** Flushed before it returns; written before anything on the destination is made. */
  readonly journal: (line: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Whether an earlier run of this folder made the database on this destination. */
  readonly madeByUs: (name: string) => boolean;
}

export interface Transferred {
  readonly databases: number;
  readonly bytes: number;
  readonly notices: readonly Notice[];
}

export interface Engine {
  readonly name: 'postgresql' | 'mariadb';
  /** Its units, on every version of the system. */
  readonly units: RegExp;
  /** Whether a server of this engine answers. */
  answers(host: Host): Promise<boolean>;
  /** Major version of the server; where there are several, the newest. */
  major(host: Host): Promise<number>;
  /** Databases that would travel, with their sizes on the server. */
  list(host: Host): Promise<readonly DatabaseSize[]>;
  /** Makes the destination ready and finds everything that would make the load fail, while the source still works. */
  prepare(transfer: Transfer): Work<readonly Notice[]>;
  /** Stops what writes inside the server itself (event schedulers). Gives the words that start it again. */
  quiet(source: Host): Promise<readonly QuietStep[]>;
  /** Starts on the destination what `quiet` stopped on the source. */
  wake(destination: Host): Promise<void>;
  /** A value that changes when anybody writes rows. */
  writes(source: Host): Promise<string>;
  transfer(transfer: Transfer): Work<Transferred>;
  /** Work on the loaded data that may go on while files travel (statistics). */
  finish(destination: Host): Promise<readonly Notice[]>;
  /** What verify compares. `key` makes digests of secrets that mean nothing without it. */
  observe(host: Host, options: ObserveOptions): Promise<readonly Observation[]>;
}

/** A change on the source and its inverse, both as argv, for the journal. */
export interface QuietStep {
  readonly what: string;
  readonly argv: readonly [string, ...string[]];
  readonly inverse: readonly [string, ...string[]];
}

export interface ObserveOptions {
  readonly key: Buffer;
  /** Major version of the other side, for what was renamed in between; null when it is the same. */
  readonly asVersion: number | null;
}

/** First line of an error that a server's client printed, without what it quotes from the statement. */
export function clientError(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const line =
    lines.find((one) => /\b(ERROR|FATAL|error)\b/.test(one)) ?? lines.find((one) => one !== '') ?? '';
  return redactText(line.replace(/^psql:[^ ]* /, '')).slice(0, 300) || 'no reason given';
}

/** JSON that a server answered; anything else is damage. */
export function parseAnswer<T>(text: string, from: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new Failure('failed', 'database', `${from} gave an answer that makes no sense`, { cause });
  }
}
