import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from '../../src/host/connect.ts';
import { parsePlace } from '../../src/host/place.ts';
import { validateText } from '../../src/show/validate-text.ts';
import { decidePath } from '../../src/work/decide-path.ts';
import { Folder } from '../../src/work/folder.ts';
import { loadProfiles } from '../../src/work/profiles.ts';
import { scan } from '../../src/work/scan.ts';
import { type Validated, validate } from '../../src/work/validate.ts';
import { finish, type Surroundings } from '../../src/work/work.ts';
import { makeRoot } from './made-root.ts';

const surroundings: Surroundings = { now: () => 0, by: 'anna@desk', signal: new AbortController().signal };
let base: string;
let good: string;
let copies = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'validate-'));
  const root = join(base, 'root');
  await makeRoot(root);
  const source = await connect(parsePlace(`disk:${root}`), {
    asker: { trustHostKey: async () => false, secret: async () => null },
    environment: process.env,
    note: () => {},
  });
  const folder = await Folder.create(join(base, 'good.move'));
  await finish(scan({ source, folder, profiles: await loadProfiles(), surroundings }));
  await source.close();
  await decidePath(folder, '/data/mystery', 'mutable', 'the ledger', surroundings);
  good = folder.directory;
}, 60_000);
afterAll(() => rm(base, { recursive: true, force: true }));

/** A copy of the good folder in which something was changed. */
async function changed(change: (directory: string) => Promise<unknown>): Promise<string> {
  copies += 1;
  const directory = join(base, `copy-${copies}.move`);
  await cp(good, directory, { recursive: true });
  await change(directory);
  return directory;
}

