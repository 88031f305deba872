/**
 * Where the secrets of a text stand: the one recogniser behind the class of a file, what is shown of it, and what
 * is kept.
 *
 * Words alone are wrong both ways: `passwd: files` in nsswitch.conf is none, `requirepass x` is one. So a name
 * must stand as a whole key, with a value that is no path, no reference and no setting; or the secret has a form
 * of its own.
 *
 * A comment counts as well: a password that was commented out is still somebody's password, and may be valid
 * elsewhere. But only a setting that was commented out, not a sentence, and not what documentation says in place
 * of a password; with that the comments of packages hold none.
 *
 * Every pattern here begins with something fixed or looks at a bounded number of bytes: a line of a megabyte made
 * to be slow takes no longer than any other.
 */
import type { Bytes } from '../types.ts';
import { valueAt } from './secret-values.ts';
import { blankKeys, blankWords, isExample, isSecretKey, isSecretValue } from './secret-words.ts';

export interface SecretRange {
  /** Offsets in the content, end excluded. */
  readonly start: number;
  readonly end: number;
  /** Of the start, counted from 1. */
  readonly line: number;
  /** For example `the value of requirepass`; never the value. */
  readonly what: string;
}

type Found = Omit<SecretRange, 'line'>;

/** Rules of PAM, sudo and mandatory access control, and the name service switch, speak of passwords and hold none. */
const ruleFiles = /^\/etc\/(?:pam\.d\/|apparmor\.d\/|selinux\/|security\/|sudoers|nsswitch\.conf|pam\.conf)/;

/** All secrets, by line; those of one line in any order, and they may overlap. */
export function* secretsIn(path: Bytes, content: Bytes): Generator<SecretRange> {
  const reader = new Reader(path, content);
  let line = 1;
  for (let start = 0; start < content.length; ) {
    const lineEnd = endOfLine(content, start);
    let end = lineEnd;
    for (const found of reader.line(start, lineEnd)) {
      if (found.end <= found.start) continue;
      yield { ...found, line };
      end = Math.max(end, found.end);
    }
    // What a value of several lines covers is looked at no more.
    const next = end === lineEnd ? lineEnd + 1 : end;
    for (let at = start; ; line += 1) {
      at = content.indexOf('\n', at) + 1;
      if (at === 0 || at > next) break;
    }
    start = next;
  }
}

function endOfLine(content: Bytes, from: number): number {
  const end = content.indexOf('\n', from);
  return end === -1 ? content.length : end;
}

