// What a small request waits beside downloads that others make at the same time, as a multiple of what it waits alone.

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ended, start, told } from './child.ts';
import type { Door } from './contender.ts';
import { steadyRequests } from './steady.ts';

const idleMs = 400;
const busyMs = 800;
/** Until buffers on the way are as full as they will be. */
const settleMs = 400;

export async function besideDownloads(door: Door, streams: number, bytesPerSecond: number | null): Promise<number> {
  const target = { ...door, path: '/kib' };
  const idle = await steadyRequests(target, 1, idleMs);
  const others = start(join(import.meta.dirname, 'bulk-process.ts'));
  try {
    const flows = told<Said>(others, (said) => said.flowing !== undefined || said.failed !== undefined);
    let failed: string | undefined;
    others.on('message', (said: Said) => {
      failed ??= said.failed;
    });
    others.send({ target: door, streams, bytesPerSecond });
    await flows;
    await pause(settleMs);
    const busy = await steadyRequests(target, 1, busyMs);
    if (failed !== undefined) throw new Error(`downloads beside small requests: ${failed}`);
    return busy.p50Ms / idle.p50Ms;
  } finally {
    others.disconnect();
    await ended(others);
  }
}

interface Said {
  readonly flowing?: number;
  readonly failed?: string;
}
