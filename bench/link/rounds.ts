// Everybody in turns, a little of each kind at a time, again and again: a machine that has other work for a moment is
// slow for all of them, and the median of the rounds leaves it out.

import type { Sheet } from '../sheet.ts';
import { besideDownloads } from './beside.ts';
import { downloads, uploads } from './bulk.ts';
import type { Contender } from './contender.ts';
import { eventDelayMs, NotCarried, webSocketRate } from './live.ts';
import { progress } from './progress.ts';
import { rows, smallConnections } from './rows.ts';
import { steadyRequests } from './steady.ts';

const GiB = 2 ** 30;
const bytes = 256 * 2 ** 20;
const one256MiB = { streams: 1, bytes, maxMs: 4_000 };
const eight256MiB = { streams: 8, bytes, maxMs: 2_500 };
const smallMs = 600;
const events = 80;
/** Four of them fill a home's line of a gigabit a second. */
const pacedBytesPerSecond = 25_000_000;

export interface Course {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** Whether all of it is measured in each round, also what is measured of others in the first one alone. */
  readonly always: (one: Contender) => boolean;
  readonly sheet: Sheet;
  /** What could not be measured, and why. */
  readonly trouble: (text: string) => void;
  /** Bytes of uploads that the origin was sent so far. */
  readonly arrived: () => Promise<number>;
}

export async function warm(one: Contender, { arrived }: Course): Promise<void> {
  progress(`warming ${one.name}`);
  await steadyRequests(small(one.https), 32, 1_000);
  await downloads(one.https, { streams: 1, bytes: bytes / 4, maxMs: 3_000 });
  await uploads(one.https, { streams: 1, bytes: bytes / 4, maxMs: 3_000 }, () => 0, arrived);
}

export async function measureInTurns(course: Course): Promise<void> {
  const { contenders, rounds } = course;
  for (let round = 0; round < rounds; round += 1) {
    // Who comes first has the colder machine.
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const one = contenders[(turn + round) % contenders.length];
      if (one === undefined) continue;
      const isWhole = round === 0 || course.always(one);
      progress(`round ${round + 1} of ${rounds}: ${one.name}`);
      await measure(one, isWhole ? [...everyRound, ...onceAtLeast] : everyRound, course);
    }
  }
}

type Part = (one: Contender, course: Course) => Promise<void>;

const everyRound: readonly Part[] = [smallRound, bulkRound, plainRound];
/** Takes long, and no goal speaks of a peer's. */
const onceAtLeast: readonly Part[] = [eightRound, besideRound, liveRound];

/** Each part by itself: what one tunnel does not carry must not keep it from the rest. */
async function measure(one: Contender, parts: readonly Part[], course: Course): Promise<void> {
  for (const part of parts) {
    try {
      await part(one, course);
    } catch (thrown) {
      course.trouble(`${one.name}: ${(thrown as Error).message}`);
    }
    await one.calm();
  }
}

async function smallRound(one: Contender, { sheet }: Course): Promise<void> {
  for (const connections of smallConnections) {
    const found = await steadyRequests(small(one.https), connections, smallMs, one.homeCpuSeconds);
    sheet.add(one.name, rows.small[connections].perSecond, found.perSecond);
    sheet.add(one.name, rows.small[connections].p50, found.p50Ms);
    sheet.add(one.name, rows.small[connections].p99, found.p99Ms);
    if (connections === 32 && one.edgePid !== null) {
      sheet.addRate(one.name, rows.cpuPer10k, found.used, found.count / 10_000);
    }
  }
}

async function bulkRound(one: Contender, { sheet, arrived }: Course): Promise<void> {
  const down = await downloads(one.https, one256MiB, one.homeCpuSeconds);
  sheet.add(one.name, rows.download, down.bytes / 1e6 / down.seconds);
  if (one.edgePid !== null) sheet.addRate(one.name, rows.cpuPerGiBDown, down.used, down.bytes / GiB);
  const up = await uploads(one.https, one256MiB, one.homeCpuSeconds, arrived);
  sheet.add(one.name, rows.upload, up.bytes / 1e6 / up.seconds);
  if (one.edgePid !== null) sheet.addRate(one.name, rows.cpuPerGiBUp, up.used, up.bytes / GiB);
}

async function eightRound(one: Contender, { sheet, arrived }: Course): Promise<void> {
  const down = await downloads(one.https, eight256MiB);
  sheet.add(one.name, rows.download8, down.bytes / 1e6 / down.seconds);
  await one.calm();
  const up = await uploads(one.https, eight256MiB, () => 0, arrived);
  sheet.add(one.name, rows.upload8, up.bytes / 1e6 / up.seconds);
}

async function besideRound(one: Contender, { sheet }: Course): Promise<void> {
  sheet.add(one.name, rows.besidePaced, await besideDownloads(one.https, 4, pacedBytesPerSecond));
  await one.calm();
  sheet.add(one.name, rows.beside, await besideDownloads(one.https, 4, null));
}

async function liveRound(one: Contender, { sheet, trouble }: Course): Promise<void> {
  sheet.add(one.name, rows.events, await eventDelayMs(one.https, events));
  try {
    sheet.add(one.name, rows.webSocket, await webSocketRate(one.https, 1, smallMs));
    sheet.add(one.name, rows.webSocket32, await webSocketRate(one.https, 32, smallMs));
  } catch (thrown) {
    if (!(thrown instanceof NotCarried)) throw thrown;
    trouble(`${one.name}: WebSockets are not carried yet: ${thrown.message}`);
  }
}

async function plainRound(one: Contender, { sheet, arrived }: Course): Promise<void> {
  sheet.add(one.name, rows.plainSmall, (await steadyRequests(small(one.plain), 32, smallMs)).perSecond);
  const down = await downloads(one.plain, one256MiB);
  sheet.add(one.name, rows.plainDownload, down.bytes / 1e6 / down.seconds);
  const up = await uploads(one.plain, one256MiB, () => 0, arrived);
  sheet.add(one.name, rows.plainUpload, up.bytes / 1e6 / up.seconds);
}

const small = (door: Contender['https']) => ({ ...door, path: '/kib' });
