/** The wizard's work with recorded events in its place; every job ends at once, or waits at its gate. */
import { Failure } from '../../../src/failure.ts';
import type { WizardWork } from '../../../src/show/wizard/effects.ts';
import type { Group } from '../../../src/show/wizard/state.ts';
import type { Class, Event, Plan, Report, Work } from '../../../src/types.ts';
import { groups, plan } from './examples.ts';

export const report: Report = {
  green: 2,
  red: 1,
  byHand: 1,
  checks: [
    { state: 'green', subject: 'postgresql', text: '212 tables, row counts equal' },
    { state: 'green', subject: 'files', text: '48 210 compared, 0 differ' },
    { state: 'red', subject: 'nginx', text: 'web2 answers 502 for /', source: '200', destination: '502' },
    { state: 'by-hand', subject: 'dns', text: 'web1.example still points at 192.0.2.10' },
  ],
};

export interface FakeWork extends WizardWork {
  /** What was called, in order. */
  readonly calls: string[];
  /** Failures to throw, by the name of the call, once each. */
  readonly failures: Map<string, Error>;
  readonly secrets: (string | null)[];
}

async function* told<T>(events: readonly Event[], result: T): Work<T> {
  for (const event of events) yield event;
  return result;
}

const scanEvents: readonly Event[] = [
  { kind: 'phase', name: 'scan', text: 'web1' },
  { kind: 'fact', name: 'packages', state: 'answered', text: '612 from apt', seconds: 1.8 },
  { kind: 'fact', name: 'mail queue', state: 'absent', text: 'permission denied', seconds: 0 },
  {
    kind: 'progress',
    label: 'files',
    unit: 'entries',
    done: 412_000,
    total: null,
    same: 0,
    sent: 0,
    left: 0,
    errors: 0,
    current: '/srv/uploads/2023/11/IMG_2023.jpg',
  },
];

export function fakeWork(options: { asks?: boolean; scanned?: boolean } = {}): FakeWork {
  const calls: string[] = [];
  const failures = new Map<string, Error>();
  const secrets: (string | null)[] = [];
  let now: readonly Group[] = groups;
  const called = (name: string): void => {
    calls.push(name);
    const failure = failures.get(name.split(' ')[0] as string);
    failures.delete(name.split(' ')[0] as string);
    if (failure !== undefined) throw failure;
  };
  const noBlocker: Plan = { ...plan, notices: plan.notices.filter((notice) => notice.grade !== 'blocker') };
  return {
    calls,
    failures,
    secrets,
    names: async () => ['web1', 'web2'],
    async open(folder) {
      called(`open ${folder}`);
      return { source: 'web1', destination: 'web2', at: 'verify' };
    },
    async connect({ source, destination }, asker, note) {
      called(`connect ${source} ${destination}`);
      note(`connecting to ${source}`);
      if (options.asks === true) {
        const trusted = await asker.trustHostKey({
          host: source,
          type: 'ssh-ed25519',
          fingerprint: 'SHA256:q3xV',
        });
        if (!trusted)
          throw new Failure('refused', 'host-key-unknown', `the host key of ${source} was not trusted`);
        secrets.push(await asker.secret({ what: 'sudo', for: source }));
      }
      const scanned = options.scanned ?? false;
      return {
        folder: 'web1.move',
        sourceName: 'web1',
        destinationName: 'web2',
        sourceNames: ['web1'],
        scanned,
        lines: [],
      };
    },
    scan: () => {
      called('scan');
      return told(scanEvents, null);
    },
    groups: async () => now,
    history: async () => [],
    async decide(path, chosen: Class | null) {
      called(`decide ${path} ${chosen}`);
      now = now.map((group) =>
        group.path === path ? { ...group, class: chosen ?? 'undecided', reason: 'decided' } : group,
      );
    },
    async explain(path) {
      called(`explain ${path}`);
      return [`${path} is undecided`, 'nothing explains it'];
    },
    plan: () => {
      called('plan');
      return told([], noBlocker);
    },
    apply: () => {
      called('apply');
      return told(
        [
          { kind: 'step', index: 1, of: 22, title: 'deploy', state: 'changed', text: 'created' },
          { kind: 'step', index: 2, of: 22, title: 'nginx', state: 'begun', text: '' },
        ],
        null,
      );
    },
    sync: () => {
      called('sync');
      return told([], {
        pass: { pass: 1, changed: 40_112, bytes: 31.2e9, seconds: 3060, failed: 0 },
        quiet: true,
      });
    },
    cutover: () => {
      called('cutover');
      return told([], { report, downtime: { predicted: 180, measured: 164 } });
    },
    verify: () => {
      called('verify');
      return told([], report);
    },
    bug: async (error) => ({
      message: `this is a bug: ${String(error)}`,
      during: '',
      hint: '',
      topic: 'bug',
    }),
  };
}
