import { writeSync } from 'node:fs';

/** Prints the closing line that automation reads, as the very last one: `N passed, N failed, N skipped`. */
export default class Plain {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped\n`;
    process.on('exit', () => writeSync(1, line));
  }
}
