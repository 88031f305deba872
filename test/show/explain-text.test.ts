import { expect, test } from '@jest/globals';
import { explainText } from '../../src/show/explain-text.ts';
import type { Explanation } from '../../src/work/explain.ts';

const plain: Explanation = {
  path: '/srv/app',
  class: 'mutable',
  carry: 'stream',
  rule: 'place.data',
  reason: 'data',
  evidence: 'by its place',
  decidedBy: '/srv',
  override: 'opstimal-move decide web1.move /srv/app CLASS',
};

test('what was recognised at a path is said with what only stands there', () => {
  const text = explainText(
    {
      ...plain,
      known: [
        {
          checkout: '/srv/app',
          remotes: [{ name: 'origin', url: 'https://git.example/app.git' }],
          commit: '5c5ec250a2fbcf83dc9ac18dbb39cc3a849a0ee6',
          unpushed: 2,
          changed: 1,
          untracked: 0,
          stashes: 2,
        },
        {
          stack: '/srv/app',
          language: 'node',
          manager: 'npm',
          lockfile: '/srv/app/package-lock.json',
          runtime: 'node 18.19.0',
          reproducible: true,
        },
        {
          build: '/srv/app',
          programs: 1,
          libraries: [
            { name: 'libssl.so.3', package: 'libssl3' },
            { name: 'libold.so.1', missing: true },
          ],
        },
      ],
    },
    'web1.move',
  );
  expect(text).toContain('  travels   as data: sync copies it\n');
  expect(text).toContain(
    '  known     checkout of https://git.example/app.git at 5c5ec250a2; only here: 2 commits not pushed, 1 file changed, 2 stashes\n',
  );
  expect(text).toContain(
    '  known     node packages of npm from /srv/app/package-lock.json, for node 18.19.0\n',
  );
  expect(text).toContain(
    '  known     1 program built or unpacked by hand with 2 libraries; missing even here: libold.so.1\n',
  );
});

test('a secret says where it is, and what was let go says that it must be scanned again', () => {
  const secret = { ...plain, class: 'secret', carry: 'manifest' } as const;
  expect(explainText({ ...secret, sealed: false }, 'web1.move')).toContain(
    '  travels   apply reads it on the source; the folder does not keep it\n',
  );
  expect(explainText({ ...secret, sealed: true }, 'web1.move')).toContain(
    'the folder keeps it sealed, too\n',
  );
  expect(explainText({ ...secret, missing: 'scan again' }, 'web1.move')).toContain(
    '  travels   not yet: scan again\n',
  );
});
