/** The command line that does the same as the screen; shown by `c`, and told after leaving. */
import type { State } from './state.ts';

/** A word as a shell takes it, for people to copy. */
function word(text: string): string {
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Lines of commands, the one of this screen first. */
export function equivalentCommand(state: State): string[] {
  const folder = word(state.folder || 'FOLDER');
  const source = word(state.source || 'SOURCE');
  const destination = word(state.destination || 'DEST');
  switch (state.screen) {
    case 'connect':
      return [`opstimal-move doctor ${source} ${destination}`];
    case 'scan':
      return [`opstimal-move scan ${source} ${folder}`];
    case 'review':
      return [`opstimal-move explain ${folder} PATH`, `opstimal-move decide ${folder} PATH mutable`];
    case 'plan':
      return [`opstimal-move plan ${folder} ${destination}`];
    case 'apply':
      return [`opstimal-move apply ${folder} ${destination}`];
    case 'sync':
      return [
        `opstimal-move sync ${folder} ${destination}`,
        `opstimal-move cutover ${folder} ${destination} --confirm=${word(state.sourceName || 'NAME')}`,
      ];
    case 'verify':
      return [`opstimal-move verify ${folder} ${destination}`, `opstimal-move rollback ${folder}`];
  }
}
