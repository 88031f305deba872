/** What validate found, as compilers tell it, so that editors can jump to each place. */
import type { Finding } from '../work/validate.ts';
import { paint } from './paint.ts';
import { plural } from './units.ts';
import { visible } from './visible.ts';

export function validateText(findings: readonly Finding[], files: number, color: boolean): string {
  const lines = findings.flatMap(({ file, line, column, grade, sentence, hint }) => {
    const sign = grade === 'note' ? 'note: ' : '';
    return [
      `${paint('bold', `${visible(file)}:${line}:${column}:`, color)} ${sign}${visible(sentence)}`,
      ...(hint === '' ? [] : [`    ${visible(hint)}`]),
    ];
  });
  const wrong = findings.filter(({ grade }) => grade === 'wrong').length;
  const notes = findings.length - wrong;
  const end = [
    wrong === 0 ? 'nothing is wrong' : `${plural(wrong, 'mistake')}`,
    ...(notes === 0 ? [] : [plural(notes, 'note')]),
  ].join(', ');
  return `${[...lines, `${end} in ${plural(files, 'file')}`].join('\n')}\n`;
}
