/** `npm run lab -- COMMAND`: servers to try opstimal-move on. */
import { spawn } from 'node:child_process';
import { labEnvironment, sshConfig } from './access.ts';
import { ensureBase } from './base.ts';
import { hostOf, startHost, stopHost, stopOrphans, takeDown } from './host.ts';
import { labAvailable } from './lab.ts';
import { ensureLayer, layers } from './layer.ts';
import { lives } from './process.ts';
import { cacheDirectory, type Release, releases } from './settings.ts';
import { addressOf, allStates } from './state.ts';

const usage = `The lab: booted Debian servers on a bridge of their own.

  npm run lab -- up                     two servers: old (hand-built Debian 12) and new (empty Debian 13)
  npm run lab -- down                   takes these two away, and what crashed runs left; nobody else's hosts
  npm run lab -- status
  npm run lab -- start NAME RELEASE [LAYER]   one more host; RELEASE ${Object.keys(releases).join(', ')}; LAYER ${Object.keys(layers).join(', ')}
  npm run lab -- stop NAME
  npm run lab -- ssh NAME [COMMAND]     a shell on it, or one command
  npm run lab -- build                  makes all bases and layers now instead of when first needed

Bases and layers are kept in ${cacheDirectory} (OPSTIMAL_LAB_CACHE).
`;

function toTry(from: string, to: string): string {
  return `
  ssh -F ${sshConfig} ${from}
  ssh -F ${sshConfig} ${to}

  export OPSTIMAL_SSH_CONFIG=${sshConfig}
  npx opstimal-move move ${from} ${to}

npm run lab -- down takes them away.
`;
}

function isRelease(text: string | undefined): text is Release {
  return text !== undefined && text in releases;
}

async function main(argv: readonly string[]): Promise<number> {
  const [verb, name = '', ...rest] = argv;
  if (verb === undefined || verb === 'help' || verb === '--help') {
    process.stdout.write(usage);
    return verb === undefined ? 2 : 0;
  }
  const reason = labAvailable();
  if (reason !== null) {
    process.stderr.write(`lab: ${reason}\n`);
    return 1;
  }
  const say = (text: string) => process.stderr.write(`${text}\n`);
  if (verb === 'up') {
    await stopOrphans();
    const running = new Set(allStates().map((state) => state.name));
    if (!running.has('old')) {
      say('old: a Debian 12 that a person built by hand (the first time takes a few minutes) …');
      const layer = await ensureLayer('handbuilt', '12', say);
      await startHost({ name: 'old', release: '12', layers: [layer], keep: true });
    }
    if (!running.has('new')) {
      say('new: an empty Debian 13 …');
      await startHost({ name: 'new', release: '13', keep: true });
    }
    process.stdout.write(toTry('old', 'new'));
    return 0;
  }
  if (verb === 'down') {
    for (const gone of await takeDown(['old', 'new'])) say(`${gone}: removed`);
    const others = allStates().map((state) => state.name);
    if (others.length > 0) say(`still running: ${others.join(', ')} (npm run lab -- stop NAME)`);
    return 0;
  }
  if (verb === 'status') {
    for (const state of allStates()) {
      const up = state.process && lives(state.process) ? 'running' : 'not running';
      process.stdout.write(`${state.name}\tDebian ${state.release}\t${addressOf(state)}\t${up}\n`);
    }
    return 0;
  }
  if (verb === 'build') {
    for (const release of Object.keys(releases) as Release[]) say(await ensureBase(release));
    for (const [layer, about] of Object.entries(layers))
      for (const release of about.releases) say(await ensureLayer(layer, release, say));
    return 0;
  }
  if (verb === 'start' && isRelease(rest[0])) {
    const over = rest[1] === undefined ? [] : [await ensureLayer(rest[1], rest[0], say)];
    const host = await startHost({ name, release: rest[0], layers: over, keep: true });
    process.stdout.write(`ssh -F ${sshConfig} ${host.name}\t# ${host.address}\n`);
    return 0;
  }
  if (verb === 'stop' && name !== '') {
    await stopHost(name);
    return 0;
  }
  if (verb === 'ssh') {
    const state = allStates().find((candidate) => candidate.name === name);
    if (!state) {
      say(`no host ${name} runs`);
      return 1;
    }
    const child = spawn('ssh', ['-F', sshConfig, hostOf(state).name, ...rest], {
      stdio: 'inherit',
      env: { ...process.env, ...labEnvironment },
    });
    return await new Promise((resolve) => child.on('close', (status) => resolve(status ?? 255)));
  }
  process.stderr.write(usage);
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
