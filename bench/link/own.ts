// What is measured of our link alone: beside the same answer by the Durable Object itself, and what those who stop reading
// cost the edge.

import { readFileSync } from 'node:fs';
import { type Figure, judged, median } from '../figure.ts';
import { forgetPeak } from '../processes.ts';
import type { Contender } from './contender.ts';
import { bodyBytes, growthMb } from './paused.ts';
import type { Ground } from './peers/peer.ts';
import { progress } from './progress.ts';
import { openStage } from './stage.ts';
import { type SteadyFigures, steadyRequests } from './steady.ts';

/** V8 makes the code of either side faster for about so many requests. */
const warmRequests = 80_000;
const warmSecondsARound = 15;
const connections = 32;
const roundMs = 1_000;
const shareRounds = 3;
const stopped = { readers: 50, uploads: 10 };

/** Figures of an edge and a home that have been up for a while. The paused come first: memory that others left hides them. */
export async function ownFigures(one: Contender, rounds: number, ground: Ground): Promise<readonly Figure[]> {
  const paused = await pausedFigures(one, ground);
  await warmUp(one, rounds);
  return [...(await shareOfObject(one, rounds)), ...paused];
}

async function warmUp(one: Contender, rounds: number): Promise<void> {
  progress(`warming ${one.name}, for up to ${warmSecondsARound * rounds} s`);
  const begin = performance.now();
  for (let count = 0; count < warmRequests && performance.now() - begin < warmSecondsARound * rounds * 1000; ) {
    count += (await steadyRequests({ ...one.https, path: '/kib' }, connections, 3_000)).count;
    await steadyRequests({ ...one.https, path: '/self' }, connections, 1_000);
  }
}

async function shareOfObject(one: Contender, rounds: number): Promise<readonly Figure[]> {
  const sides = { '/self': new Side(), '/kib': new Side() };
  for (let round = 0; round < rounds * shareRounds; round += 1) {
    // Whoever comes first has the colder machine: they take turns.
    const paths = round % 2 === 0 ? (['/self', '/kib'] as const) : (['/kib', '/self'] as const);
    for (const path of paths) {
      sides[path].add(await steadyRequests({ ...one.https, path }, connections, roundMs, one.edgeCpuSeconds));
    }
  }
  const { '/self': object, '/kib': link } = sides;
  const ratioTo = 'answered by the Durable Object';
  const share = median(link.rates.map((value, round) => value / (object.rates[round] ?? 0)));
  return [
    { bench: 'link', figure: '1 KiB over 32, by the object', value: median(object.rates), unit: '/s' },
    { bench: 'link', figure: '1 KiB over 32, through the link', value: median(link.rates), unit: '/s' },
    judged({ bench: 'link', figure: '1 KiB over 32, share', value: share, unit: '×', ratioTo, goal: '>= 0.7' }),
    // What bounds the rate is workerd's one thread; its CPU is less swayed by what else the machine does.
    {
      bench: 'link',
      figure: 'the same by workerd’s CPU',
      value: object.cpuSecondsEach / link.cpuSecondsEach,
      unit: '×',
      ratioTo,
    },
  ];
}

class Side {
  readonly rates: number[] = [];
  #used = 0;
  #count = 0;

  add(found: SteadyFigures): void {
    this.rates.push(found.perSecond);
    this.#used += found.used;
    this.#count += found.count;
  }

  get cpuSecondsEach(): number {
    return this.#used / this.#count;
  }
}

async function pausedFigures(one: Contender, ground: Ground): Promise<readonly Figure[]> {
  const { edgePid } = one;
  if (edgePid === null) return [];
  progress(`pausing ${stopped.readers} downloads and ${stopped.uploads} uploads`);
  const grown: number[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    await one.calm();
    grown.push(await growthMb(one.https, edgePid, { ...stopped, read: `/bytes/${bodyBytes}`, sent: '/held' }));
  }
  await one.calm();
  forgetPeak(edgePid);
  const [fresh = 0, again = 0] = grown;
  const alone = await growthOfWorkerAlone(ground);
  const figure = `workerd’s growth by ${stopped.readers} paused readers, ${stopped.uploads} uploads`;
  return [
    judged({ bench: 'link', figure, value: fresh, unit: 'MB', goal: '<= 64' }),
    // What a fresh workerd takes for so many connections, and keeps, is not in it.
    { bench: 'link', figure: 'by as many once more', value: again, unit: 'MB' },
    { bench: 'link', figure: 'by as many of a Worker alone', value: alone, unit: 'MB' },
  ];
}

/** Of a fresh workerd whose Worker pours and keeps by itself, without object, link and home: less cannot be had. */
async function growthOfWorkerAlone({ certificates }: Ground): Promise<number> {
  const [key, cert, ca] = [certificates.keyFile, certificates.certFile, certificates.caFile].map((file) =>
    readFileSync(file, 'utf8'),
  ) as [string, string, string];
  const stage = await openStage({ key, cert });
  try {
    const { origin, workerdPid } = stage.edge;
    if (workerdPid === undefined) throw new Error('Cannot measure a Worker alone: workerd does not run.');
    const door = { origin, ca };
    // As the link's was when it was measured: one request has been answered.
    await steadyRequests({ ...door, path: '/self' }, 1, 100);
    return await growthMb(door, workerdPid, { ...stopped, read: `/poured/${bodyBytes}`, sent: '/kept' });
  } finally {
    await stage.stop();
  }
}
