// Prepared requests over connections that are open already, as fast as the other side answers: raw sockets and bytes
// made before, so that what is measured is the other side. Two kinds of request are measured side by side, in turns.

import type { Socket } from 'node:net';
import { cpuSecondsOf } from '../cpu.ts';
import { median } from '../figure.ts';
import { open, readAnswers } from '../link/load.ts';

/** Address of the Worker itself, without what Miniflare puts before it. */
export interface Ground {
  readonly origin: string;
  readonly workerdPid: () => number | undefined;
}

const connections = 16;

export function requestBytes(
  method: 'GET' | 'POST',
  path: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): Buffer {
  const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  const lines = Object.entries({ ...headers, ...length }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

/** Seconds that it took. Rejects when an answer has another status. */
export async function exchange(origin: string, requests: readonly Buffer[], status: number): Promise<number> {
  const sockets: Socket[] = [];
  const target = { origin, path: '/' };
  let next = 0;
  let answered = 0;
  const start = performance.now();
  try {
    await new Promise<void>((resolve, reject) => {
      for (let at = 0; at < connections; at += 1) {
        const socket = open(target);
        sockets.push(socket);
        const ask = (): void => {
          const request = requests[next];
          next += 1;
          if (request !== undefined) socket.write(request);
        };
        socket.on('error', reject);
        socket.on('close', () => reject(new Error('Cannot measure: a connection was closed.')));
        readAnswers(socket, (found) => {
          if (found !== status) reject(new Error(`Cannot measure: answered ${found}, not ${status}.`));
          answered += 1;
          if (answered === requests.length) resolve();
          else ask();
        });
        ask();
      }
    });
    return (performance.now() - start) / 1000;
  } finally {
    for (const socket of sockets) socket.removeAllListeners('close').destroy();
  }
}

export interface Sides {
  readonly status: number;
  /** One round's requests, of ours and of what ours is a share of: as many of each. */
  readonly round: () => { readonly ours: readonly Buffer[]; readonly base: readonly Buffer[] };
}

export interface Compared {
  readonly perSecond: number;
  readonly basePerSecond: number;
  /** Median of the rounds' ratios. */
  readonly share: number;
  /** CPU of workerd for one of `base` as a share of that for one of ours: less swayed by what else the machine does. */
  readonly cpuShare: number;
}

/** V8 makes the code of either side faster for about ten thousand requests. */
const warmRounds = 16;

export async function compare({ origin, workerdPid }: Ground, sides: Sides, rounds: number): Promise<Compared> {
  const rates: { ours: number; base: number }[] = [];
  const cpu = { ours: 0, base: 0 };
  for (let round = -warmRounds; round < rounds; round += 1) {
    const requests = sides.round();
    const rate = { ours: 0, base: 0 };
    // Whoever goes first has the colder machine: take turns.
    for (const side of round % 2 === 0 ? (['ours', 'base'] as const) : (['base', 'ours'] as const)) {
      const before = cpuSecondsOf(workerdPid());
      rate[side] = requests[side].length / (await exchange(origin, requests[side], sides.status));
      if (round >= 0) cpu[side] += cpuSecondsOf(workerdPid()) - before;
    }
    if (round >= 0) rates.push(rate);
  }
  return {
    perSecond: median(rates.map(({ ours }) => ours)),
    basePerSecond: median(rates.map(({ base }) => base)),
    share: median(rates.map(({ ours, base }) => ours / base)),
    cpuShare: cpu.base / cpu.ours,
  };
}
