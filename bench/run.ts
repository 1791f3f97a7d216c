// npm run bench [-- NAME…] [--json]: runs the benchmarks and prints their figures. Shares are of something measured
// side by side in the same run, because a machine's own speed says nothing.

import { parseArgs } from 'node:util';
import { type Figure, type Findings, tables } from './figure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    parts: { type: 'string' },
  },
});

const benches: Readonly<Record<string, () => Promise<Findings>>> = {
  activitypub: async () => await (await import('./activitypub/activitypub.ts')).activityPub(values),
  'first-night': async () => plain(await (await import('./first-night/first-night.ts')).firstNight()),
  link: async () => await (await import('./link/link.ts')).link(values),
  owner: async () => plain(await (await import('./owner/owner.ts')).owner()),
};

const help = `npm run bench [-- NAME…] [--json]

Benchmarks: ${Object.keys(benches).join(', ')}

link measures our link beside the peers that are on the PATH (bench/link/install-peers.sh):
  --only A,B    beside these alone, as the columns of the table name them; "none" for no peer
  --rounds N    how often everything is measured, in turns; the median counts (3)

activitypub measures what peers deliver and ask:
  --parts A,B   inbox, answers, drain, flood; all if left out
  --rounds N    how often each is measured beside what it is a share of (9)
`;

function plain(figures: readonly Figure[]): Findings {
  return { figures, notes: [] };
}

if (values.help) {
  console.log(help);
} else {
  const names = positionals.length === 0 ? Object.keys(benches) : positionals;
  const unknown = names.filter((name) => benches[name] === undefined);
  if (unknown.length > 0) {
    console.error(`Cannot run ${unknown.join(', ')}: no such benchmark; there are ${Object.keys(benches).join(', ')}.`);
    process.exitCode = 2;
  } else {
    const figures: Figure[] = [];
    const notes: { readonly bench: string; readonly note: string }[] = [];
    for (const name of names) {
      const found = await benches[name]?.();
      figures.push(...(found?.figures ?? []));
      notes.push(...(found?.notes ?? []).map((note) => ({ bench: name, note })));
    }
    if (values.json) {
      console.log([...figures, ...notes].map((one) => JSON.stringify(one)).join('\n'));
    } else {
      console.log(tables(figures));
      if (notes.length > 0) console.log(`\n${notes.map(({ bench, note }) => `${bench}: ${note}`).join('\n')}`);
    }
  }
}
