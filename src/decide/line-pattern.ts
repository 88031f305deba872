/**
 * Patterns of profiles. A profile may come from a stranger, and what it is matched against from a hostile server,
 * so no pattern may take more than linear time: re2js has no backtracking, and each line gives one match at most,
 * because to look for the next match again and again would be quadratic.
 *
 * The price: no look-around, no back references, and nothing that reaches over several lines.
 */
import { RE2JS, RE2JSSyntaxException } from 're2js';

/** A longer pattern is no pattern of a setting. Characters. */
export const longestPattern = 1000;
/** A longer line is no setting. Bytes. */
const longestLine = 65_536;

const compiled = new Map<string, RE2JS>();

function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const made = RE2JS.compile(pattern);
  compiled.set(pattern, made);
  return made;
}

/** What is wrong with a pattern, as the end of a sentence that begins with its name; null = nothing. */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > longestPattern) return `is longer than ${longestPattern} characters`;
  try {
    if (RE2JS.compile(pattern).groupCount() > 1) return 'has more than one group; write (?:…) for the others';
    return null;
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    return `cannot be used: ${error.message.replace(/^error parsing regexp: /, '')}`;
  }
}

/** The first group, or the whole match where there is none, of the first match in a text of one line. */
export function matchLine(pattern: string, line: string): string | null {
  if (line.length > longestLine) return null;
  const matcher = compile(pattern).matcher(line);
  if (!matcher.find()) return null;
  return (matcher.groupCount() > 0 ? matcher.group(1) : matcher.group(0)) ?? null;
}

/** What `matchLine` finds in each line, in order. */
export function* matchLines(pattern: string, text: string): Generator<string> {
  for (const line of text.split('\n')) {
    const found = matchLine(pattern, line);
    if (found !== null) yield found;
  }
}
