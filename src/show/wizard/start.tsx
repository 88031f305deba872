/** Opens the wizard in the alternate screen and resolves, after leaving it, to what is told on the normal one. */
import { render } from 'ink';
import type { Symbols } from '../symbols.ts';
import { App } from './app.tsx';
import { Driver, type WizardWork } from './effects.ts';
import { initialState, type State } from './state.ts';

export interface WizardOptions {
  readonly work: WizardWork;
  readonly symbols: Symbols;
  readonly now: () => number;
  /** Folder to open at once; empty = begin at Connect. */
  readonly folder: string;
  readonly spoken: boolean;
}

export async function startWizard(options: WizardOptions): Promise<{ exit: number; state: State }> {
  const driver = new Driver(options.work, initialState(await options.work.names()), options.now);
  const app = render(<App driver={driver} symbols={options.symbols} />, {
    alternateScreen: !options.spoken,
    incrementalRendering: !options.spoken,
    exitOnCtrlC: false,
    interactive: true,
    maxFps: 15,
    isScreenReaderEnabled: options.spoken,
  });
  if (options.folder !== '') driver.openFolder(options.folder);
  const exit = await app.waitUntilExit();
  return { exit: typeof exit === 'number' ? exit : 0, state: driver.state };
}
