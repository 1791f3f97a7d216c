// From the peer's POST to the service's receipt: while home is awake (milliseconds), and how fast a night's worth is
// drained in the morning, as a share of posting the same straight to the same service with the same parallelism. The
// service verifies each signature and fsyncs each delivery, as a real one does.

import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../shared/limits.ts';
import { freePort } from '../../test/support/ports.ts';
import { Program, until } from '../../test/support/processes.ts';
import { type Figure, judged, median } from '../figure.ts';
import { bench } from './figures.ts';
import { House, recorderToml } from './house.ts';
import { postAll } from './posting.ts';
import { progress } from './progress.ts';
import { Senders } from './senders.ts';

/** A thousand are gone within a second, in which a home node that was just started mostly compiles itself. */
const night = 3_000;

export async function drain(rounds: number): Promise<readonly Figure[]> {
  progress('starting edge, home and service');
  const senders = await Senders.open();
  const port = await freePort();
  const house = await House.open([senders.origin], recorderToml(port));
  const record = join(house.folder, 'record.jsonl');
  const script = 'test/support/peers/recording-service.ts';
  const service = new Program('service', [script, '--port', String(port), '--record', record]);
  await service.line((line) => line.ready === true);
  const lines = new LineCount(record);
  const seen = (): number => lines.now();
  const origin = `http://${house.host}`;
  try {
    await house.startHome();
    const waits: number[] = [];
    for (let at = 0; at < 120; at += 1) {
      const before = seen();
      const post = senders.post(`s${at % 20}`, house.host);
      const start = performance.now();
      await postAll(origin, [post], 1);
      await until('the receipt', () => (seen() > before ? true : null), 10_000, 1);
      waits.push(performance.now() - start);
    }
    const shares: number[] = [];
    const ratesDrained: number[] = [];
    const cpuSeconds: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      progress(`drain, round ${round + 1} of ${rounds}`);
      await house.stopHome();
      const posts = Array.from({ length: night }, (_, at) => senders.post(`s${at % 50}`, house.host));
      await postAll(origin, posts, limits.deliverParallel);
      const before = seen();
      await house.startHome();
      // From the first receipt on: how long a home node takes to start is another figure.
      const first = await until('the first receipt', () => (seen() > before ? performance.now() : null), 30_000, 1);
      const atFirst = seen() - before;
      const cpuBefore = house.homeCpuSeconds();
      await until('the last receipt', () => (seen() >= before + night ? true : null), 120_000, 1);
      cpuSeconds.push(((house.homeCpuSeconds() - cpuBefore) / (night - atFirst)) * 1_000);
      const drained = (night - atFirst) / ((performance.now() - first) / 1000);
      const again = Array.from({ length: night }, (_, at) => senders.post(`s${at % 50}`, house.host));
      const straight = night / (await postAll(`http://127.0.0.1:${port}`, again, limits.deliverParallel));
      ratesDrained.push(drained);
      shares.push(drained / straight);
    }
    return [
      judged({
        bench,
        figure: 'POST to receipt by the service, awake, p50',
        value: median(waits),
        unit: 'ms',
        goal: '<= 150',
      }),
      { bench, figure: 'drained', value: median(ratesDrained), unit: '/s' },
      judged({
        bench,
        figure: 'drained, share',
        value: median(shares),
        unit: '×',
        ratioTo: 'posting straight to the service',
        goal: '>= 0.9',
      }),
      { bench, figure: 'home CPU per 1,000 deliveries drained', value: median(cpuSeconds), unit: 's' },
    ];
  } finally {
    lines.close();
    await house.close();
    await service.kill();
    senders.close();
  }
}

/** Lines of a file that grows, each byte read once: reading it whole each time would take the CPU that is measured. */
class LineCount {
  readonly #file: number;
  readonly #buffer = Buffer.alloc(64 * 1024);
  #at = 0;
  #lines = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  now(): number {
    for (;;) {
      const read = readSync(this.#file, this.#buffer, 0, this.#buffer.length, this.#at);
      if (read === 0) return this.#lines;
      this.#at += read;
      for (let at = this.#buffer.indexOf(10); at !== -1 && at < read; at = this.#buffer.indexOf(10, at + 1))
        this.#lines += 1;
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
