/**
 * The shape of `profiles/<name>.yaml`, checked strictly: a misspelt key is an error, not silence. The published
 * `profiles/profile.schema.json` is made from it (`npm run schemas`), so the descriptions here are what an editor
 * shows; what JSON Schema cannot say (patterns, globs, names that must exist) is checked here alone.
 */
import * as v from 'valibot';
import type { Profile } from '../types.ts';
import { patternProblem } from './line-pattern.ts';
import { globProblem } from './profile-glob.ts';
import { type Checked, checkShape, conform, examineYaml, type Problem, parseYaml } from './yaml-check.ts';

/** A larger file is no profile. Bytes. */
export const largestProfile = 256 * 1024;

const text = v.pipe(
  v.string(),
  v.nonEmpty('must not be empty'),
  v.maxLength(2000, 'is longer than 2000 characters'),
);
/** What is printed: a control character in it could rewrite the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const printed = v.pipe(text, v.regex(/^[^\x00-\x1f\x7f]+$/, 'holds a control character'));
const texts = v.pipe(v.array(text), v.maxLength(200, 'has more than 200 entries'));
const pattern = v.pipe(
  text,
  v.check(
    (value) => patternProblem(value) === null,
    (issue) => patternProblem(issue.input) ?? '',
  ),
);
const isGlob = v.check<string, (issue: v.CheckIssue<string>) => string>(
  (value) => globProblem(value) === null,
  (issue) => globProblem(issue.input) ?? '',
);
const glob = v.pipe(text, v.regex(/^[/$]/, 'must begin with / or a setting'), isGlob);
const configuration = v.pipe(
  text,
  v.regex(/^\/etc\/[^*?[{]/, 'must begin with /etc/ and a name: nothing else is read for a profile'),
  isGlob,
);
const globs = v.pipe(v.array(glob), v.maxLength(200, 'has more than 200 entries'));
const classes = v.picklist([
  'immutable',
  'edited',
  'mutable',
  'secret',
  'identity',
  'ephemeral',
  'undecided',
]);
const fromTo = v.strictObject({ from: text, to: text });
const fromTos = v.pipe(v.array(fromTo), v.maxLength(200, 'has more than 200 entries'));

function described<const S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

const setting = v.strictObject({
  name: described(
    v.pipe(text, v.regex(/^[a-zA-Z][a-zA-Z0-9]*$/, 'must be letters and digits')),
    'Paths use the values by this name, in braces after a dollar sign.',
  ),
  files: described(
    v.pipe(v.array(configuration), v.maxLength(50, 'has more than 50 entries')),
    'Configuration files of the service, globs below /etc; {version} is filled in.',
  ),
  pattern: described(
    pattern,
    'RE2 pattern, tried on each line by itself; its one group is the value. A value that is no absolute path is not taken.',
  ),
  take: described(v.picklist(['last', 'all']), 'Which of several matches count.'),
  default: described(texts, 'Values where no configuration names one; empty = none.'),
});

const path = v.strictObject({
  path: described(
    glob,
    'Absolute path or glob; settings (in braces after a dollar sign) and {version} are filled in. It speaks for everything below it, too.',
  ),
  class: described(classes, 'What the path is.'),
  kind: described(printed, 'In a few words what lies there: data, cache, log, mail queue …'),
  carry: described(
    v.exactOptional(v.picklist(['manifest', 'stream', 'dump', 'none'])),
    'How it travels; without it as usual for its class.',
  ),
  weak: described(
    v.exactOptional(v.boolean()),
    'Whether rules that know what lies inside (packages, caches, checkouts) come first.',
  ),
  compiled: described(
    v.exactOptional(v.boolean()),
    'Below /etc: whether it speaks only for files beside which their source lies, without the ending of the name.',
  ),
});

const crossing = v.strictObject({
  files: globs,
  how: v.picklist(['file', 'postgresql-settings', 'dovecot-settings', 'by-hand']),
  note: v.exactOptional(printed),
});

const probe = v.variant('probe', [
  v.strictObject({ probe: v.literal('unit'), unit: text }),
  v.strictObject({ probe: v.literal('port'), port: v.pipe(v.number(), v.integer()) }),
  v.strictObject({ probe: v.literal('http'), url: text }),
  v.strictObject({
    probe: v.literal('command'),
    name: printed,
    argv: v.pipe(texts, v.nonEmpty('must not be empty')),
    compare: v.picklist(['equal', 'zero']),
  }),
]);

/** What `readProfile` checks and `profile.schema.json` is made from. */
export const profileSchema = v.strictObject({
  name: described(
    v.pipe(text, v.regex(/^[a-z0-9-]+$/, 'must be lower case letters, digits and -')),
    'Name of the profile; its file is called the same.',
  ),
  title: described(printed, 'What people call the service.'),
  detect: described(
    v.strictObject({
      packages: described(v.exactOptional(texts), 'Installed packages; * stands for anything.'),
      units: described(v.exactOptional(texts), 'Units of systemd; * stands for anything.'),
      magic: described(v.exactOptional(v.literal('sqlite')), 'Files found by their first bytes.'),
    }),
    'The profile is on when any of these is there.',
  ),
  version: described(
    v.exactOptional(v.strictObject({ package: text, of: v.picklist(['name', 'version']), pattern })),
    'Where {version} comes from: one group of a pattern on the name or version of an installed package.',
  ),
  settings: described(
    v.exactOptional(v.pipe(v.array(setting), v.maxLength(50, 'has more than 50 entries'))),
    'Paths that the service’s own configuration names.',
  ),
  paths: described(
    v.pipe(v.array(path), v.maxLength(500, 'has more than 500 entries')),
    'What lies where, and what becomes of it. The deepest rule speaks.',
  ),
  dump: described(
    v.exactOptional(v.picklist(['postgresql', 'mariadb'])),
    'The engine that carries what is marked `carry: dump`.',
  ),
  units: described(
    texts,
    'Units that write the data: they stop in a freeze and run on one side only. * stands for anything.',
  ),
  tier: described(
    v.picklist(['actor', 'front', 'application', 'database']),
    'Order of a freeze: actors (what must never act twice), front, application, database.',
  ),
  packages: described(v.exactOptional(fromTos), 'Names of packages that change with {old} and {new}.'),
  rewrites: described(
    v.exactOptional(v.array(v.strictObject({ files: globs, from: text, to: text }))),
    'Text in carried files that changes with {old} and {new}.',
  ),
  moves: described(v.exactOptional(fromTos), 'Paths that change with {old} and {new}.'),
  crossing: described(
    v.exactOptional(v.array(crossing)),
    'How edited configuration goes to a newer version.',
  ),
  probes: described(
    v.exactOptional(v.pipe(v.array(probe), v.maxLength(50, 'has more than 50 entries'))),
    'What proves the move. Commands run at the cutover and for verify, never in a scan.',
  ),
  provenance: described(text, 'Where the knowledge comes from: documentation, manual pages, file lists.'),
});

