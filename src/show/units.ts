/** Numbers as people read them: powers of 1000 for sizes, two units at most for times, spaces in thousands. */

const sizes = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Size in bytes as `312.0 MB`; below 1000 as `312 B`. */
export function size(bytes: number): string {
  const power = powerOf(bytes);
  return power === 0 ? `${Math.round(bytes)} B` : `${scaled(bytes, power)} ${sizes[power]}`;
}

/** `37.4 of 61.4 GB`: both in the unit of the whole. */
export function sizeOf(done: number, total: number, word = ' of '): string {
  const power = powerOf(total);
  return power === 0
    ? `${Math.round(done)}${word}${Math.round(total)} B`
    : `${scaled(done, power)}${word}${scaled(total, power)} ${sizes[power]}`;
}

function powerOf(bytes: number): number {
  let power = 0;
  // 999.95 and more would be printed as 1000.0 of the smaller unit.
  while (power < sizes.length - 1 && bytes / 1000 ** power >= (power === 0 ? 1000 : 999.95)) power += 1;
  return power;
}

function scaled(bytes: number, power: number): string {
  return (bytes / 1000 ** power).toFixed(1);
}

/** Whole number with spaces between thousands: `48 210`. */
export function count(number: number): string {
  return String(Math.round(number)).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}

/** `1 file`, `2 files`. */
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Seconds as `45 s`, `2 min 44 s`, `1 h 40 min`, `3 d 4 h`; below ten with one decimal where that says more. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(whole / 3600);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** A time that is only guessed: one unit less exact than `duration` from a minute on. */
export function roughly(seconds: number): string {
  if (seconds < 60) return duration(Math.max(1, Math.round(seconds)));
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return duration(seconds);
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