/** Replaces text in a file of the folder and gives where it begins, as an editor counts. */
async function edit(directory: string, name: string, from: string | RegExp, to: string): Promise<string> {
  const before = await readFile(join(directory, name), 'utf8');
  const at = typeof from === 'string' ? before.indexOf(from) : before.search(from);
  expect(at).toBeGreaterThanOrEqual(0);
  await writeFile(join(directory, name), before.replace(from, to));
  const lines = before.slice(0, at).split('\n');
  return `${name}:${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
}

function told(validated: Validated, directory: string): string[] {
  return validated.findings.map(({ file, line, column, grade, sentence }) => {
    const place = file.replace(`${directory}/`, '');
    return `${grade === 'note' ? 'note ' : ''}${place}:${line}:${column}: ${sentence}`;
  });
}

/** The attachment of /etc/app.conf, which holds `interval = 5`. */
async function attachment(directory: string): Promise<string> {
  const text = await readFile(join(directory, 'manifest.yaml'), 'utf8');
  return /path: \/etc\/app\.conf\n[\s\S]*?from: (files\/\w+)/.exec(text)?.[1] as string;
}

test('a folder as scan and decide leave it has no mistake', async () => {
  const validated = await validate(good);
  expect(validated.findings).toEqual([]);
  expect(validated.files).toBeGreaterThan(12);
});

test.each([
  ['manifest.yaml', '    gid: 1001', '    gidd: 1001', 4, 'nothing called gidd is known here'],
  ['manifest.yaml', 'password: set', 'password: perhaps', 10, 'password must be "set" or "locked" or'],
  ['manifest.yaml', 'package: tool', 'package: nginx', 9, 'package nginx stands here twice'],
  ['manifest.yaml', 'opstimal: manifest/2', 'opstimal: manifest/9', 10, 'this manifest is of version 9'],
  ['manifest.yaml', 'name: made', 'name: [made', -1, ''],
  ['hosts.yaml', 'machineId:', 'machine:', 0, 'nothing called machine is known here'],
  ['hosts.yaml', 'source:', 'sauce:', 0, 'nothing called sauce is known here'],
  ['verdicts.jsonl', '"scope":"tree"', '"scope":"bush"', 8, 'scope must be "tree" or "path", not "bush"'],
  ['verdicts.jsonl', '"files":', '"fils":', 0, 'nothing called fils is known here'],
  ['verdicts.jsonl', '"bytes":', '"bytes";', 7, 'this is no JSON'],
  ['decisions.jsonl', '"mutable"', '"precious"', 0, 'class must be "immutable" or'],
  ['decisions.jsonl', '"1970', '"long ago, 1970', 0, 'at must be a time as'],
  ['decisions.jsonl', '"/data', '"data', 0, 'path must begin with /'],
])('a mistake in %s (%s) is told with its place', async (name, from, to, further, sentence) => {
  let place = '';
  const directory = await changed(async (copy) => {
    place = await edit(copy, name, from, to);
  });
  const lines = told(await validate(directory), directory);
  if (further < 0) {
    expect(lines[0]).toMatch(/^manifest\.yaml:\d+:\d+: /);
    return;
  }
  const [file, line, column] = place.split(':');
  const at = `${file}:${line}:${Number(column) + further}: ${sentence}`;
  expect(lines.find((one) => one.startsWith(at)) ?? lines).toEqual(expect.stringContaining(at));
});

test('all mistakes are told at once, in the order of the files', async () => {
  const directory = await changed(async (copy) => {
    await edit(copy, 'manifest.yaml', '    gid: 1001', '    gidd: 1001');
    await edit(copy, 'manifest.yaml', 'uid: 1001', 'uid: -1');
    await edit(copy, 'hosts.yaml', 'os:', 'sos:');
    await appendFile(join(copy, 'decisions.jsonl'), '{"path":3}\nnonsense\n{"path":"/cut of');
  });
  const lines = told(await validate(directory), directory);
  expect(lines.map((line) => line.replace(/:\d+:\d+/, ''))).toEqual([
    ...['class', 'by', 'at', 'note'].map((key) => `decisions.jsonl: ${key} is missing`),
    'decisions.jsonl: path must be text, not 3',
    'decisions.jsonl: this is no JSON',
    'decisions.jsonl: this is no JSON',
    'hosts.yaml: os is missing',
    'hosts.yaml: nothing called sos is known here',
    'manifest.yaml: gid is missing',
    'manifest.yaml: nothing called gidd is known here',
    'manifest.yaml: uid must not be negative',
  ]);
});

test('contents that are missing, altered, links or out of the folder are found where they are named', async () => {
  const from = await attachment(good);
  const named = (text: string) => text.indexOf(from);
  const text = await readFile(join(good, 'manifest.yaml'), 'utf8');
  const before = text.slice(0, named(text)).split('\n');
  const place = `manifest.yaml:${before.length}:${(before.at(-1) ?? '').length + 1}`;
  const cases: [(copy: string) => Promise<unknown>, string][] = [
    [(copy) => rm(join(copy, from)), `${from} is missing`],
    [(copy) => writeFile(join(copy, from), 'interval = 6\n'), `${from} is not what it was: its SHA-256 is `],
    [
      async (copy) => {
        await rm(join(copy, from));
        await symlink('/etc/passwd', join(copy, from));
      },
      `${from} is no file`,
    ],
  ];
  for (const [change, sentence] of cases) {
    const directory = await changed(change);
    const lines = told(await validate(directory), directory);
    expect(lines).toEqual([expect.stringContaining(`${place}: ${sentence}`)]);
  }
  const directory = await changed((copy) => edit(copy, 'manifest.yaml', from, 'files/../../secret'));
  expect(told(await validate(directory), directory).at(-1)).toContain(
    'files/../../secret leads out of the folder',
  );
});

test('contents that nothing names are told, and are no mistake', async () => {
  const directory = await changed(async (copy) => {
    await writeFile(join(copy, 'files/0123'), 'left over');
    await mkdir(join(copy, 'sealed'), { recursive: true });
    await writeFile(join(copy, 'sealed/old\u001b[31m.age'), 'left over');
    await writeFile(join(copy, 'sealed/shadow.age'), 'age-encryption.org/v1\n');
    await writeFile(join(copy, 'sealed/seen.jsonl'), '');
    await mkdir(join(copy, 'files/debs'));
    await writeFile(join(copy, 'files/debs/acme_1.0_amd64.deb'), 'deb');
  });
  const validated = await validate(directory);
  expect(told(validated, directory)).toEqual([
    'note files/0123:1:1: nothing names this file',
    'note sealed/old\\x1b[31m.age:1:1: nothing names this file',
  ]);
  const text = validateText(validated.findings, validated.files, false);
  expect(text).toMatch(/nothing is wrong, 2 notes in \d+ files\n$/);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('a sealed secret that is missing, and one in clear, are found', async () => {
  const secret = 'path: /etc/redis.conf\n';
  const missing = await changed((copy) =>
    edit(copy, 'manifest.yaml', secret, `${secret}    sealed: sealed/redis\n`),
  );
  expect(told(await validate(missing), missing)[0]).toContain('sealed/redis is missing');
  const open = await changed(async (copy) => {
    await edit(copy, 'manifest.yaml', secret, `${secret}    sealed: sealed/redis\n`);
    await mkdir(join(copy, 'sealed'));
    await writeFile(join(copy, 'sealed/redis'), 'requirepass hunter2\n');
  });
  expect(told(await validate(open), open)).toEqual([
    expect.stringContaining('sealed/redis is not sealed: it is no age file'),
  ]);
  await writeFile(join(open, 'sealed/redis'), 'age-encryption.org/v1\n-> X25519 x\n');
  expect((await validate(open)).findings).toEqual([]);
  const clear = await changed(async (copy) => {
    await edit(copy, 'manifest.yaml', secret, `${secret}    from: ${await attachment(copy)}\n`);
  });
  expect(told(await validate(clear), clear)[0]).toContain('a secret stands in clear in files/');
  const content = 'requirepass hunter2\n';
  const { createHash } = await import('node:crypto');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const found = await changed(async (copy) => {
    const from = await attachment(copy);
    const text = await readFile(join(copy, 'manifest.yaml'), 'utf8');
    const old = new RegExp(`from: ${from}\n    sha256: [0-9a-f]+`);
    await writeFile(
      join(copy, 'manifest.yaml'),
      text.replace(old, `from: files/${sha256.slice(0, 32)}\n    sha256: ${sha256}`),
    );
    await writeFile(join(copy, 'files', sha256.slice(0, 32)), content);
    await rm(join(copy, from));
  });
  const lines = told(await validate(found), found);
  expect(lines).toEqual([expect.stringMatching(/holds a secret in clear, in line 1/)]);
  expect(lines.join()).not.toContain('hunter2');
});

test('a recipient that is none, and a key beside what it opens, are found', async () => {
  const key = `AGE-SECRET-KEY-${'1'.padEnd(59, 'Q')}`;
  const directory = await changed(async (copy) => {
    await writeFile(join(copy, 'recipients.txt'), `# ours\nssh-ed25519 AAAA\n${key}\n`);
    await writeFile(join(copy, 'key.txt'), `# created: today\n${key}\n`);
  });
  const lines = told(await validate(directory), directory);
  expect(lines).toEqual([
    'key.txt:2:1: a key lies in the folder: whoever has it can open what is sealed',
    expect.stringMatching(/^recipients\.txt:2:1: this is an ssh key/),
    'recipients.txt:3:1: this is an identity, which must stay secret',
    'recipients.txt:3:1: a key lies in the folder: whoever has it can open what is sealed',
  ]);
});

