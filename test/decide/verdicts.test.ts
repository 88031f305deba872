import { expect, test } from '@jest/globals';
import { decidedClasses, VerdictIndex } from '../../src/decide/verdicts.ts';
import type { Carry, Class, Decision, Verdict } from '../../src/types.ts';

function verdict(path: string, made: Class, carry: Carry, files: number, scope: Verdict['scope']): Verdict {
  return { path, scope, class: made, carry, rule: 'r', reason: '', evidence: '', bytes: files * 10, files };
}
function decision(path: string, made: Class): Decision {
  return { path, class: made, by: 'me', at: '', note: '' };
}
const verdicts = [
  verdict('/', 'undecided', 'none', 0, 'tree'),
  verdict('/etc/motd', 'edited', 'manifest', 1, 'path'),
  verdict('/etc/key', 'secret', 'manifest', 1, 'path'),
  verdict('/odd', 'undecided', 'none', 7, 'tree'),
];
const none = { files: 0, bytes: 0 };
const counted = {
  immutable: none,
  mutable: none,
  identity: none,
  ephemeral: none,
  edited: { files: 1, bytes: 10 },
  secret: { files: 1, bytes: 10 },
  undecided: { files: 7, bytes: 70 },
};

test('the class a path has already, said by a person, leaves it its patch or its seal', () => {
  const index = new VerdictIndex(verdicts, [decision('/etc/motd', 'edited'), decision('/etc', 'secret')]);
  expect(index.of('/etc/motd')).toMatchObject({ class: 'edited', carry: 'manifest', rule: 'decision' });
  expect(index.of('/etc/key')).toMatchObject({ class: 'secret', carry: 'manifest' });
  const other = new VerdictIndex(verdicts, [decision('/etc/motd', 'mutable')]);
  expect(other.of('/etc/motd')).toMatchObject({ class: 'mutable', carry: 'stream', files: 1 });
});

test('what people decided is counted under what they said', () => {
  const index = new VerdictIndex(verdicts, [decision('/odd', 'mutable')]);
  expect(decidedClasses(counted, verdicts, index)).toEqual({
    ...counted,
    undecided: none,
    mutable: { files: 7, bytes: 70 },
  });
  expect(decidedClasses(counted, verdicts, new VerdictIndex(verdicts))).toEqual(counted);
});
