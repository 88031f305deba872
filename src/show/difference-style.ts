/** Style of the page of a difference: light and dark, on paper too; no meaning by colour alone. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --card: #fff; --ink: #1c1f23; --soft: #5d6670; --line: #e3e5e8;
  --added: #0b6e75; --added-paper: #e4f3f3; --removed: #9a4a00; --removed-paper: #fcefe2;
  --changed: #4a4fb0; --changed-paper: #ecedfa; --unknown: #6a6a6a; --unknown-paper: #eeeeee; --link: #2b5fb3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1b1f23; --ink: #e6e8ea; --soft: #9aa4ae; --line: #2d333a;
    --added: #5fd0d4; --added-paper: #12312f; --removed: #f2a65a; --removed-paper: #37260f;
    --changed: #aab0ff; --changed-paper: #23264a; --unknown: #b5b5b5; --unknown-paper: #2b2b2b; --link: #8ab4ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2.5rem 1.25rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1, h2, .name, th, td, .value, del, ins, .note, small { overflow-wrap: anywhere; }
h1 { margin: 0 0 .4rem; font-size: 1.75rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 0 0 .6rem; font-size: 1.1rem; }
a { color: var(--link); }
bdi { unicode-bidi: isolate; }
.over { margin: 0; color: var(--soft); font-size: .85rem; }
.made { margin: 0 0 1.2rem; color: var(--soft); }
.arrow { color: var(--soft); }
.counts, .changes, nav ul { list-style: none; margin: 0; padding: 0; }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; }
.counts li { padding: .7rem .9rem; border: 1px solid var(--line); border-left: 4px solid var(--of); border-radius: 6px;
  background: var(--card); }
.counts b { font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.counts small { display: block; color: var(--soft); font-size: .85rem; }
.added { --of: var(--added); --of-paper: var(--added-paper); }
.removed { --of: var(--removed); --of-paper: var(--removed-paper); }
.changed { --of: var(--changed); --of-paper: var(--changed-paper); }
.unknown { --of: var(--unknown); --of-paper: var(--unknown-paper); }
.sign { display: inline-block; width: 1.4rem; height: 1.4rem; margin-right: .55rem; border-radius: 4px; text-align: center;
  font: 700 .95rem/1.4rem ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; color: var(--of);
  background: var(--of-paper); flex: none; }
nav { margin: 1.5rem 0 0; padding: .6rem 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
nav a { text-decoration: none; } nav a:hover, nav a:focus { text-decoration: underline; }
nav span, .number { color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums; }
section { margin-top: 2rem; }
.changes { border: 1px solid var(--line); border-radius: 8px; background: var(--card); overflow: hidden; }
.changes > li { border-top: 1px solid var(--line); }
.changes > li:first-child { border-top: 0; }
.head { display: flex; align-items: baseline; padding: .5rem .9rem; }
h1, .said { position: relative; }
.said { flex: 1; display: flex; flex-wrap: wrap; align-items: baseline; min-width: 0; }
summary.head { cursor: pointer; list-style: none; }
summary.head::-webkit-details-marker { display: none; }
summary.head::after { content: "show"; padding-left: 1rem; color: var(--link); font-size: .85rem; }
details[open] > summary.head::after { content: "hide"; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
.name { margin-right: 1rem; font: 600 .92rem/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; min-width: 0; }
.field { margin-right: 1rem; font-size: .92rem; min-width: 0; }
.field i { font-style: normal; color: var(--soft); }
del { color: var(--removed); text-decoration: line-through; text-decoration-thickness: 1px; }
ins { color: var(--added); text-decoration: none; font-weight: 600; }
.lines { color: var(--soft); font-variant-numeric: tabular-nums; }
.note, .about { margin: 0; color: var(--soft); font-size: .9rem; }
.note { padding: 0 .9rem .5rem 2.85rem; } .about { margin-bottom: .6rem; }
pre { margin: 0; padding: .5rem 0; border-top: 1px solid var(--line); overflow-x: auto; tab-size: 4;
  font: .85rem/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; }
pre span { display: block; min-width: max-content; padding: 0 .9rem 0 2.85rem; }
.plus { background: var(--added-paper); } .minus { background: var(--removed-paper); }
.hunk { color: var(--soft); }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .45rem .9rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 500; }
tbody th { font: 600 .92rem/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; }
td { font-variant-numeric: tabular-nums; }
.wide + .changes { margin-top: .75rem; }
section > ul:not(.changes) { margin: 0; padding-left: 1.2rem; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, summary.head::after { display: none; }
  details::details-content { content-visibility: visible; height: auto; }
  pre span { min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  .head, tr, h2 { break-inside: avoid; } h2 { break-after: avoid; }
  .plus, .minus, .sign, .counts li { print-color-adjust: exact; }
}
`;
