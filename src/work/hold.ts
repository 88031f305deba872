/**
 * Units that may not run on the destination yet. A drop-in with a condition on one file keeps them from starting by
 * hand, by a package, by another unit and at boot; it works for units that are not installed yet.
 */
import { quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import { mustRun } from './apply-program.ts';

export const holdFile = '/etc/opstimal-move/hold';
const dropIn = '00-opstimal-move-hold.conf';

const holdProgram = `
umask 022
mkdir -p /etc/opstimal-move || exit 1
if [ ! -e ${holdFile} ]; then
  echo 'Units with the drop-in ${dropIn} start only when this file is gone. Written by opstimal-move, removed by its cutover.' >${holdFile} || exit 1
  echo changed
fi
text='# Kept from running until opstimal-move has cut over.
[Unit]
ConditionPathExists=!${holdFile}'
reload=no
for unit in "$@"; do
  case "$unit" in *@*) name="\${unit%%@*}@.\${unit##*.}" ;; *) name=$unit ;; esac
  file=/etc/systemd/system/$name.d/${dropIn}
  if [ "$(cat "$file" 2>/dev/null)" != "$text" ]; then
    mkdir -p "\${file%/*}" && printf '%s\\n' "$text" >"$file" || exit 1
    reload=yes
  fi
done
if [ $reload = yes ]; then
  systemctl daemon-reload || exit 1
  echo changed
fi
for unit in "$@"; do
  state=$(systemctl show --property=ActiveState --value -- "$unit" 2>/dev/null)
  case "$state" in active|activating|reloading) systemctl stop -- "$unit" || exit 1; echo changed ;; esac
done`;

const releaseProgram = `
for unit in "$@"; do
  case "$unit" in *@*) name="\${unit%%@*}@.\${unit##*.}" ;; *) name=$unit ;; esac
  file=/etc/systemd/system/$name.d/${dropIn}
  rm -f -- "$file" || exit 1
  rmdir -- "\${file%/*}" 2>/dev/null
done
if [ -z "$(find /etc/systemd/system -mindepth 2 -maxdepth 2 -name ${dropIn} -print -quit 2>/dev/null)" ]; then
  rm -f ${holdFile}
  rmdir /etc/opstimal-move 2>/dev/null
fi
systemctl daemon-reload`;

async function onUnits(host: Host, program: string, units: readonly string[], word: string): Promise<string> {
  mustRun(host);
  const odd = units.find((unit) => !/^[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*\.[a-z]+$/.test(unit));
  if (odd !== undefined) {
    throw new Failure('usage', 'plan', `the plan names ${quote(odd)}, which is no unit`);
  }
  const answer = await host.run(['sh', '-c', program, word, ...units], { timeoutSeconds: 600 });
  if (answer.code === 0) return answer.stdout.toString('latin1');
  throw new Failure('failed', 'hold', `cannot ${word} the services on ${host.name}`, {
    during: quote(answer.stderr.toString('latin1').trim().split('\n').at(-1) ?? ''),
  });
}

/**
 * Stops units and keeps them from starting until `releaseUnits`. An instance of a template is held through its
 * template. True when something was changed.
 */
export async function holdUnits(host: Host, units: readonly string[]): Promise<boolean> {
  if (units.length === 0) return false;
  return (await onUnits(host, holdProgram, units, 'hold')).includes('changed');
}

/** Lets units start again; starts none. The hold itself ends with its last unit. */
export async function releaseUnits(host: Host, units: readonly string[]): Promise<void> {
  await onUnits(host, releaseProgram, units, 'release');
}
