// What carrying costs: requests through the link beside the same answer from the Durable Object itself, bulk, and the
// CPU seconds of the home node. Over TLS, as at a real home.

import { generate } from 'selfsigned';
import { type Figure, judged, median } from '../figure.ts';
import { LinkBench } from '../link/figures.ts';

const rounds = 5;
const bytes = 256 * 1024 * 1024;

export async function link(): Promise<readonly Figure[]> {
  const altNames = [{ type: 2 as const, value: 'localhost' }];
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  const bench = await LinkBench.open({ key: made.private, cert: made.cert });
  try {
    // What is measured is an edge and a home that have been up for a while, compiled and all.
    for (let at = 0; at < 4; at += 1) await bench.small(32, 8_000);
    const small = [];
    const down = [];
    for (let round = 0; round < rounds; round += 1) {
      small.push(await bench.small(32, 4_000));
      down.push(await bench.download(bytes));
    }
    const name = { bench: 'first-night' };
    return [
      {
        ...name,
        figure: 'small requests through the link',
        value: median(small.map((one) => one.link.perSecond)),
        unit: '/s',
      },
      judged({
        ...name,
        figure: 'small requests through the link, share',
        value: median(small.map((one) => one.link.perSecond / one.object.perSecond)),
        unit: '×',
        ratioTo: 'answered by the Durable Object',
        goal: '>= 0.7',
      }),
      {
        ...name,
        figure: 'download of 256 MiB',
        value: median(down.map((one) => one.megabytesPerSecond)),
        unit: 'MB/s',
      },
      { ...name, figure: 'home CPU per GiB', value: median(down.map((one) => one.homeCpuSecondsPerGiB)), unit: 's' },
      {
        ...name,
        figure: 'home CPU per 10,000 small requests',
        value: median(small.map((one) => one.homeCpuSecondsPer10k)),
        unit: 's',
      },
    ];
  } finally {
    await bench.close();
  }
}
