/**
 * One whole move between two booted servers, and what has to hold afterwards: the same list for every pair of
 * releases. The built program is run as a person runs it; both servers are looked at before and after.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { attempt, type Ran } from '../lab/command.ts';
import { ensureLayer, type LabHost, labAvailable, labEnvironment, startHost, stopHost } from '../lab/lab.ts';
import type { Release } from '../lab/settings.ts';
import * as observe from './observe.ts';

// A question to a busy server may take longer than Jest's five seconds.
jest.setTimeout(60_000);

const built = join(dirname(fileURLToPath(import.meta.url)), '../../dist/cli.js');

/** Runs the built program in `directory`, reaching the lab's hosts by their names. */
export function opstimalMove(directory: string, ...words: string[]): Promise<Ran> {
  return attempt([process.execPath, built, ...words], {
    directory,
    environment: { ...labEnvironment, NO_COLOR: '1' },
    seconds: 900,
  });
}

/** Everything a test compares. */
export const subjects = {
  web: observe.observeWeb,
  postgresql: observe.observePostgresql,
  logins: observe.observePostgresqlLogins,
  mariadb: observe.observeMariadb,
  redis: observe.observeRedis,
  mail: observe.observeMail,
  people: observe.observePeople,
  units: observe.observeUnits,
  system: observe.observeSystem,
  trees: (host: LabHost) => observe.observeTrees(host),
  configuration: async (host: LabHost) =>
    [...(await observe.observeTrees(host, observe.configuration, [])).values()].map(
      ({ mtime, ...facts }) => facts,
    ),
} as const;

export type Subject = keyof typeof subjects;
type Look = { readonly [S in Subject]: unknown };

/** Looks at every subject of one server; one that cannot be seen says why instead. */
async function look(host: LabHost): Promise<Look> {
  const seen: Partial<Record<Subject, unknown>> = {};
  for (const [subject, ask] of Object.entries(subjects) as [Subject, (host: LabHost) => Promise<unknown>][])
    seen[subject] = await ask(host).catch((error: Error) => `${subject} cannot be seen: ${error.message}`);
  return seen as Look;
}

interface Moved {
  readonly source: LabHost;
  readonly destination: LabHost;
  readonly ran: Ran;
  readonly before: Look;
  readonly after: Look;
  readonly identityBefore: Record<string, string>;
  readonly untouchedBefore: string[];
}

/** Milliseconds for two servers to come up and one move, on two busy cores. */
const patience = 15 * 60_000;

