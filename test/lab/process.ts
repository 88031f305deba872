/** Long-lived processes of the lab: a number alone may be someone else's by now, so its start time goes with it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Recorded {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat (proc(5)). */
  readonly started: string;
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name in brackets may hold blanks; fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export function record(pid: number): Recorded {
  return { pid, started: startOf(pid) ?? '' };
}

export function lives(process: Recorded): boolean {
  return process.started !== '' && startOf(process.pid) === process.started;
}

/** SIGTERM, `seconds` of patience, then SIGKILL. Returns whether it ended by itself. */
export async function end(recorded: Recorded, seconds: number): Promise<boolean> {
  const send = (signal: NodeJS.Signals) => {
    try {
      if (lives(recorded)) process.kill(recorded.pid, signal);
    } catch {
      // gone between the look and the signal
    }
  };
  send('SIGTERM');
  for (const until = Date.now() + seconds * 1000; lives(recorded) && Date.now() < until; ) await sleep(50);
  const byItself = !lives(recorded);
  send('SIGKILL');
  for (const until = Date.now() + 10_000; lives(recorded) && Date.now() < until; ) await sleep(50);
  return byItself;
}
