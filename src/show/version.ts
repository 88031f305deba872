import { readFileSync } from 'node:fs';

/** Version of the package; this file is two folders below it, in src as in dist. */
export function programVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
