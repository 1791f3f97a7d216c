// Visitors who stop reading, and services that stop: how much of what nobody takes the edge holds in its memory.

import { setTimeout as pause } from 'node:timers/promises';
import { memoryOf } from '../processes.ts';
import { writeBody } from './bulk.ts';
import type { Door } from './contender.ts';
import { open, requestBytes } from './load.ts';

export const bodyBytes = 256 * 2 ** 20;
const sampleMs = 100;
/** Nothing is added any more when so many samples in a row are no higher. */
const steadySamples = 25;
const maxSamples = 150;

/** Who stops, and where: `read` is the path of `bodyBytes`, `sent` that of what does not read its body to the end. */
export interface Paused {
  readonly readers: number;
  readonly uploads: number;
  readonly read: string;
  readonly sent: string;
}

/** Megabytes by which the process grew, at its highest, until it grew no more. */
export async function growthMb(door: Door, edgePid: number, paused: Paused): Promise<number> {
  const { readers, uploads } = paused;
  const get = { ...door, path: paused.read };
  const post = { ...door, path: paused.sent };
  const sockets = Array.from({ length: readers + uploads }, () => open(get));
  try {
    await Promise.all(
      sockets.map(
        async (socket) =>
          await new Promise<void>((resolve, reject) => {
            socket.once('secureConnect', resolve);
            socket.once('error', reject);
          }),
      ),
    );
    const before = memoryOf(edgePid).residentMb;
    const begun = sockets.slice(0, readers).map(
      async (socket) =>
        await new Promise<void>((resolve, reject) => {
          socket.once('data', (part: Buffer) => {
            socket.pause();
            const status = part.toString('latin1', 9, 12);
            if (status === '200') resolve();
            else reject(new Error(`a download that is to be paused was answered with ${status}`));
          });
          socket.once('error', reject);
          socket.write(requestBytes(get));
        }),
    );
    for (const socket of sockets.slice(readers)) {
      socket.on('error', () => undefined);
      socket.write(requestBytes(post, 'POST', bodyBytes));
      writeBody(socket, bodyBytes);
    }
    await Promise.all(begun);
    let highest = before;
    for (let sample = 0, still = 0; sample < maxSamples && still < steadySamples; sample += 1) {
      await pause(sampleMs);
      const now = memoryOf(edgePid).residentMb;
      still = now > highest ? 0 : still + 1;
      highest = Math.max(highest, now);
    }
    return highest - before;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}
