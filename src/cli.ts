#!/usr/bin/env node
/**
 * The only reader of argv, the environment, the clock and the terminal. Everything else gets them as values.
 *
 * Nothing heavy is imported before the command is known: `--help` costs little more than an empty script.
 */
import process from 'node:process';

const needed = [22, 15] as const;

function nodeIsOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < needed[0] || (major === needed[0] && minor < needed[1]);
}

if (nodeIsOld(process.versions.node)) {
  process.stderr.write(
    `error: opstimal-move needs Node ${needed.join('.')} or newer, and this is ${process.version}\n` +
      '  hint    in a checkout: npx opstimal-move …, which brings its own\n' +
      '  code    node-version    more: https://nodejs.org\n',
  );
  process.exit(1);
} else {
  await start();
}

/** A reader that left early (`| head`) ends the output, not the work. */
function quietPipe(stream: NodeJS.WriteStream): (text: string | Uint8Array) => void {
  let open = true;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    open = false;
    if (error.code !== 'EPIPE' && error.code !== 'EIO') process.exitCode = 1;
  });
  return (text) => {
    if (open) stream.write(text);
  };
}

async function start(): Promise<void> {
  const { main } = await import('./show/main.ts');
  const out = quietPipe(process.stdout);
  const err = quietPipe(process.stderr);
  const controller = new AbortController();
  let stopAsked = false;
  const stop = (): void => {
    if (stopAsked) process.exit(130);
    stopAsked = true;
    err('\r\x1b[2K'.slice(0, process.stderr.isTTY ? undefined : 0));
    err('stopping at the next safe point; Ctrl-C again leaves at once\n');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  const { hostname, userInfo } = await import('node:os');
  const code = await main({
    args: process.argv.slice(2),
    environment: process.env,
    out,
    outBytes: out,
    err,
    stdinIsTerminal: process.stdin.isTTY === true,
    stdoutIsTerminal: process.stdout.isTTY === true,
    stderrIsTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns || process.stdout.columns || 80,
    now: () => Date.now(),
    by: () => `${process.env.USER || process.env.LOGNAME || userInfo().username}@${hostname()}`,
    signal: controller.signal,
    onStatusAsked: (tell) => process.on('SIGUSR1', tell),
    onBug: (report) => {
      process.on('uncaughtException', report);
      process.on('unhandledRejection', report);
    },
    // Chalk, under Ink, obeys FORCE_COLOR alone; React runs its slow development build unless told otherwise.
    prepareForInk: (color) => {
      process.env.FORCE_COLOR = color ? (process.env.FORCE_COLOR ?? '1') : '0';
      process.env.NODE_ENV ??= 'production';
      process.off('SIGINT', stop);
    },
  });
  process.exit(code);
}
