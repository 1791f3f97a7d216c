// What carrying costs: requests through the link beside the same answer from the Durable Object itself, bulk, and the
// CPU seconds of the home node. Over TLS, as at a real home.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../../test/support/certificates.ts';
import { type Figure, judged, median } from '../figure.ts';
import { LinkBench } from '../link/figures.ts';

const rounds = 5;
const bytes = 256 * 1024 * 1024;

export async function link(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-link-bench-'));
  const { keyFile, certFile } = await makeCertificates(folder);
  const bench = await LinkBench.open({ key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') });
  try {
    await bench.small(32, 4_000);
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
    rmSync(folder, { recursive: true, force: true });
  }
}
