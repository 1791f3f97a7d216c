// Visitors who download without an end, in a process of its own, so that whoever measures small requests beside them is
// not busy with them. Told by IPC what to download; says when all of them flow; ends when it is let go.

import { open, readAnswers, requestBytes, type Target } from './load.ts';

export interface BulkOrders {
  readonly target: Omit<Target, 'path'>;
  readonly streams: number;
  /** Bytes a second that each of them takes; null: all that come. */
  readonly bytesPerSecond: number | null;
}

const turnMs = 10;
const endless = 10 ** 12;

function begin({ target, streams, bytesPerSecond }: BulkOrders): void {
  const get = { ...target, path: `/bytes/${endless}` };
  let flowing = 0;
  for (let n = 0; n < streams; n += 1) {
    const socket = open(get);
    let isFirst = true;
    let budget = 0;
    const onBody = (bytes: number): void => {
      if (isFirst) {
        isFirst = false;
        flowing += 1;
        if (flowing === streams) process.send?.({ flowing });
      }
      budget -= bytes;
      if (bytesPerSecond !== null && budget < 0) socket.pause();
    };
    readAnswers(socket, (status) => stop(`answered ${status}`), onBody);
    socket.on('error', (cause) => stop(cause.message));
    socket.on('close', () => stop('a download was broken off'));
    socket.write(requestBytes(get));
    if (bytesPerSecond === null) continue;
    setInterval(() => {
      // What was not taken in its time is not made up for.
      budget = Math.min(0, budget) + (bytesPerSecond * turnMs) / 1000;
      if (budget >= 0) socket.resume();
    }, turnMs);
  }
}

function stop(cause: string): void {
  process.send?.({ failed: cause });
}

process.on('message', begin);
process.on('disconnect', () => process.exit());
