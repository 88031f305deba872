/** Asks a web server from the machine it runs on, so that neither DNS nor a firewall has a say in the answer. */
import { createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { WebSite } from '../decide/web-sites.ts';
import type { Host } from '../host/host.ts';

export interface WebAnswer {
  readonly status: number;
  /** Target of a redirect, empty where there is none. */
  readonly location: string;
  readonly title: string;
  /** Of the body as it came, at most 16 MiB of it. */
  readonly sha256: string;
  /** Serial number of the certificate, empty without TLS. */
  readonly certificate: string;
}

const bodyLimit = 16 * 1024 * 1024;
const patienceMs = 20_000;

// bash is essential on Debian and can connect by itself; elsewhere netcat is what there is.
const relay = `
if command -v bash >/dev/null; then
  exec bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 9; cat <&3 & cat >&3; wait' relay "$1" "$2"
fi
exec nc "$1" "$2"
`;

/** The server's answer to GET, or a reason in words. */
export async function askSite(host: Host, site: WebSite, path = '/'): Promise<WebAnswer | string> {
  const channel = await host.stream(['sh', '-c', relay, 'relay', site.address, String(site.port)]);
  const wire = Duplex.from({ readable: channel.stdout, writable: channel.stdin });
  wire.on('error', () => {});
  let certificate = '';
  const ended = channel.done.then(
    ({ code }) => (code === 9 || code === 1 ? 'nobody listens' : 'no answer'),
    () => 'the connection to the host broke',
  );
  try {
    const answer = new Promise<WebAnswer>((resolve, reject) => {
      const stream =
        site.scheme === 'http'
          ? wire
          : connectTls({
              socket: wire,
              rejectUnauthorized: false,
              ALPNProtocols: ['http/1.1'],
              ...(/^[\d.:]+$/.test(site.name) ? {} : { servername: site.name }),
            });
      stream.on('error', reject);
      const usual = site.port === (site.scheme === 'http' ? 80 : 443);
      const ask = request(
        {
          method: 'GET',
          path,
          createConnection: () => stream,
          headers: {
            host: usual ? site.name : `${site.name}:${site.port}`,
            'user-agent': 'opstimal-move',
            accept: '*/*',
            connection: 'close',
          },
        },
        (message) => {
          if ('getPeerCertificate' in stream) certificate = stream.getPeerCertificate().serialNumber ?? '';
          read(message).then((body) => resolve({ ...body, certificate }), reject);
        },
      );
      ask.on('error', reject);
      ask.end();
    });
    answer.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer within ${patienceMs / 1000} seconds`), patienceMs);
    });
    // The relay may end a moment before the last bytes were parsed.
    const settled = ended.then(async (reason) => {
      await new Promise((wake) => setTimeout(wake, 500));
      return reason;
    });
    try {
      return await Promise.race([answer, patience, settled]);
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    const known = await Promise.race([ended, new Promise<null>((wake) => setTimeout(wake, 300, null))]);
    if (known !== null && known !== 'no answer') return known;
    return (error as NodeJS.ErrnoException).code === 'EPROTO' ? 'no TLS is spoken there' : 'no answer';
  } finally {
    wire.destroy();
    channel.kill();
  }
}

async function read(message: IncomingMessage): Promise<Omit<WebAnswer, 'certificate'>> {
  const hash = createHash('sha256');
  let start = '';
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (start.length < 65536) start += chunk.toString('utf8');
    length += chunk.length;
    if (length > bodyLimit) break;
  }
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(start)?.[1]?.trim().replaceAll(/\s+/g, ' ') ?? '';
  return {
    status: message.statusCode ?? 0,
    location: message.headers.location ?? '',
    title: title.slice(0, 200),
    sha256: hash.digest('hex'),
  };
}
