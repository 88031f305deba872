/** Where this machine's apt gets Debian from, as source lines for another release of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from './command.ts';
import { type Release, releases } from './settings.ts';

interface Archive {
  readonly uri: string;
  readonly suites: readonly string[];
}

const names = [...Object.values(releases), 'stable', 'testing', 'sid', 'forky'];

function sourceFiles(root: string): string[] {
  const parts = join(root, 'sources.list.d');
  let listed: string[] = [];
  try {
    listed = readdirSync(parts).map((name) => join(parts, name));
  } catch {}
  return [join(root, 'sources.list'), ...listed].filter((file) => /\.(list|sources)$/.test(file));
}

function oneLine(text: string): Archive[] {
  const found: Archive[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/.exec(line);
    if (match?.[1] && match[2]) found.push({ uri: match[1], suites: [match[2]] });
  }
  return found;
}

/** sources.list(5), deb822 style; a folded field goes on in lines that begin with a blank. */
function stanzas(text: string): Archive[] {
  const found: Archive[] = [];
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    let last = '';
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (field?.[1]) {
        last = field[1].toLowerCase();
        fields.set(last, field[2] ?? '');
      } else if (/^\s+\S/.test(line)) fields.set(last, `${fields.get(last) ?? ''} ${line.trim()}`);
    }
    if (fields.get('enabled') === 'no' || !/\bdeb\b/.test(fields.get('types') ?? '')) continue;
    const words = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean);
    for (const uri of words('uris')) found.push({ uri, suites: words('suites') });
  }
  return found;
}

/** Lines for sources.list: main of the release, `-updates` and `-security` where this machine has them too. */
export function sourceLines(release: Release, root = '/etc/apt'): string[] {
  const codename = releases[release];
  const lines = new Set<string>();
  for (const file of sourceFiles(root)) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue;
    }
    for (const archive of file.endsWith('.list') ? oneLine(text) : stanzas(text))
      for (const suite of archive.suites) {
        const match = /^([a-z]+)(-updates|-security|\/updates)?$/.exec(suite);
        if (!match?.[1] || !names.includes(match[1])) continue;
        const part = match[2] === '/updates' ? '-security' : (match[2] ?? '');
        lines.add(`deb ${archive.uri} ${codename}${part} main`);
      }
  }
  if (![...lines].some((line) => line.endsWith(` ${codename} main`)))
    throw new Error('no Debian archive in the apt sources of this machine');
  return [...lines].sort();
}

/** Settings of this machine's apt without which its mirror could not be used (frozen mirrors, a proxy). */
export async function aptOptions(): Promise<string[]> {
  const dump = await attempt(['apt-config', 'dump']);
  return dump.stdout
    .split('\n')
    .filter((line) => /^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) "/.test(line))
    .sort();
}
