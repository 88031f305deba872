/**
 * `npm run bench -- inventory`: a whole scan of a booted server with a million files, over one ssh connection, beside
 * a bare `ssh HOST find / -xdev` that prints the same fields. Both in one run, in turn, so that a slow machine is slow
 * for both. Memory: the peak of the scanning process (VmHWM), and of all processes that the scan starts on the server.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabHost, labAvailable, labEnvironment, sshConfig, withHosts } from '../lab/lab.ts';
import { processesOf } from '../lab/network.ts';
import { median, table } from './figures.ts';

const program = join(import.meta.dirname, '../../dist/cli.js');
const bareFind =
  "nice -n 10 find / -xdev -printf '%y\\0%m\\0%U\\0%G\\0%u\\0%g\\0%s\\0%T@\\0%C@\\0%D\\0%i\\0%n\\0%b\\0%p\\0%l\\0'";

/** 20,000 directories with 50 files each in a tree four deep; a quarter has content. */
const plant = `
my ($made, $wanted) = (0, shift);
for (my $site = 0; $made < $wanted; $site++) {
  mkdir sprintf('/srv/site%03d', $site);
  for my $part (0 .. 99) {
    last if $made >= $wanted;
    my $directory = sprintf('/srv/site%03d/part%02d', $site, $part);
    mkdir $directory;
    for (1 .. 50) {
      open(my $file, '>', sprintf('%s/object-%07d.dat', $directory, $made)) or die $!;
      print $file 'x' x 100 if $made % 4 == 0;
      close $file;
      $made++;
    }
  }
}`;

export async function inventory(arguments_: readonly string[]): Promise<number> {
  const missing = labAvailable();
  if (missing !== null) throw new Error(`this benchmark boots a server: ${missing}`);
  const files = Number(arguments_[0] ?? 1_000_000);
  const rounds = Number(arguments_[1] ?? 3);
  const directory = mkdtempSync(join(tmpdir(), 'bench-inventory-'));
  try {
    return await withHosts([{ name: 'bench', release: '12' }], async (host) => {
      console.log(`making ${files} files on a booted Debian 12 …`);
      await host.run('apt-get -qq update');
      await host.run(`perl -e ${quoted(plant)} ${files} && sync`);
      const runs: Run[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const find = await bare(host);
        const run = await scanOnce(host, join(directory, `${round}.move`), find);
        runs.push(run);
        console.log(
          `round ${round + 1}: find ${find.toFixed(1)} s, inventory ${run.inventory.toFixed(1)} s, whole scan ${run.whole.toFixed(1)} s`,
        );
      }
      report(files, runs);
      return 0;
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Run {
  /** Seconds. */
  readonly find: number;
  readonly inventory: number;
  readonly whole: number;
  /** MiB. */
  readonly controller: number;
  readonly source: number;
  readonly paths: number;
  readonly nice: number;
  readonly phases: ReadonlyMap<string, number>;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function bare(host: LabHost): Promise<number> {
  const begun = performance.now();
  const child = spawn('ssh', ['-F', sshConfig, '-o', 'BatchMode=yes', host.name, '--', bareFind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const _ of child.stdout) void _;
  return (performance.now() - begun) / 1000;
}

async function scanOnce(host: LabHost, folder: string, find: number): Promise<Run> {
  const before = new Set(await processesOf(host.name));
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    [program, 'scan', `root@${host.name}`, folder, '--json', '--no-input', '--quiet', '--no-originals'],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...labEnvironment } },
  );
  let controller = 0;
  let source = 0;
  /** How often each was seen: questions about few paths use find, too. */
  const nice = new Map<number, number>();
  let watching = true;
  const watch = (async () => {
    while (watching) {
      controller = Math.max(controller, kibibytes(child.pid as number, 'VmHWM'));
      const sizes = (await processesOf(host.name)).filter((pid) => !before.has(pid));
      source = Math.max(
        source,
        sizes.reduce((sum, pid) => sum + kibibytes(pid, 'VmRSS'), 0),
      );
      for (const pid of sizes) {
        if (commandOf(pid) === 'find') nice.set(nicenessOf(pid), (nice.get(nicenessOf(pid)) ?? 0) + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const phases = new Map<string, number>();
  let paths = 0;
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = JSON.parse(text.slice(0, end)) as Record<string, unknown>;
      text = text.slice(end + 1);
      if (line.kind === 'phase') phases.set(String(line.name), (performance.now() - begun) / 1000);
      if (line.kind === 'progress' && line.label === 'paths') paths = Number(line.done);
    }
  }
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  watching = false;
  await watch;
  if (status !== 0) throw new Error(`the scan ended with ${status}`);
  const whole = (performance.now() - begun) / 1000;
  return {
    find,
    inventory: phases.get('digests') ?? whole,
    whole,
    controller: controller / 1024,
    source: source / 1024,
    paths,
    nice: [...nice].sort(([, one], [, other]) => other - one)[0]?.[0] ?? Number.NaN,
    phases,
  };
}

function kibibytes(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  try {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
    );
    return Number(match?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
}
function commandOf(pid: number): string {
  return /\((.*)\)/s.exec(statOf(pid))?.[1] ?? '';
}
/** The 19th field, proc_pid_stat(5). */
function nicenessOf(pid: number): number {
  return Number(
    statOf(pid)
      .replace(/^.*\) /s, '')
      .split(' ')[16] ?? Number.NaN,
  );
}

function report(files: number, runs: readonly Run[]): void {
  const row = (name: string, of: (run: Run) => number, unit: string, limit: string) =>
    [name, `${median(runs.map(of)).toFixed(unit === '×' ? 2 : 1)} ${unit}`, limit] as const;
  console.log('');
  console.log(
    table(
      [`inventory of ${runs[0]?.paths ?? 0} paths (${files} made)`, `median of ${runs.length}`, 'at most'],
      [
        row('inventory without digests', (run) => run.inventory, 's', '60 s'),
        row('beside a bare find over ssh', (run) => run.inventory / run.find, '×', '–'),
        row('whole scan, digests and folder too', (run) => run.whole, 's', '–'),
        row('memory of the scanning process, peak', (run) => run.controller, 'MiB', '300 MB'),
        row('memory on the server, peak', (run) => run.source, 'MiB', '150 MB'),
        ['niceness of the listing there', [...new Set(runs.map(({ nice }) => nice))].join(', '), '10'],
      ],
    ),
  );
  console.log('\nseconds until each phase began, last round:');
  for (const [name, at] of runs.at(-1)?.phases ?? []) console.log(`  ${at.toFixed(1).padStart(6)}  ${name}`);
}
