import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Fact } from '../../src/facts/fact.ts';
import { facts } from '../../src/facts/facts.ts';
import { Failure } from '../../src/failure.ts';
import { connectDisk } from '../../src/host/disk.ts';
import type { Answer, Host } from '../../src/host/host.ts';
import { connectLocal } from '../../src/host/local.ts';
import type { Argv, Event } from '../../src/types.ts';
import { ask, askAll } from '../../src/work/ask.ts';
import { finish } from '../../src/work/work.ts';

function answer(code: number, stdout: string, stderr = ''): Answer {
  return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
}

/** A host that gives these answers one after the other, the last one for ever. */
function host(...answers: (Answer | Error)[]): Host & { asked: Argv[] } {
  const asked: Argv[] = [];
  return {
    name: 'web1',
    root: '',
    live: true,
    privileged: true,
    asked,
    run: async (argv: Argv) => {
      asked.push(argv);
      const next = answers[Math.min(asked.length, answers.length) - 1] as Answer | Error;
      if (next instanceof Error) throw next;
      return next;
    },
  } as unknown as Host & { asked: Argv[] };
}

const number: Fact<number> = {
  name: 'number',
  live: false,
  question: () => ['count'],
  parse(output) {
    if (!/^\d+$/.test(output.toString())) throw new Error('no number');
    return Number(output);
  },
  summary: String,
};

test('an answer that parses is known', async () => {
  expect(await ask(host(answer(0, '7')), number)).toEqual({ known: true, value: 7 });
});

test('a question that fails is asked once more, then absent with the first word of stderr', async () => {
  const recovering = host(answer(2, '', 'file changed\n'), answer(0, '7'));
  expect(await ask(recovering, number)).toEqual({ known: true, value: 7 });
  const failing = host(answer(2, '', '\ncannot open \x1b[31m\nmore\n'));
  expect(await ask(failing, number)).toEqual({ known: false, reason: 'cannot open \\x1b[31m' });
  expect(failing.asked).toHaveLength(2);
  expect(await ask(host(answer(9, '')), number)).toMatchObject({ reason: 'the question ended with code 9' });
});

test('an answer that makes no sense is absent with its reason', async () => {
  const senseless = host(answer(0, 'seven'));
  expect(await ask(senseless, number)).toMatchObject({ known: false, reason: 'no number' });
  expect(senseless.asked).toHaveLength(2);
});

test('code 3 means that the host can never answer: it is not asked again', async () => {
  const never = host(answer(3, '', 'ss is not installed\n'));
  expect(await ask(never, number)).toMatchObject({ known: false, reason: 'ss is not installed' });
  expect(never.asked).toHaveLength(1);
});

test('a live fact of a disk is absent without a question', async () => {
  const disk = { ...host(answer(0, '7')), live: false };
  expect(await ask(disk, { ...number, live: true })).toEqual({
    known: false,
    reason: 'the system does not run',
  });
  expect(disk.asked).toHaveLength(0);
});

test('a lost connection ends the work, a question that took too long does not', async () => {
  const lost = new Failure('unreachable', 'connection-lost', 'the connection broke');
  await expect(ask(host(lost), number)).rejects.toBe(lost);
  const slow = host(new Failure('failed', 'timeout', 'no answer within 300 s'));
  expect(await ask(slow, number)).toMatchObject({ known: false, reason: 'no answer within 300 s' });
  expect(slow.asked).toHaveLength(1);
});

test('askAll: every fact is asked or absent with a reason, with an event before and after', async () => {
  const events: Event[] = [];
  const found = await finish(askAll(host(answer(1, '', 'broken\n')), Date.now), (event) =>
    events.push(event),
  );
  for (const name of Object.keys(facts)) {
    expect(found).toHaveProperty(name);
    expect(events.filter((event) => event.kind === 'fact' && event.name === name)).toMatchObject([
      { state: 'asking' },
      { state: 'absent', text: 'broken' },
    ]);
  }
});

test('the clock: what the host is ahead of the middle between question and answer', async () => {
  let time = 1_000_000;
  const clock = {
    ...host(),
    run: async ([command]: Argv) => {
      if (command !== 'date') return answer(3, '', 'not now\n');
      time += 2000;
      return answer(0, '1031.500000000\n');
    },
  } as Host;
  const found = await finish(askAll(clock, () => time));
  expect(found.clockAhead).toEqual({ known: true, value: 30.5 });
});

test('askAll stops between two facts when it is interrupted', async () => {
  const stop = new AbortController();
  const work = askAll(host(answer(1, '')), Date.now, stop.signal);
  await work.next();
  await work.next();
  stop.abort();
  await expect(work.next()).rejects.toMatchObject({ code: 'interrupted' });
});

test('a disk answers what stands in its files', async () => {
  const root = mkdtempSync(join(tmpdir(), 'ask-'));
  try {
    for (const directory of ['etc', 'usr/lib', 'var/lib/dpkg/info']) {
      mkdirSync(join(root, directory), { recursive: true });
    }
    writeFileSync(join(root, 'usr/lib/os-release'), 'ID=debian\nVERSION_ID=12\n');
    writeFileSync(
      join(root, 'var/lib/dpkg/status'),
      'Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n',
    );
    writeFileSync(join(root, 'var/lib/dpkg/info/dpkg.list'), '/.\n/usr/bin/dpkg\n');
    const disk = await connectDisk(
      { kind: 'disk', text: `disk:${root}`, root },
      { environment: process.env },
    );
    try {
      const found = await finish(askAll(disk, Date.now));
      expect(found.os).toMatchObject({ known: true, value: { id: 'debian', architecture: 'amd64' } });
      expect(found.packages).toMatchObject({ known: true, value: [{ name: 'dpkg' }] });
      expect(found.owned).toMatchObject({
        known: true,
        value: new Map([
          ['/', 'dpkg'],
          ['/usr/bin/dpkg', 'dpkg'],
        ]),
      });
      expect(found.recordedDigests).toMatchObject({ known: false });
      expect(found.accounts).toMatchObject({ known: false });
      expect(found.diversions).toEqual({ known: true, value: [] });
      for (const name of ['origins', 'ports', 'openForWriting', 'clockAhead'] as const) {
        expect(found[name]).toEqual({ known: false, reason: 'the system does not run' });
      }
    } finally {
      await disk.close();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('this machine answers: its clock is ours, and our own open file is seen', async () => {
  const local = await connectLocal({ kind: 'local', text: 'local' }, { environment: process.env });
  const directory = mkdtempSync(join(tmpdir(), 'ask-'));
  try {
    const { open } = await import('node:fs/promises');
    const writing = await open(join(directory, 'written now'), 'w');
    const reading = await open(join(directory, 'written now'), 'r');
    writeFileSync(join(directory, 'closed'), '');
    const found = await ask(local, facts.openForWriting);
    await writing.close();
    await reading.close();
    if (process.getuid?.() !== 0) {
      expect(found).toEqual({ known: false, reason: 'only root sees the files of other users' });
    } else {
      if (!found.known) throw new Error(found.reason);
      expect(found.value.has(join(directory, 'written now'))).toBe(true);
      expect(found.value.has(join(directory, 'closed'))).toBe(false);
    }
    const clock = await ask(local, facts.clockAhead);
    if (!clock.known) throw new Error(clock.reason);
    expect(Math.abs(clock.value - Date.now() / 1000)).toBeLessThan(30);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await local.close();
  }
});
