import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parsePatch } from 'diff';
import fc from 'fast-check';
import { quote } from '../../src/bytes.ts';
import { difference } from '../../src/decide/difference.ts';
import type { Difference } from '../../src/decide/difference-form.ts';
import { readManifest } from '../../src/decide/manifest-yaml.ts';
import { differenceHtml } from '../../src/show/difference-html.ts';
import { differenceText } from '../../src/show/difference-text.ts';
import { jsonLine } from '../../src/show/json.ts';
import { ascii } from '../../src/show/symbols.ts';
import type { Manifest, PathResource, Resource } from '../../src/types.ts';
import { readPage } from '../support/page.ts';

const root = join(import.meta.dirname, '../..');
const base = readManifest(
  readFileSync(join(root, 'fixtures/manifests/v2/every-kind.yaml'), 'utf8'),
  'm.yaml',
);
const inJson = new Ajv({ strictRequired: false }).compile(
  JSON.parse(readFileSync(join(root, 'profiles/difference.schema.json'), 'utf8')) as object,
);

/** Byte strings that have broken pages, terminals and parsers. */
const hostile = [
  'a\nb',
  '-rf --no-preserve-root',
  '\xff\xfe\x80',
  '\x1b[2J\x1b]0;owned\x07',
  '</script><img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>&amp;&#60;script&#62;',
  "' onmouseover='alert(1)",
  Buffer.from('\u202etxt.exe\u2066\u200b\ufeff').toString('latin1'),
  '\x7f\xc2\x9b31m',
  '-->]]></style><style>*{display:none}',
  'x'.repeat(4000),
  'back\\slash \\x1b',
];
const secrets = ['hunter2', 'correct-horse-battery', 'sk_live_51HunterHunterHunter'];

function pathNamed(name: string, from: string): PathResource {
  return { path: quote(`/etc/${name}`), kind: 'file', from, sha256: from.slice(6).padEnd(64, '0') };
}

/** Two servers on which everything a server may choose is hostile, and secrets are in every file. */
function compared(names: readonly string[], contents: readonly string[]): Difference {
  const unique = [...new Set(names)];
  const files = (side: string): Resource[] =>
    unique.map((name, index) => pathNamed(name, `files/${side}${index}`));
  const words = unique.map((name) => Buffer.from(name, 'latin1').toString('utf8'));
  const with_ = (side: string, more: Partial<Manifest>): Manifest => ({
    ...base,
    ...more,
    resources: [
      ...base.resources,
      ...files(side),
      {
        user: `user-${side}`,
        uid: 1,
        group: words[0] ?? '',
        groups: words,
        gecos: words.join(' '),
        home: quote(names[0] ?? ''),
        shell: '/bin/sh',
        system: false,
        password: 'set',
        note: words.join(' '),
      },
      {
        repository: words.join(''),
        file: '/etc/x',
        from: `files/${side}-r`,
        sha256: side,
        uris: words.map((word) => `https://u:${secrets[0]}@${word}/`),
        suites: words,
      },
    ],
  });
  const left = with_('a', { host: { ...base.host, name: words.join('') } });
  const right = with_('b', {
    undecided: unique.map((name) => ({ path: quote(`/${name}`), bytes: 1, files: 1 })),
    incomplete: words.map((fact) => ({ fact, reason: fact })),
  });
  const content = (side: string, from: string) => {
    const own = contents.map((line) => `${side} ${line}\n`).join('');
    const text = `${own}password = ${secrets[0]}\n"api_key": "${secrets[2]}"\nDB_PASSWORD=${secrets[1]}\n${from}\n`;
    return { bytes: text.length, sha256: 'c'.repeat(64), content: text };
  };
  return difference({
    left: { name: quote(names.join('')), kind: 'folder', manifest: left },
    right: { name: quote(names.join('!')), kind: 'place', manifest: right },
    content,
  });
}

