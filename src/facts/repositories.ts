/**
 * Where apt gets packages from: sources.list(5), one-line and deb822 form. Lines that are commented out do not
 * count; a deb822 paragraph with `Enabled: no` does, as disabled.
 */
import { quote } from '../bytes.ts';
import type { Bytes, Repository } from '../types.ts';
import { archiveOf, optional, readArchive } from './archive.ts';
import { type Paragraph, readParagraphs } from './control.ts';
import type { Fact } from './fact.ts';
import { count, senseless } from './lines.ts';

/**
 * Options are named as written: `arch` in the one-line form, `Architectures` in deb822. Keys that stand in the
 * file itself, or fingerprints, are left in `options` under `Signed-By` (`signed-by`); `signedBy` is a file.
 * Passwords inside a URI are left out: what names a repository must not carry its secret.
 */
export const repositories: Fact<readonly Repository[]> = {
  name: 'repositories',
  live: false,
  question: (root) =>
    archiveOf(root, {
      paths: ['etc/apt/sources.list'],
      directories: [
        { path: 'etc/apt/sources.list.d', names: '*.list' },
        { path: 'etc/apt/sources.list.d', names: '*.sources' },
      ],
    }),
  parse(output) {
    const archive = readArchive(output);
    const found: Repository[] = [];
    for (const path of [...archive.keys()].sort()) {
      // apt reads only names made of these characters.
      if (!/\/[A-Za-z0-9_.-]+$/.test(path)) continue;
      const lines = (optional(archive, path) as Buffer).toString('latin1').split('\n');
      found.push(...(path.endsWith('.sources') ? readDeb822(lines, path) : readOneLine(lines, path)));
    }
    return found;
  },
  summary(value) {
    const disabled = value.filter(({ enabled }) => !enabled).length;
    return (
      count(value.length, 'repository', 'repositories') + (disabled === 0 ? '' : `, ${disabled} disabled`)
    );
  },
};

function readOneLine(lines: readonly Bytes[], file: Bytes): Repository[] {
  return lines.flatMap((line, index) => {
    const text = line.replace(/#.*$/s, '').trim();
    if (text === '') return [];
    const match = /^(deb|deb-src)[ \t]+(?:\[([^\]]*)\][ \t]*)?(.+)$/s.exec(text);
    if (match === null) throw senseless(file, index, withoutPassword(line));
    const [uri, suite, ...components] = words(match[3] as string);
    if (uri === undefined || suite === undefined || !/^[a-z][a-z0-9+.-]*:/i.test(uri)) {
      throw senseless(file, index, withoutPassword(line));
    }
    const options = readOptions(match[2] ?? '');
    if (options === null) throw senseless(file, index, withoutPassword(line));
    return [
      {
        file,
        format: 'one-line' as const,
        enabled: true,
        types: [match[1] as string],
        uris: [withoutPassword(uri)],
        suites: [suite],
        components,
        ...signing(options, 'signed-by'),
      },
    ];
  });
}

/** `cdrom:[Debian GNU/Linux 12]/` is one word. */
function words(text: string): string[] {
  return text.match(/(?:\[[^\]]*\]|[^ \t[])+/g) ?? [];
}

function readOptions(text: string): Record<string, string> | null {
  const options: Record<string, string> = {};
  for (const word of text.split(/[ \t]+/).filter((part) => part !== '')) {
    const match = /^([A-Za-z-]+)[+-]?=(.*)$/.exec(word);
    if (match === null) return null;
    options[(match[1] as string).toLowerCase()] = (match[2] as string).replace(/^"(.*)"$/, '$1');
  }
  return options;
}

const described = ['types', 'uris', 'suites', 'components', 'enabled'];

function readDeb822(lines: readonly Bytes[], file: Bytes): Repository[] {
  return readParagraphs(lines, file, true).map((paragraph) => {
    const types = list(paragraph, 'Types');
    const uris = list(paragraph, 'URIs');
    const suites = list(paragraph, 'Suites');
    if (
      !types.every((type) => type === 'deb' || type === 'deb-src') ||
      !(types.length && uris.length && suites.length)
    ) {
      throw new Error(
        `${quote(file)} line ${paragraph.line}: a paragraph without Types, URIs or Suites that make sense`,
      );
    }
    const options: Record<string, string> = {};
    for (const name of paragraph.names()) {
      if (!described.includes(name.toLowerCase())) options[name] = paragraph.lines(name).join('\n').trim();
    }
    return {
      file,
      format: 'deb822' as const,
      // apt's words for false, StringToBool in apt-pkg/contrib/strutl.cc.
      enabled: !/^(no|false|without|off|disable|0)$/i.test(paragraph.get('Enabled')),
      types,
      uris: uris.map(withoutPassword),
      suites,
      components: list(paragraph, 'Components'),
      ...signing(options, 'Signed-By'),
    };
  });
}

function list(paragraph: Paragraph, name: string): string[] {
  return paragraph
    .lines(name)
    .join(' ')
    .split(/[ \t]+/)
    .filter((word) => word !== '');
}

/** A keyring file moves out of the options into `signedBy`; the first one where several are named. */
function signing(options: Record<string, string>, name: string): Pick<Repository, 'options' | 'signedBy'> {
  const key = Object.keys(options).find((option) => option.toLowerCase() === name.toLowerCase());
  const value = key === undefined ? undefined : options[key];
  if (key === undefined || value === undefined || !value.startsWith('/')) return { options, signedBy: null };
  const files = value.split(/[\s,]+/);
  const { [key]: _moved, ...others } = options;
  return { options: files.length === 1 ? others : options, signedBy: files[0] as Bytes };
}

function withoutPassword(text: Bytes): Bytes {
  return text.replaceAll(/(:\/\/[^/\s@:]*):[^/\s@]*@/g, '$1@');
}
