import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  globalsFor,
  mariaName,
  pgConnection,
  pgName,
  pgNameOf,
  pgText,
  splitStatements,
} from '../../../src/work/engines/sql.ts';

test('a dump is split at the semicolons that are not in quotes', () => {
  const dump = [
    '-- comment; with a semicolon and a \\ backslash',
    '\\restrict abc123',
    'SET standard_conforming_strings = on;',
    'CREATE ROLE "a;b""c";',
    "ALTER ROLE x WITH PASSWORD 'SCRAM-SHA-256$4096:it''s;';",
    "ALTER ROLE x SET search_path TO E'a\\\\b;', public;",
    '\\unrestrict abc123',
    '',
  ].join('\n');
  expect(splitStatements(dump)).toEqual([
    'SET standard_conforming_strings = on;',
    'CREATE ROLE "a;b""c";',
    "ALTER ROLE x WITH PASSWORD 'SCRAM-SHA-256$4096:it''s;';",
    "ALTER ROLE x SET search_path TO E'a\\\\b;', public;",
  ]);
});

test('a command for psql in a dump is refused, and so is half a dump', () => {
  expect(splitStatements('CREATE ROLE a;\n\\! rm -rf /\n')).toBeNull();
  expect(splitStatements('CREATE ROLE a \\! rm\n;')).toBeNull();
  expect(splitStatements('CREATE ROLE a')).toBeNull();
  expect(splitStatements("ALTER ROLE a PASSWORD 'x")).toBeNull();
});

test('any name and any text survive quoting and splitting', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((name) => !name.includes('\0')),
      fc.string().filter((text) => !text.includes('\0')),
      (name, text) => {
        const statement = `COMMENT ON ROLE ${pgName(name)} IS ${pgText(text)};`;
        expect(splitStatements(`${statement}\nSELECT 1;\n`)).toEqual([statement, 'SELECT 1;']);
        expect(pgNameOf(pgName(name))).toBe(name);
      },
    ),
  );
});

test('roles that exist are not created again but get everything else', () => {
  const { statements, tablespaces } = globalsFor(
    [
      'CREATE ROLE postgres;',
      'ALTER ROLE postgres WITH SUPERUSER;',
      'CREATE ROLE "ad a";',
      'CREATE ROLE bob;',
      'GRANT bob TO "ad a" GRANTED BY postgres;',
      "CREATE TABLESPACE fast OWNER bob LOCATION '/srv/it''s';",
      "CREATE TABLESPACE old OWNER bob LOCATION '/srv/old';",
    ],
    { roles: new Set(['postgres', 'ad a']), tablespaces: new Set(['old']) },
    true,
  );
  expect(statements).toEqual([
    'ALTER ROLE postgres WITH SUPERUSER;',
    'CREATE ROLE bob;',
    'GRANT bob TO "ad a";',
    "CREATE TABLESPACE fast OWNER bob LOCATION '/srv/it''s';",
  ]);
  expect(tablespaces).toEqual([
    { name: 'fast', location: "/srv/it's" },
    { name: 'old', location: '/srv/old' },
  ]);
});

test('a database name is never read as a connection string', () => {
  expect(pgConnection('host=evil')).toBe("dbname='host=evil'");
  expect(pgConnection("a'b\\c")).toBe("dbname='a\\'b\\\\c'");
  expect(mariaName('a`b-c')).toBe('`a``b-c`');
});