export function describeMove(from: Release, to: Release): void {
  const reason = labAvailable();
  if (reason !== null) {
    test.skip(`moves Debian ${from} to ${to}: not here, ${reason}`, () => {});
    return;
  }
  describe(`a hand-built Debian ${from} moves to an empty Debian ${to}`, () => {
    const names = { source: `m${from}${to}-old`, destination: `m${from}${to}-new` };
    const directory = mkdtempSync(join(tmpdir(), 'opstimal-move-test-'));
    let moved: Moved;

    beforeAll(async () => {
      const layer = await ensureLayer('handbuilt', from);
      const source = await startHost({ name: names.source, release: from, layers: [layer] });
      const destination = await startHost({ name: names.destination, release: to });
      const before = await look(source);
      const identityBefore = await observe.observeIdentity(destination);
      const untouchedBefore = await observe.observeUntouched(source);
      const ran = await opstimalMove(
        directory,
        'move',
        `root@${names.source}`,
        `root@${names.destination}`,
        '--yes',
        // What was edited is shown by originals.test.ts; here nothing is fetched that a move does not need.
        '--no-originals',
      );
      const after = await look(destination);
      moved = { source, destination, ran, before, after, identityBefore, untouchedBefore };
    }, patience);

    afterAll(async () => {
      if (process.env.OPSTIMAL_LAB_KEEP) return;
      await stopHost(names.source);
      await stopHost(names.destination);
      rmSync(directory, { recursive: true, force: true });
    }, 60_000);

    test('the program comes to its end, and its own report has nothing red', () => {
      if (moved.ran.status !== 0)
        throw new Error(
          `it ended with ${moved.ran.status}\n${moved.ran.stderr.slice(-6000)}\n${moved.ran.stdout.slice(-2000)}`,
        );
      expect(moved.ran.stdout).toMatch(/ green, 0 red, /);
    });

    test('the source was whole before', () => {
      for (const subject of Object.values(moved.before))
        expect(subject).not.toEqual(expect.stringMatching(/cannot be seen/));
      expect(moved.before.web).toMatchObject({ 'https /orders.php': { status: 200 } });
      expect(moved.before.logins).toContain('shop-app|20000');
      expect(moved.before.mariadb).toContain('11.90\t2');
      expect(moved.before.mail).toMatchObject({
        imap: ['a OK', '* STATUS INBOX (MESSAGES 4 UNSEEN 3)', 'b OK'],
      });
      expect(moved.before.units).toContain('app-writer.service enabled active');
      expect((moved.before.trees as Map<string, unknown>).size).toBeGreaterThan(200);
    });

    test('the site answers the same bytes over HTTP and HTTPS', () => {
      expect(moved.after.web).toEqual(moved.before.web);
    });

    test('PostgreSQL holds the same rows, roles, grants and tuned settings', () => {
      expect(moved.after.postgresql).toEqual(moved.before.postgresql);
    });

    test('PostgreSQL roles log in with their passwords and may do what they might', () => {
      expect(moved.after.logins).toEqual(moved.before.logins);
    });

    test('MariaDB holds the same rows, users, grants, routines and tuned settings', () => {
      expect(moved.after.mariadb).toEqual(moved.before.mariadb);
    });

    test('Redis has its keys and settings', () => {
      expect(moved.after.redis).toEqual(moved.before.redis);
    });

    test('the SQLite application runs and lost nothing it wrote before the freeze', async () => {
      const frozen = await observe.observeRows(moved.source);
      const carried = await observe.observeRows(moved.destination, frozen.last);
      expect(frozen.rows).toBeGreaterThan(0);
      expect(carried).toEqual(frozen);
      const now = await observe.observeRows(moved.destination);
      expect(now.last).toBeGreaterThan(frozen.last);
      expect(now.lastHost).toBe(names.destination);
    });

    test('mail is there, its owner reads it, and new mail arrives', async () => {
      expect(moved.after.mail).toEqual(moved.before.mail);
      expect(await observe.sendLetter(moved.destination, `after the move ${from} ${to}`)).toBe(true);
    });

    test('people keep names, password hashes, groups and crontabs', () => {
      expect(moved.after.people).toEqual(moved.before.people);
    });

    test('units, timers, masked and disabled ones are as they were', () => {
      expect(moved.after.units).toEqual(moved.before.units);
    });

    test('packages, local changes to them and edited configuration are as they were', () => {
      expect(moved.after.system).toEqual(moved.before.system);
    });

    test('files keep owners, modes, times, links, holes, attributes, ACLs and capabilities', () => {
      const was = moved.before.trees as Map<string, observe.FileFacts>;
      const is = moved.after.trees as Map<string, observe.FileFacts>;
      expect(is).toBeInstanceOf(Map);
      // A socket is made by who listens on it; a dead one is not worth carrying.
      const expected = [...was.values()].filter((facts) => facts.type !== 's');
      // Flags of chattr(1) are not carried yet. In a home its owner's jobs and logins write as soon as they may.
      const told = (facts: observe.FileFacts | undefined) =>
        facts &&
        JSON.stringify({
          ...facts,
          flags: undefined,
          ...(/^\/home\/[^/]+$/.test(facts.path) ? { mtime: undefined } : {}),
        });
      // Path by path, so that a failure shows the file and not two trees.
      const differing = expected
        .filter((facts) => told(is.get(facts.path)) !== told(facts))
        .map((facts) => ({ was: facts, is: is.get(facts.path) ?? 'missing' }));
      expect(differing).toEqual([]);
      // Packages of a newer release make empty directories of their own below /usr/local.
      const more = [...is.values()].filter(
        ({ path, type }) => !was.has(path) && !(type === 'd' && path.startsWith('/usr/local/')),
      );
      expect(more.map(({ path }) => path)).toEqual([]);
    });

    test('secrets and certificates keep content, owners, modes and links', () => {
      expect(moved.after.configuration).toEqual(moved.before.configuration);
    });

    test('what a person has to merge is named, and left alone', async () => {
      expect(await moved.source.run('grep legacy-erp /etc/hosts')).not.toBe('');
      expect((await moved.destination.attempt('grep legacy-erp /etc/hosts')).status).toBe(1);
      expect(moved.ran.stdout + moved.ran.stderr).toMatch(/by hand +\/etc\/hosts/);
    });

    test('the destination keeps its own identity, network and fstab', async () => {
      expect(await observe.observeIdentity(moved.destination)).toEqual(moved.identityBefore);
    });

    test('caches did not travel', async () => {
      expect(await observe.observeCaches(moved.source)).not.toEqual([]);
      expect(await observe.observeCaches(moved.destination)).toEqual([]);
    });

    test('nothing on the source changed but the services that were stopped', async () => {
      const untouched = await observe.observeUntouched(moved.source);
      const before = new Set(moved.untouchedBefore);
      const after = new Set(untouched);
      expect(untouched.filter((line) => !before.has(line))).toEqual([]);
      expect(moved.untouchedBefore.filter((line) => !after.has(line))).toEqual([]);
      const units = await observe.observeUnits(moved.source);
      expect(units).toContain('app-writer.service enabled inactive');
      expect(units).toContain('cron.service enabled inactive');
      // Enabled or masked as before: cutover stops, it does not disable.
      const enablement = (list: string[]) =>
        list.filter((line) => /^\S+\.(service|timer) /.test(line)).map((line) => line.replace(/ \S+$/, ''));
      expect(enablement(units)).toEqual(enablement(moved.before.units as string[]));
    });

    test('no secret came to rest in the migration folder', async () => {
      const found = await attempt([
        'grep',
        '-rlaF',
        '-e',
        'pa$$w"o',
        '-e',
        's3cret',
        '-e',
        '$y$j9T',
        '-e',
        'PRIVATE KEY',
        '-e',
        'redis-secret',
        directory,
      ]);
      expect(found.stdout).toBe('');
    });

    test('a second look at the result agrees with it', async () => {
      const [folder] = (await attempt(['ls', directory])).stdout
        .split('\n')
        .filter((name) => name.endsWith('.move'));
      expect(folder).toBeDefined();
      const verified = await opstimalMove(directory, 'verify', folder ?? '', `root@${names.destination}`);
      expect(verified.stderr + verified.stdout).not.toMatch(/\bbug\b/i);
      expect(verified.status).toBe(0);
    }, 120_000);
  });
}
