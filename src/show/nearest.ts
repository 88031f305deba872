/** The name a person probably meant. */

/** Nearest of `names` by edit distance with neighbours swapped, or null when none is near. */
export function nearest(word: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const far = name.startsWith(word) && word.length >= 2 ? 0.5 : distance(word, name);
    if (far < least) {
      least = far;
      best = name;
    }
  }
  return least <= Math.max(1, Math.floor(word.length / 3)) ? best : null;
}

/** Letters to insert, take away, replace or swap (optimal string alignment). */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row];
    rows.push(line);
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      let least = Math.min(
        cell(row - 1, column) + 1,
        cell(row, column - 1) + 1,
        cell(row - 1, column - 1) + same,
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, cell(row - 2, column - 2) + 1);
      line.push(least);
    }
  }
  return cell(from.length, to.length);
}
