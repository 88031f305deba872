/**
 * Syntax of Dovecot 2.3 configuration files (doc.dovecot.org, "Config file syntax"): `key = value`, sections
 * `name [label] {` … `}`, `#` comments, `!include`, a backslash at the end of a line goes on.
 */

export interface DovecotSetting {
  readonly key: string;
  readonly value: string;
}
export interface DovecotSection {
  readonly section: string;
  /** What stands between the name and the brace, without quotes; empty when nothing. */
  readonly label: string;
  readonly body: readonly DovecotNode[];
}
export interface DovecotInclude {
  /** Line as it stands, for example `!include conf.d/*.conf`. */
  readonly include: string;
}
export interface DovecotUnclear {
  readonly unclear: string;
}
export type DovecotNode = DovecotSetting | DovecotSection | DovecotInclude | DovecotUnclear;

function withoutComment(line: string): string {
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (character === '"' && line[at - 1] !== '\\') quoted = !quoted;
    if (character === '#' && !quoted && (at === 0 || /\s/.test(line[at - 1] as string))) {
      return line.slice(0, at);
    }
  }
  return line;
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  const match = /^"((?:[^"\\]|\\.)*)"$/.exec(trimmed);
  return match === null ? trimmed : (match[1] as string).replace(/\\(.)/g, '$1');
}

/** Reads one file. A line that makes no sense becomes a node of its own; nothing is thrown away. */
export function parseDovecot(text: string): readonly DovecotNode[] {
  const root: DovecotNode[] = [];
  const open: { node: DovecotSection; body: DovecotNode[] }[] = [];
  const add = (node: DovecotNode) => (open.at(-1)?.body ?? root).push(node);
  for (const raw of text.replaceAll(/\\\n\s*/g, ' ').split('\n')) {
    let line = withoutComment(raw).trim();
    while (line !== '') {
      const opening = /^([A-Za-z0-9_-]+)(?:\s+([^{}=]*?))?\s*\{\s*(.*)$/s.exec(line);
      if (line.startsWith('}')) {
        const closed = open.pop();
        if (closed === undefined) add({ unclear: line });
        else add(closed.node);
        line = line.slice(1).trim();
      } else if (line.startsWith('!include')) {
        add({ include: line });
        line = '';
      } else if (opening !== null) {
        const body: DovecotNode[] = [];
        open.push({
          node: { section: opening[1] as string, label: unquoted(opening[2] ?? ''), body },
          body,
        });
        line = (opening[3] as string).trim();
      } else {
        const setting = /^([A-Za-z0-9_/.-]+)\s*=\s*(.*?)(\s*\})?$/s.exec(line);
        const closes = setting?.[3] !== undefined && open.length > 0;
        if (setting === null) add({ unclear: line });
        else
          add({
            key: setting[1] as string,
            value: unquoted(closes ? (setting[2] as string) : `${setting[2]}${setting[3] ?? ''}`),
          });
        line = closes ? '}' : '';
      }
    }
  }
  for (let last = open.pop(); last !== undefined; last = open.pop()) {
    add({ unclear: `${last.node.section} { is not closed` });
  }
  return root;
}
