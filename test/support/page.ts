/** Reads a page as strictly as a machine can: what does not nest, or is not in the list, is an error. */

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const empty = new Set(['meta', 'br']);

export interface Page {
  /** Every element as `name` or `name attribute attribute`, attributes without their values. */
  readonly elements: readonly string[];
  /** Values of attributes that could lead out of the page. */
  readonly addresses: readonly string[];
  /** All text between tags but that of style. */
  readonly text: string;
  readonly style: string;
}

export function readPage(html: string): Page {
  const open: string[] = [];
  const elements: string[] = [];
  const addresses: string[] = [];
  let text = '';
  let style = '';
  const body = html.replace(/^<!doctype html>/, '');
  for (const token of body.match(/<[^>]*>|[^<]+/g) ?? []) {
    if (!token.startsWith('<')) {
      const said = token.replace(/&([a-z0-9#]+);/g, (_whole, name: string) => {
        const letter = entities[name];
        if (letter === undefined) throw new Error(`unknown entity ${name}`);
        return letter;
      });
      if (open.at(-1) === 'style') style += token;
      else text += said;
      continue;
    }
    const closing = /^<\/([a-z0-9]+)>$/.exec(token);
    if (closing !== null) {
      const last = open.pop();
      if (last !== closing[1]) throw new Error(`${token} closes ${last}`);
      continue;
    }
    const opening = /^<([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"]*")?)*)>$/.exec(token);
    if (opening === null) throw new Error(`no tag: ${token}`);
    const name = opening[1] as string;
    const attributes = [...(opening[2] as string).matchAll(/ ([a-z-]+)(?:="([^"]*)")?/g)];
    elements.push([name, ...attributes.map((one) => one[1])].join(' '));
    for (const [, key, value] of attributes) {
      if (key === 'href' || key === 'src' || key === 'action') addresses.push(value ?? '');
    }
    if (!empty.has(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(' ')}`);
  return { elements, addresses, text, style };
}
