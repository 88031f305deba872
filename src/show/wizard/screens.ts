/** What each screen shows, as lines. Pure; `lines.ts` puts header and footer around it. */
import { paintOf } from '../explain-text.ts';
import { factWords } from '../fact-words.ts';
import { countsLine, dataLine, legend } from '../plan-text.ts';
import { estimate } from '../progress.ts';
import { bar, progressLines } from '../progress-text.ts';
import { reportCounts } from '../report-text.ts';
import { classLetters, cut, cutMiddle, pad, width } from '../symbols.ts';
import { count, duration, plural, size } from '../units.ts';
import { type Area, frame, type Line, line, type Tone, windowStart, wrapTo } from './lines.ts';
import { offeredNames } from './reduce-keys.ts';
import { type Row, rowsOf } from './rows.ts';
import { type FactRow, type State, type StepRow, shownGroups, undecided } from './state.ts';

/** The frame of a state: `area.rows` lines, each at most `area.columns` cells wide. */
export function screen(state: State, area: Area): Line[] {
  return frame(state, { count: countOf(state), body: (height) => body(state, area, height) }, area);
}

function countOf(state: State): string {
  switch (state.screen) {
    case 'scan': {
      const asked = state.facts.filter((fact) => fact.state !== 'asking').length;
      return state.facts.length === 0 ? '' : `${asked} asked`;
    }
    case 'review': {
      const open = undecided(state);
      return `${count(open.length)} undecided, ${size(open.reduce((sum, group) => sum + group.bytes, 0))}`;
    }
    case 'plan':
      return state.plan === null ? '' : `${plural(state.plan.steps.length, 'step')}`;
    case 'apply':
      return state.stepCount === 0
        ? ''
        : `${state.steps.filter((step) => step.state !== 'begun').length} of ${plural(state.stepCount, 'step')}`;
    case 'sync':
      return state.running === 'cutover' || state.question?.kind === 'cutover'
        ? 'cutover'
        : `pass ${state.passes.length + (state.running === 'sync' ? 1 : 0)} of the data`;
    case 'verify':
      return state.report === null ? '' : reportCounts(state.report);
    default:
      return '';
  }
}

function body(state: State, area: Area, height: number): readonly Line[] {
  if (state.question !== null) return questionBody(state, area, height);
  if (state.pane !== null) return paneBody(state, area, height);
  switch (state.screen) {
    case 'connect':
      return connectBody(state, area, height);
    case 'scan':
      return scanBody(state, area, height);
    case 'review':
      return reviewBody(state, area, height);
    case 'plan':
      return planBody(state, area, height);
    case 'apply':
      return applyBody(state, area, height);
    case 'sync':
      return syncBody(state, area, height);
    case 'verify':
      return verifyBody(state, area, height);
  }
}

function questionBody(state: State, area: Area, height: number): Line[] {
  const { question } = state;
  if (question === null) return [];
  const typed = question.hidden ? '' : question.answer;
  const lines = question.lines.flatMap((text) => wrapTo(text, area.columns - 2));
  return [
    ...lines.slice(0, Math.max(0, height - 2)).map((text) => line(` ${text}`)),
    line(''),
    line(` ${question.label} ${typed}_`, 'bold'),
  ];
}

function paneBody(state: State, area: Area, height: number): Line[] {
  const { pane } = state;
  if (pane === null) return [];
  // A patch keeps its lines: what does not fit is cut, `explain` on the command line shows all of it.
  const patch = pane.lines.findIndex(
    (text, at) => text.startsWith('--- ') && pane.lines[at + 1]?.startsWith('+++ ') === true,
  );
  const [words, changes] =
    patch < 0 ? [pane.lines, []] : [pane.lines.slice(0, patch), pane.lines.slice(patch)];
  const lines = [
    ...words.flatMap((text) => wrapTo(text, area.columns - 3)).map((text) => line(`  ${text}`)),
    ...changes.map((text) => line(`  ${cut(text, area.columns - 3, area.symbols.more)}`, patchTone(text))),
  ];
  const top = Math.min(pane.top, Math.max(0, lines.length - height + 1));
  return [line(` ${pane.title}`, 'bold'), ...lines.slice(top, top + height - 1)];
}

