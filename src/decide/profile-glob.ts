/**
 * Globs of profiles: a small part of what picomatch knows, chosen so that none takes more than quadratic time in
 * one file name, whoever wrote it. Longer globs, nested braces and (…) are refused and not cut down.
 */

/** Characters. */
const longest = 500;
const mostAlternatives = 32;

/** `${setting}` and `{version}` stand for text that is filled in, and are no braces. */
function withoutBlanks(glob: string): string {
  return glob.replaceAll(/\$\{[a-zA-Z0-9]+\}|\{(?:version|old|new)\}/g, 'x');
}

/** What is wrong with a glob, as the end of a sentence that begins with its name; null = nothing. */
export function globProblem(glob: string): string | null {
  if (glob.length > longest) return `is longer than ${longest} characters`;
  if (!/^(?:\/|\$\{)/.test(glob)) return 'must begin with / or ${';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\x00-\x1f]/.test(glob)) return 'holds a control character';
  const plain = withoutBlanks(glob);
  if (/[()\\]/.test(plain)) return 'may not hold ( ) or \\';
  if (plain.split('/**').length > 3) return 'has ** more than twice';
  for (const segment of plain.split('/')) {
    const problem = segmentProblem(segment);
    if (problem !== null) return problem;
  }
  return null;
}

function segmentProblem(segment: string): string | null {
  if (segment === '.' || segment === '..') return `may not go through ${segment}`;
  if (segment.startsWith('!')) return 'may not begin a name with !';
  if (segment === '**') return null;
  if (segment.includes('**')) return 'may use ** only as a whole name between slashes';
  if (segment.split('*').length > 3) return 'has more than two * in one name';
  const open = segment.split('{').length - 1;
  if (open !== segment.split('}').length - 1 || open > 1 || /\}.*\{/.test(segment))
    return open > 1 ? 'has more than one {…} in one name' : 'has a { or } without the other';
  if (segment.split(',').length > mostAlternatives) return `has more than ${mostAlternatives} alternatives`;
  if (segment.split('[').length !== segment.split(']').length) return 'has a [ or ] without the other';
  return null;
}
