import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import { newMark } from './bootstrap.ts';
import type { Asker } from './host.ts';
import type { OpenPipe, Pipe } from './pipe.ts';

/** Runs a line of the login shell; ASCII, one line. */
export type Execute = (line: string) => Promise<Pipe>;

const attempts = 3;

export interface Privilege {
  readonly open: OpenPipe;
  readonly privileged: boolean;
  /** For `Reach.privilege`. */
  readonly privilege: string;
}

function openerOf(execute: Execute, prefix: string, password: string | null = null): OpenPipe {
  return async (program) => {
    const pipe = await execute(`exec ${prefix}/bin/sh -c '${program}'`);
    // sudo -S reads byte by byte to the end of the line; whatever it leaves, the program skips (bootstrap.ts).
    if (password !== null) pipe.stdin.write(`${password}\n`);
    return pipe;
  };
}

/** Runs one short program to its end. Gives what it printed after a mark, or null; and the words on stderr. */
async function probe(open: OpenPipe, program: string): Promise<{ said: string | null; stderr: string }> {
  const mark = newMark();
  const pipe = await open(`printf %s ${mark}; ${program}`);
  const heard = { stdout: '', stderr: '' };
  pipe.stdout.on('data', (chunk: Buffer) => {
    heard.stdout += chunk.toString('latin1');
  });
  pipe.stderr.on('data', (chunk: Buffer) => {
    heard.stderr += chunk.toString('latin1');
  });
  pipe.stdin.on('error', () => {});
  pipe.stdin.end();
  const { code, reason } = await pipe.ended;
  if (code === null) throw new Failure('unreachable', 'connection-lost', `the connection broke: ${reason}`);
  const at = heard.stdout.indexOf(mark);
  return { said: at < 0 ? null : heard.stdout.slice(at + mark.length).trim(), stderr: heard.stderr.trim() };
}

function lastLine(stderr: string): string {
  return quote(stderr.split('\n').at(-1) ?? '');
}

/** Why there is no root, with the line for sudoers that would change it. */
function noSudo(host: string, user: string, why: string, line = `${user} ALL=(root) NOPASSWD: ALL`): Failure {
  return new Failure('refused', 'no-sudo', `${user} cannot become root on ${host}: ${why}`, {
    during: 'looking for root rights',
    hint: `log in as root, or add this to sudoers on ${host}: ${line}`,
  });
}

// sudo speaks the language of the login otherwise, and its words are looked at below.
const sudo = 'env LC_ALL=C sudo -H';

/**
 * Finds out how commands run as root: the login is root, sudo asks nothing, or sudo wants a password, which the asker
 * gives. The password is checked once here, so that no later command is where a typing error shows. Throws Failure
 * `refused` when there is no way, unless `use` is false: then the host works with the rights of its login, and says so.
 */
export async function findPrivilege(
  execute: Execute,
  names: { readonly host: string; readonly user: string },
  asker: Asker,
  use: boolean,
): Promise<Privilege> {
  const user = quote(toBytes(names.user));
  const plain = openerOf(execute, '');
  const login = await probe(plain, 'id -u');
  if (login.said === null) {
    throw new Failure('refused', 'no-shell', `${user} has no shell on ${names.host}`, {
      during: login.stderr === '' ? '' : `it said: ${lastLine(login.stderr)}`,
      hint: 'a login that runs commands is needed: no forced command, no /usr/sbin/nologin, no sftp-only account',
    });
  }
  if (login.said === '0') return { open: plain, privileged: true, privilege: 'root' };
  if (!use) {
    return {
      open: plain,
      privileged: false,
      privilege: `none: ${user} is not root and sudo was not to be used`,
    };
  }

  const silent = openerOf(execute, `${sudo} -n -- `);
  const first = await probe(silent, 'id -u');
  if (first.said === '0') return { open: silent, privileged: true, privilege: 'sudo without password' };
  if (/not found|No such file/i.test(first.stderr)) throw noSudo(names.host, user, 'sudo is not installed');
  if (/must have a tty/i.test(first.stderr)) {
    throw noSudo(names.host, user, 'sudoers wants a terminal there', `Defaults:${user} !requiretty`);
  }
  if (!/password|authenticat/i.test(first.stderr)) {
    throw noSudo(names.host, user, lastLine(first.stderr) || 'sudo gave no reason');
  }

  let words = '';
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const password = await asker.secret({ what: 'sudo', for: `${user}@${names.host}` });
    if (password === null) throw noSudo(names.host, user, 'no password was given');
    if (/[\r\n\0]/.test(password)) continue;
    // -k: forget an earlier success, so that the line with the password is always asked for and read by sudo.
    const asking = openerOf(execute, `${sudo} -k -S -p "" -- `, password);
    const answer = await probe(asking, 'id -u');
    if (answer.said === '0') return { open: asking, privileged: true, privilege: 'sudo with password' };
    words = answer.stderr;
    if (/not in the sudoers|not allowed|may not run/i.test(words)) break;
  }
  const wrong = /try again|incorrect password/i.test(words);
  throw noSudo(names.host, user, wrong ? 'the password is wrong' : lastLine(words));
}
