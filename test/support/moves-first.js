import Sequencer from '@jest/test-sequencer';

/** The moves between booted servers take minutes: they start first, so that everything else runs beside them. */
export default class MovesFirst extends Sequencer {
  sort(tests) {
    const weight = (test) => (test.path.includes('/test/moves/') ? 0 : 1);
    return [...tests].sort((a, b) => weight(a) - weight(b) || a.path.localeCompare(b.path));
  }
}
