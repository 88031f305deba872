/** Becoming root on real servers: real sudo, real PAM, the login shells people have; and a server that freezes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/failure.ts';
import { connect } from '../../src/host/connect.ts';
import type { ConnectOptions, Host } from '../../src/host/host.ts';
import { parsePlace } from '../../src/host/place.ts';
import { type LabHost, labAvailable, sshConfig, startHost, stopHost } from '../lab/lab.ts';

const reason = labAvailable();

const setUp = `
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends sudo fish tcsh zsh >/dev/null
for user in silent asked none terminal fishy cshy zshy; do
  useradd -m -s /bin/bash $user
  install -d -o $user -g $user -m 700 /home/$user/.ssh
  install -o $user -g $user -m 600 /root/.ssh/authorized_keys /home/$user/.ssh/authorized_keys
  echo "$user:secret of $user" | chpasswd
done
usermod -s /usr/bin/fish fishy; usermod -s /bin/tcsh cshy; usermod -s /usr/bin/zsh zshy; touch /home/zshy/.zshrc
echo 'echo welcome; echo beware >&2' >>/home/silent/.bashrc
sed -i '/case \\$-/,/esac/d' /home/silent/.bashrc
cat >/etc/sudoers.d/test <<end
silent, fishy, cshy, zshy, terminal ALL=(root) NOPASSWD: ALL
asked ALL=(root) ALL
Defaults:terminal requiretty
Defaults:asked lecture=always
end
`;

// The oldest sudo, and the newest, which runs commands in a terminal of its own (use_pty).
for (const release of ['11', '13'] as const) {
  (reason === null ? describe : describe.skip)(
    `root on Debian ${release}${reason === null ? '' : ` (not here, ${reason})`}`,
    () => {
      let lab: LabHost;
      beforeAll(async () => {
        lab = await startHost({ name: `sudo-${release}`, release });
        await lab.run(setUp);
      }, 600_000);
      afterAll(() => stopHost(`sudo-${release}`), 60_000);

      const options = (...secrets: string[]): ConnectOptions => ({
        asker: {
          trustHostKey: () => Promise.resolve(false),
          secret: ({ what }) => {
            const secret = secrets.shift();
            if (secret === undefined)
              throw new Failure('needs-person', 'secret', `no ${what} without a person`);
            return Promise.resolve(secret);
          },
        },
        environment: { ...process.env, SSH_AUTH_SOCK: undefined },
        note: () => {},
        sshConfig,
      });
      const login = (user: string, ...secrets: string[]): Promise<Host> =>
        connect(parsePlace(`${user}@${lab.name}`), options(...secrets));

      test.each([
        ['root', [], 'root'],
        ['silent', [], 'sudo without password'],
        ['fishy', [], 'sudo without password'],
        ['cshy', [], 'sudo without password'],
        ['zshy', [], 'sudo without password'],
        ['asked', ['wrong', 'secret of asked'], 'sudo with password'],
      ])(
        '%s',
        async (user, secrets, privilege) => {
          const host = await login(user, ...secrets);
          try {
            expect([host.privileged, host.reach.privilege]).toEqual([true, privilege]);
            const all = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join('');
            const input = Buffer.from(all.repeat(1000), 'latin1');
            const answer = await host.run(['sh', '-c', 'id -u >&2; printf %s "$1"; cat', 'x', all], {
              input,
            });
            expect(answer.stdout.equals(Buffer.concat([Buffer.from(all, 'latin1'), input]))).toBe(true);
            expect([answer.code, answer.stderr.toString()]).toEqual([0, '0\n']);
            const channel = await host.stream(['sh', '-c', 'cat; echo $HOME >&2']);
            channel.stdin.end(input);
            const pieces: Buffer[] = [];
            for await (const piece of channel.stdout) pieces.push(piece as Buffer);
            expect(Buffer.concat(pieces).equals(input)).toBe(true);
            expect(await channel.done).toEqual({ code: 0, stderr: '/root\n' });
            await host.writeFile('/etc/by-host', input, 0o640);
            expect((await host.readFile('/etc/by-host')).equals(input)).toBe(true);
            expect(await lab.run('stat -c "%a %U %G" /etc/by-host')).toBe('640 root root\n');
            expect((await host.readFile('/etc/shadow')).toString()).toContain('asked:');
          } finally {
            await host.close();
          }
        },
        60_000,
      );

      test.each([
        ['none', ['secret of none'], /not in the sudoers/, /none ALL=\(root\) NOPASSWD: ALL/],
        ['terminal', [], /terminal/, /Defaults:terminal !requiretty/],
        ['asked', ['a', 'b', 'c'], /password is wrong/, /sudoers/],
      ])(
        '%s is refused with the line for sudoers',
        async (user, secrets, words, line) => {
          await expect(login(user, ...secrets)).rejects.toMatchObject({
            code: 'refused',
            topic: 'no-sudo',
            message: expect.stringMatching(words) as unknown as string,
            hint: expect.stringMatching(line) as unknown as string,
          });
        },
        60_000,
      );

      test('passwords are in no log and no process list', async () => {
        const host = await login('asked', 'secret of asked');
        const running = await lab.run('ps axww -o args');
        await host.close();
        const logs = await lab.run(
          'journalctl --no-pager 2>/dev/null; cat /var/log/auth.log /var/log/syslog 2>/dev/null; true',
        );
        expect(running).not.toContain('secret of');
        expect(logs).not.toContain('secret of');
      }, 60_000);

      if (release === '13') {
        test('a server that freezes is noticed', async () => {
          const host = await login('root');
          const session = (await host.run(['sh', '-c', 'ps -o ppid= -p $PPID'])).stdout.toString().trim();
          expect(await lab.run(`ps -o args= -p ${session}`)).toMatch(/^sshd/);
          const question = host.run(['sleep', '1000']);
          const told = expect(question).rejects.toMatchObject({
            code: 'unreachable',
            topic: 'connection-lost',
          });
          await lab.run(`kill -STOP ${session}`);
          await told;
          await host.close();
          await lab.run(`kill -KILL ${session}`);
        }, 120_000);
      }
    },
  );
}
