/**
 * What units say about paths that nothing else explains (systemd.exec(5)). A unit speaks for what it names and never
 * for a directory of the whole system, and only where nobody knows better: what is known to be data stays data.
 */
import type { Bytes, Unit, UnitDirectives } from '../types.ts';
import { looksLikeLog } from './evidence-logs.ts';
import { literally, PathRules } from './path-rules.ts';
import type { Ruling } from './ruling.ts';

/** Directories that belong to the system or to many: naming one says nothing about what is in it. */
const shared =
  /^\/(?:|bin|efi|home|lib\w*|lost\+found|media|mnt|opt|root|sbin|srv|usr(?:\/local)?(?:\/[^/]*)?|var(?:\/(?:backups|cache|crash|ftp|games|lib|local|lock|log|mail|opt|run|spool|tmp|www))?|var\/lib\/(?:docker|containerd|containers|lxd|incus)(?:\/.*)?|(?:boot|dev|etc|proc|run|sys|tmp)(?:\/.*)?)$/s;

/** Whether a directory is too large a thing to be explained by one line. Only `byHand` may a line name one right below `/`. */
export function saysTooMuch(path: Bytes, byHand: boolean): boolean {
  return shared.test(path) || (!byHand && /^\/[^/]*$/s.test(path));
}

export class UnitEvidence {
  readonly #trees = new PathRules<Ruling>();
  readonly #files = new Map<Bytes, Ruling>();
  readonly #process = new Map<Bytes, Ruling>();
  readonly #credentials = new PathRules<Ruling>();

  /** `secrets` are those of the environment files that hold one. */
  constructor(
    directives: readonly UnitDirectives[],
    units: readonly Unit[],
    secrets: ReadonlySet<Bytes> = new Set(),
  ) {
    for (const one of directives) this.#addOwn(one, secrets);
    for (const { name, readWritePaths } of units) {
      for (const path of readWritePaths) {
        if (!path.startsWith('/') || saysTooMuch(path, false)) continue;
        this.#trees.add(literally(path), state(name, `ReadWritePaths= of ${name}`));
      }
    }
  }

  #addOwn(one: UnitDirectives, secrets: ReadonlySet<Bytes>): void {
    const { unit, file } = one;
    for (const path of one.writes) {
      if (!saysTooMuch(path, true))
        this.#trees.add(
          literally(path),
          state(unit, `ReadWritePaths=, BindPaths= or RootDirectory= in ${file}`),
        );
    }
    // A program may be started in a directory that holds much else.
    if (one.workingDirectory !== '' && !saysTooMuch(one.workingDirectory, false)) {
      const reason = `${unit} runs in it`;
      this.#trees.add(
        literally(one.workingDirectory),
        data('unit.directory', reason, `WorkingDirectory= in ${file}`),
      );
    }
    for (const path of one.programs) {
      this.#keep(path, data('unit.program', `program of ${unit}`, `Exec line in ${file}`));
    }
    for (const path of one.outputs) {
      const evidence = `StandardOutput= or StandardError= in ${file}`;
      this.#keep(
        path,
        looksLikeLog(path)
          ? { class: 'ephemeral', carry: 'none', rule: 'unit.output', reason: `log of ${unit}`, evidence }
          : data('unit.output', `output of ${unit}`, evidence),
      );
    }
    for (const path of one.environmentFiles) {
      const evidence = `EnvironmentFile= in ${file}`;
      this.#keep(
        path,
        secrets.has(path)
          ? {
              ...data('unit.environment', `keys and passwords of ${unit}`, evidence),
              class: 'secret',
            }
          : data('unit.environment', `settings of ${unit}`, evidence),
      );
    }
    for (const path of one.credentials) {
      if (saysTooMuch(path, false) && !path.startsWith('/etc/')) continue;
      this.#credentials.add(literally(path), {
        class: 'secret',
        carry: path.startsWith('/etc/') ? 'manifest' : 'stream',
        rule: 'unit.credential',
        reason: `credential of ${unit}`,
        evidence: `LoadCredential= in ${file}`,
        single: true,
      });
    }
    if (one.pidFile !== '') {
      this.#process.set(one.pidFile, {
        class: 'ephemeral',
        carry: 'none',
        rule: 'unit.pid',
        reason: `number of the running ${unit}`,
        evidence: `PIDFile= in ${file}`,
        single: true,
      });
    }
  }

  #keep(path: Bytes, ruling: Ruling): void {
    if (!this.#files.has(path)) this.#files.set(path, { ...ruling, single: true });
  }

  /** What a tree is that nothing else explains. */
  tree(path: Bytes): Ruling | null {
    return this.#trees.of(path);
  }

  /** What a regular file is by itself; `known` is what its place says. null = a unit does not change that. */
  file(path: Bytes, size: number, known: Ruling): Ruling | null {
    const credential = this.#credentials.of(path);
    if (credential !== null && known.carry !== 'none') return { ...credential, carry: known.carry };
    if (credential !== null && known.class === 'undecided') return credential;
    // More than a number is no number of a process.
    if (size <= 32 && this.#process.has(path)) return this.#process.get(path) as Ruling;
    const named = this.#files.get(path);
    if (named === undefined) return null;
    const isOpen = known.class === 'undecided' || known.rule === 'unit.directory';
    if (named.class === 'secret') return isOpen || known.carry === 'stream' ? named : null;
    return isOpen ? named : null;
  }
}

function state(unit: string, evidence: string): Ruling {
  return data('unit.writes', `state of ${unit}`, evidence);
}

function data(rule: string, reason: string, evidence: string): Ruling {
  return { class: 'mutable', carry: 'stream', rule, reason, evidence };
}
