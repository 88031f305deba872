/**
 * Byte ranges of many files on a host, read by one process: the first bytes of a file say what it is, an index or a
 * table in the middle says the rest, and nobody has to fetch gigabytes for it.
 *
 * Nothing but regular files is ever opened for reading: a name is first taken hold of without opening it (O_PATH), so
 * that no fifo hangs and no device begins to work. Then it must lie where it was asked for. A path of a listing holds
 * no link, so one that is found anywhere else was exchanged since, or leads out of a disk. Each answer is framed by its
 * number and length, so neither a name nor a content can pretend to be another answer. Access times stay as they are
 * where the kernel lets us.
 */
import type { Readable } from 'node:stream';
import { quote } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/host.ts';
import type { Answered, Argv, Bytes } from '../types.ts';

export interface Range {
  /** Absolute path as the server sees it, without links in it. */
  readonly path: Bytes;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes; at most `lengthLimit`. */
  readonly length: number;
}

/** One range is held in memory whole, on both sides. Bytes. */
export const lengthLimit = 64 * 1024 ** 2;

/**
 * Reads `path NUL offset NUL length NUL` …, writes `number state length LF bytes` …; state 1 = read, 0 = could not be.
 * 0x200000 is O_PATH, which Fcntl does not name; it is the same on every architecture Debian releases for.
 */
const program = `
use strict;
use Fcntl qw(:mode O_RDONLY O_NOFOLLOW O_NONBLOCK O_NOATIME SEEK_SET);
use Cwd ();
binmode STDIN; binmode STDOUT;
my $root = $ARGV[0] eq "" ? "" : Cwd::realpath($ARGV[0]);
defined $root or die "the root is gone\\n";
$root = "" if $root eq "/";
-d "/proc/self/fd" or die "there is no /proc\\n";
local $/ = "\\0";
my ($last, $file);
sub open_file {
  my ($path) = @_;
  sysopen(my $held, $path, 0x200000 | O_NOFOLLOW) or return;
  my @stat = stat $held;
  @stat && S_ISREG($stat[2]) or return;
  my $at = "/proc/self/fd/" . fileno $held;
  my $there = readlink $at;
  defined $there && $there eq $path or return;
  my $flags = O_RDONLY | O_NONBLOCK;
  my $open;
  sysopen($open, $at, $flags | O_NOATIME) or sysopen($open, $at, $flags) or return;
  return $open;
}
sub read_range {
  my ($file, $offset, $length) = @_;
  my $size = (stat $file)[7];
  my $left = $size - $offset;
  $left = 0 if $left < 0;
  $left = $length if $left > $length;
  my $content = "";
  return "" if $left == 0;
  defined sysseek($file, $offset, SEEK_SET) or return;
  while ($left > 0) {
    my $got = sysread($file, $content, $left, length $content);
    defined $got or return;
    last if $got == 0;
    $left -= $got;
  }
  return $content;
}
for (my $number = 0; defined(my $path = <STDIN>); $number++) {
  my $offset = <STDIN>;
  my $length = <STDIN>;
  defined $length or die "the question is cut off\\n";
  chomp($path, $offset, $length);
  if (!defined $last || $last ne $path) {
    $file = open_file("$root$path");
    $last = $path;
  }
  my $content = defined $file ? read_range($file, $offset, $length) : undef;
  my $state = defined $content ? 1 : 0;
  $content = "" unless $state;
  print STDOUT "$number $state " . length($content) . "\\n", $content or exit 3;
}
close STDOUT or exit 3;
`;

/** perl-base is essential on Debian; one built by hand in /usr/local may lack its modules. */
const start =
  'PATH=/usr/bin:/bin:$PATH; unset PERL5OPT PERL5LIB PERLIO PERL_UNICODE; ' +
  'command -v perl >/dev/null || exit 127; exec perl -e "$@"';

/**
 * Content of each range that could be read, by the object that asked for it; shorter where the file ends before.
 * Vanished and unreadable files and everything that is no regular file are missing in the map. Not known where the
 * host cannot answer at all, for example without perl. Throws Failure `failed` when the answer is cut off, a
 * RangeError for numbers that no file has.
 */
