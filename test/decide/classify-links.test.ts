import { expect, test } from '@jest/globals';
import type { Classifier } from '../../src/decide/classify.ts';
import type { Entry } from '../../src/types.ts';
import { classifierOf, fileNamed } from '../support/profile-fixture.ts';

// No time of unpacking is known here: everything was touched later, as on a server that was copied.
const packaged = ['a', 'b', 'c', 'link', 'strayed'].map((name) => `/usr/share/doc/tool/${name}`);

function judged(classifier: Classifier, entry: Entry) {
  return classifier.resolve(entry.path, null) ?? classifier.classify(entry);
}

test('a packaged link that leads to what no package brings is told even where everything was touched', () => {
  const classifier = classifierOf([], { packages: { tool: '1' }, packaged: [...packaged, '/usr/bin/tool'] });
  const link = (path: string, target: string): Entry => ({ ...fileNamed(path), type: 'l', target });
  const good = link('/usr/share/doc/tool/link', '/usr/bin/tool');
  const strayed = link('/usr/share/doc/tool/strayed', '/srv/own');
  for (const path of packaged.slice(0, 3)) classifier.classify(fileNamed(path));
  for (const entry of [good, strayed]) classifier.classify(entry);
  expect(judged(classifier, good)).toMatchObject({ class: 'immutable', rule: 'package.unchanged' });
  expect(judged(classifier, strayed)).toMatchObject({ class: 'edited', rule: 'package.relinked' });
});
