/** `npm run bench -- NAME [ARGUMENT…]`: measures against a peer in the same run and prints a table. */
const benches: Readonly<Record<string, () => Promise<(arguments_: readonly string[]) => Promise<number>>>> = {
  inventory: async () => (await import('./inventory.ts')).inventory,
};

const [name = '', ...rest] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join(' | ')} [FILES [ROUNDS]]`);
  process.exitCode = 2;
} else process.exitCode = await (await bench())(rest);
