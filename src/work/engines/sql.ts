/** Quoting and splitting of SQL text that pg_dumpall wrote. Pure. */

/** Identifier of PostgreSQL. */
export function pgName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** String literal of PostgreSQL; good under either setting of standard_conforming_strings. */
export function pgText(text: string): string {
  const quoted = text.replaceAll("'", "''");
  return text.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}

/** Connection string that names a database; a bare name with `=` in it would be read as one. */
export function pgConnection(database: string): string {
  return `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Identifier of MariaDB. */
export function mariaName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** String literal of MariaDB under its default sql_mode, with every byte that could end a line escaped. */
export function mariaText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n').replaceAll('\0', '\\0')}'`;
}

/**
 * Statements of a plain dump, without comments and without psql's own commands. A backslash outside of quotes is
 * such a command: `\restrict` and `\unrestrict` are known and dropped, any other is refused (null), because a
 * dump is hostile input and psql would run it.
 */
export function splitStatements(dump: string): string[] | null {
  const statements: string[] = [];
  let statement = '';
  for (let at = 0; at < dump.length; ) {
    const character = dump[at] as string;
    const lineEnd = () => {
      const end = dump.indexOf('\n', at);
      return end < 0 ? dump.length : end;
    };
    if (dump.startsWith('--', at)) {
      at = lineEnd();
    } else if (character === '\\') {
      const line = dump.slice(at, lineEnd());
      if (statement.trim() !== '' || !/^\\(un)?restrict [A-Za-z0-9]+$/.test(line)) return null;
      at += line.length;
    } else if (character === "'" || character === '"') {
      const escapes = character === "'" && /[^A-Za-z0-9_"]E$/i.test(statement.slice(-2));
      let end = at + 1;
      for (; end < dump.length; end += 1) {
        if (escapes && dump[end] === '\\') end += 1;
        else if (dump[end] === character) {
          if (dump[end + 1] !== character) break;
          end += 1;
        }
      }
      if (end >= dump.length) return null;
      statement += dump.slice(at, end + 1);
      at = end + 1;
    } else if (character === ';') {
      statements.push(`${statement.trim()};`);
      statement = '';
      at += 1;
    } else {
      statement += character;
      at += 1;
    }
  }
  return statement.trim() === '' ? statements : null;
}

/** Name that a PostgreSQL identifier spells. */
export function pgNameOf(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

const identifier = '(?:"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_$]*)';
const createRole = new RegExp(`^CREATE ROLE (${identifier});$`);
const createTablespace = new RegExp(
  `^CREATE TABLESPACE (${identifier}) OWNER ${identifier} LOCATION ('(?:[^']|'')*')`,
);
const grantedBy = new RegExp(
  `^(GRANT ${identifier} TO ${identifier}(?: WITH [A-Z ,]+)?) GRANTED BY ${identifier};$`,
);

export interface Globals {
  readonly statements: readonly string[];
  /** Directories of tablespaces, which have to exist before. */
  readonly tablespaces: readonly { readonly name: string; readonly location: string }[];
}

/**
 * What of `pg_dumpall --globals-only` has to run on a server that has some roles and tablespaces already: those
 * are not created again, but get their attributes, passwords, settings and memberships.
 */
export function globalsFor(
  statements: readonly string[],
  there: { readonly roles: ReadonlySet<string>; readonly tablespaces: ReadonlySet<string> },
  /** Before PostgreSQL 16 the grantor of a membership meant nothing; since then he needs the right to grant. */
  dropGrantor: boolean,
): Globals {
  const tablespaces: { name: string; location: string }[] = [];
  const kept: string[] = [];
  for (const statement of statements) {
    const role = createRole.exec(statement);
    if (role !== null && there.roles.has(pgNameOf(role[1] as string))) continue;
    const tablespace = createTablespace.exec(statement);
    if (tablespace !== null) {
      const name = pgNameOf(tablespace[1] as string);
      tablespaces.push({ name, location: (tablespace[2] as string).slice(1, -1).replaceAll("''", "'") });
      if (there.tablespaces.has(name)) continue;
    }
    const membership = dropGrantor ? grantedBy.exec(statement) : null;
    kept.push(membership === null ? statement : `${membership[1]};`);
  }
  return { statements: kept, tablespaces };
}
