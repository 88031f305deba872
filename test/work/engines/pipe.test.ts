import { expect, test } from '@jest/globals';
import type { Channel } from '../../../src/host/host.ts';
import { pipeAcross } from '../../../src/work/engines/pipe.ts';
import { finish } from '../../../src/work/work.ts';
import { directoryHost } from '../../support/directory-host.ts';

const host = directoryHost('/');
const sh = (program: string): Promise<Channel> => host.stream(['sh', '-c', program]);
const about = { label: 'loading', current: 'x', total: null };

test('everything that one side prints is read by the other, after the prefix', async () => {
  const from = await sh('head -c 3000000 /dev/zero; echo end');
  const to = await sh('head -c 3; test "$(wc -c)" = 3000004');
  const piped = await finish(pipeAcross(from, to, about, new AbortController().signal, 'pre'));
  expect(piped).toMatchObject({
    bytes: 3_000_004,
    source: { code: 0 },
    destination: { code: 0 },
    failed: null,
  });
  expect(piped.tail.endsWith('end\n')).toBe(true);
});

test('a reader that dies ends an endless dump, and the reader is the one to blame', async () => {
  const from = await sh('exec cat /dev/zero');
  const to = await sh('head -c 100 >/dev/null; echo full >&2; exit 7');
  const piped = await finish(pipeAcross(from, to, about, new AbortController().signal));
  expect(piped).toMatchObject({ failed: 'destination', destination: { code: 7, stderr: 'full\n' } });
});

test('a dump that dies leaves its exit code and what it said', async () => {
  const from = await sh('echo half; echo broken >&2; exit 3');
  const piped = await finish(
    pipeAcross(from, await sh('cat >/dev/null'), about, new AbortController().signal),
  );
  expect(piped).toMatchObject({ source: { code: 3, stderr: 'broken\n' }, failed: 'source' });
});

test('an abort ends both sides', async () => {
  const abort = new AbortController();
  const work = pipeAcross(
    await sh('exec cat /dev/zero'),
    await sh('exec cat >/dev/null'),
    about,
    abort.signal,
  );
  await work.next();
  abort.abort();
  await expect(finish(work)).rejects.toMatchObject({ code: 'interrupted' });
});
