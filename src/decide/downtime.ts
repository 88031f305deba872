/** How long nobody will answer, said before anything is stopped. */

/** Everything measured beforehand; seconds, bytes, entries. */
export interface DowntimeInputs {
  /** Units that will be stopped and started. */
  readonly units: number;
  readonly secondsPerStop: number;
  readonly secondsPerStart: number;
  /** Listing both sides once, from the last pass. */
  readonly listSeconds: number;
  /** What the last pass but one left to do: bytes and entries that change between two passes. */
  readonly dirtyBytes: number;
  readonly dirtyEntries: number;
  readonly bytesPerSecond: number;
  readonly entriesPerSecond: number;
  /** Size of the databases that are dumped and loaded. */
  readonly databaseBytes: number;
  readonly databases: number;
  readonly databaseBytesPerSecond: number;
  /** Asking the destination whether it answers as the source did. */
  readonly checkSeconds: number;
}

/** A rate that was never measured must not make the work look free. */
const rate = (measured: number, careful: number) => (measured > 0 ? measured : careful);

/**
 * Predicted downtime in seconds: stop + list + content + dumps + start + checks. Dump and load of one database
 * costs half a second even when it is empty.
 */
export function predictDowntime(inputs: DowntimeInputs): number {
  const content = Math.max(
    inputs.dirtyBytes / rate(inputs.bytesPerSecond, 10e6),
    inputs.dirtyEntries / rate(inputs.entriesPerSecond, 1000),
  );
  const seconds =
    inputs.units * (inputs.secondsPerStop + inputs.secondsPerStart) +
    inputs.listSeconds +
    content +
    inputs.databases * 0.5 +
    inputs.databaseBytes / rate(inputs.databaseBytesPerSecond, 15e6) +
    inputs.checkSeconds;
  return Math.round(seconds * 10) / 10;
}
