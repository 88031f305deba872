/** When what the listing does not show may count as removed. */
import { expect, test } from '@jest/globals';
import { isWhole } from '../../src/work/scan-missing.ts';

test.each([
  [''],
  ["'/srv/x': Permission denied"],
  ["'/etcetera': Permission denied"],
  ["'/srv/etc/x': Permission denied"],
])('all of /etc was seen: %s', (error) => {
  expect(isWhole('', error === '' ? [] : [error], '/etc')).toBe(true);
});
test.each([
  ["'/etc/ssl/private': Permission denied"],
  ["'/etc': Input/output error"],
  ["'/': Input/output error"],
  ['find ended with 1 and did not say why'],
  ["File system loop detected; '/a' is part of the same file system loop as '/b'."],
])('not all of /etc was seen: %s', (error) => {
  expect(isWhole('', ["'/srv/x': Permission denied", error], '/etc')).toBe(false);
});
test('paths of a disk are those below its root', () => {
  expect(isWhole('/mnt', ["'/mnt/etc/x': Permission denied"], '/etc')).toBe(false);
  expect(isWhole('/mnt', ["'/mnt': Permission denied"], '/etc')).toBe(false);
  expect(isWhole('/mnt', ["'/mnt/srv': Permission denied"], '/etc')).toBe(true);
});
