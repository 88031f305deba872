/**
 * A difference as one page that stands for itself: no script, no image, no address of anything else. What is read in
 * it came from servers, so every text is made visible and escaped at one place (`safe`), and the page itself
 * forbids a browser everything but its own style.
 */

import type { Change, Difference } from '../decide/difference-form.ts';
import { style } from './difference-style.ts';
import {
  contentWords,
  countsLine,
  fieldWords,
  notComparedWords,
  patchLines,
  sections,
  sizeWords,
  stateMeaning,
  stateSymbols,
  states,
  valueText,
} from './difference-words.ts';
import { factWords } from './fact-words.ts';
import { count } from './units.ts';
import { visible } from './visible.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that may stand anywhere between tags, or in quotes as a value. */
function safe(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** The sign for those who see it, the word for those who hear it. */
function arrow(word: string): string {
  return `<span class="arrow" aria-hidden="true">→</span><span class="spoken">${word}</span>`;
}

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** `made` says when the two were compared, as a person reads it. */
export function differenceHtml(difference: Difference, made: string): string {
  const { left, right } = difference;
  const parts = [
    ...sections(difference.changes).map(({ kind, title, changes }) => ({
      id: kind,
      title,
      number: changes.length,
      body: changeList(changes),
    })),
    ...asides(difference),
  ];
  const title = `${safe(left.name)} → ${safe(right.name)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="over">What is different</p>
<h1><bdi>${safe(left.name)}</bdi> ${arrow('compared with')} <bdi>${safe(right.name)}</bdi></h1>
<p class="made">${difference.same ? 'Nothing is different that a server is made of.' : `${safe(countsLine(difference))}.`} Compared ${safe(made)}.</p>
<ul class="counts">${states.map((state) => tile(state, difference)).join('')}</ul>
</header>
${parts.length === 0 ? '' : navigation(parts)}
<main>
${parts.map(section).join('\n')}
</main>
<footer><p>Made by opstimal-move. Values of secrets are left out. The page loads nothing and runs nothing.</p></footer>
</body>
</html>
`;
}

function tile(state: Change['state'], difference: Difference): string {
  const number = difference.counts[state];
  if (state === 'unknown' && number === 0) return '';
  return `<li class="${state}"><span class="sign" aria-hidden="true">${stateSymbols[state]}</span><b>${count(number)}</b> ${state === 'unknown' ? 'not known' : state}<small>${safe(stateMeaning(state, difference))}</small></li>`;
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly number: number;
  readonly body: string;
}

function navigation(parts: readonly Part[]): string {
  const links = parts.map(
    ({ id, title, number }) => `<li><a href="#${id}">${safe(title)}</a> <span>${count(number)}</span></li>`,
  );
  return `<nav aria-label="On this page"><ul>${links.join('')}</ul></nav>`;
}

function section({ id, title, number, body }: Part): string {
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${safe(title)} <span class="number">${count(number)}</span></h2>
${body}
</section>`;
}

function changeList(changes: readonly Change[]): string {
  return `<ul class="changes">\n${changes.map(changeItem).join('\n')}\n</ul>`;
}

function changeItem(change: Change): string {
  const { state, note, patch, content } = change;
  const fields = fieldWords(change).map(({ key, left, right }) =>
    left === null
      ? `<span class="field"><i>${safe(key)}</i> ${value(right)}</span>`
      : `<span class="field"><i>${safe(key)}</i> <del>${safe(left)}</del> ${arrow('becomes')} <ins>${safe(right ?? '')}</ins></span>`,
  );
  if (content !== undefined && content.leftOut !== 'empty') {
    fields.push(`<span class="field lines">${safe(contentWords(content))}</span>`);
  }
  const head = `<span class="sign" aria-hidden="true">${stateSymbols[state]}</span><span class="said"><span class="spoken">${state}: </span><bdi class="name">${safe(change.name)}</bdi>${fields.join('')}</span>`;
  const noted = note === '' ? '' : `<p class="note">${safe(note)}</p>`;
  if (patch === undefined) return `<li class="${state}"><div class="head">${head}</div>${noted}</li>`;
  // A change is what the page is read for; a whole file that came or went opens when asked.
  const open = state === 'changed' && patch.length < 4000 ? ' open' : '';
  return `<li class="${state}"><details${open}><summary class="head">${head}</summary>${noted}<pre>${patchLines(patch).map(patchLine).join('')}</pre></details></li>`;
}

function value(text: string | null): string {
  return `<span class="value">${safe(text ?? '')}</span>`;
}

function patchLine(line: string): string {
  const kind = line.startsWith('+')
    ? 'plus'
    : line.startsWith('-')
      ? 'minus'
      : line.startsWith('@@')
        ? 'hunk'
        : 'same';
  return `<span class="${kind}">${safe(line) || ' '}\n</span>`;
}

/** What stands apart: not counted, not asked, not compared. */
function asides(difference: Difference): Part[] {
  const { identity, undecided, sizes, incomplete } = difference;
  const notCompared = notComparedWords(difference);
  const [left, right] = [difference.left.name, difference.right.name];
  const parts: Part[] = [
    {
      id: 'identity',
      title: 'The machine itself',
      number: identity.host.length + identity.changes.length,
      body:
        '<p class="about">Belongs to its machine; between two machines it is not counted.</p>' +
        table(
          ['', left, right],
          identity.host.map((field) => [field.key, valueText(field.left), valueText(field.right)]),
        ) +
        (identity.changes.length === 0 ? '' : changeList(identity.changes)),
    },
    {
      id: 'undecided',
      title: 'Undecided places',
      number: undecided.length,
      body: table(
        ['place', left, right, ''],
        undecided.map((one) => [one.path, sizeWords(one.left), sizeWords(one.right), one.note]),
      ),
    },
    {
      id: 'sizes',
      title: 'Grown or shrunk',
      number: sizes.length,
      body:
        '<p class="about">Data changes while a server works. Sizes are rounded up.</p>' +
        table(
          ['', left, right],
          sizes.map((one) => [
            one.kind === 'class' ? `all that is ${one.name}` : one.name,
            sizeWords(one.left),
            sizeWords(one.right),
          ]),
        ),
    },
    {
      id: 'incomplete',
      title: 'Not asked',
      number: incomplete.length,
      body:
        '<p class="about">What could not be asked is unknown, not absent.</p>' +
        table(
          ['', left, right],
          incomplete.map((one) => [factWords(one.fact), one.left ?? 'asked', one.right ?? 'asked']),
        ),
    },
    {
      id: 'not-compared',
      title: 'Not compared',
      number: notCompared.length,
      body: `<ul>${notCompared.map((line) => `<li>${safe(line)}</li>`).join('')}</ul>`,
    },
  ];
  return parts.filter(({ number }) => number > 0);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const heads = head.map((one) => `<th scope="col">${safe(one)}</th>`).join('');
  const body = rows.map(([first = '', ...others]) => {
    const cells = others.map((cell) => `<td>${safe(cell)}</td>`).join('');
    return `<tr><th scope="row"><bdi>${safe(first)}</bdi></th>${cells}</tr>`;
  });
  return `<div class="wide"><table><thead><tr>${heads}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
