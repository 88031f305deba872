/**
 * Text that came from a server and is no name: content of files, full names, notes. Names are quoted before they
 * get here, their backslashes doubled; in text a backslash stays what it is, and only what could steer a terminal, turn
 * the direction of writing, or hide is made visible.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** One line of text as it may be shown; tabs stay. */
export function visible(text: string): string {
  return text.replace(hidden, (character) => {
    if (character === '\t') return character;
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    const code = character.codePointAt(0) as number;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
