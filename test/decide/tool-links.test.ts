import { expect, test } from '@jest/globals';
import { isEnablement } from '../../src/decide/tool-links.ts';

const link = (by: string) => `/etc/systemd/system/${by}.wants/x.service`;
const unit = '/lib/systemd/system/x.service';

test.each([
  ['multi-user.target', 'multi-user.target', true],
  ['multi-user.target', 'default.target', false],
  ['a-tty1-b.target', 'a-%i-b.target', true],
  ['a-tty1-b.target', '%i-b.target', true],
  ['a-x-y-b.target', 'a-%i-%j-b.target', true],
  ['a-b.target', 'a-%i-b.target', false],
  ['a.target', 'a%i.targets', false],
  [`${'a'.repeat(200)}c.target`, `${'%ia'.repeat(40)}b.target`, false],
])('a link of %s to a unit that is wanted by %s: %s', (by, wanted, isOne) => {
  const begin = performance.now();
  expect(isEnablement(link(by), unit, `[Install]\nWantedBy=${wanted}\n`)).toBe(isOne);
  expect(performance.now() - begin).toBeLessThan(2000);
});