function patchTone(text: string): Tone {
  const how = paintOf(text);
  return how === 'cyan' ? 'add' : how === 'red' ? 'error' : how === 'bold' || how === 'dim' ? how : 'plain';
}

function connectBody(state: State, area: Area, height: number): Line[] {
  const { connect } = state;
  const { symbols } = area;
  const lines: Line[] = [];
  const label = (name: string): string => pad(name, area.columns < 60 ? 8 : 14);
  const typing = (name: string): Line => [
    { text: ` > ${label(name)}`, tone: 'bold' },
    { text: `${cutMiddle(connect.text, area.columns - 20, symbols.more)}_`, tone: 'plain' },
  ];
  if (connect.field !== 'source') lines.push(line(` ${symbols.done} ${label('source')}${state.source}`));
  if (connect.field === 'done')
    lines.push(
      line(` ${symbols.done} ${label(area.columns < 60 ? 'dest' : 'destination')}${state.destination}`),
    );
  else lines.push(typing(connect.field === 'source' ? 'source' : area.columns < 60 ? 'dest' : 'destination'));
  if (connect.field === 'done') {
    lines.push(...state.notes.map((note) => line(`   ${note}`)));
    if (state.running === 'connect') lines.push(line(` ${symbols.running} connecting`));
    return lines;
  }
  const offered = offeredNames(state);
  const room = Math.max(0, height - lines.length - 3);
  const top = windowStart(offered.length, Math.max(0, connect.chosen), room);
  for (const [index, name] of offered.slice(top, top + room).entries()) {
    const chosen = top + index === connect.chosen;
    lines.push(line(` ${chosen ? '>' : ' '} ${label('')}${name}`, chosen ? 'bold' : 'dim'));
  }
  const from = state.source === '' ? 'The source' : state.source;
  lines.push(line(''), line(` ${from} is only read: nothing is written or installed on it.`));
  return lines;
}

function factLine(fact: FactRow, area: Area): Line {
  const { symbols } = area;
  const sign = fact.state === 'absent' ? '!' : fact.state === 'asking' ? symbols.running : symbols.done;
  const said = fact.state === 'absent' ? `not asked: ${fact.text}` : fact.text;
  const time = fact.state === 'answered' && area.columns >= 60 ? duration(fact.seconds) : '';
  const left = ` ${pad(sign, 2)} ${pad(factWords(fact.name), 16)} ${said}`;
  const room = area.columns - 1 - width(time);
  return line(
    `${pad(cut(left, room - 1, symbols.more), room)}${time}`,
    fact.state === 'absent' ? 'care' : 'plain',
  );
}

function workLines(state: State, area: Area): Line[] {
  const lines = progressLines(state.progress, area.columns - 2, area.symbols);
  return lines.map((text) => line(` ${text}`));
}

function scanBody(state: State, area: Area, height: number): Line[] {
  const tail = [
    line(state.phase === '' ? '' : ` ${state.phase}`),
    ...workLines(state, area),
    line(' Reads only. What could not be asked is in the manifest.'),
  ];
  const room = Math.max(1, height - tail.length);
  // The newest facts and whatever needs care stay in sight.
  const facts =
    state.facts.length <= room
      ? state.facts
      : [...state.facts].sort((one, other) => rank(other) - rank(one)).slice(0, room);
  return [...facts.map((fact) => factLine(fact, area)), ...tail];
}

function rank(fact: FactRow): number {
  return fact.state === 'asking' ? 2 : fact.state === 'absent' ? 1 : 0;
}

function listLines(state: State, area: Area, height: number): Line[] {
  const rows = rowsOf(state);
  const top = windowStart(rows.length, state.cursor, height);
  return rows
    .slice(top, top + height)
    .map((row, index) => rowLine(state, row, top + index === state.cursor, area));
}

const letterTones = { '?': 'care', S: 'secret' } as const;

