/** A plan, a manifest and groups as the tests of the views draw them. */
import type { Group } from '../../../src/show/wizard/state.ts';
import type { Manifest, Plan, Step, StepKind } from '../../../src/types.ts';

export function step(kind: StepKind, symbol: Step['symbol'], title: string, detail = ''): Step {
  return { id: `${kind}:${title}`, kind, symbol, title, detail, check: 'true', apply: 'true', files: [] };
}

export const plan: Plan = {
  opstimal: 'plan/1',
  source: { name: 'web1', os: 'debian 12' },
  destination: { name: 'web2', os: 'debian 13', machineId: 'b' },
  manifestDigest: 'm',
  destinationDigest: 'd',
  counts: { ok: 3, change: 22, extra: 1, unknown: 0 },
  notices: [
    { grade: 'by-hand', subject: 'firewall', text: 'rules stay where they are', hint: 'see files/ab' },
    { grade: 'blocker', subject: 'disk', text: 'web2 has 3.0 GB free, 61.4 GB are needed', hint: '' },
  ],
  steps: [
    step('user', '+', 'deploy', 'uid 1001 as on web1'),
    ...Array.from({ length: 20 }, (_, at) => step('package', '+', `package-${at}`)),
    step('file', '~', '/etc/nginx/nginx.conf', '+4 -1 lines'),
  ],
  holds: [{ source: 'nginx.service', unit: 'nginx.service', tier: 'front' }],
  extra: ['snapd'],
  data: { files: 48_210, bytes: 61.4e9, databases: ['postgresql 15/main'] },
};
export const manifest: Manifest = {
  opstimal: 'manifest/2',
  host: { name: 'web1', os: 'debian', version: '12', codename: 'bookworm', architecture: 'amd64' },
  profiles: [{ name: 'postgresql', version: '15' }],
  resources: [],
  classes: {
    undecided: { files: 1, bytes: 4.1e9 },
    mutable: { files: 100, bytes: 61e9 },
    secret: { files: 0, bytes: 0 },
    edited: { files: 3, bytes: 82_000 },
    immutable: { files: 50_000, bytes: 3.2e9 },
    identity: { files: 5, bytes: 100 },
    ephemeral: { files: 7, bytes: 1e6 },
  },
  undecided: [{ path: '/opt/thing', bytes: 4.1e9, files: 1 }],
  incomplete: [{ fact: 'ports', reason: 'permission denied' }],
};

export const groups: readonly Group[] = [
  { path: '/opt/thing', class: 'undecided', bytes: 4.1e9, files: 10, reason: 'no rule names it' },
  { path: '/srv/uploads-old', class: 'undecided', bytes: 312e6, files: 4, reason: 'idle for 2 years' },
  {
    path: '/var/lib/postgresql/15/main',
    class: 'mutable',
    bytes: 61e9,
    files: 900,
    reason: 'postgresql: data',
  },
  { path: '/usr', class: 'immutable', bytes: 3.2e9, files: 50_000, reason: 'dpkg, unchanged' },
];
