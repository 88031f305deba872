/** A cutover that goes wrong gives everything back; one that was killed goes on; one that worked can be taken back. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Failure } from '../../src/failure.ts';
import { connect } from '../../src/host/connect.ts';
import type { Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import type { Event } from '../../src/types.ts';
import { cutover } from '../../src/work/cutover.ts';
import type { Cutover } from '../../src/work/cutover-kept.ts';
import { Folder } from '../../src/work/folder.ts';
import { move } from '../../src/work/move.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { rollback } from '../../src/work/rollback.ts';
import { verify } from '../../src/work/verify.ts';
import { finish } from '../../src/work/work.ts';
import { ensureLayer, type LabHost, labAvailable, labEnvironment, startHost, stopHost } from '../lab/lab.ts';

const reason = labAvailable();
const names = { source: 'cutover-old', destination: 'cutover-new' };
const patience = 15 * 60_000;
const services = ['nginx', 'app-writer', 'mariadb', 'postgresql', 'redis-server', 'cron', 'app-digest.timer'];
const all = (state: string) => services.map(() => state);

/** Runs a cutover in a process of its own, which kills itself at the first event that holds `at`. */
const killed = (root: string) => `
const [, , directory, source, destination, at] = process.argv;
const load = (path) => import(new URL(path, ${JSON.stringify(`${pathToFileURL(root)}/`)}));
const { connect } = await load('src/host/connect.ts');
const { parsePlace } = await load('src/host/place.ts');
const { cutover } = await load('src/work/cutover.ts');
const { Folder } = await load('src/work/folder.ts');
const { loadProfiles } = await load('src/work/profiles.ts');
const { finish } = await load('src/work/work.ts');
const asker = { trustHostKey: async () => false, secret: async () => null };
const reach = (name) => connect(parsePlace('root@' + name), { asker, environment: process.env, note: () => {} });
await finish(cutover({
  folder: await Folder.open(directory), source: await reach(source), destination: await reach(destination),
  profiles: await loadProfiles(), surroundings: { now: Date.now, by: 'test', signal: new AbortController().signal },
}), (event) => { if (JSON.stringify(event).includes(at)) process.kill(process.pid, 'SIGKILL'); });
`;