test('verdicts that contradict each other are found', async () => {
  const directory = await changed(async (copy) => {
    const [first] = (await readFile(join(copy, 'verdicts.jsonl'), 'utf8')).split('\n');
    await appendFile(join(copy, 'verdicts.jsonl'), `${first}\n`);
  });
  expect(told(await validate(directory), directory)).toEqual([
    expect.stringMatching(/^verdicts\.jsonl:\d+:1: the same path and scope stand in line 1, too$/),
  ]);
});

test('files that are missing are told; what is no folder is wrong usage', async () => {
  const half = await changed((copy) => rm(join(copy, 'verdicts.jsonl')));
  expect(told(await validate(half), half)).toEqual(['verdicts.jsonl:1:1: verdicts.jsonl is missing']);
  const less = await changed((copy) => rm(join(copy, 'manifest.yaml')));
  expect(told(await validate(less), less)).toEqual(['manifest.yaml:1:1: manifest.yaml is missing']);
  await expect(validate(base)).rejects.toMatchObject({ code: 'usage', topic: 'folder' });
  await expect(validate(join(base, 'nowhere'))).rejects.toThrow('does not exist');
});

test('a file alone is checked by what it is', async () => {
  const directory = await changed((copy) => writeFile(join(copy, 'plan.json'), '{"opstimal":"plan/0"}'));
  expect((await validate(join(directory, 'manifest.yaml'))).findings).toEqual([]);
  expect((await validate(join(directory, 'plan.json'))).findings[0]?.sentence).toContain(
    'no plan of this version',
  );
  const profile = join(base, 'redis.yaml');
  const text = await readFile(join(import.meta.dirname, '../../profiles/redis.yaml'), 'utf8');
  await writeFile(profile, text);
  expect((await validate(profile)).findings).toEqual([]);
  await writeFile(profile, text.replace('title:', 'titel:').replace('tier:', 'teer:'));
  const found = (await validate(profile)).findings;
  expect(found.map(({ sentence }) => sentence)).toEqual(
    expect.arrayContaining(['nothing called titel is known here', 'nothing called teer is known here']),
  );
  expect(found.every(({ file }) => file === profile)).toBe(true);
  // What only the package's own may say is refused in a copy of it.
  const engine = join(import.meta.dirname, '../../profiles/postgresql.yaml');
  expect((await validate(engine)).findings).toEqual([]);
  const copy = join(base, 'postgresql.yaml');
  await cp(engine, copy);
  expect((await validate(copy)).findings[0]?.sentence).toContain('a profile of your own cannot');
});
