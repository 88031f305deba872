/**
 * The words by which a secret is told: names of keys that hold one, and values that are none. Data only; what is
 * done with them is in `secret-forms.ts`.
 *
 * A name counts as a whole key or at the end of one (`DB_PASSWORD`, `clientSecret`), so that `password_file`,
 * `passwordAuthentication` and `smtp_sasl_password_maps` are none.
 */

const keys = new RegExp(
  `(?:${[
    'pass(?:word|wd|phrase|code)?s?',
    'pwd',
    '(?:^|[a-z]{0,20}_)pw',
    'rootpw|bindpw|dnpw',
    'secrets?|tokens?|authtok|authorization|psk|community|credentials?',
    'requirepass|masterauth|primaryauth',
    '(?:api|app|access|account|secret|encryption|signing|private|preshared|shared|auth|session|master|jwt|hmac|des|storage|license|nonce|logged_in|cookie|cipher|crypt|rpc|tsig|webhook|wireless|recovery|deploy)[._-]?keys?',
    'key[_-]?base|key[_-]data',
    '(?:password|auth|nonce|logged_in|secret|hash|cookie|encryption)[_-]?salts?',
    '^_auth',
  ].join('|')})$`,
  'i',
);
const noKeys =
  /(?:by|com|tres|encom)pass$|^(?:get|set|has|is|no)[_-]?(?:pass|token)$|^challengepassword$|^(?:min|max|num|allow)[\w-]*(?:tokens?|passwords?)$/i;

/** Whether the value of a key with this name is a secret, unless it is none of the values below. */
export function isSecretKey(key: string): boolean {
  const end = key.length > 80 ? key.slice(-80) : key;
  return keys.test(end) && !noKeys.test(end);
}

/** Keys whose value follows after a blank, alone on its line: unmistakable ones, and plain words. */
export const blankKeys =
  'requirepass|masterauth|primaryauth|bindpw|rootpw|rpcpassword|auth_pass|auth-user-pass-value|wpa-psk|wpa-passphrase|r[ow]community6?|trapcommunity|snmp_community';
export const blankWords = 'secret|password|passphrase|psk';

/** References to something that is elsewhere: paths, variables, lookup tables, calls. */
const references = [
  /^\.{1,2}\/|^~\//,
  /^\$(?:\{|\(|[A-Za-z_][\w.:>()[\]'"-]*$|[A-Za-z_]\w*\/[\w./-]*#?$|\d)/,
  /^%(?:\{|\(|[A-Za-z_$]{1,2}$|[A-Z_]+%)/,
  /^<(?:$|.*>$|\/|\s)/,
  /^@(?:$|\/|[A-Za-z_]+@)/,
  /^\{\{|^\{$|^\[$|^\($/,
  /^(?:\*+|x+|\.+|-+|_+)$/i,
  /^(?:hash|lmdb|cdb|btree|dbm|texthash|proxy|regexp|pcre|ldap|mysql|pgsql|sqlite|tcp|socketmap|static|unix|file|inet|env|vault):/i,
  /^(?:bearer|basic|token|digest)\s+(?:$|[$%<{])/i,
];

/** The same in a program or a macro language, where no quotes stand around it. */
const code = [
  /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|^[A-Z_]+\/[\w.-]+$/,
  /^(?:#|\/\/)(?:\s|$)|^(?:softfail|neutral):/,
  /^&[A-Za-z]/,
  /^(?:os\.environ|process\.env|ENV\[|env\.|getenv|get_?env|std::env|System\.getenv|lookup\(|import\.meta)/,
  /^[A-Za-z_]{1,40}\d{0,3}(?:(?:\.|->|::)[A-Za-z_]\w{0,40}){1,6}\(/,
  /^\w{0,20}(?:get|read|env|file|input|lookup|secret|load|fetch|hash|crypt|random|generate|code|substr|require|open|create|json|config|param|arg|ask|prompt|pass)\w{0,20}\((?:.*\)|$)/i,
  /^[=:>]+$/,
];

/** Words that are a setting. */
const settings = new Set(
  [
    'yes no true false on off none null nil undef undefined ask prompt required optional sufficient requisite',
    'files systemd compat db nis nisplus ldap sss winbind mymachines dns public default bearer basic',
    'sha256 sha512 md5 yescrypt bcrypt scrypt plain login pam passwd shadow password enabled disabled auto',
    'string text str int bool hidden input 0 1 insta pass:insta',
  ]
    .join(' ')
    .split(' '),
);

/**
 * A path, unless it is rather a key in base64 that begins with a slash: that has a `+` or `=`, or is long and a
 * mixture that no path is.
 */
function isPath(value: string): boolean {
  if (!value.startsWith('/')) return false;
  if (!/^[\w./@:%,~*?{}$-]*$/.test(value)) return false;
  const isMixed = /[a-z]/.test(value) && /[A-Z]/.test(value) && /[0-9]/.test(value);
  return !(isMixed && /^\/[A-Za-z0-9/]{31,}$/.test(value) && !/\/[a-z]{3,}\//.test(value));
}

/** Whether a text that stands where a secret may stand is one. */
export function isSecretValue(value: string, isQuoted = false): boolean {
  const start = value.slice(0, 400);
  if (start.trim() === '' || isPath(start) || references.some((form) => form.test(start))) return false;
  if (!isQuoted && code.some((form) => form.test(start))) return false;
  return !settings.has(start.toLowerCase().replace(/[;,]$/, ''));
}

const example =
  /^(?:foobared|hackme|change.?(?:me|this|it|now)|(?:my|your|some|the|a|new|old|very|user|db|admin|master|mysql|root|sql)?[-_. ]?(?:very|strong|long|super|secure|random|shared)?[-_. ]?(?:secret|pass(?:word|wd|phrase)?|pwd|pw|token|api-?key|key|string|value)s?[-_]?\d{0,4}|(?:your|example|sample|dummy|some|insert|put|enter|place)[-_ a-z].*|.*[-_ ]?(?:here|goes_here|example)|[x*.<>?-]{3,}|(?:xx|yy|zz).*|<.*|\[.*|\.\.\..*|abc(?:d|def|123)?|1234(?:5|56|5678)?|qwerty|foo|bar|foobar|test|demo|guest|pmapass|\w)$/i;

/** Whether a value in a comment is what documentation says in place of one. In a live line it is a real one. */
export function isExample(value: string): boolean {
  return value.length > 200 ? false : example.test(value.trim());
}