function rowLine(state: State, row: Row, chosen: boolean, area: Area): Line {
  const { columns, symbols } = area;
  const sign = chosen ? ' > ' : '   ';
  const tone = (other: Tone): Tone => (chosen ? 'bold' : other);
  switch (row.row) {
    case 'group': {
      const { group } = row;
      const mark = state.marks.has(group.path) ? '*' : ' ';
      const why =
        columns >= 60
          ? `  ${pad(cut(group.reason, Math.floor(columns / 3), symbols.more), Math.min(26, Math.floor(columns / 3)))}`
          : '';
      const bytes = pad(size(group.bytes), 9, 'left');
      const room = columns - 7 - width(bytes) - width(why) - 1;
      const letter = classLetters[group.class];
      const text = `${sign.slice(0, 2)}${mark}${pad(letter, 2)} ${pad(cutMiddle(group.path, room, symbols.more), room)} ${bytes}${why}`;
      return line(text, tone(letterTones[letter as '?' | 'S'] ?? 'plain'));
    }
    case 'section':
      return line(`${sign}${row.title} (${count(row.count)})${row.open ? '' : ` ${symbols.more}`}`, 'bold');
    case 'step': {
      const detail = columns >= 60 ? row.step.detail : '';
      const room = columns - 7 - (detail === '' ? 0 : Math.min(width(detail), Math.floor(columns / 2)) + 2);
      const said = detail === '' ? '' : `  ${cut(detail, Math.floor(columns / 2), symbols.more)}`;
      const text = `${sign}  ${row.step.symbol} ${pad(cutMiddle(row.step.title, room, symbols.more), detail === '' ? 0 : room)}${said}`;
      return line(text, tone(row.step.symbol === '+' ? 'add' : 'care'));
    }
    case 'notice':
      return line(`${sign}! ${row.notice.subject}: ${row.notice.text}`, tone('care'));
    case 'pass': {
      const { pass, changed, bytes, seconds, failed } = row.pass;
      const bad = failed === 0 ? '' : `   ${failed} failed`;
      return line(
        `${sign}pass ${pass}   ${plural(changed, 'file')}   ${size(bytes)}   ${duration(seconds)}${bad}`,
        tone(failed > 0 ? 'care' : 'plain'),
      );
    }
    case 'check': {
      const word = row.check.state === 'by-hand' ? 'by hand' : row.check.state;
      const text = `${sign}${pad(word, 8)} ${pad(row.check.subject, columns < 60 ? 8 : 16)} ${row.check.text}`;
      return line(
        text,
        tone(row.check.state === 'red' ? 'error' : row.check.state === 'by-hand' ? 'care' : 'plain'),
      );
    }
    case 'way': {
      const why = row.way.not === '' ? '' : `   ${row.way.not}`;
      return line(
        `${sign}${symbols.arrow} ${row.way.text}${why}`,
        row.way.not === '' ? tone('plain') : chosen ? 'bold' : 'dim',
      );
    }
  }
}

function reviewBody(state: State, area: Area, height: number): Line[] {
  const shown = shownGroups(state).length;
  const total = state.groups.length;
  const filter =
    state.filtering || state.filter !== ''
      ? [line(` /filter: ${state.filter}${state.filtering ? '_' : ''}`)]
      : [];
  const tail = [
    line(''),
    line(` ${count(shown)} of ${plural(total, 'group')}; Enter opens one, Space marks`),
  ];
  const room = Math.max(1, height - filter.length - tail.length);
  return [...filter, ...listLines(state, area, room), ...tail];
}

function planBody(state: State, area: Area, height: number): Line[] {
  const { plan } = state;
  if (plan === null)
    return [
      ...factsAndWork(state, area, height - 2),
      ...(state.running === null ? listLines(state, area, 2) : []),
    ];
  const nothing = `${plan.destination.name} is already what the manifest of ${plan.source.name} says`;
  const head = line(` ${plan.steps.length === 0 ? nothing : legend(plan)}`);
  const tail = [
    line(''),
    ...wrapTo(`${countsLine(plan)}; ${dataLine(plan)}`, area.columns - 2)
      .slice(0, 3)
      .map((text) => line(` ${text}`)),
  ];
  return [head, line(''), ...listLines(state, area, Math.max(1, height - tail.length - 2)), ...tail];
}

