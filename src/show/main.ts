/** From the command line to the exit code: parse, run the command, tell the error, close what was opened. */
import { Failure } from '../failure.ts';
import { exitCode } from './exit.ts';
import { wantsColor } from './paint.ts';
import { type Parsed, parseCommandLine } from './parse.ts';
import type { Session } from './session.ts';
import { ascii, unicode, wantsUnicode } from './symbols.ts';

/** What `cli.ts` hands over. */
export interface Outside {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly outBytes: (bytes: Uint8Array) => void;
  readonly err: (text: string) => void;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly columns: () => number;
  readonly now: () => number;
  readonly by: () => string;
  readonly signal: AbortSignal;
  readonly onStatusAsked: (tell: () => void) => void;
  /** Hands over what to do with an error nobody caught. */
  readonly onBug: (report: (error: unknown) => void) => void;
  readonly prepareForInk: (color: boolean) => void;
}

export async function main(outside: Outside): Promise<number> {
  const { args, environment, out, err } = outside;
  const json = args.includes('--json');
  const color = (terminal: boolean): boolean =>
    wantsColor(environment, { noColor: args.includes('--no-color'), terminal });
  let parsed: Parsed | null = null;
  try {
    parsed = parseCommandLine(args);
    const text = await helpOrVersion(parsed);
    if (text !== null) {
      out(text);
      return 0;
    }
    return await runParsed(outside, parsed, color);
  } catch (error) {
    // Not before there is an error: it loads all that is known of secrets, and --help shall come at once.
    const { failureObject, failureText } = await import('./errors.ts');
    const { jsonLine } = await import('./json.ts');
    if (json) out(jsonLine(failureObject(error)));
    if (error instanceof Failure) {
      err(failureText(error, color(outside.stderrIsTerminal)));
      return exitCode(error.code);
    }
    const { reportBug } = await import('./bug.ts');
    err(await reportBug(error, parsed?.arguments.FOLDER?.[0], outside.now()));
    return 1;
  }
}

/** Text of --help and --version, or null when neither was asked for. */
async function helpOrVersion(parsed: Parsed): Promise<string | null> {
  if (parsed.flags.has('version')) {
    const { programVersion } = await import('./version.ts');
    return `opstimal-move ${programVersion()}\n`;
  }
  if (!parsed.flags.has('help')) return null;
  const { commandHelp, overview } = await import('./help.ts');
  return parsed.command === null ? overview() : commandHelp(parsed.command);
}

async function runParsed(
  outside: Outside,
  parsed: Parsed,
  color: (terminal: boolean) => boolean,
): Promise<number> {
  const session = await makeSession(outside, parsed, color);
  outside.onStatusAsked(() => session.talk.say(session.talk.status(outside.now()), true));
  outside.onBug((error) => {
    void import('./bug.ts').then(async ({ reportBug }) => {
      outside.err(await reportBug(error, parsed.arguments.FOLDER?.[0], outside.now()));
      process.exit(1);
    });
  });
  try {
    if (parsed.command === null) {
      const { wizardCommand } = await import('./commands/wizard.ts');
      return await wizardCommand(session, () => outside.prepareForInk(color(outside.stdoutIsTerminal)));
    }
    const { runCommand } = await import('./commands/run.ts');
    return await runCommand(session);
  } finally {
    session.talk.rest();
    await closeAll(session);
  }
}

async function makeSession(
  outside: Outside,
  parsed: Parsed,
  color: (terminal: boolean) => boolean,
): Promise<Session> {
  const { flags, values } = parsed;
  const { environment } = outside;
  const symbols = flags.has('ascii') || !wantsUnicode(environment) ? ascii : unicode;
  const { programVersion } = await import('./version.ts');
  const { Talk } = await import('./text.ts');
  const every = Number(environment.OPSTIMAL_PROGRESS);
  return {
    parsed,
    settings: {
      json: flags.has('json'),
      noInput: flags.has('no-input'),
      quiet: flags.has('quiet'),
      verbose: flags.has('verbose'),
      color: color(outside.stdoutIsTerminal),
      symbols,
      passwordFile: values['password-file']?.at(-1) ?? null,
      passwordCommand: values['password-command']?.at(-1) ?? null,
    },
    terminal: {
      canAsk: !flags.has('no-input') && outside.stdinIsTerminal && outside.stderrIsTerminal,
      interactive: !flags.has('no-input') && outside.stdinIsTerminal && outside.stdoutIsTerminal,
      columns: outside.columns,
    },
    environment,
    surroundings: { now: outside.now, by: outside.by(), signal: outside.signal },
    version: programVersion(),
    out: outside.out,
    outBytes: outside.outBytes,
    talk: new Talk({
      write: outside.err,
      terminal: outside.stderrIsTerminal && environment.TERM !== 'dumb',
      columns: outside.columns,
      color: color(outside.stderrIsTerminal),
      symbols,
      quiet: flags.has('quiet'),
      verbose: flags.has('verbose'),
      every: Number.isFinite(every) && every > 0 ? every : 30,
    }),
    closing: [],
  };
}

/** Closes newest first; a host that does not answer any more holds nobody up. */
async function closeAll(session: Session): Promise<void> {
  for (const close of session.closing.splice(0).reverse()) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, 3000);
    });
    await Promise.race([close().catch(() => {}), late]);
    clearTimeout(timer);
  }
}