const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function shownSafely(found: Difference): void {
  const text = differenceText(found, { color: false, symbols: ascii, stat: false });
  const json = jsonLine({ kind: 'result', command: 'diff', ...found });
  const html = differenceHtml(found, '2026-01-01 00:00 UTC');
  for (const [kind, said] of Object.entries({ text, json, html })) {
    expect([kind, steering.exec(said.replaceAll(/[\t\n]/g, ''))]).toEqual([kind, null]);
    expect(Buffer.from(said, 'utf8').toString('utf8')).toBe(said);
    for (const secret of secrets) expect([kind, said.includes(secret)]).toEqual([kind, false]);
  }
  // JSON is one line, reads back as what it was made from, and fits what is published.
  expect(json.indexOf('\n')).toBe(json.length - 1);
  const back = JSON.parse(json) as Difference;
  expect(back).toEqual({ kind: 'result', command: 'diff', ...JSON.parse(JSON.stringify(found)) });
  inJson(back);
  expect(inJson.errors).toBeNull();
  for (const { patch, content } of found.changes) {
    if (patch !== undefined && content?.leftOut === '') parsePatch(patch);
  }
  const page = readPage(html);
  const allowed =
    /^(html lang|head|body|meta( (charset|http-equiv|name|content))+|title|style|header|main|footer|nav aria-label|section id aria-labelledby|h1|h2 id|p( class)?|ul( class)?|li( class)?|a href|b|i|del|ins|bdi( class)?|small|pre|table|thead|tbody|tr|th scope|td|div class|details( open)?|summary class|span( class)?( aria-hidden)?)$/;
  expect(page.elements.filter((one) => !allowed.test(one))).toEqual([]);
  expect(page.addresses.filter((one) => !/^#[a-z-]+$/.test(one))).toEqual([]);
}

test('hostile names and contents go through text, JSON and page without harm, and no secret with them', () => {
  const found = compared(hostile, hostile);
  expect(found.changes.length).toBeGreaterThan(hostile.length);
  expect(found.changes.filter(({ patch }) => patch !== undefined).length).toBeGreaterThan(hostile.length);
  shownSafely(found);
});

test('so does anything else', () => {
  const bytes = fc.array(
    fc.oneof(
      fc.constantFrom(...hostile),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text).toString('latin1')),
    ),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(bytes, bytes, (names, contents) => {
      shownSafely(
        compared(
          names.map((name, at) => `${at}${name.replaceAll('\0', '')}`),
          contents,
        ),
      );
    }),
    { numRuns: 150 },
  );
});

test('a name keeps its quoted form in all three, so that it can be copied', () => {
  const found = compared(['odd\n\x1b[31m'], ['line']);
  const quoted = '/etc/odd\\n\\x1b[31m';
  expect(differenceText(found, { color: false, symbols: ascii, stat: false })).toContain(`~ ${quoted}`);
  expect(JSON.parse(jsonLine(found)).changes.map(({ name }: { name: string }) => name)).toContain(quoted);
  expect(readPage(differenceHtml(found, '')).text).toContain(quoted);
});

test('the page forbids a browser everything but its own style, and names nothing else', () => {
  const page = differenceHtml(compared(hostile, hostile), '2026-01-01 00:00 UTC');
  expect(page).toContain(
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">`,
  );
  expect(readPage(page).style).not.toMatch(/url\(|@import|expression/);
  expect(page.indexOf('<meta http-equiv')).toBeLessThan(page.indexOf('<title>'));
});

test('text gives counts first, then lines of what changed; --stat leaves the lines out', () => {
  const found = compared(['motd'], ['x']);
  const options = { color: false, symbols: ascii, stat: false };
  const text = differenceText(found, options);
  expect(text.split('\n')[0]).toBe(
    'motd -> motd: 1 added, 1 removed, 2 changed, 3 undecided places on one side only',
  );
  expect(text).toContain('      -left x\n      +right x\n');
  const stat = differenceText(found, { ...options, stat: true });
  expect(stat).not.toContain('+right x');
  expect(stat).toContain('/etc/motd');
  const colored = differenceText(found, { ...options, color: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour is taken off to compare
  expect(colored.replaceAll(/\x1b\[\d+m/g, '')).toBe(text);
});

test('nothing different is one sentence', () => {
  const side = { kind: 'folder' as const, manifest: { ...base, incomplete: [] } };
  const found = difference({
    left: { ...side, name: 'a' },
    right: { ...side, name: 'b' },
    content: () => null,
  });
  const text = differenceText(found, { color: false, symbols: ascii, stat: false });
  expect(text.split('\n')[0]).toBe('b still matches a');
  expect(readPage(differenceHtml(found, 'now')).text).toContain('Nothing is different');
});
