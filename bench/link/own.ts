// What is measured of our link alone: beside the same answer by the Durable Object itself, and what those who stop reading
// cost the edge.

import { type Figure, judged, median } from '../figure.ts';
import { forgetPeak } from '../processes.ts';
import type { Contender } from './contender.ts';
import { growthMb } from './paused.ts';
import { progress } from './progress.ts';
import { steadyRequests } from './steady.ts';

/** V8 makes the code of either side faster for about so many requests. */
const warmRequests = 80_000;
const warmSecondsARound = 15;
const connections = 32;
const roundMs = 700;
const shareRounds = 3;
const pausedReaders = 50;
const pausedUploads = 10;

/** Figures of an edge and a home that have been up for a while. The paused come first: memory that others left hides them. */
export async function ownFigures(one: Contender, rounds: number): Promise<readonly Figure[]> {
  const paused = await pausedFigures(one);
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
  const object: number[] = [];
  const link: number[] = [];
  for (let round = 0; round < rounds * shareRounds; round += 1) {
    object.push((await steadyRequests({ ...one.https, path: '/self' }, connections, roundMs)).perSecond);
    link.push((await steadyRequests({ ...one.https, path: '/kib' }, connections, roundMs)).perSecond);
  }
  const ratioTo = 'answered by the Durable Object';
  return [
    { bench: 'link', figure: '1 KiB over 32, by the object', value: median(object), unit: '/s' },
    judged({
      bench: 'link',
      figure: '1 KiB over 32, share',
      value: median(link.map((value, round) => value / (object[round] ?? 0))),
      unit: '×',
      ratioTo,
      goal: '>= 0.7',
    }),
  ];
}

async function pausedFigures(one: Contender): Promise<readonly Figure[]> {
  const { edgePid } = one;
  if (edgePid === null) return [];
  progress(`pausing ${pausedReaders} downloads and ${pausedUploads} uploads`);
  const grown: number[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    await one.calm();
    grown.push(await growthMb(one.https, edgePid, pausedReaders, pausedUploads));
  }
  await one.calm();
  forgetPeak(edgePid);
  const [fresh = 0, again = 0] = grown;
  const figure = `workerd’s growth by ${pausedReaders} paused readers, ${pausedUploads} uploads`;
  return [
    judged({ bench: 'link', figure, value: fresh, unit: 'MB', goal: '<= 64' }),
    // What a fresh workerd takes for so many connections, and keeps, is not in it.
    { bench: 'link', figure: 'by as many once more', value: again, unit: 'MB' },
  ];
}
