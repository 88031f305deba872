/**
 * Links that tools make from what they have in writing: update-alternatives(1) from its database, `systemctl
 * enable` from the [Install] section of a unit (systemd.unit(5)). A link is theirs when the writing says exactly it.
 */
import type { Bytes } from '../types.ts';

function nameOf(path: Bytes): Bytes {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Links of one group of alternatives with the targets they may have, from /var/lib/dpkg/alternatives/NAME: mode, link, pairs of name and link of
 * those that follow, an empty line; then for each choice its path, its priority and what each follower leads to.
 * In automatic mode only the choice of the highest priority counts. Empty when the file makes no sense.
 */
export function alternativeLinks(name: Bytes, content: Bytes): Map<Bytes, Set<Bytes>> {
  const links = new Map<Bytes, Set<Bytes>>();
  const [mode, link, ...lines] = content.split('\n');
  if ((mode !== 'auto' && mode !== 'manual') || !link?.startsWith('/')) return links;
  const names = [name];
  const places = [link];
  let at = 0;
  for (; at + 1 < lines.length && lines[at] !== ''; at += 2) {
    names.push(lines[at] as Bytes);
    places.push(lines[at + 1] as Bytes);
  }
  const choices: { priority: number; targets: Bytes[] }[] = [];
  for (at += 1; lines[at] !== undefined && lines[at] !== ''; at += names.length + 1) {
    const followers = lines.slice(at + 2, at + 1 + names.length);
    choices.push({ priority: Number(lines[at + 1]), targets: [lines[at] as Bytes, ...followers] });
  }
  const best = Math.max(...choices.map(({ priority }) => priority));
  const possible = mode === 'manual' ? choices : choices.filter(({ priority }) => priority === best);
  for (const [index, one] of names.entries()) {
    const targets = possible.map((choice) => choice.targets[index] ?? '').filter((target) => target !== '');
    if (targets.length === 0) continue;
    links.set(`/etc/alternatives/${one}`, new Set(targets));
    links.set(places[index] as Bytes, new Set([`/etc/alternatives/${one}`]));
  }
  return links;
}

const enabled = /^\/etc\/systemd\/(?:system|user)\/(?:([^/]+)\.(wants|requires|upholds)\/)?([^/]+)$/s;
const directive: Readonly<Record<string, string>> = {
  wants: 'WantedBy',
  requires: 'RequiredBy',
  upholds: 'UpheldBy',
};

/** `getty@.service` for `getty@tty1.service`. */
function templateOf(unit: Bytes): Bytes {
  return unit.replace(/@[^.]*\./s, '@.');
}

/** Words of a key in [Install]; an empty value takes back what was said before. */
function installed(content: Bytes, key: string): Bytes[] {
  let section = '';
  let words: Bytes[] = [];
  for (const line of content.replaceAll(/\\\n/g, ' ').split('\n')) {
    const head = /^\s*\[([^\]]*)\]/.exec(line);
    if (head !== null) section = head[1] as string;
    const pair = /^\s*([A-Za-z]+)\s*=(.*)$/s.exec(line);
    if (section !== 'Install' || pair?.[1] !== key) continue;
    const said = (pair[2] as Bytes).split(/\s+/).filter((word) => word !== '');
    words = said.length === 0 ? [] : [...words, ...said];
  }
  return words;
}

/** Whether a word with specifiers (`%i`) may have become this name. */
function fits(word: Bytes, name: Bytes): boolean {
  if (!word.includes('%')) return word === name;
  const parts = word.split(/%./s);
  const [first, last] = [parts[0] as Bytes, parts.at(-1) as Bytes];
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false;
  // Taking each part where it comes first is right, and takes no longer than the name is.
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

/** Whether `systemctl enable` makes this link to a unit file that says `content`. */
export function isEnablement(path: Bytes, target: Bytes, content: Bytes): boolean {
  const match = enabled.exec(path);
  if (match === null) return false;
  const [, other, kind, name] = match as unknown as [Bytes, Bytes | undefined, string | undefined, Bytes];
  const unit = nameOf(target);
  if (other === undefined || kind === undefined) {
    return name !== unit && installed(content, 'Alias').some((alias) => fits(alias, name));
  }
  if (name !== unit && templateOf(name) !== unit) return false;
  const by = installed(content, directive[kind] as string);
  return by.some((word) => fits(word, other) || fits(word, templateOf(other)));
}