function factsAndWork(state: State, area: Area, height: number): Line[] {
  const tail = [line(state.phase === '' ? '' : ` ${state.phase}`), ...workLines(state, area)];
  const facts = state.facts.slice(-Math.max(1, height - tail.length)).map((fact) => factLine(fact, area));
  return [...facts, ...tail];
}

function stepLine(step: StepRow, area: Area): Line {
  const { symbols } = area;
  const running = step.state === 'begun';
  const sign = running
    ? symbols.running
    : step.state === 'failed'
      ? '!'
      : step.state === 'skipped'
        ? symbols.none
        : symbols.done;
  const said = step.text === '' ? (running ? '' : step.state) : step.text;
  return line(
    ` ${pad(sign, 2)} ${spread2(step.title, said, area.columns - 5, area)}`,
    step.state === 'failed' ? 'error' : running ? 'bold' : 'plain',
  );
}

function spread2(left: string, right: string, columns: number, area: Area): string {
  const most = Math.floor(columns / 2);
  const end = cut(right, most, area.symbols.more);
  const room = columns - width(end) - 2;
  return `${pad(cutMiddle(left, room, area.symbols.more), room)}  ${end}`;
}

function stepLines(state: State, area: Area, height: number): Line[] {
  const done = state.steps.filter((step) => step.state !== 'begun').length;
  const bad = state.steps.filter((step) => step.state === 'failed');
  const room = Math.max(1, height - 2);
  const rest = state.steps.filter((step) => step.state !== 'failed');
  const shown = [
    ...bad.slice(-Math.ceil(room / 2)),
    ...rest.slice(-(room - Math.min(bad.length, Math.ceil(room / 2)))),
  ];
  const above = state.steps.length - shown.length;
  const below = state.stepCount - state.steps.length;
  return [
    line(above > 0 ? `   ${count(Math.min(done, above))} done` : ''),
    ...shown.map((step) => stepLine(step, area)),
    line(below > 0 ? `   ${count(below)} more` : ''),
  ];
}

function recap(state: State): string {
  const of = (name: StepRow['state']): number => state.steps.filter((step) => step.state === name).length;
  return `ok ${of('ok')}   changed ${of('changed')}   skipped ${of('skipped')}   failed ${of('failed')}`;
}

function applyBody(state: State, area: Area, height: number): Line[] {
  const ways = state.running === null ? listLines(state, area, 2) : [];
  const tail = [line(state.phase === '' ? '' : ` ${state.phase}`), line(` ${recap(state)}`)];
  return [...stepLines(state, area, height - ways.length - tail.length), ...ways, ...tail];
}

function syncBody(state: State, area: Area, height: number): Line[] {
  const notes = state.notes.slice(-3).map((note) => line(`   ${note}`));
  if (state.running === 'cutover') {
    const tail = [line(state.phase === '' ? '' : ` ${state.phase}`), ...workLines(state, area), ...notes];
    return [...stepLines(state, area, Math.max(3, height - tail.length)), ...tail];
  }
  const running =
    state.running === 'sync' ? [line(` > pass ${state.passes.length + 1}   running`, 'bold')] : [];
  const work = state.running === 'sync' ? syncWork(state, area) : [];
  const room = Math.max(1, height - running.length - work.length - notes.length - 1);
  return [...listLines(state, area, room), ...running, line(''), ...work, ...notes];
}

function syncWork(state: State, area: Area): Line[] {
  const lines = workLines(state, area);
  const phase = line(state.phase === '' ? '' : ` ${state.phase}`);
  if (area.columns >= 60) return [phase, ...lines];
  const { fraction } = estimate(state.progress);
  return [phase, line(` ${bar(fraction, 20, area.symbols)}`), ...lines];
}

function verifyBody(state: State, area: Area, height: number): Line[] {
  if (state.report === null)
    return [
      ...factsAndWork(state, area, height - 2),
      ...(state.running === null ? listLines(state, area, 2) : []),
    ];
  const { downtime } = state;
  const tail =
    downtime === null
      ? []
      : [
          line(''),
          line(
            ` Downtime: ${duration(downtime.predicted)} predicted, ${duration(downtime.measured)} measured`,
          ),
        ];
  return [...listLines(state, area, Math.max(1, height - tail.length)), ...tail];
}
