/** The 16 colours of the terminal, so that the user's theme decides. Never the only bearer of a meaning. */

const codes = { red: 31, yellow: 33, magenta: 35, cyan: 36, bold: 1, dim: 2 } as const;

export type Paint = keyof typeof codes;

/** Text in a colour, or as it is when colour is off. */
export function paint(how: Paint, text: string, color: boolean): string {
  if (!color || text === '') return text;
  return `\x1b[${codes[how]}m${text}\x1b[${how === 'bold' || how === 'dim' ? 22 : 39}m`;
}

/**
 * Whether colour is wanted on a stream: not with --no-color, NO_COLOR, TERM=dumb or without a terminal;
 * FORCE_COLOR (other than 0) asks for it, except against --no-color.
 */
export function wantsColor(
  environment: Readonly<Record<string, string | undefined>>,
  asked: { noColor: boolean; terminal: boolean },
): boolean {
  if (asked.noColor) return false;
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((environment.NO_COLOR ?? '') !== '') return false;
  return asked.terminal && environment.TERM !== 'dumb';
}
