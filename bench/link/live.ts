// What must not wait: events that are to be seen as they are written, and WebSocket messages there and back.

import { WebSocket } from 'ws';
import { median } from '../figure.ts';
import { open, requestBytes, type Target } from './load.ts';

/** Milliseconds from an event's writing to its arrival, the median of `count` after the first few. */
export async function eventDelayMs(target: Omit<Target, 'path'>, count: number): Promise<number> {
  const request = { ...target, path: '/events' };
  const socket = open(request);
  const skipped = 10;
  const delays: number[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      let text = '';
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the stream of events was closed')));
      setTimeout(() => reject(new Error('events do not come through')), 10_000).unref();
      socket.on('data', (chunk: Buffer) => {
        const now = process.hrtime.bigint();
        text += chunk.toString('latin1');
        for (let found = eventForm.exec(text); found !== null; found = eventForm.exec(text)) {
          delays.push(Number(now - BigInt(found[1] ?? '0')) / 1e6);
          text = text.slice(found.index + found[0].length);
        }
        if (delays.length >= count + skipped) resolve();
      });
      socket.write(requestBytes(request));
    });
  } finally {
    socket.destroy();
  }
  return median(delays.slice(skipped));
}

const eventForm = /data: (\d+)\n\n/;

/** The upgrade was answered with something else than 101. */
export class NotCarried extends Error {}

/** Round trips of 64 bytes a second, over so many sockets, one message at a time on each. */
export async function webSocketRate(target: Omit<Target, 'path'>, sockets: number, ms: number): Promise<number> {
  const { origin, ca, host = new URL(origin).host } = target;
  const address = origin.replace(/^http/, 'ws');
  const message = Buffer.alloc(64, 'w');
  const all = Array.from(
    { length: sockets },
    () => new WebSocket(`${address}/echo`, { headers: { host }, perMessageDeflate: false, ...(ca && { ca }) }),
  );
  try {
    await Promise.all(all.map(opened));
    let count = 0;
    const begin = performance.now();
    await Promise.all(
      all.map(
        async (socket) =>
          await new Promise<void>((resolve, reject) => {
            socket.on('error', reject);
            socket.on('close', () => reject(new Error('a WebSocket was closed')));
            socket.on('message', () => {
              count += 1;
              if (performance.now() - begin < ms) socket.send(message);
              else resolve();
            });
            socket.send(message);
          }),
      ),
    );
    return count / ((performance.now() - begin) / 1000);
  } finally {
    for (const socket of all) {
      socket.on('error', () => undefined);
      socket.terminate();
    }
  }
}

async function opened(socket: WebSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) =>
      reject(new NotCarried(`the upgrade was answered with ${response.statusCode}`)),
    );
  });
}
