/** What a fact is called where people read it; its name in files and JSON stays as it is. */
const own: Readonly<Record<string, string>> = { clockAhead: 'clock', deletedOpen: 'deleted and open' };

/** `new: statOverrides` → `new: stat overrides`. Paths and other words stay. */
export function factWords(name: string): string {
  if (name.startsWith('/')) return name;
  return name
    .split(': ')
    .map(
      (part) =>
        own[part] ?? part.replace(/([a-z])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`),
    )
    .join(': ');
}