const comment = /^[ \t]{0,200}(?:#+|;+|\/\/+|--(?=\s|\w{1,40} = )|<!--|\/?\*+|dnl\b|rem\b)/i;
const keyLine = /^[\s#;"'+*>|/\\-]{0,80}[A-Za-z0-9+/=_-]{0,200}[\\,"'\s]{0,20}$/;
const keyHeader = /^[\s#;"'+*>|/-]{0,80}(?:[A-Za-z][A-Za-z0-9-]{1,40}: |$)/;

class Reader {
  readonly #path: Bytes;
  readonly #content: Bytes;
  readonly #isRules: boolean;
  readonly #isMap: boolean;
  /** Start of the lines just above that may be the inside of a key whose begin is missing. */
  #inside = -1;

  constructor(path: Bytes, content: Bytes) {
    this.#path = path;
    this.#content = content;
    this.#isRules = ruleFiles.test(path);
    this.#isMap = path.startsWith('/etc/postfix/') && !path.endsWith('.cf');
  }

  *line(start: number, end: number): Generator<Found> {
    const text = this.#content.slice(start, end);
    yield* this.#keys(text, start, end);
    if (text.trim() === '') return;
    const mark = comment.exec(text)?.[0] ?? '';
    const isComment = mark !== '';
    for (const { from, to, what } of ownForms(text, isComment)) {
      yield { start: start + from, end: start + to, what };
    }
    // Patterns that look for words in logs (fail2ban, logcheck).
    if (this.#isRules || /^\s{0,40}[a-z]{0,20}regex\s*=|\\\[\[0-9\]\+\\\]/.test(text.slice(0, 120))) return;
    yield* this.#assignments(text, start, end, isComment);
    for (const { from, to, what } of blankForms(text, mark)) {
      yield { start: start + from, end: start + to, what };
    }
    if (this.#isMap && !isComment) {
      const login = loginOf(text);
      if (login !== null) yield { start: start + login.from, end: start + login.to, what: 'a login' };
    }
    if (!isComment && /pass|htdigest|users|auth/i.test(this.#path.slice(-60))) {
      const old =
        /^[^:\s#]{1,100}:(?:[^:]{1,200}:(?=[0-9a-f]{32}\s*$))?([./A-Za-z0-9]{13}|[0-9a-f]{32})(?=:|\s*$)/.exec(
          text,
        );
      const value = old?.[1] ?? '';
      if (old !== null && /[A-Z0-9./]/.test(value)) {
        const to = start + old[0].length;
        yield { start: to - value.length, end: to, what: 'the hash of a password' };
      }
    }
  }

  /** Private keys, whole or cut off at either end, in one line or many, and however they are indented. */
  *#keys(text: Bytes, start: number, end: number): Generator<Found> {
    const isInside = text.length < 300 && /\S/.test(text) && keyLine.test(text);
    const before = this.#inside;
    this.#inside = isInside ? (before === -1 ? start : before) : -1;
    if (text.indexOf('-----') === -1 && !text.includes('Private-Lines:')) return;
    const putty = /^\s{0,40}Private-Lines:\s{0,9}(\d{1,4})/.exec(text);
    if (putty !== null) {
      let to = end;
      for (let left = Number(putty[1]); left > 0 && to < this.#content.length; left -= 1) {
        to = endOfLine(this.#content, to + 1);
      }
      yield { start: end + 1, end: to, what: 'a private key' };
    }
    const begin =
      /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----|-----BEGIN OpenVPN Static key/g;
    let searched = 0;
    for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
      const close = text.indexOf('-----END', found.index + found[0].length);
      if (close === -1) {
        yield {
          start: start + found.index,
          end: this.#endOfKey(start + found.index, end),
          what: 'a private key',
        };
        return;
      }
      const last = /^-----END[^\n]{0,60}?-----/.exec(text.slice(close, close + 80))?.[0].length ?? 8;
      searched = close + last;
      yield { start: start + found.index, end: start + searched, what: 'a private key' };
      begin.lastIndex = searched;
    }
    const tail = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY/.exec(text.slice(searched));
    if (tail !== null && (before !== -1 || tail.index > 0)) {
      const from = before === -1 ? start : before;
      yield { start: from, end: start + searched + tail.index, what: 'a private key' };
    }
  }

  /** From the line of BEGIN on to END, or as far as lines look like the inside of a key. */
  #endOfKey(begin: number, lineEnd: number): number {
    let at = lineEnd;
    // Another quoted form holds the key in this very line.
    if (this.#content.slice(begin, lineEnd).length > 120) return lineEnd;
    while (at < this.#content.length) {
      const next = endOfLine(this.#content, at + 1);
      const text = this.#content.slice(at + 1, next);
      const close = text.length > 4096 ? -1 : text.indexOf('-----END');
      if (close !== -1) {
        const last = /-----END[^\n]{0,60}?-----/.exec(text.slice(close))?.[0].length ?? 8;
        return at + 1 + close + last;
      }
      if (
        text.length > 4096 ||
        !(keyLine.test(text) || keyHeader.test(text) || /^[\s]*[0-9a-f]{32}\s*$/.test(text))
      )
        break;
      at = next;
    }
    return at;
  }

  *#assignments(text: Bytes, start: number, end: number, isComment: boolean): Generator<Found> {
    // Bounded: the engine remembers every character of a run, and a value may be as long as the file.
    const word = /[A-Za-z0-9_.-]{1,1024}/g;
    const sign = /[\\"'\])]*[ \t]*(?:=>|:=|::|=|:|,|>)[ \t]*/y;
    const named = /[\\"']{1,9}\s{0,40}(?:[,/]\s{0,40})?[\\"']{0,9}value[\\"']{0,9}\s{0,40}[=:]\s*/iy;
    let indentation = -1;
    for (let found = word.exec(text); found !== null; found = word.exec(text)) {
      const key = found[0];
      if (!isSecretKey(key)) continue;
      const keyEnd = found.index + key.length;
      sign.lastIndex = keyEnd;
      named.lastIndex = keyEnd;
      const given = named.exec(text) ?? sign.exec(text);
      if (given === null) continue;
      const at = start + keyEnd + given[0].length;
      if (indentation === -1) indentation = text.search(/\S/);
      const before = text.slice(Math.max(0, found.index - 120), found.index);
      const isFirst = found.index < 120 && firstOnLine.test(before);
      const kind = given[0].replaceAll(/[\\"'\])\s]/g, '');
      if (kind === ',' && !isCall(before)) continue;
      if (kind === '>' && !/<[^<>]*$/.test(before)) continue;
      const value =
        kind === '>'
          ? elementValue(this.#content, at, end)
          : valueAt(this.#content, {
              at,
              lineEnd: end,
              enclosing: /["']/.test(given[0]) ? null : (/["'`]$/.exec(before)?.[0] ?? null),
              isFirst: isFirst && kind !== ',' && kind !== '=>' && !isComment,
              indentation,
            });
      if (value === null || (kind === ',' && !value.isQuoted)) continue;
      if (isComment) {
        const rest = this.#content.slice(at, Math.min(end, at + 200));
        const isSentence = !value.isQuoted && (kind === ':' ? /^\S+[ \t]+\S/ : sentence).test(rest);
        const isSetting = isFirst && !isSentence;
        const isSign = given[0] === '=' || /^\\*["']/.test(given[0]);
        if (!isSetting && !isSign) continue;
        if (isExample(value.text)) continue;
      }
      yield { start: value.start, end: value.end, what: `the value of ${key.slice(-60)}` };
      word.lastIndex = Math.min(text.length, Math.max(keyEnd, value.end - start));
    }
  }
}

/** Words after a value in a comment: `password=   the password of the user`. */
const sentence = /^\S+(?:[ \t]+[A-Za-z']+[.,]?){2}/;
/** What may stand before the first key of a line. */
const firstOnLine =
  /^[\s+#;/*$"'!&?[-]{0,60}(?:(?:export|set|setenv|local|readonly|declare|env|var|const|let|final|public|static|ARG|ENV)\s{1,9})?[\s$"'{-]{0,20}$/i;

/** The key is the first argument of a call, as in `define('DB_PASSWORD', 'x')`. */
function isCall(before: string): boolean {
  const name = /([A-Za-z_]\w{0,40})\s{0,4}\(\s{0,10}["']$/.exec(before.slice(-70))?.[1];
  return name !== undefined && !/^(?:array|in_array|list|implode|join|tuple|set|frozenset)$/i.test(name);
}

/** `<password>value</password>` */
function elementValue(content: Bytes, at: number, lineEnd: number) {
  const close = content.indexOf('<', at);
  if (close === -1 || close > lineEnd || content[close + 1] !== '/') return null;
  const text = content.slice(at, Math.min(close, at + 400));
  return isSecretValue(text, true) ? { start: at, end: close, text, isQuoted: true } : null;
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly what: string;
}

/** Bytes after `://`. */
const longestLogin = 500;
const databases =
  /(?:postgres|postgresql|pgsql|mysql|mariadb|redis|rediss|mongodb|mongodb\+srv|amqp|amqps|ldap|ldaps|smtp|smtps|imap|imaps|ftp|ftps|sftp|mssql|sqlserver|oracle|clickhouse|couchdb|elasticsearch|nats|mqtt|mqtts|memcached|neo4j|bolt|[a-z0-9]+\+[a-z0-9]+)$/i;

/** `scheme://user:password@host`; a password may hold any sign, written as it is. */
function* addresses(text: string, isComment: boolean): Generator<Part> {
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    const from = at + 3;
    const segment = /^[^\s"'`<>]*/.exec(text.slice(from, from + longestLogin))?.[0] ?? '';
    const colon = segment.indexOf(':');
    const first = segment.search(/[@/?#]/);
    if (colon === -1 || (first !== -1 && first < colon)) {
      // A token in the place of a user: long, and of letters and digits.
      const token = /^[A-Za-z0-9_-]{20,400}(?=@)/.exec(segment)?.[0] ?? '';
      if (/[0-9]/.test(token) && /[A-Za-z]/.test(token)) {
        yield { from, to: from + token.length, what: 'a token in an address' };
      }
      continue;
    }
    const slash = segment.indexOf('/', colon);
    const authority = slash === -1 ? segment : segment.slice(0, slash);
    const isDatabase = databases.test(text.slice(Math.max(0, at - 30), at));
    let last = authority.lastIndexOf('@');
    if (last === -1 && isDatabase && !/^:\d{1,5}\//.test(segment.slice(colon)))
      last = segment.lastIndexOf('@');
    if (last < colon) continue;
    const value = segment.slice(colon + 1, last);
    if (
      !isSecretValue(value.replace(/^\//, '')) ||
      (isComment && (isExample(value) || segment.slice(0, colon) === value))
    )
      continue;
    yield { from: from + colon + 1, to: from + last, what: 'a password in an address' };
    at = from + last - 3;
  }
}

const hashes =
  /(?<=^|[:\s"'=,([{|>])(?:\$(?:2[abxy]|1|5|6|7|y|gy|apr1|argon2[a-z]{0,3}|pbkdf2[a-z0-9-]{0,20}|scrypt|P|H|S)\$[^\s:"'<>;]{8,}|\{(?:S?SHA(?:256|512)?|SMD5|MD5|CRYPT|PLAIN|PLAINTEXT|CLEAR|CLEARTEXT|[A-Z0-9-]{1,20}CRYPT|ARGON2[A-Z]{0,3}|CRAM-MD5|DIGEST-MD5|SCRAM-SHA-\d{1,3}|PBKDF2)(?:\.[A-Za-z0-9]{1,10})?\}[^\s"']+|SCRAM-SHA-\d{1,3}\$\d+:[^\s"']+|md5[0-9a-f]{32}(?![0-9a-f])|\*[0-9A-F]{40}(?![0-9A-F])|pbkdf2_sha\d{1,3}\$\d+\$[^\s"']+|grub\.pbkdf2\.[a-z0-9]{1,10}\.[^\s"']+)/g;
const tokens =
  /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,}|gl(?:pat|dt|rt|cbt|ptt)-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{20,}|(?:sk|rk)_(?:live|test)_\w{16,}|SG\.[\w-]{20,}\.[\w-]{20,}|hv[sb]\.[\w-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}|dckr_pat_[\w-]{20,}|AIza[\w-]{35}|ya29\.[\w-]{20,}|AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{40,}|dop_v1_[0-9a-f]{60,}|tskey-[a-z]{1,10}-[\w-]{10,}|glsa_\w{20,})/g;

const aclParts = /(?<=\s)([><])(\S+)|(?<=\s)[#!][0-9a-f]{64}(?![0-9a-f])/g;
const identified =
  /\b(?:identified\s{1,20}(?:with\s{1,20}\S{1,60}\s{1,20})?(?:by|as|using)|password)\s{1,20}(?:password\s{0,20}\(?\s{0,20})?'([^'\\]*(?:(?:\\.|'')[^'\\]*){0,1000})/gi;

/** Every match; the same as matchAll, which would compile the pattern anew for each line. */
function all(pattern: RegExp, text: string): RegExpExecArray[] {
  const matches: RegExpExecArray[] = [];
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) matches.push(found);
  return matches;
}

/** Secrets that have a form of their own, whatever stands before them. */
function* ownForms(text: string, isComment: boolean): Generator<Part> {
  yield* addresses(text, isComment);
  for (const found of all(hashes, text)) {
    yield { from: found.index, to: found.index + found[0].length, what: 'the hash of a password' };
  }
  for (const found of all(tokens, text)) {
    yield { from: found.index, to: found.index + found[0].length, what: 'a token' };
  }
  if (isComment) return;
  if (/^\s{0,40}(?:ACL\s{1,9}SETUSER|user)\s/i.test(text)) {
    for (const found of all(aclParts, text)) {
      const from = found.index + (found[1] === undefined ? 0 : 1);
      yield { from, to: found.index + found[0].length, what: 'the password of a user' };
    }
  }
  for (const found of all(identified, text)) {
    const value = found[1] as string;
    if (!isSecretValue(value)) continue;
    const to = found.index + found[0].length;
    yield { from: to - value.length, to, what: 'the password of a database user' };
  }
}

const blankStart = new RegExp(
  `^([\\s#;+-]{0,60}?)((?:set\\s{1,9}|-+)?(?:${blankKeys}|${blankWords}))[ \\t]+(?:"([^"]*)(?:"|$)|'([^']*)(?:'|$)|(\\S+))[ \\t\\r]*(?:;[ \\t\\r]*)?(#.*)?$`,
  'i',
);
const unmistakable = new RegExp(`(?:${blankKeys})$`, 'i');
/** Words that give a variable or header its value by a blank. */
const given =
  /\b(?:SetEnv|SetEnvIf\s+\S+\s+\S+|fastcgi_param|uwsgi_param|scgi_param|proxy_set_header|grpc_set_header|add_header|RequestHeader\s+set|http-request\s+set-header|ENV|setenv)\s{1,9}["']?([\w-]{1,80})["']?[ \t]{1,40}(?:"([^"]*)"?|'([^']*)'?|([^\s;]+))/gi;
/** Options of programs: `--password x`, and the short ones of programs that have such. */
const options =
  /(?<=[\s"'])--?([A-Za-z][\w-]{0,60})(?:[ \t]{1,9}(?:"([^"]*)"?|'([^']*)'?|([^\s"';|&-][^\s"';|&]*)))?/g;
const shortOptions: readonly { readonly option: RegExp; readonly program: RegExp }[] = [
  { option: /(?<=\s)-p([^\s"';|&]+)/g, program: /\b(?:mysql|mariadb)/ },
  { option: /(?<=\ssshpass\s{1,9}|^sshpass\s{1,9})-p\s{0,9}["']?([^\s"']+)/g, program: /\bsshpass\s/ },
  {
    option: /(?<=\s)(?:-u|--user|-U)[\s=]{0,9}["']?[^\s:"']{1,100}:([^\s"']+)/g,
    program: /\b(?:curl|http|smbclient)\b/,
  },
];
/** Words of a line that introduce a secret: netrc, monit, HAProxy, snmpd. */
const introduced =
  /(?<=\s)(?:insecure-password|password|PSK|EAP|XAUTH|passphrase|secret|passwd|account\s+\S+\s+password)\s{1,20}(?:"([^"]+)"?|'([^']+)'?|(\S+))/gi;
const netrc = /^\s*(?:machine\s|default\s|login\s)|\slogin\s|^\s*user\s+\S+\s+(?:insecure-)?password\s/i;
const logins =
  /\b(?:stats\s{1,9}auth|allow)\s{1,9}([^\s:]{1,60}):(\S+)|password_maps\s{0,9}=\s{0,9}static:[^\s:]{1,200}:(\S+)/gi;
const snmpUser = /^\s{0,40}createUser\s+(?:-e\s+\S+\s+)?\S+\s+(.*)$/i;

/** Values that a blank gives. */
function* blankForms(text: string, mark: string): Generator<Part> {
  const isComment = mark !== '';
  const take = (found: RegExpExecArray, values: (string | undefined)[], name: string): Part | null => {
    const value = values.find((one) => one !== undefined) ?? '';
    if (!isSecretValue(value) || (isComment && isExample(value))) return null;
    const from = found.index + found[0].lastIndexOf(value);
    return { from, to: from + value.length, what: `the value of ${name}` };
  };
  const alone = text.length > 4096 ? null : blankStart.exec(text);
  if (alone !== null) {
    const name = (alone[2] as string).trim();
    const value = alone[3] ?? alone[4] ?? alone[5] ?? '';
    // `# password file` is a sentence; `#password hunter2` was a setting.
    const isSetting =
      !isComment ||
      unmistakable.test(name) ||
      (mark.length === (alone[1] as string).length && /[^a-z]/.test(value));
    const found = isSetting ? take(alone, alone.slice(3, 6), name.replace(/^set\s+/i, '')) : null;
    if (found !== null) yield found;
  }
  if (isComment) return;
  for (const found of all(given, text)) {
    if (!isSecretKey(found[1] as string)) continue;
    const part = take(found, found.slice(2), found[1] as string);
    if (part !== null) yield part;
  }
  if (text.includes(' -')) {
    for (const found of all(options, text)) {
      if (!isSecretKey(found[1] as string)) continue;
      const part = take(found, found.slice(2), found[1] as string);
      if (part !== null) yield part;
    }
    for (const { option, program } of shortOptions) {
      if (!program.test(text)) continue;
      for (const found of all(option, text)) {
        const part = take(found, found.slice(1), 'an option');
        if (part !== null) yield part;
      }
    }
  }
  for (const found of all(introduced, text)) {
    if (found[1] === undefined && found[2] === undefined && !netrc.test(text.slice(0, 4096))) continue;
    const part = take(found, found.slice(1), 'password');
    if (part !== null) yield part;
  }
  for (const found of all(logins, text)) {
    const part = take(found, found.slice(2), 'a login');
    if (part !== null) yield part;
  }
  const snmp = snmpUser.exec(text.slice(0, 4096));
  if (snmp !== null)
    yield {
      from: snmp[0].length - (snmp[1] as string).length,
      to: snmp[0].length,
      what: 'the keys of a user',
    };
}

/** A line of a lookup table of Postfix that gives a host or an address a login. */
function loginOf(line: string): { from: number; to: number } | null {
  const match = /^\[?[A-Za-z0-9._@-]{1,300}\]?(?::\w{1,20})?\s{1,200}([^\s:]{1,300}):(\S+)\s*$/.exec(line);
  if (match === null) return null;
  const transport =
    /^(smtps?|lmtp|relay|error|discard|retry|local|virtual|uucp|pipe|inet|unix|hold|smtpd|.*dovecot.*|.*-.*)$/i;
  const password = match[2] as string;
  if (transport.test(match[1] as string) || password.startsWith('[')) return null;
  const to = line.trimEnd().length;
  return { from: to - password.length, to };
}