(reason === null ? describe : describe.skip)(`cutover${reason === null ? '' : `: ${reason}`}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'opstimal-cutover-'));
  let lab: { source: LabHost; destination: LabHost };
  let request: Cutover;

  const at = (signal = new AbortController().signal) => ({ now: Date.now, by: 'test', signal });
  const states = async (host: Host): Promise<string[]> => {
    const answer = await host.run(['systemctl', 'is-active', '--', ...services]);
    return answer.stdout.toString().trim().split('\n');
  };
  const rows = async (host: Host): Promise<string> => {
    const program =
      'cd /; mysql -Ne "select count(*) from shop_web.sessions"; runuser -u postgres -- psql -XAtqc "select count(*) from shop.orders" shop';
    return (await host.run(['sh', '-c', program])).stdout.toString();
  };
  const reach = (name: string): Promise<Host> =>
    connect(parsePlace(`root@${name}`), {
      asker: { trustHostKey: async () => false, secret: async () => null },
      environment: { ...process.env, ...labEnvironment },
      note: () => {},
    });

  beforeAll(async () => {
    const layer = await ensureLayer('handbuilt', '12');
    lab = {
      source: await startHost({ name: names.source, release: '12', layers: [layer] }),
      destination: await startHost({ name: names.destination, release: '13' }),
    };
    request = {
      folder: await Folder.create(join(directory, 'old.move')),
      source: await reach(names.source),
      destination: await reach(names.destination),
      profiles: await loadProfiles(),
      surroundings: at(),
    };
    await finish(move({ ...request, rehearse: true }));
  }, patience);

  afterAll(async () => {
    await request?.source.close();
    await request?.destination.close();
    await stopHost(names.source);
    await stopHost(names.destination);
    rmSync(directory, { recursive: true, force: true });
  }, patience);

  test('a rehearsal stops nothing and starts nothing', async () => {
    expect(await states(request.source)).toEqual(all('active'));
    expect(await states(request.destination)).toEqual(all('inactive'));
  }, 60_000);

  test('a service that does not start on the destination takes everything back', async () => {
    const unit = '/etc/systemd/system/app-writer.service.d/90-broken.conf';
    await lab.destination.run(
      `mkdir -p ${unit.slice(0, -15)} && printf '[Service]\\nExecStartPre=/bin/false\\n' > ${unit} && systemctl daemon-reload`,
    );
    const failure = (await finish(cutover(request)).catch((error: Failure) => error)) as Failure;
    await lab.destination.run(`rm ${unit}; systemctl daemon-reload; systemctl reset-failed`);
    expect(`${failure.message}: ${failure.during}`).toMatch(
      /^app-writer\.service does not start on cutover-new/,
    );
    expect(failure).toMatchObject({
      code: 'failed',
      topic: 'start',
      hint: expect.stringContaining(`${names.source} serves again as before`),
    });
    expect(await states(request.source)).toEqual(all('active'));
    expect(await states(request.destination)).toEqual(all('inactive'));
  }, 180_000);

  test('an abort and a listener that goes away take everything back', async () => {
    const abort = new AbortController();
    const stopAt = (text: string, then: () => void) => (event: Event) => {
      if (JSON.stringify(event).includes(text)) then();
    };
    const work = finish(
      cutover({ ...request, surroundings: at(abort.signal) }),
      stopAt('dumping mariadb', () => abort.abort()),
    );
    await expect(work).rejects.toMatchObject({ code: 'interrupted' });
    expect(await states(request.source)).toEqual(all('active'));

    const left = cutover(request);
    for (;;) {
      const step = await left.next();
      if (step.done === true) throw new Error('it ended before it froze');
      if (JSON.stringify(step.value).includes('dumping mariadb')) break;
    }
    await left.return(undefined as never);
    expect(await states(request.source)).toEqual(all('active'));
    expect(await states(request.destination)).toEqual(all('inactive'));
  }, 180_000);

  test('a run that was killed with everything stopped goes on, and every row is there', async () => {
    const before = await rows(request.source);
    const program = join(directory, 'killed.mjs');
    writeFileSync(program, killed(process.cwd()));
    const child = spawn(
      process.execPath,
      [program, request.folder.directory, names.source, names.destination, 'comparing both sides'],
      { env: { ...process.env, ...labEnvironment }, stdio: 'inherit' },
    );
    const signal = await new Promise((resolve) => child.on('exit', (_code, name) => resolve(name)));
    expect(signal).toBe('SIGKILL');
    expect(await states(request.source)).toEqual(all('inactive'));
    const report = await finish(verify(request));
    expect(report.checks.some((check) => check.subject === 'cutover' && check.state === 'red')).toBe(true);

    const result = await finish(cutover(request));
    expect(
      result.report.checks.filter((check) => check.state === 'red' && check.subject !== 'files'),
    ).toEqual([]);
    expect(await states(request.source)).toEqual(all('inactive'));
    expect(await states(request.destination)).toEqual(all('active'));
    expect(await rows(request.destination)).toBe(before);
    const events = await request.destination.run(['mariadb', '-Ne', 'select @@event_scheduler']);
    expect(events.stdout.toString().trim()).toBe('ON');
  }, 240_000);

  test('a second cutover does nothing and says when the first one was', async () => {
    const said: string[] = [];
    await finish(cutover(request), (event) => void said.push(JSON.stringify(event)));
    expect(said.join()).toContain('nothing was done now');
    expect(await states(request.destination)).toEqual(all('active'));
  }, 60_000);

  test('a rollback gives the source its services back, and the next cutover brings its newer rows', async () => {
    await finish(rollback(request));
    expect(await states(request.source)).toEqual(all('active'));
    expect(await states(request.destination)).toEqual(all('inactive'));
    await request.source.run([
      'mysql',
      '-e',
      "insert into shop_web.sessions values (md5('after the rollback'), '2038-01-01')",
    ]);
    const before = await rows(request.source);
    await finish(cutover(request));
    expect(await rows(request.destination)).toBe(before);
    expect(await states(request.destination)).toEqual(all('active'));
    await expect(finish(rollback(request)).then(() => finish(rollback(request)))).rejects.toMatchObject({
      topic: 'rollback',
    });
  }, 240_000);
});
