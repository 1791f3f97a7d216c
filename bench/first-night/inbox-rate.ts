// How many inbox POSTs the edge accepts per second, as a share of a Worker that verifies the same proofs with the same
// code and does one bare insert.

import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { bundleWorker } from '../../local/edge-bundle.ts';
import { type Figure, judged, median } from '../figure.ts';
import { House, Senders } from './house.ts';
import { postAll } from './posting.ts';

const rounds = 7;
const perRound = 600;
const warmRounds = 5;
const parallel = 16;

export async function inboxRate(): Promise<readonly Figure[]> {
  const senders = await Senders.open();
  const house = await House.open([senders.origin], '');
  const bare = await openBare(senders);
  try {
    await house.startHome();
    await house.stopHome();
    const bareOrigin = (await bare.ready).origin;
    const bareHost = new URL(bareOrigin).host;
    const batch = (host: string) => Array.from({ length: perRound }, (_, at) => senders.post(`s${at % 20}`, host));
    // Warms caches of keys, code and connections on both sides.
    for (let at = 0; at < warmRounds; at += 1) {
      await postAll(`http://${house.host}`, batch(house.host), parallel);
      await postAll(bareOrigin, batch(bareHost), parallel);
    }
    const rates: { ours: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const [ours, theirs] = [batch(house.host), batch(bareHost)];
      const sides = [
        async () => perRound / (await postAll(`http://${house.host}`, ours, parallel)),
        async () => perRound / (await postAll(bareOrigin, theirs, parallel)),
      ] as const;
      // Whoever goes first has the colder machine: take turns.
      const first = round % 2;
      const rateOfFirst = await sides[first === 0 ? 0 : 1]();
      const rateOfSecond = await sides[first === 0 ? 1 : 0]();
      rates.push(first === 0 ? { ours: rateOfFirst, bare: rateOfSecond } : { ours: rateOfSecond, bare: rateOfFirst });
    }
    return [
      {
        bench: 'first-night',
        figure: 'inbox POSTs accepted',
        value: median(rates.map(({ ours }) => ours)),
        unit: '/s',
      },
      judged({
        bench: 'first-night',
        figure: 'inbox POSTs accepted, share',
        value: median(rates.map(({ ours, bare: theirs }) => ours / theirs)),
        unit: '×',
        ratioTo: 'verify and one bare insert',
        goal: '>= 0.8',
      }),
    ];
  } finally {
    await bare.dispose();
    await house.close();
    senders.close();
  }
}

async function openBare(senders: Senders): Promise<Miniflare> {
  const script = await bundleWorker(join(import.meta.dirname, 'bare-worker.ts'));
  return new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      workers: [
        {
          name: 'bare',
          modules: true,
          script,
          compatibilityDate: '2026-11-01',
          durableObjects: { BARE: { className: 'BareObject', useSQLite: true } },
          bindings: { ORIGIN: senders.origin, PEM: senders.publicKey },
        },
      ],
    }),
  );
}
