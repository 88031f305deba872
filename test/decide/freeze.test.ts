import { expect, test } from '@jest/globals';
import { predictDowntime } from '../../src/decide/downtime.ts';
import { freezeOrder, thawOrder } from '../../src/decide/freeze.ts';
import type { Plan } from '../../src/types.ts';

const holds: Plan['holds'] = [
  { source: 'postgresql.service', unit: 'postgresql.service', tier: 'database' },
  { source: 'postgresql@15-main.service', unit: 'postgresql@.service', tier: 'database' },
  { source: 'nginx.service', unit: 'nginx.service', tier: 'front' },
  { source: 'php8.2-fpm.service', unit: 'php8.4-fpm.service', tier: 'application' },
  { source: 'shop.service', unit: 'shop.service', tier: 'application' },
  { source: 'report.service', unit: 'report.service', tier: 'application' },
  { source: 'cron.service', unit: 'cron.service', tier: 'actor' },
];
const running = new Set([
  'postgresql.service',
  'postgresql@15-main.service',
  'nginx.service',
  'php8.2-fpm.service',
  'report.timer',
  'cron.service',
]);
const triggers = new Map([['report.service', ['report.timer', 'report.path']]]);

test('actors stop first and databases last; what did not run is left alone', () => {
  expect(freezeOrder(holds, running, triggers)).toEqual([
    { tier: 'actor', units: ['cron.service'] },
    { tier: 'front', units: ['nginx.service'] },
    { tier: 'application', units: ['php8.2-fpm.service', 'report.timer'] },
    { tier: 'database', units: ['postgresql.service', 'postgresql@15-main.service'] },
  ]);
});

test('the destination starts the other way round under its own names', () => {
  expect(thawOrder(holds, running, triggers)).toEqual([
    { tier: 'database', units: ['postgresql.service'] },
    { tier: 'application', units: ['php8.4-fpm.service', 'report.timer'] },
    { tier: 'front', units: ['nginx.service'] },
    { tier: 'actor', units: ['cron.service'] },
  ]);
});

const quiet = {
  units: 4,
  secondsPerStop: 1,
  secondsPerStart: 0.5,
  listSeconds: 2,
  dirtyBytes: 0,
  dirtyEntries: 0,
  bytesPerSecond: 50e6,
  entriesPerSecond: 4000,
  databaseBytes: 0,
  databases: 0,
  databaseBytesPerSecond: 0,
  checkSeconds: 3,
};

test('the prediction is the sum of its parts, the slower of bytes and entries', () => {
  expect(predictDowntime(quiet)).toBe(11);
  expect(predictDowntime({ ...quiet, dirtyBytes: 500e6 })).toBe(21);
  expect(predictDowntime({ ...quiet, dirtyBytes: 500e6, dirtyEntries: 80_000 })).toBe(31);
  expect(predictDowntime({ ...quiet, databases: 2, databaseBytes: 150e6 })).toBe(22);
});

test('a rate that was never measured does not make the work free', () => {
  expect(predictDowntime({ ...quiet, bytesPerSecond: 0, dirtyBytes: 100e6 })).toBe(21);
});
