/** What must be made again from configuration that was written: indexes, caches, locales. */
import type { Step } from '../types.ts';
import type { PlanInput } from './plan-input.ts';
import { PartBuilder, type PlanPart } from './plan-part.ts';
import { sh } from './plan-shell.ts';

/** Maps that Postfix reads from a file it compiled: `hash:/etc/postfix/virtual`. */
function postfixMaps(text: string): string[] {
  const maps = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .matchAll(/\b(?:hash|lmdb|btree):(\/etc\/[A-Za-z0-9._/+-]+)/g);
  return [...new Set([...maps].map((match) => match[1] as string))]
    .filter((path) => path !== '/etc/aliases')
    .sort();
}

/** Steps for files that this plan writes; their checks are truthful, so they may stand in every plan. */
export function planRefresh(input: PlanInput, steps: readonly Step[]): PlanPart {
  const part = new PartBuilder();
  if (!input.destinationLive) return part;
  const written = new Set(
    steps.filter((one) => one.kind === 'file' || one.kind === 'removal').map((one) => one.title),
  );
  const writes = (pattern: RegExp) => [...written].some((path) => pattern.test(path));
  const refresh = (name: string, title: string, check: string, apply: string) =>
    part.step({ id: `refresh:${name}`, kind: 'refresh', symbol: '~', title, check, apply });

  if (writes(/^\/etc\/systemd\/system\//)) {
    refresh(
      'systemd',
      'systemd reads its units again',
      `! systemctl show --property=NeedDaemonReload '*' 2>/dev/null | grep -q yes`,
      'systemctl daemon-reload',
    );
  }
  if (writes(/^\/etc\/locale\.gen$/)) {
    refresh(
      'locales',
      'locales of /etc/locale.gen',
      "have=$(locale -a 2>/dev/null | tr 'A-Z' 'a-z' | tr -d '-'); " +
        "for one in $(sed -n 's/^[[:space:]]*\\([A-Za-z][^[:space:]#]*\\).*/\\1/p' /etc/locale.gen | tr 'A-Z' 'a-z' | tr -d '-'); do " +
        'printf "%s\\n" "$have" | grep -qxF "$one" || printf "%s\\n" "$have" | grep -qF "$one" || exit 1; done',
      'locale-gen',
    );
  }
  if (writes(/^\/etc\/aliases$/)) {
    refresh(
      'aliases',
      'aliases',
      'command -v newaliases >/dev/null || exit 0; [ ! -e /etc/postfix ] || [ /etc/aliases.db -nt /etc/aliases ] || [ /etc/aliases.lmdb -nt /etc/aliases ]',
      'newaliases',
    );
  }
  const main = input.manifest.resources.find(
    (one) => 'path' in one && 'kind' in one && one.path === '/etc/postfix/main.cf' && one.from !== undefined,
  );
  if (main !== undefined && 'kind' in main && main.from !== undefined) {
    for (const map of postfixMaps(input.attachment(main.from).toString('utf8'))) {
      if (!written.has(map)) continue;
      const path = sh(map);
      refresh(
        `postmap:${map}`,
        `postmap ${map}`,
        `p=${path}; [ "$p.db" -nt "$p" ] || [ "$p.lmdb" -nt "$p" ]`,
        `postmap ${path}`,
      );
    }
  }
  if (writes(/^\/etc\/ca-certificates/)) {
    refresh(
      'certificates',
      'trusted certificates',
      '[ /etc/ssl/certs/ca-certificates.crt -nt /etc/ca-certificates.conf ]',
      'update-ca-certificates && touch /etc/ssl/certs/ca-certificates.crt',
    );
  }
  if (writes(/^\/etc\/ld\.so\.conf/)) {
    refresh(
      'libraries',
      'cache of libraries',
      '[ -z "$(find /etc/ld.so.conf /etc/ld.so.conf.d -newer /etc/ld.so.cache -print -quit 2>/dev/null)" ]',
      'ldconfig',
    );
  }
  if (writes(/^\/etc\/sysctl\.(?:conf|d\/)/)) {
    part.notice(
      'by-hand',
      'kernel settings',
      'settings in /etc/sysctl.d hold from the next boot of the destination on',
      'or now: sysctl --system',
    );
  }
  return part;
}
