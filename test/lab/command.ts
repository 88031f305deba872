/** Processes on this machine. Everything waits; nothing goes through a shell unless the caller names one. */
import { type SpawnOptions, spawn } from 'node:child_process';

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Buffer;
  readonly seconds?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Encoding of the answers; `latin1` where names are bytes. */
  readonly encoding?: BufferEncoding;
}

/** Run and give back whatever happened. `seconds` (default 600) ends it with SIGKILL. */
export function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<Ran> {
  const [program, ...rest] = argv;
  if (program === undefined) throw new Error('empty command');
  const spawnOptions: SpawnOptions = {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...options.environment },
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, spawnOptions);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), (options.seconds ?? 600) * 1000);
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin?.on('error', () => {}); // the program may end without reading its input
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (status) => {
      clearTimeout(timer);
      const encoding = options.encoding ?? 'utf8';
      resolve({
        status,
        stdout: Buffer.concat(out).toString(encoding),
        stderr: Buffer.concat(err).toString(encoding),
      });
    });
    child.stdin?.end(options.input ?? '');
  });
}

/** Run and give back stdout; anything but status 0 throws with the end of stderr. */
export async function command(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const ran = await attempt(argv, options);
  if (ran.status !== 0) {
    const tail = (ran.stderr.trim() || ran.stdout.trim()).split('\n').slice(-15).join('\n');
    throw new Error(`${argv.slice(0, 6).join(' ')} ended with ${ran.status}\n${tail}`);
  }
  return ran.stdout;
}
