/**
 * Fetches one file whose size and digest are known, to this machine's memory. The address comes from a server that is
 * looked at, so only http and https are spoken, nobody logs in, and what comes counts only when size and digest are
 * the ones of the signed lists.
 *
 * `localhost` in the lists of a server is that server and never this machine, and an address that is only good on one
 * link is where clouds tell machines their keys: neither is asked, by whatever name. Networks inside of a house are,
 * because mirrors stand there; who is asked is told before.
 */
import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { serverOf } from '../decide/original-downloads.ts';
import { Failure } from '../failure.ts';

export interface Download {
  readonly uri: string;
  /** Bytes. */
  readonly size: number;
  readonly digest: { readonly algorithm: 'sha256' | 'sha512'; readonly hex: string };
}

/** A server that says nothing for so long is given up. Milliseconds. */
const patience = 20_000;
const redirects = 5;

/** What went wrong was the way to the server, not this one file: others from there need not be tried. */
export class NoWay extends Error {}

/**
 * The file. Throws NoWay when the server cannot be reached or does not go on (`waitMs`, `deadline`), an Error with a reason in words when this file cannot be
 * had, and Failure `interrupted` once `signal` is aborted by the person.
 */
export async function download(
  wanted: Download,
  signal: AbortSignal,
  limits: {
    readonly waitMs?: number;
    readonly deadline?: AbortSignal;
    /** The server is this machine, so that its localhost is ours. */
    readonly isHere?: boolean;
  } = {},
): Promise<Buffer> {
  const { waitMs = patience, deadline = new AbortController().signal, isHere = false } = limits;
  const watch = new AbortController();
  let timer = setTimeout(() => watch.abort(), waitMs);
  try {
    const answer = await follow(wanted.uri, AbortSignal.any([signal, watch.signal, deadline]), isHere);
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of answer.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(() => watch.abort(), waitMs);
      length += part.length;
      if (length > wanted.size) throw new Error('it is larger than the package lists say');
      parts.push(Buffer.from(part));
    }
    const content = Buffer.concat(parts);
    if (length < wanted.size) throw new Error('it is smaller than the package lists say');
    if (createHash(wanted.digest.algorithm).update(content).digest('hex') !== wanted.digest.hex) {
      throw new Error('it is not what the package lists say');
    }
    return content;
  } catch (error) {
    if (signal.aborted) throw new Failure('interrupted', 'interrupted', 'interrupted');
    if (watch.signal.aborted || deadline.aborted) {
      throw new NoWay(`${serverOf(wanted.uri)} does not answer in time`);
    }
    // What fetch throws when a connection breaks in the middle.
    if ((error as Error).name === 'TypeError')
      throw new NoWay(`the connection to ${serverOf(wanted.uri)} broke`);
    throw error;
  } finally {
    clearTimeout(timer);
    // An answer that was left in the middle keeps its connection otherwise.
    watch.abort();
  }
}

/** Follows redirects by hand: to http and https only, and never from https back to http. */
async function follow(start: string, signal: AbortSignal, isHere: boolean): Promise<Response> {
  let uri = start;
  for (let hops = 0; hops <= redirects; hops += 1) {
    const url = accepted(uri);
    await refuseOwn(url, isHere);
    const answer = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: { 'user-agent': 'opstimal-move', 'accept-encoding': 'identity' },
    }).catch((error: unknown) => {
      throw signal.aborted ? error : new NoWay(`${url.host} cannot be reached${because(error)}`);
    });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    const location = answer.headers.get('location');
    if (answer.status < 300 || answer.status > 399 || location === null) {
      throw new Error(`${url.host} answered with ${answer.status}`);
    }
    const next = URL.parse(location, url.href);
    if (next === null || (url.protocol === 'https:' && next.protocol !== 'https:')) {
      throw new Error(`${url.host} leads elsewhere`);
    }
    uri = next.href;
  }
  throw new Error(`${serverOf(start)} leads round in circles`);
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addSubnet('0.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addAddress('::', 'ipv6');
/** RFC 3927, RFC 4291; fd00:ec2::254 is the one of a cloud that has it elsewhere. */
const oneLink = new BlockList();
oneLink.addSubnet('169.254.0.0', 16, 'ipv4');
oneLink.addSubnet('fe80::', 10, 'ipv6');
oneLink.addAddress('fd00:ec2::254', 'ipv6');

/** Throws an Error with a reason where a name leads to this machine, or to an address of one link. */
async function refuseOwn(url: URL, isHere: boolean): Promise<void> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  // A name that nobody knows is told by fetch.
  const found = await lookup(name, { all: true }).catch(() => []);
  for (const { address } of found) {
    const kind = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (oneLink.check(address, kind)) throw new Error(`${url.host} is an address of one link only`);
    if (!isHere && loopback.check(address, kind)) {
      throw new Error(`${url.host} is the server itself, which this machine cannot ask`);
    }
  }
}

function accepted(uri: string): URL {
  const url = URL.parse(uri);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error(`${serverOf(uri)} is no web address`);
  }
  if (url.username !== '' || url.password !== '') throw new Error(`${url.host} asks for a login`);
  return url;
}

/** The system's word for it, such as ENOTFOUND. */
function because(error: unknown): string {
  const code = ((error as { cause?: { code?: unknown } }).cause?.code ?? '') as string;
  return /^[A-Z_]+$/.test(code) ? ` (${code})` : '';
}
