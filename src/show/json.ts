/** JSON for scripts: one object, or lines for long work of which the last has `kind: "result"` or `"error"`. */

/** What JSON lets stand in a string, and a terminal or an editor obeys: C1 codes, marks of direction, what hides. */
const obeyed = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `\uXXXX` for every code unit. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** One line of JSON; 64-bit numbers (nanoseconds) become decimal strings, maps become objects. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_name, each: unknown) => {
    if (typeof each === 'bigint') return each.toString();
    if (each instanceof Map) return Object.fromEntries(each);
    if (each instanceof Set) return [...each];
    return each;
  }).replace(obeyed, escaped)}\n`;
}

/** Whether a progress event is due as a JSON line: at most one a second for each label, and always the last. */
export function progressGate(): (
  event: { label: string; done: number; total: number | null },
  now: number,
) => boolean {
  const shown = new Map<string, number>();
  return (event, now) => {
    const before = shown.get(event.label);
    if (before !== undefined && now - before < 1000 && event.done !== event.total) return false;
    shown.set(event.label, now);
    return true;
  };
}