/**
 * Reads one profile; `added` says that it did not come with this program. Throws Failure `usage` on topic `profile`
 * with `file:line:column`.
 */
export function readProfile(content: string, file: string, added = false): Profile {
  const checked = parseYaml(content, file, 'profile');
  const profile: Profile = conform(checked, [], profileSchema, checked.value);
  const [problem] = [...(added ? addedProblems(checked, profile) : []), ...nameProblems(checked, profile)];
  return problem === undefined ? profile : checked.raise(problem);
}

/** All that is wrong in a profile. */
export function profileProblems(content: string, file: string, added: boolean): readonly Problem[] {
  const { checked, problems } = examineYaml(content, file, 'profile');
  if (checked === null) return problems;
  const read = checkShape(checked, [], profileSchema, checked.value);
  if (!read.fits) return read.problems;
  return [...(added ? addedProblems(checked, read.output) : []), ...nameProblems(checked, read.output)];
}

/** What only we may say, because a wrong word would lose data: what is made again, and what a dump holds. */
function addedProblems(checked: Checked, profile: Profile): Problem[] {
  const problems: Problem[] = [];
  const wrong = (...about: Parameters<Checked['problem']>) => problems.push(checked.problem(...about));
  if (profile.dump !== undefined)
    wrong(
      ['dump'],
      'a profile of your own cannot name an engine',
      'leave it out: files go over while the service is stopped',
    );
  profile.paths.forEach((rule, index) => {
    if (rule.class === 'immutable' || rule.class === 'edited')
      wrong(
        ['paths', index, 'class'],
        `a profile of your own cannot call something ${rule.class}`,
        'leave the rule out: what packages make again is found without it',
      );
    if (rule.carry === 'dump')
      wrong(['paths', index, 'carry'], 'a profile of your own cannot dump', 'write carry: stream');
  });
  return problems;
}

/** Names that one part of a profile uses and another must have. */
function nameProblems(checked: Checked, profile: Profile): Problem[] {
  const problems: Problem[] = [];
  const wrong = (...about: Parameters<Checked['problem']>) => problems.push(checked.problem(...about));
  const { detect } = profile;
  if (detect.packages === undefined && detect.units === undefined && detect.magic === undefined)
    wrong(['detect'], 'detect names nothing', 'add packages or units that show that the service is there');
  const settings = new Set((profile.settings ?? []).map(({ name }) => name));
  profile.paths.forEach((rule, index) => {
    for (const [, name = ''] of rule.path.matchAll(/\$\{([^}]*)\}/g)) {
      if (!settings.has(name))
        wrong(['paths', index, 'path'], `there is no setting called ${name}`, 'add it to settings');
    }
    if (rule.carry === 'dump' && profile.dump === undefined)
      wrong(['paths', index, 'carry'], 'nothing dumps this path', 'say which engine does with dump:');
    if (rule.path.includes('{version}') && profile.version === undefined)
      wrong(['paths', index, 'path'], '{version} is used and no version is found', 'add version:');
  });
  return problems;
}
