/** Which names a web server answers to, and on which ports, read from its configuration files. */

export interface WebSite {
  readonly scheme: 'http' | 'https';
  /** Name for the Host header and for SNI. */
  readonly name: string;
  readonly port: number;
  /** Address to connect to, on the server itself. */
  readonly address: string;
}

/** Where a listener that takes any address is reached from the server itself. */
function reachable(address: string): string {
  if (address === '' || address === '*' || address === '0.0.0.0' || address === '_default_')
    return '127.0.0.1';
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  return bare === '::' ? '::1' : bare;
}

/** Names that one can ask for; patterns and catch-alls are asked as `localhost`. */
function askable(names: readonly string[]): string[] {
  const plain = names.filter((name) => /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name));
  return plain.length === 0 ? ['localhost'] : plain;
}

interface Directive {
  readonly words: readonly string[];
  readonly block: readonly Directive[] | null;
}

function parseNginx(text: string): readonly Directive[] {
  const tokens = text.matchAll(
    /#[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([{};])|((?:[^\s{};"'#]|\$\{)[^\s;{}]*)/gs,
  );
  const root: Directive[] = [];
  const open: Directive[][] = [];
  let into = root;
  let words: string[] = [];
  for (const [, double, single, mark, word] of tokens) {
    if (mark === undefined) {
      const value = double ?? single ?? word;
      if (value !== undefined) words.push(value);
    } else if (mark === '{') {
      const block: Directive[] = [];
      into.push({ words, block });
      open.push(into);
      into = block;
      words = [];
    } else if (mark === ';') {
      into.push({ words, block: null });
      words = [];
    } else {
      into = open.pop() ?? root;
      words = [];
    }
  }
  return root;
}

function serversIn(directives: readonly Directive[]): Directive[] {
  return directives.flatMap((one) =>
    one.block === null ? [] : one.words[0] === 'server' ? [one] : serversIn(one.block),
  );
}

/** Sites of one nginx file: every name of every `server` block on every port it listens on. */
export function nginxSites(text: string): readonly WebSite[] {
  return serversIn(parseNginx(text)).flatMap((server) => {
    const named = (name: string) => (server.block ?? []).filter((one) => one.words[0] === name);
    const names = askable(named('server_name').flatMap((one) => one.words.slice(1)));
    const listens = named('listen').map((one) => one.words.slice(1));
    const allTls = named('ssl').some((one) => one.words[1] === 'on');
    return (listens.length === 0 ? [['80']] : listens).flatMap(([where = '', ...options]) => {
      if (where.startsWith('unix:') || options.includes('quic')) return [];
      const match = /^(?:(\[[^\]]*\]|[^:]*):)?(\d+)$/.exec(where);
      const port = match === null ? 80 : Number(match[2]);
      const address = reachable(match === null ? where : (match[1] ?? ''));
      const scheme = options.includes('ssl') || allTls ? ('https' as const) : ('http' as const);
      return names.map((name) => ({ scheme, name, port, address }));
    });
  });
}

/** Sites of one Apache file: ServerName and ServerAlias of every virtual host; SSLEngine says which speak TLS. */
export function apacheSites(text: string): readonly WebSite[] {
  const blocks = text.matchAll(/^[ \t]*<VirtualHost\s+([^>]+)>(.*?)^[ \t]*<\/VirtualHost>/gims);
  return [...blocks].flatMap(([, addresses = '', body = '']) => {
    const values = (name: string) =>
      [...body.matchAll(new RegExp(`^[ \\t]*${name}[ \\t]+(.+)$`, 'gim'))].flatMap((match) =>
        (match[1] as string).trim().split(/\s+/),
      );
    const names = askable(
      [...values('ServerName'), ...values('ServerAlias')].map((name) => name.replace(/:\d+$/, '')),
    );
    const tls = /^[ \t]*SSLEngine[ \t]+on\b/im.test(body);
    return addresses
      .trim()
      .split(/\s+/)
      .flatMap((where) => {
        const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+|\*))?$/.exec(where);
        if (match === null) return [];
        const port = match[2] === undefined || match[2] === '*' ? (tls ? 443 : 80) : Number(match[2]);
        return names.map((name) => ({
          scheme: tls ? ('https' as const) : ('http' as const),
          name,
          port,
          address: reachable(match[1] ?? ''),
        }));
      });
  });
}

/** The same site named twice counts once; where a name is reached over both families, IPv4 is enough. */
export function uniqueSites(sites: readonly WebSite[]): readonly WebSite[] {
  const unique = new Map<string, WebSite>();
  for (const site of sites) {
    const key = `${site.scheme} ${site.name} ${site.port}`;
    const before = unique.get(key);
    if (before === undefined || before.address.includes(':')) unique.set(key, site);
  }
  return [...unique.values()].sort((a, b) =>
    a.name === b.name ? a.port - b.port : a.name < b.name ? -1 : 1,
  );
}
