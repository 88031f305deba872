/**
 * Where files of packages can be downloaded: `apt-get --print-uris download` (apt-get(8)) for all of them in one call.
 * apt prints address, file name, size and digest from its signed lists, and fetches nothing. Its cache is built in
 * memory and its lock is not taken, because the source is read only.
 */
import { quote } from '../bytes.ts';
import type { Argv, Bytes, PackageAddress } from '../types.ts';

// apt says about each name it does not know, goes on with the others and ends with 100.
const program = `
command -v apt-get >/dev/null || { echo 'apt is not installed' >&2; exit 3; }
cd / && xargs -0 -r apt-get -qq -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --print-uris download --
code=$?
[ $code = 0 ] || [ $code = 123 ] || exit $code
echo end
`;

/** Question whose standard input is NUL-ended names, each `name`, `name:architecture` or `name=version`. */
export const packageAddressesQuestion: Argv = ['sh', '-c', program, 'ask'];

/** Throws an Error with a one-line reason when the answer makes no sense. */
export function readPackageAddresses(output: Buffer): PackageAddress[] {
  const lines = output.toString('latin1').split('\n');
  if (lines.pop() !== '' || lines.pop() !== 'end') throw new Error('the answer is cut off');
  return lines.flatMap((line) => {
    const match = /^'([^' ]+)' ([^ /]+)\.deb (\d{1,15}) ?(?:([A-Za-z0-9]+):([0-9a-f]*))?$/.exec(line);
    if (match === null) throw new Error(`apt-get makes no sense: ${quote(line.slice(0, 80))}`);
    const [, uri, stem, size, algorithm, hex] = match as unknown as [
      Bytes,
      Bytes,
      Bytes,
      Bytes,
      string?,
      string?,
    ];
    const parts = stem.split('_');
    if (parts.length !== 3) return [];
    const [name, version, architecture] = parts as [string, string, string];
    return {
      package: name,
      version: version.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      ),
      architecture,
      uri,
      size: Number(size),
      digest: strong(algorithm, hex),
    };
  });
}

function strong(algorithm: string | undefined, hex: string | undefined): PackageAddress['digest'] {
  if (algorithm === 'SHA256' && hex?.length === 64) return { algorithm: 'sha256', hex };
  if (algorithm === 'SHA512' && hex?.length === 128) return { algorithm: 'sha512', hex };
  return null;
}
