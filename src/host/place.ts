import { isIPv6 } from 'node:net';
import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Place } from '../types.ts';

const examples = 'a place is user@host, user@host:port, a name from ~/.ssh/config, local, or disk:/mnt/old';

/** What OpenSSH refuses on its command line too: these end up in ProxyCommand, which a shell reads. */
const forbiddenInUser = /["'`$\\;&<>|(){}\s\p{Cc}]/u;
const hostName = /^[A-Za-z0-9_][A-Za-z0-9._+~-]*$/;

function wrong(text: string, why: string, hint = examples): Failure {
  return new Failure('usage', 'place', `${quote(toBytes(text))} is no place: ${why}`, { hint });
}

function parsePort(text: string, port: string): number {
  const number = Number(port);
  if (!/^\d{1,5}$/.test(port) || number < 1 || number > 65535) {
    throw wrong(text, `${quote(toBytes(port))} is no port`, 'a port is a number from 1 to 65535');
  }
  return number;
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, or an address with colons and no port. */
function splitHost(text: string, rest: string): { host: string; port?: number } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(rest);
  if (bracketed) {
    const host = bracketed[1] as string;
    if (!isIPv6(host) && !hostName.test(host)) {
      throw wrong(text, 'between the brackets stands no address', 'for example root@[2001:db8::1]:2222');
    }
    return bracketed[2] === undefined ? { host } : { host, port: parsePort(text, bracketed[2]) };
  }
  if (isIPv6(rest)) return { host: rest };
  const colon = rest.indexOf(':');
  const host = colon < 0 ? rest : rest.slice(0, colon);
  if (host === '') throw wrong(text, 'the host is missing');
  if (!hostName.test(host)) throw wrong(text, 'the host name holds characters no host name has');
  return colon < 0 ? { host } : { host, port: parsePort(text, rest.slice(colon + 1)) };
}

/**
 * Reads a place as a person writes it. Grammar: `local` | `disk:` absolute path | [user `@`] host [`:` port], where
 * host is a name, an alias of ssh's configuration, an IPv4 address, or an IPv6 address (in brackets when a port
 * follows). Throws Failure `usage`.
 */
export function parsePlace(text: string): Place {
  if (text === '') throw wrong(text, 'it is empty');
  if (text === 'local') return { kind: 'local', text };
  if (text.startsWith('disk:')) {
    const path = text.slice('disk:'.length);
    if (!path.startsWith('/'))
      throw wrong(text, 'the path of a disk starts with /', 'for example disk:/mnt/old');
    if (path.includes('\0')) throw wrong(text, 'a path holds no NUL');
    if (path.split('/').includes('..')) throw wrong(text, 'a path with .. is not taken', 'write it in full');
    const root = `/${path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/')}`;
    if (root === '/') throw wrong(text, '/ is this machine itself', 'write local');
    return { kind: 'disk', text, root };
  }
  if (text.includes('::') && !text.includes('[') && !isIPv6(text.slice(text.lastIndexOf('@') + 1))) {
    throw wrong(text, 'a snapshot as a place is not supported yet');
  }
  const scheme = /^ssh:\/\/([^/]+)\/?$/s.exec(text);
  const address = scheme ? (scheme[1] as string) : text;
  if (address.includes('/')) throw wrong(text, 'a host holds no /', `did you mean disk:${text}? ${examples}`);
  const at = address.lastIndexOf('@');
  const user = at < 0 ? undefined : address.slice(0, at);
  if (user === '') throw wrong(text, 'the user before @ is missing');
  if (user !== undefined && (forbiddenInUser.test(user) || user.startsWith('-'))) {
    throw wrong(text, 'the user name holds characters no user name has');
  }
  const where = splitHost(text, address.slice(at + 1));
  return { kind: 'ssh', text, ...(user === undefined ? {} : { user }), ...where };
}