export async function readRanges<R extends Range>(
  host: Host,
  ranges: readonly R[],
): Promise<Answered<ReadonlyMap<R, Buffer>>> {
  const contents = new Map<R, Buffer>();
  if (ranges.length === 0) return { known: true, value: contents };
  const question = ranges.map(asked);
  const argv: Argv = ['sh', '-c', start, 'ranges', program, host.root];
  const channel = await host.stream(argv);
  // A process that ended early closes its end; its exit code tells more than the broken pipe does.
  channel.stdin.on('error', () => {});
  channel.stdin.end(Buffer.from(question.join(''), 'latin1'));
  const frames = new Frames(ranges);
  let damaged = false;
  try {
    for await (const [range, content] of frames.read(channel.stdout)) contents.set(range, content);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    damaged = true;
    channel.kill();
  }
  const { code, stderr } = await channel.done;
  if (!damaged && code === 0 && frames.isWhole) return { known: true, value: contents };
  const during = quote(stderr.trim().split('\n').at(-1) ?? '');
  if (code === 127) return { known: false, reason: `perl is not installed on ${host.name}` };
  if (code !== 0 && !frames.hasBegun) {
    return {
      known: false,
      reason: `perl did not work on ${host.name}: ${during || `it ended with ${code}`}`,
    };
  }
  throw new Failure('failed', 'read', `the answer of perl on ${host.name} is cut off`, { during });
}

function asked({ path, offset, length }: Range): string {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`no place in a file: ${offset}`);
  if (!Number.isSafeInteger(length) || length < 0 || length > lengthLimit) {
    throw new RangeError(`not to be read at once: ${length} bytes`);
  }
  if (!path.startsWith('/') || path.includes('\0')) throw new RangeError('no absolute path');
  return `${path}\0${offset}\0${length}\0`;
}

/** Takes the answer apart. Throws a RangeError where it is none. */
class Frames<R extends Range> {
  readonly #ranges: readonly R[];
  #next = 0;
  #pending: Buffer[] = [];
  #size = 0;

  constructor(ranges: readonly R[]) {
    this.#ranges = ranges;
  }

  get hasBegun(): boolean {
    return this.#next > 0 || this.#size > 0;
  }

  get isWhole(): boolean {
    return this.#next === this.#ranges.length && this.#size === 0;
  }

  async *read(stream: Readable): AsyncGenerator<readonly [R, Buffer]> {
    /** Bytes that the frame at the front needs before it is worth another look. */
    let needed = 1;
    for await (const part of stream) {
      this.#pending.push(part as Buffer);
      this.#size += (part as Buffer).length;
      if (this.#size < needed) continue;
      const whole = Buffer.concat(this.#pending, this.#size);
      let at = 0;
      for (;;) {
        const head = this.#head(whole, at);
        if (head === null) {
          needed = 1;
          break;
        }
        if (head.end > whole.length) {
          needed = head.end - at;
          break;
        }
        const range = this.#ranges[this.#next] as R;
        this.#next += 1;
        // A copy, so that one small range does not keep all of them in memory.
        if (head.isRead) yield [range, Buffer.from(whole.subarray(head.start, head.end))];
        at = head.end;
      }
      const rest = whole.subarray(at);
      this.#pending = rest.length === 0 ? [] : [rest];
      this.#size = rest.length;
    }
  }

  #head(whole: Buffer, at: number): { isRead: boolean; start: number; end: number } | null {
    const newline = whole.subarray(at, at + 64).indexOf(10);
    if (newline === -1) {
      if (whole.length - at >= 64) throw new RangeError('no head');
      return null;
    }
    const match = /^(\d+) ([01]) (\d+)$/.exec(whole.toString('latin1', at, at + newline));
    const range = this.#ranges[this.#next];
    const length = Number(match?.[3]);
    if (match === null || Number(match[1]) !== this.#next || range === undefined || length > range.length) {
      throw new RangeError('no head');
    }
    const start = at + newline + 1;
    return { isRead: match[2] === '1', start, end: start + length };
  }
}
