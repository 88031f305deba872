/**
 * The small programs that `sh` runs at the other end. They hold no single quote, no newline and nothing that
 * came from anywhere else, so that every login shell (bash, zsh, fish, csh) hands them on unchanged; what is to be
 * run follows on stdin.
 *
 * `sh` never reads a script from stdin here: dash reads ahead in blocks and would swallow what belongs to the
 * command. The builtin `read` takes single bytes from a pipe (POSIX), and `head -c N` takes exactly N.
 */
import { randomBytes } from 'node:crypto';

/** 128 random bits as hex: no output of a command can hold it by intent or by chance. */
export function newMark(): string {
  return randomBytes(16).toString('hex');
}

/**
 * Skips stdin up to the line `token`. With `sudo -S` the password goes first; should sudo not have read it, it is
 * skipped here and never reaches a command.
 */
function synchronise(token: string): string {
  return `l=; until [ "$l" = ${token} ]; do IFS= read -r l || exit 125; done`;
}

const surroundings = [
  'LC_ALL=C',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}',
  'SHELL=/bin/sh',
  'export LC_ALL PATH SHELL',
  'unset LANGUAGE CDPATH ENV l',
  'umask 022',
  'cd /',
].join('; ');

/**
 * Answers questions until stdin ends. A question is a line `SIZE INPUT MARK`, then SIZE bytes of shell words, then
 * INPUT bytes for the command's stdin (`-` = /dev/null). The answer on stdout is `MARK`b output `MARK`e CODE
 * newline, on stderr `MARK`b output `MARK`e. Rest of the input that the command did not read is taken away by `cat`.
 */
export function shellProgram(token: string): string {
  return [
    synchronise(token),
    surroundings,
    'while read -r size input mark; do q=$(head -c "$size")',
    'printf %sb "$mark"; printf %sb "$mark" >&2',
    'if [ "$input" = - ]; then (eval "exec $q") </dev/null; c=$?',
    'else head -c "$input" | { (eval "exec $q"); c=$?; cat >/dev/null; exit $c; }; c=$?; fi',
    'printf "%se%s\\n" "$mark" "$c"; printf %se "$mark" >&2; done',
  ].join('; ');
}

/** Becomes one process: a line SIZE, then SIZE bytes of shell words; the rest of stdin is the process's own. */
export function channelProgram(token: string): string {
  return [
    synchronise(token),
    surroundings,
    'read -r size; q=$(head -c "$size")',
    `printf %s ${token}; printf %s ${token} >&2; eval "exec $q"`,
  ].join('; ');
}
