/** The end of a scan: what the server is made of, by class, and what a person must look at. */
import type { Class, Manifest } from '../types.ts';
import type { ScanResult } from '../work/scan.ts';
import { paint } from './paint.ts';
import { classLetters, pad, type Symbols } from './symbols.ts';
import { count, plural, size } from './units.ts';

const meanings: Readonly<Record<Class, string>> = {
  undecided: 'nothing explains it yet',
  mutable: 'data: carried',
  secret: 'data: carried, never shown, never stored in the open',
  edited: 'packaged, then changed by hand: carried as the change',
  immutable: 'made again from packages',
  identity: 'stays with its machine',
  ephemeral: 'cache, log, runtime: not carried',
};
const order = Object.keys(meanings) as Class[];

/** `result` has the exact counts of this scan; the manifest keeps rounded ones, so that it stays the same. */
export function scanText(
  manifest: Manifest,
  result: Pick<ScanResult, 'classes' | 'disks' | 'foreign' | 'secrets'>,
  folder: string,
  options: { readonly color: boolean; readonly symbols: Symbols; readonly verbose: boolean },
): string {
  const { host } = manifest;
  const lines = [`${host.name || folder}: ${host.os} ${host.version}, ${host.architecture}`, ''];
  for (const each of order) {
    const { files, bytes } = result.classes[each] ?? { files: 0, bytes: 0 };
    if (files === 0) continue;
    const numbers = `${pad(count(files), 10, 'left')} files ${pad(size(bytes), 10, 'left')}`;
    lines.push(`  ${pad(classLetters[each], 2)} ${pad(each, 10)} ${numbers}   ${meanings[each]}`);
  }
  lines.push(...accountLines(result));
  lines.push(...secretLines(result.secrets, folder));
  const services = manifest.profiles.map(({ name, version }) =>
    version === null ? name : `${name} ${version}`,
  );
  if (services.length > 0) lines.push('', `Known services: ${services.join(', ')}`);
  if (manifest.incomplete.length > 0) {
    lines.push('', `${paint('yellow', '!', options.color)} Not asked, so the manifest is incomplete:`);
    lines.push(...manifest.incomplete.map(({ fact, reason }) => `    ${fact}: ${reason}`));
  }
  lines.push(...undecidedLines(manifest, folder, options));
  lines.push('', `Wrote ${folder}. next: opstimal-move plan ${folder} DEST`);
  return `${lines.join('\n')}\n`;
}

/** What of the secrets would be there if the server were lost. */
function secretLines({ sealed, open, recipients }: ScanResult['secrets'], folder: string): string[] {
  if (recipients > 0) {
    if (sealed + open === 0) return [];
    const rest = open === 0 ? '' : `; ${open} could not be read and are not kept`;
    return ['', `${plural(sealed, 'secret file')} sealed for ${plural(recipients, 'recipient')}${rest}`];
  }
  if (open === 0) return [];
  return [
    '',
    `${plural(open, 'secret file')} not kept here. To keep them sealed: opstimal-move seal ${folder} --new-key FILE, then scan again`,
  ];
}

/** df's word against what was seen, and what was not entered. */
function accountLines({ disks, foreign }: Pick<ScanResult, 'disks' | 'foreign'>): string[] {
  const lines: string[] = [];
  for (const { path, used, seen, deleted } of disks) {
    const share = used === 0 ? 100 : ((seen + deleted) / used) * 100;
    const open = deleted >= 1024 ** 2 ? `, ${size(deleted)} of it in deleted files that are still open` : '';
    lines.push(`  ${path}: ${size(used)} used, ${share.toFixed(1)} % accounted for${open}`);
  }
  for (const { path, type, source, reason } of foreign)
    lines.push(`  ${path}: ${reason} (${type} ${source})`);
  return lines.length === 0 ? [] : ['', ...lines];
}

function undecidedLines(
  manifest: Manifest,
  folder: string,
  options: { readonly color: boolean; readonly symbols: Symbols; readonly verbose: boolean },
): string[] {
  if (manifest.undecided.length === 0) return [];
  const sorted = [...manifest.undecided].sort((one, other) => other.bytes - one.bytes);
  const shown = options.verbose ? sorted : sorted.slice(0, 10);
  const rest = sorted.length - shown.length;
  const first = shown[0] as (typeof shown)[number];
  return [
    '',
    `${paint('yellow', '?', options.color)} ${plural(sorted.length, 'group')} undecided; a plan needs a word on each:`,
    ...shown.map((each) => `    ${pad(size(each.bytes), 10, 'left')}  ${each.path}`),
    ...(rest > 0 ? [`    ${options.symbols.more} ${count(rest)} more (--verbose shows them)`] : []),
    `  for example: opstimal-move decide ${folder} '${first.path}' mutable`,
  ];
}
