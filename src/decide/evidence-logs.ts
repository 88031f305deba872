/**
 * Which files outside /var/log are logs: those that logrotate(8) turns over, one by one and never a tree. People turn
 * over dumps and exports, too, so the name must also be that of a log: a log that travels costs little, data that
 * does not is lost.
 */
import { parentOf } from '../bytes.ts';
import type { Bytes, RotatedLogs } from '../types.ts';
import { PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';

const logName =
  /\.(?:log|out|err|stdout|stderr|trace)$|(?:^|[._-])(?:logs?|access|errors?|debug|trace)(?:[._-]|$)|[a-z]log$/i;
/** Journals of databases are called logs, and are data. */
const journalName =
  /bin[-_.]?log|redo|undo|wal(?:[._-]|$)|journal|transaction|txn|relay|ledger|ib_log|replication|(?:^|[._-])(?:cdc|oplog|changelog|commitlog|write-?ahead)/i;
const dataName =
  /\.(?:sql|dump|db3?|sqlite3?|csv|tsv|jsonl?|xml|ya?ml|tar|tgz|tbz2?|txz|zip|7z|rar|bak|backup|img|qcow2|pcap(?:ng)?|rrd|parquet|avro|aof|rdb|mdb|ldb|sst|ldif|eml|mbox|pdf|html?|xlsx?)(?:[._-]|$)/i;

/** Whether a file is a log by its name. */
export function looksLikeLog(path: Bytes): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return logName.test(name) && !journalName.test(name) && !dataName.test(name);
}

/** How logrotate names what it turned over: a number or a date, at the end or before an extension, maybe compressed. */
const compressed = '(?:\\.(?:gz|bz2|xz|zst|lz4|Z))?';
const turn = '(?:\\.\\d{1,5}|[-_.]\\d{8}(?:[-_.]?\\d{2,6})?|[-_.]\\d{4}-\\d\\d-\\d\\d|-\\d{10})';
const atEnd = new RegExp(`^(.+?)${turn}${compressed}$`, 's');
const beforeExtension = new RegExp(`^(.+?)${turn}(\\.[A-Za-z]{1,10})${compressed}$`, 's');
/** A pattern that ends like this names whatever lies there. */
const namesAnything = /\/[*?.]*$/;

export class LogEvidence {
  readonly #logs = new PathRules<Ruling>();
  /** Where `olddir` puts the rotated ones, by the name of the log. */
  readonly #old = new PathRules<Ruling>();

  constructor(rotated: readonly RotatedLogs[]) {
    for (const { file, patterns, olddir } of rotated) {
      const ruling: Ruling = {
        class: 'ephemeral',
        carry: 'none',
        rule: 'log.rotated',
        reason: 'log',
        evidence: `rotated by ${file}`,
        single: true,
      };
      for (const pattern of patterns) {
        if (namesAnything.test(pattern) || pattern.includes('**')) continue;
        this.#logs.add(pattern, ruling, 'path');
        if (olddir === null) continue;
        const directory = olddir.startsWith('/') ? olddir : `${parentOf(pattern)}/${olddir}`;
        this.#old.add(`${directory}${pattern.slice(pattern.lastIndexOf('/'))}`, ruling, 'path');
      }
    }
  }

  /** The ruling of a log or of what is left of an older one, or null. */
  of(path: Bytes): Ruling | null {
    const now = looksLikeLog(path) ? this.#logs.of(path) : null;
    if (now !== null) return now;
    const directory = path.slice(0, path.lastIndexOf('/') + 1);
    const name = path.slice(directory.length);
    const [, stem] = atEnd.exec(name) ?? [];
    const [, before, extension] = beforeExtension.exec(name) ?? [];
    for (const original of [stem, before === undefined ? undefined : `${before}${extension}`]) {
      if (original === undefined) continue;
      const log = `${directory}${original}`;
      if (!looksLikeLog(log)) continue;
      const found = this.#logs.of(log) ?? this.#old.of(log);
      if (found !== null) return { ...found, reason: 'older log' };
    }
    return null;
  }
}
