/**
 * What a host answers: its web sites, its ports, its services, its people, and what profiles ask of it. Asked of
 * the source before the freeze and of the destination afterwards, in the same words.
 */

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { quote, toBytes } from '../bytes.ts';
import { redactText } from '../decide/redact-text.ts';
import type { Observation } from '../decide/report.ts';
import { apacheSites, nginxSites, uniqueSites, type WebSite } from '../decide/web-sites.ts';
import { facts } from '../facts/facts.ts';
import type { Host } from '../host/host.ts';
import type { Port, Probe, Profile } from '../types.ts';
import { readShadow } from './apply-passwords.ts';
import { ask } from './ask.ts';
import { askSite, type WebAnswer } from './http.ts';

const webFiles = `
for file in /etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*; do
  [ -f "$file" ] && { echo '== nginx'; cat "$file"; echo; }
done
for file in /etc/apache2/apache2.conf /etc/apache2/sites-enabled/*.conf /etc/apache2/conf-enabled/*.conf; do
  [ -f "$file" ] && { echo '== apache'; cat "$file"; echo; }
done
:`;

/** Sites that the web servers of a host are told to serve, by their files. */
export async function sitesOf(host: Host): Promise<readonly WebSite[]> {
  const answer = await host.run(['sh', '-c', webFiles]);
  const parts = answer.stdout
    .toString('utf8')
    .split(/^== (nginx|apache)\n/m)
    .slice(1);
  const sites: WebSite[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const text = parts[at + 1] as string;
    sites.push(...(parts[at] === 'nginx' ? nginxSites(text) : apacheSites(text)));
  }
  return uniqueSites(sites);
}

export const siteName = (site: WebSite) => `${site.scheme}://${site.name}:${site.port}`;

export type WebAnswers = ReadonlyMap<string, WebAnswer | string>;

export async function askSites(host: Host, sites: readonly WebSite[]): Promise<WebAnswers> {
  const answers = new Map<string, WebAnswer | string>();
  for (const site of sites) answers.set(siteName(site), await askSite(host, site));
  return answers;
}

/** Answers as observations. What a page said differently when it was asked twice is no property of the server. */
export function webObservations(answers: WebAnswers, second?: WebAnswers): Observation[] {
  return [...answers].flatMap(([name, answer]) => {
    const again = second?.get(name);
    const one = (key: string, value: string): Observation[] => {
      const changes = typeof again === 'object' && String(again[key as keyof WebAnswer]) !== value;
      return changes ? [] : [{ subject: name, group: 'answer', key, value, compare: 'equal' }];
    };
    if (typeof answer === 'string') return one('status', answer);
    return [
      ...one('status', String(answer.status)),
      ...one('location', redactText(answer.location)),
      ...one('title', answer.title),
      ...one('sha256', answer.sha256),
      ...(answer.certificate === '' ? [] : one('certificate', answer.certificate)),
    ];
  });
}

/** Where a port can be reached from, without the address of one machine. */
function reach(address: string): string {
  if (/^(127\.|::1$|\[::1\])/.test(address)) return 'this machine only';
  return /^(0\.0\.0\.0|\*|::|\[::\])$/.test(address) ? 'everywhere' : 'one address';
}

/** Ports that units of the move listen on; `unitThere` gives a unit's name on the destination. */
export function portObservations(ports: readonly Port[], moved: ReadonlySet<string>): Observation[] {
  const seen = new Map<string, Set<string>>();
  for (const port of ports) {
    if (port.unit === null || !moved.has(port.unit)) continue;
    const key = `${port.protocol} ${port.port}`;
    const reaches = seen.get(key);
    if (reaches === undefined) seen.set(key, new Set([reach(port.address)]));
    else reaches.add(reach(port.address));
  }
  return [...seen].map(([key, reaches]) => ({
    subject: 'ports',
    group: 'ports',
    key,
    value: reaches.has('everywhere') ? 'everywhere' : [...reaches].sort().join(', '),
    compare: 'equal',
  }));
}

/** Everything that listens on the destination, to be looked up in; there the unit may have another name. */
export async function observePorts(host: Host, moved: ReadonlySet<string> | null): Promise<Observation[]> {
  const answer = await ask(host, facts.ports);
  if (!answer.known) return [];
  const units = moved ?? new Set(answer.value.map((port) => port.unit ?? ''));
  const ports =
    moved === null ? answer.value.map((port) => ({ ...port, unit: port.unit ?? '' })) : answer.value;
  return portObservations(ports, units);
}

/** What the active profiles ask by a command that has to say the same on both sides. */
export async function observeProbes(
  host: Host,
  profiles: readonly Profile[],
  only: 'equal' | 'zero',
): Promise<Observation[]> {
  const observations: Observation[] = [];
  for (const profile of profiles) {
    // Engines compare far more than their profile's probe does, and know how to get in.
    if (profile.dump !== undefined) continue;
    for (const probe of profile.probes ?? []) {
      if (probe.probe !== 'command' || probe.compare !== only) continue;
      observations.push(await runProbe(host, profile.name, probe));
    }
  }
  return observations;
}

