/** The wizard's view: paints the lines of a state, hands keys to the driver. It knows nothing else. */
import { Box, Text, useApp, useInput, useIsScreenReaderEnabled, usePaste, useWindowSize } from 'ink';
import { useEffect, useSyncExternalStore } from 'react';
import type { Symbols } from '../symbols.ts';
import type { Driver } from './effects.ts';
import { keysOf } from './keys.ts';
import type { Line, Tone } from './lines.ts';
import { screen } from './screens.ts';
import { spoken } from './spoken.ts';
import type { State } from './state.ts';

type Style = { bold?: true; dimColor?: true; color?: string };

const styles: Readonly<Record<Tone, Style>> = {
  plain: {},
  bold: { bold: true },
  dim: { dimColor: true },
  add: { color: 'cyan' },
  care: { color: 'yellow' },
  secret: { color: 'magenta' },
  error: { color: 'red' },
};

/** One line of parts; a line without text still takes its row. */
function Row({ parts }: { parts: Line }) {
  const empty = parts.every((part) => part.text === '');
  return (
    <Text wrap="truncate">
      {empty
        ? ' '
        : parts.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts of a line have no other name
            <Text key={index} {...styles[part.tone]}>
              {part.text}
            </Text>
          ))}
    </Text>
  );
}

/** The frame of a state, exactly as tall as the terminal. */
export function Frame({
  state,
  columns,
  rows,
  symbols,
}: {
  state: State;
  columns: number;
  rows: number;
  symbols: Symbols;
}) {
  const lines = screen(state, { columns, rows, symbols });
  return (
    <Box flexDirection="column" height={rows} width={columns} overflow="hidden">
      {lines.map((parts, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a terminal are known by their number
        <Row key={index} parts={parts} />
      ))}
    </Box>
  );
}

/** The spoken form: one line after the other. */
export function Spoken({ state }: { state: State }) {
  return (
    <Box flexDirection="column">
      {spoken(state).map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are known by their number
        <Text key={index}>{text}</Text>
      ))}
    </Box>
  );
}

export function App({ driver, symbols }: { driver: Driver; symbols: Symbols }) {
  const state = useSyncExternalStore(driver.subscribe, driver.snapshot);
  const { columns, rows } = useWindowSize();
  const { exit } = useApp();
  const speaks = useIsScreenReaderEnabled();
  useEffect(() => driver.onLeave((code) => exit(code)), [driver, exit]);
  useEffect(() => driver.dispatch({ input: 'size', rows }), [driver, rows]);
  useInput((input, key) => {
    for (const name of keysOf(input, key)) driver.dispatch({ input: 'key', key: name });
  });
  usePaste((text) => driver.dispatch({ input: 'paste', text }));
  if (speaks) return <Spoken state={state} />;
  return <Frame state={state} columns={columns} rows={rows} symbols={symbols} />;
}
