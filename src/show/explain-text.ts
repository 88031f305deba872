/** Why a path is what it is, for people; the way to say otherwise comes after it, and what was changed last. */
import type { Carry, Resource } from '../types.ts';
import type { Change, Explanation } from '../work/explain.ts';
import { type Paint, paint } from './paint.ts';
import { classLetters } from './symbols.ts';
import { plural } from './units.ts';

const travels: Readonly<Record<Carry, string>> = {
  manifest: 'with the manifest: apply makes it again',
  stream: 'as data: sync copies it',
  dump: 'as a dump of its database: cutover carries it',
  none: 'not at all',
};

/** `folder` as the person named it, for the command. */
export function explainText(
  explanation: Explanation,
  folder: string,
  settings: { readonly color: boolean } = { color: false },
): string {
  const { change, path, reason, rule, evidence, decidedBy } = explanation;
  const lines = [
    `${path} is ${explanation.class} (${classLetters[explanation.class]}): ${reason}`,
    `  travels   ${way(explanation)}`,
    `  rule      ${rule}`,
    ...(evidence === '' ? [] : [`  seen      ${evidence}`]),
    ...(decidedBy === path ? [] : [`  through   ${decidedBy}`]),
    ...(explanation.known ?? []).map((one) => `  known     ${knownWords(one)}`),
    ...(change === undefined ? [] : [`  change    ${changeLine(change)}`]),
    `  override  ${explanation.override.replace(/^opstimal-move decide \S+/, () => `opstimal-move decide ${folder}`)}`,
  ];
  const patch = change === undefined ? [] : patchLines(change);
  const painted = patch.map((line) => {
    const how = paintOf(line);
    return how === null ? line : paint(how, line, settings.color);
  });
  return `${[...lines, ...(patch.length === 0 ? [] : ['', ...painted])].join('\n')}\n`;
}

function way({ carry, missing, sealed }: Explanation): string {
  if (missing !== undefined) return `not yet: ${missing}`;
  if (sealed === true) return 'apply reads it on the source; the folder keeps it sealed, too';
  if (sealed === false) return 'apply reads it on the source; the folder does not keep it';
  return travels[carry];
}

/** What was recognised at a path, in one line. */
function knownWords(one: Resource): string {
  if ('checkout' in one) {
    const from = one.remotes.length === 0 ? ' without a remote' : ` of ${one.remotes[0]?.url}`;
    const at = one.commit === undefined ? '' : ` at ${one.commit.slice(0, 10)}`;
    const open = [
      [one.unpushed, 'commit not pushed', 'commits not pushed'],
      [one.changed, 'file changed', 'files changed'],
      [one.untracked, 'file not tracked', 'files not tracked'],
      [one.stashes, 'stash', 'stashes'],
    ] as const;
    const only = open
      .filter(([number]) => number > 0)
      .map(([number, word, words]) => plural(number, word, words));
    return `checkout${from}${at}${only.length === 0 ? '' : `; only here: ${only.join(', ')}`}`;
  }
  if ('stack' in one) {
    const lock = one.lockfile === undefined ? ', without a lockfile' : ` from ${one.lockfile}`;
    const made = one.runtime === undefined ? '' : `, for ${one.runtime}`;
    return `${one.language} packages of ${one.manager}${lock}${made}`;
  }
  if ('build' in one) {
    const missing = one.libraries.filter((each) => each.missing === true).map(({ name }) => name);
    const without = missing.length === 0 ? '' : `; missing even here: ${missing.join(', ')}`;
    const needs =
      one.libraries.length === 0 ? '' : ` with ${plural(one.libraries.length, 'library', 'libraries')}`;
    return `${plural(one.programs, 'program')} built or unpacked by hand${needs}${without}`;
  }
  return 'container' in one ? `container ${one.container} of ${one.image} (${one.engine})` : '';
}

function changeLine(change: Change): string {
  const { linesAdded, linesRemoved, patch, missing, removed, secret } = change;
  const original = change.package === '' ? 'the original' : `the original of ${change.package}`;
  if (patch === null) {
    return missing === '' ? 'unknown' : `cannot be shown as a patch: ${missing}`;
  }
  const left = secret ? '; values of secrets are left out' : '';
  if (removed) return `removed; ${original} had ${plural(linesRemoved, 'line')}${left}`;
  return `against ${original}: ${plural(linesAdded, 'line')} added, ${linesRemoved} removed${left}`;
}

/** Lines of a removed file that are shown. */
const firstLines = 20;

/** The patch as a person reads it: no byte of it can do anything to a terminal. */
export function patchLines(change: Change): string[] {
  if (change.patch === null) return [];
  const lines = change.patch.replace(/\n$/, '').split('\n').map(readable);
  if (!change.removed || lines.length <= firstLines + 3) return lines;
  return [...lines.slice(0, firstLines + 3), `(${plural(lines.length - firstLines - 3, 'line')} more)`];
}

/** A quoted line with its backslashes single and its tabs as blanks: it cannot be had back, but it can be read. */
function readable(quoted: string): string {
  const parts = quoted.split(/(\\(?:x[0-9a-f]{2}|.))/);
  let text = '';
  for (const part of parts) {
    if (part === '\\t') text += ' '.repeat(8 - ((text.length + 7) % 8));
    else text += part === '\\\\' ? '\\' : part;
  }
  return text;
}

/** What a line of a patch is; null = nothing special. */
export function paintOf(line: string): Paint | null {
  if (/^(---|\+\+\+) /.test(line)) return 'bold';
  if (line.startsWith('@@')) return 'dim';
  if (line.startsWith('+')) return 'cyan';
  return line.startsWith('-') ? 'red' : null;
}
