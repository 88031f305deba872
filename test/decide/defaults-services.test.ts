/** Files that packages of services write and people edit: untouched they say nothing, edited they travel. */
import { expect, test } from '@jest/globals';
import { classifierOf, fileNamed } from '../support/profile-fixture.ts';

const letter =
  'This is a dummy root certificate file for PostgreSQL. To enable client side\nauthentication, add\n';
const maps =
  '# dict-type\tso-name (pathname)\tdict-function\tmkmap-function\nlmdb\tpostfix-lmdb.so\tdict_lmdb_open\tmkmap_lmdb_open\n';
const kept =
  '// DO NOT EDIT!\n// File maintained by /usr/share/postgresql-common/pg_updateaptconfig.\n\nAPT\n{\n  NeverAutoRemove\n  {\n    "^postgresql.*-15";\n  };\n};\n';

test.each([
  ['/etc/postgresql-common/root.crt', letter, '-----BEGIN CERTIFICATE-----\nMIIB\n'],
  ['/etc/postfix/dynamicmaps.cf', maps, 'own /usr/local/lib/own.so dict_own_open\n'],
  ['/etc/apt/apt.conf.d/02autoremove-postgresql', kept, 'APT::Install-Recommends "false";\n'],
])('%s is a default until somebody adds something', (path, content, added) => {
  const classifier = classifierOf([], {});
  expect(classifier.isDefault(path, content)).toBe(true);
  expect(classifier.isDefault(path, `${content}${added}`)).toBe(false);
  expect(classifier.classify(fileNamed(path)).carry).toBe('manifest');
});

test('an empty file beside the profiles of packages is a default only under the name of one', () => {
  const classifier = classifierOf([], {
    packages: { tool: '1' },
    packaged: ['/etc/apparmor.d/usr.bin.tool'],
  });
  expect(classifier.isDefault('/etc/apparmor.d/local/usr.bin.tool', '# additions\n')).toBe(true);
  expect(classifier.isDefault('/etc/apparmor.d/local/usr.bin.tool', '/srv/x r,\n')).toBe(false);
  expect(classifier.isDefault('/etc/apparmor.d/local/usr.bin.own', '')).toBe(false);
});
