/** The smallest host there is: a directory of this machine seen as the root of a server. */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import type { Channel, Host } from '../../src/host/host.ts';
import type { Argv } from '../../src/types.ts';

function start(argv: Argv): Channel {
  const child = spawn(argv[0], argv.slice(1).map(native), {
    env: { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('latin1')).slice(-65536);
  });
  const done = new Promise<{ code: number; stderr: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 255, stderr }));
  });
  done.catch(() => {});
  return { stdin: child.stdin, stdout: child.stdout, done, kill: () => child.kill('SIGKILL') };
}

/** Arguments given to spawn are UTF-8 text; a test keeps other bytes in stdin. */
function native(argument: string): string {
  return Buffer.from(argument, 'latin1').toString('utf8');
}

export function directoryHost(root: string, more: Partial<Host> = {}): Host {
  return {
    name: root,
    place: { kind: 'disk', text: `disk:${root}`, root },
    root,
    live: false,
    reach: {
      transport: 'disk',
      because: '',
      address: root,
      authentication: '',
      hostKey: '',
      cipher: '',
      nativeCrypto: null,
      privilege: process.getuid?.() === 0 ? 'root' : 'none: not root',
    },
    privileged: process.getuid?.() === 0,
    async run(argv, options = {}) {
      const channel = start(argv);
      channel.stdin.on('error', () => {});
      channel.stdin.end(
        typeof options.input === 'string' ? Buffer.from(options.input, 'latin1') : options.input,
      );
      const chunks: Buffer[] = [];
      for await (const chunk of channel.stdout) chunks.push(chunk as Buffer);
      const { code, stderr } = await channel.done;
      return { code, stdout: Buffer.concat(chunks), stderr: Buffer.from(stderr, 'latin1') };
    },
    stream: async (argv) => start(argv),
    readFile: (path) => readFile(Buffer.from(root + path, 'latin1')),
    async writeFile(path, content, mode) {
      await writeFile(Buffer.from(root + path, 'latin1'), content, { mode });
    },
    close: async () => {},
    ...more,
  };
}
