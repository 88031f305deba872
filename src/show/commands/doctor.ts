import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import { doctorText } from '../doctor-text.ts';
import { exitCode } from '../exit.ts';
import { runWork, type Session, showResult } from '../session.ts';
import { reach } from './hosts.ts';

/** `doctor PLACE…`: one place that cannot be reached does not stop the others; exit 3 when one is not ready. */
export async function doctorCommand(session: Session): Promise<number> {
  const { doctor } = await import('../../work/doctor.ts');
  const places = session.parsed.arguments.PLACE ?? [];
  const hosts: Host[] = [];
  const failures: { place: string; failure: Failure }[] = [];
  for (const place of places) {
    try {
      hosts.push(await reach(session, place));
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'interrupted' || places.length === 1) throw error;
      failures.push({ place, failure: error });
    }
  }
  const result = await runWork(session, doctor({ hosts, surroundings: session.surroundings }));
  const unreached = failures.map(({ place, failure }) => ({
    name: place,
    ok: false,
    lines: [{ state: 'bad' as const, subject: 'connection', text: failure.message }, ...hintLine(failure)],
  }));
  const all = { hosts: [...result.hosts, ...unreached] };
  showResult(session, { command: 'doctor', ...all }, () => doctorText(all, session.settings));
  const [first] = failures;
  if (first !== undefined && hosts.length === 0) return exitCode(first.failure.code);
  return all.hosts.every((host) => host.ok) ? 0 : 3;
}

function hintLine(failure: Failure): { state: 'care'; subject: string; text: string }[] {
  return failure.hint === '' ? [] : [{ state: 'care', subject: 'hint', text: failure.hint }];
}
