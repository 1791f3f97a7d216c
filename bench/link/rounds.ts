// Everybody in turns, a little of each kind at a time, again and again: a machine that has other work for a moment is
// slow for all of them, and the median of the rounds leaves it out.

import type { Sheet } from '../sheet.ts';
import { downloads, uploads } from './bulk.ts';
import type { Contender } from './contender.ts';
import { progress } from './progress.ts';
import { rows, smallConnections } from './rows.ts';
import { steadyRequests } from './steady.ts';

const GiB = 2 ** 30;
const one256MiB = { streams: 1, bytes: 256 * 2 ** 20, maxMs: 10_000 };
const smallMs = 700;

export async function warm(one: Contender): Promise<void> {
  progress(`warming ${one.name}`);
  await steadyRequests(at(one.https), 32, 1_000);
  await downloads(one.https, { streams: 1, bytes: 64 * 2 ** 20, maxMs: 5_000 });
}

export async function measureInTurns(
  contenders: readonly Contender[],
  rounds: number,
  sheet: Sheet,
  notes: string[],
  arrived: () => Promise<number>,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    // Who comes first has the colder machine.
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const one = contenders[(turn + round) % contenders.length];
      if (one === undefined) continue;
      progress(`round ${round + 1} of ${rounds}, ${one.name}`);
      try {
        await smallRound(one, sheet);
        await bulkRound(one, sheet, arrived);
      } catch (thrown) {
        notes.push(`${one.name}, round ${round + 1}: broken off: ${(thrown as Error).message}`);
      }
      await one.calm();
    }
  }
}

async function smallRound(one: Contender, sheet: Sheet): Promise<void> {
  for (const connections of smallConnections) {
    const found = await steadyRequests(at(one.https), connections, smallMs, one.homeCpuSeconds);
    sheet.add(one.name, rows.small[connections].perSecond, found.perSecond);
    sheet.add(one.name, rows.small[connections].p50, found.p50Ms);
    sheet.add(one.name, rows.small[connections].p99, found.p99Ms);
    if (connections === 32) sheet.addRate(one.name, rows.cpuPer10k, found.used, found.count / 10_000);
  }
}

async function bulkRound(one: Contender, sheet: Sheet, arrived: () => Promise<number>): Promise<void> {
  const down = await downloads(one.https, one256MiB, one.homeCpuSeconds);
  sheet.add(one.name, rows.download, down.bytes / 1e6 / down.seconds);
  sheet.addRate(one.name, rows.cpuPerGiBDown, down.used, down.bytes / GiB);
  const up = await uploads(one.https, one256MiB, one.homeCpuSeconds, arrived);
  sheet.add(one.name, rows.upload, up.bytes / 1e6 / up.seconds);
  sheet.addRate(one.name, rows.cpuPerGiBUp, up.used, up.bytes / GiB);
}

const at = (door: Contender['https']) => ({ ...door, path: '/kib' });
