/** The end of a scan: what the server is made of, by class, and what a person must look at. */
import type { Class, Manifest } from '../types.ts';
import type { ScanResult } from '../work/scan.ts';
import { factWords } from './fact-words.ts';
import { paint } from './paint.ts';
import { classLetters, pad, type Symbols } from './symbols.ts';
import { count, plural, size } from './units.ts';
import { wrap } from './wrap.ts';

const meanings: Readonly<Record<Class, string>> = {
  undecided: 'nothing explains it yet',
  mutable: 'data: carried',
  secret: 'carried, never kept in the open',
  edited: 'packaged, changed by hand: carried',
  immutable: 'made again from packages',
  identity: 'stays with its machine',
  ephemeral: 'cache, log, runtime: not carried',
};
const order = Object.keys(meanings) as Class[];

/** `result` has the exact counts of this scan; the manifest keeps rounded ones, so that it stays the same. */
export function scanText(
  manifest: Manifest,
  result: Pick<ScanResult, 'classes' | 'disks' | 'foreign' | 'leftOut' | 'secrets'>,
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
  lines.push(...secretLines(result.secrets, host.name, folder));
  lines.push(...leftOutLines(result.leftOut, folder, options));
  const services = manifest.profiles.map(({ name, version }) =>
    version === null ? name : `${name} ${version}`,
  );
  if (services.length > 0) lines.push('', wrap(`Known services: ${services.join(', ')}`, 80));
  lines.push(...incompleteLines(manifest.incomplete, options.color));
  lines.push(...undecidedLines(manifest, folder, options));
  lines.push('', `Wrote ${folder}. next: opstimal-move plan ${folder} DEST`);
  return `${lines.join('\n')}\n`;
}

/** Where the secrets are, and what of them would be there if the server were lost. */
function secretLines(
  { sealed, open, recipients, withData }: ScanResult['secrets'],
  server: string,
  folder: string,
): string[] {
  const lines: string[] = [];
  if (sealed > 0)
    lines.push(`${plural(sealed, 'secret file')} sealed for ${plural(recipients, 'recipient')}`);
  if (open > 0 && recipients > 0)
    lines.push(`${plural(open, 'secret file')} could not be read and ${open === 1 ? 'is' : 'are'} not kept`);
  if (withData > 0)
    lines.push(`${plural(withData, 'secret file')} among the data: sync carries, no folder keeps`);
  if (open > 0 && recipients === 0) {
    lines.push(
      `${plural(open, 'secret file')} not kept here: read from ${server || 'the server'} when applied`,
    );
    lines.push(`  to keep sealed: opstimal-move seal ${folder} --new-key FILE, then scan again`);
  }
  return lines.length === 0 ? [] : ['', ...lines];
}

/** What neither travels nor is installed by apply: a person must know before the service does not start. */
function leftOutLines(
  leftOut: ScanResult['leftOut'],
  folder: string,
  options: { readonly symbols: Symbols; readonly verbose: boolean },
): string[] {
  const [first] = leftOut;
  if (first === undefined) return [];
  const shown = options.verbose ? leftOut : leftOut.slice(0, 5);
  const rest = leftOut.length - shown.length;
  return [
    '',
    'Not carried, and yours to make again on the destination:',
    ...shown.flatMap((each) => [
      `    ${pad(size(each.bytes), 10, 'left')}  ${each.path}`,
      `                ${each.reason}`,
    ]),
    ...(rest > 0 ? [`    ${options.symbols.more} ${count(rest)} more (--verbose shows them)`] : []),
    `  or carry: opstimal-move decide ${folder} ${shellWord(first.path)} mutable`,
  ];
}

/** A word of a command line that a person copies. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
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
    lines.push(`  ${path}: ${reason} (${type === source ? type : `${type} ${source}`})`);
  return lines.length === 0 ? [] : ['', ...lines];
}

/** What could not be asked; that a disk does not run is no trouble of any one question, and said once. */
function incompleteLines(incomplete: Manifest['incomplete'], color: boolean): string[] {
  const still = incomplete.filter(({ reason }) => reason === 'the system does not run');
  const others = incomplete.filter((each) => !still.includes(each));
  const asleep = still.map(({ fact }) => factWords(fact)).join(', ');
  return [
    ...(still.length === 0 ? [] : ['', wrap(`The system does not run, so not asked: ${asleep}`, 80)]),
    ...(others.length === 0
      ? []
      : ['', `${paint('yellow', '!', color)} Not asked, so the manifest is incomplete:`]),
    ...others.map(({ fact, reason }) => `    ${factWords(fact)}: ${reason}`),
  ];
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
    `  for example: opstimal-move decide ${folder} ${shellWord(first.path)} mutable`,
  ];
}
