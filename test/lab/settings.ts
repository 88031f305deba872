/**
 * The lab: booted Debian servers inside this machine, for the tests that matter.
 *
 * Rules of this folder. Only erasable TypeScript (Node runs the files as they are). Nothing here kills by
 * name, only by a recorded process id whose start time still matches. Everything the lab puts on the machine
 * has a name of its own (bridge, nft table, namespaces, two directories) and `down` takes it away again, also
 * what a crashed run left. Addresses of package mirrors are read from this machine's apt, never written here.
 */
import { join } from 'node:path';

/** Bases, layers and downloaded packages: worth keeping between runs. */
export const cacheDirectory = process.env.OPSTIMAL_LAB_CACHE ?? '/var/cache/opstimal-move-lab';

/** What runs now. A tmpfs on most machines; holds only small state files. */
export const runDirectory = process.env.OPSTIMAL_LAB_RUN ?? '/run/opstimal-move-lab';

/** First three octets of the /24 the hosts live in; .1 is this machine. */
export const subnet = process.env.OPSTIMAL_LAB_SUBNET ?? '10.213.47';
export const gateway = `${subnet}.1`;

/** At most 15 bytes, as every interface name. */
export const bridge = 'opstimal0';
export const nftTable = 'opstimal_lab';

/** Debian's numbers; the names are needed for the archive only. */
export const releases = { '11': 'bullseye', '12': 'bookworm', '13': 'trixie' } as const;
export type Release = keyof typeof releases;

export const labHome = join(cacheDirectory, 'home');