async function runProbe(
  host: Host,
  profile: string,
  probe: Extract<Probe, { probe: 'command' }>,
): Promise<Observation> {
  const [program, ...rest] = probe.argv.map(toBytes);
  const answer = await host.run([program as string, ...rest], { timeoutSeconds: 60 });
  const output = answer.stdout.toString('latin1').trim();
  const said = answer.code === 0 ? output : `exit ${answer.code}`;
  return {
    subject: profile,
    group: probe.name,
    key: '',
    value: probe.compare === 'zero' ? `exit ${answer.code}` : quote(redactText(said).slice(0, 2000)),
    compare: 'equal',
  };
}

/** Redis takes connections while it still reads its file; then it counts too few keys. */
export async function settle(host: Host): Promise<void> {
  await host.run(
    [
      'sh',
      '-c',
      'command -v redis-cli >/dev/null || exit 0; for n in 1 2 3 4 5 6 7 8 9 10; do case $(redis-cli info persistence 2>&1) in *loading:1*) sleep 1 ;; *) exit 0 ;; esac; done',
    ],
    { timeoutSeconds: 60 },
  );
}

/**
 * Key of digests of secrets: it comes from the source's own secrets, so that a digest kept in the folder says
 * nothing to anybody who cannot read them anyway.
 */
export async function secretKey(source: Host): Promise<Buffer> {
  const answer = await source.run([
    'sh',
    '-c',
    'cat "$1"/etc/ssh/ssh_host_*_key 2>/dev/null | sha256sum',
    'key',
    source.root,
  ]);
  const digest = /^[0-9a-f]{64}/.exec(answer.stdout.toString('latin1'))?.[0];
  const empty = createHash('sha256').update('').digest('hex');
  return digest === undefined || digest === empty
    ? randomBytes(32)
    : createHash('sha256').update(`opstimal-move ${digest}`).digest();
}

/** Users, groups and password hashes of the names given; hashes only as digests. */
export async function observeAccounts(
  host: Host,
  names: { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> },
  key: Buffer,
): Promise<Observation[]> {
  const answer = await ask(host, facts.accounts);
  if (!answer.known) return [];
  const { users, groups } = answer.value;
  const groupName = new Map(groups.map((group) => [group.gid, group.name]));
  const shadow = host.privileged ? await readShadow(host) : null;
  const observations: Observation[] = [];
  const add = (group: string, name: string, value: string, compare: Observation['compare'] = 'equal') =>
    observations.push({ subject: 'accounts', group, key: name, value, compare });
  for (const user of users) {
    if (!names.users.has(user.name)) continue;
    const member = groups.filter((group) => group.members.includes(user.name)).map((group) => group.name);
    // Numbers may be taken on the destination; files and memberships go by name.
    if (user.uid >= 1000 && user.uid < 65534) add('numbers of users', user.name, String(user.uid), 'by-hand');
    add(
      'users',
      user.name,
      `${groupName.get(user.gid) ?? user.gid} ${quote(user.home)} ${quote(user.shell)} (${[...new Set(member)].sort().join(', ')})`,
    );
    const hash = shadow?.get(user.name)?.hash;
    if (hash !== undefined) {
      const meaning = /^[!*]+$/.test(hash) ? '!' : hash;
      add(
        'passwords',
        user.name,
        createHmac('sha256', key).update(`${user.name}\0${meaning}`).digest('hex'),
        'secret',
      );
    }
  }
  for (const group of groups) {
    if (!names.groups.has(group.name)) continue;
    if (group.gid >= 1000 && group.gid < 65534)
      add('numbers of groups', group.name, String(group.gid), 'by-hand');
    add('groups', group.name, `(${[...new Set(group.members)].sort().join(', ')})`);
  }
  return observations;
}

const identityProgram = `
echo "machine-id $(cat "$1/etc/machine-id" 2>/dev/null)"
for file in "$1"/etc/ssh/ssh_host_*_key.pub; do [ -f "$file" ] && echo "host-key \${file##*/} $(cut -d' ' -f2 <"$file")"; done
:`;

/** What must be the machine's own. */
export async function observeIdentity(host: Host): Promise<Observation[]> {
  const answer = await host.run(['sh', '-c', identityProgram, 'identity', host.root]);
  return answer.stdout
    .toString('latin1')
    .split('\n')
    .flatMap((line): Observation[] => {
      const [kind, ...rest] = line.split(' ');
      const value = rest.at(-1) ?? '';
      if (value === '') return [];
      if (kind === 'machine-id')
        return [{ subject: 'identity', group: 'machine-id', key: '', value, compare: 'differ' }];
      return kind === 'host-key'
        ? [{ subject: 'identity', group: 'ssh host keys', key: rest[0] ?? '', value, compare: 'differ' }]
        : [];
    });
}

const crontabProgram = `
cd /var/spool/cron/crontabs 2>/dev/null || exit 0
find . -type f -exec sha256sum -z {} +`;

/** Crontabs of people, by content. */
export async function observeCrontabs(host: Host): Promise<Observation[]> {
  const answer = await host.run(['sh', '-c', crontabProgram]);
  return answer.stdout
    .toString('latin1')
    .split('\0')
    .flatMap((line): Observation[] => {
      const match = /^([0-9a-f]{64}) [ *]\.\/(.*)$/s.exec(line);
      if (match === null) return [];
      return [
        {
          subject: 'crontabs',
          group: 'crontabs',
          key: quote(match[2] as string),
          value: match[1] as string,
          compare: 'equal',
        },
      ];
    });
}
