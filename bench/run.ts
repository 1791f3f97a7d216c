// npm run bench [-- NAME…] [--json]: runs the benchmarks and prints their figures. Shares are of something measured
// side by side in the same run, because a machine's own speed says nothing.

import { parseArgs } from 'node:util';
import { type Figure, table } from './figure.ts';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'first-night': async () => await (await import('./first-night/first-night.ts')).firstNight(),
  owner: async () => await (await import('./owner/owner.ts')).owner(),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});

if (values.help) {
  console.log(`npm run bench [-- NAME…] [--json]\n\nBenchmarks: ${Object.keys(benches).join(', ')}`);
} else {
  const names = positionals.length === 0 ? Object.keys(benches) : positionals;
  const unknown = names.filter((name) => benches[name] === undefined);
  if (unknown.length > 0) {
    console.error(`Cannot run ${unknown.join(', ')}: no such benchmark; there are ${Object.keys(benches).join(', ')}.`);
    process.exitCode = 2;
  } else {
    const figures: Figure[] = [];
    for (const name of names) figures.push(...((await benches[name]?.()) ?? []));
    console.log(values.json ? figures.map((one) => JSON.stringify(one)).join('\n') : table(figures));
  }
}
