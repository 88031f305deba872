/** The program behind server.ts: `serve.ts ADDRESS PORT DIRECTORY`. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';

const [address = '127.0.0.1', port = '0', directory = '.'] = process.argv.slice(2);

const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://lab').pathname));
  const file = join(directory, path);
  try {
    const stat = statSync(file);
    if (!stat.isFile() || path.includes('..')) throw new Error('not a file');
    response.writeHead(200, {
      'content-length': stat.size,
      'last-modified': stat.mtime.toUTCString(),
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(Number(port), address);
