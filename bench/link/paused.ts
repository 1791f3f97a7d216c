// Visitors who stop reading, and services that stop: how much of what nobody takes the edge holds in its memory.

import { setTimeout as pause } from 'node:timers/promises';
import { memoryOf } from '../processes.ts';
import { writeBody } from './bulk.ts';
import type { Door } from './contender.ts';
import { open, requestBytes } from './load.ts';

const bodyBytes = 256 * 2 ** 20;
const sampleMs = 100;
/** Nothing is added any more when so many samples in a row are no higher. */
const steadySamples = 25;
const maxSamples = 150;

/** Megabytes by which the process grew, at its highest, until it grew no more. */
export async function growthMb(door: Door, edgePid: number, readers: number, uploads: number): Promise<number> {
  const get = { ...door, path: `/bytes/${bodyBytes}` };
  const post = { ...door, path: '/held' };
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
