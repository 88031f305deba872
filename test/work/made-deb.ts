/** Real packages, made by dpkg-deb. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface MadeDeb {
  readonly name?: string;
  readonly version?: string;
  readonly compress?: 'xz' | 'gzip' | 'zstd' | 'none';
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly links?: Readonly<Record<string, string>>;
}

/** null where this machine cannot make any. */
export function debsCannotBeMade(): string | null {
  try {
    execFileSync('dpkg-deb', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'dpkg-deb is missing';
  }
}

export async function makeDeb(made: MadeDeb): Promise<Buffer> {
  const { name = 'tool', version = '1.0', compress = 'xz' } = made;
  const directory = await mkdtemp(join(tmpdir(), 'deb-'));
  try {
    const root = join(directory, 'root');
    await mkdir(join(root, 'DEBIAN'), { recursive: true });
    await chmod(root, 0o755);
    await writeFile(
      join(root, 'DEBIAN/control'),
      `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nMaintainer: Nobody <nobody@example.org>\nDescription: made up\n`,
    );
    for (const [path, content] of Object.entries(made.files ?? {})) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(
        join(root, path),
        typeof content === 'string' ? Buffer.from(content, 'latin1') : content,
      );
    }
    for (const [path, target] of Object.entries(made.links ?? {})) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await symlink(target, join(root, path));
    }
    const file = join(directory, 'made.deb');
    execFileSync('dpkg-deb', [`-Z${compress}`, '--root-owner-group', '--build', root, file], {
      stdio: 'ignore',
    });
    return await readFile(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
