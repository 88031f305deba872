import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import { mariaLines, mariaRows } from './mariadb-client.ts';
import { mariaText } from './sql.ts';

/** One user or role with the statements that make it. Holds password hashes: never shown, never written. */
export interface Account {
  /** `ada@localhost`, or the bare name of a role. */
  readonly name: string;
  readonly role: boolean;
  readonly create: readonly string[];
  readonly grants: readonly string[];
}

/** The server's own: made by its package on the destination, with the destination's own secrets. */
const ownAccounts = new Set([
  'root@localhost',
  'mysql@localhost',
  'mariadb.sys@localhost',
  'debian-sys-maint@localhost',
]);

export const isOwnAccount = (account: Account) => ownAccounts.has(account.name) || account.name === 'PUBLIC';

/** All accounts in order of their names; roles before users, since users are members of them. */
export async function accountsOf(host: Host): Promise<readonly Account[]> {
  const names = await mariaRows<[string, string, string]>(
    host,
    "SELECT JSON_ARRAY(User, Host, is_role) FROM mysql.user ORDER BY is_role = 'N', User, Host;",
  );
  const mark = 'opstimal-move account ';
  const questions = names.map(([user, from, isRole], index) => {
    const name = isRole === 'Y' ? mariaText(user) : `${mariaText(user)}@${mariaText(from)}`;
    const create = isRole === 'Y' ? '' : `SHOW CREATE USER ${name};\n`;
    return `SELECT '${mark}${index}';\n${create}SHOW GRANTS FOR ${user === 'PUBLIC' && isRole === 'Y' ? 'PUBLIC' : name};\n`;
  });
  const accounts: { name: string; role: boolean; create: string[]; grants: string[] }[] = [];
  for (const line of await mariaLines(host, questions.join(''))) {
    if (line.startsWith(mark)) {
      const [user, from, isRole] = names[accounts.length] as [string, string, string];
      const role = isRole === 'Y';
      accounts.push({ name: role ? user : `${user}@${from}`, role, create: [], grants: [] });
      continue;
    }
    const account = accounts.at(-1);
    if (/^(CREATE|ALTER) USER /.test(line)) account?.create.push(line);
    else if (/^(GRANT|SET DEFAULT ROLE) /.test(line)) account?.grants.push(line);
    else {
      throw new Failure('failed', 'database', `an account of MariaDB on ${host.name} cannot be read`, {
        during: `a name in it holds a line break (${account?.name ?? 'first account'})`,
      });
    }
  }
  return accounts;
}

/** SQL that makes the accounts, or makes them anew; privileges come after the data, since they name tables. */
export function createAccounts(accounts: readonly Account[]): string {
  return accounts
    .flatMap((account) =>
      account.role
        ? [`CREATE OR REPLACE ROLE ${mariaText(account.name)};`]
        : account.create.map((line) => `${line.replace(/^CREATE USER /, 'CREATE OR REPLACE USER ')};`),
    )
    .join('\n');
}

/** A grant that repeats the password would take an expiry back that the account was created with. */
export function grantAll(accounts: readonly Account[]): string {
  return accounts.flatMap((account) => account.grants.map((line) => `${withoutSecret(line)};`)).join('\n');
}

/** A grant without the password hash that older versions print in it. */
export function withoutSecret(grant: string): string {
  return grant.replace(/ IDENTIFIED (BY PASSWORD|VIA) .*?(?= REQUIRE | WITH |$)/, '');
}

/** A grant as it is compared: servers list the columns of a privilege in any order. */
export function canonicalGrant(grant: string): string {
  const columns = /\(((?:`(?:[^`]|``)*`(?:, )?)+)\)/g;
  return withoutSecret(grant).replaceAll(columns, (_whole, list: string) => {
    const names = list.match(/`(?:[^`]|``)*`/g) ?? [];
    return `(${names.sort().join(', ')})`;
  });
}
