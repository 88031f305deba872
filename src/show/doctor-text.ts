/** What doctor found, host by host; lines with a problem carry a sign and a word, not only a colour. */
import type { DoctorResult } from '../work/doctor.ts';
import { paint } from './paint.ts';
import { pad, type Symbols } from './symbols.ts';

export function doctorText(
  result: DoctorResult,
  options: { readonly color: boolean; readonly symbols: Symbols },
): string {
  const lines: string[] = [];
  for (const host of result.hosts) {
    lines.push(`${paint('bold', host.name, options.color)}: ${host.ok ? 'ready' : 'not ready'}`);
    for (const { state, subject, text } of host.lines) {
      const sign = state === 'ok' ? pad(options.symbols.done, 2) : '! ';
      const painted = state === 'ok' ? sign : paint(state === 'bad' ? 'red' : 'yellow', sign, options.color);
      lines.push(`  ${painted} ${pad(subject, 12)} ${state === 'bad' ? 'needed: ' : ''}${text}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
