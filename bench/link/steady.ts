// Small requests for a while over connections that are open already: what opening them costs, for TLS above all, is not
// the tunnel's.

import type { Socket } from 'node:net';
import { open, percentiles, readAnswers, requestBytes, type SmallFigures, type Target } from './load.ts';

export interface SteadyFigures extends SmallFigures {
  readonly count: number;
  /** What `meter` counted meanwhile. */
  readonly used: number;
}

/** One request at a time on each connection, each of which has carried one before. */
export async function steadyRequests(
  target: Target,
  connections: number,
  ms: number,
  meter: () => number = () => 0,
): Promise<SteadyFigures> {
  const bytes = requestBytes(target);
  const sockets: Socket[] = [];
  try {
    return await new Promise((resolve, reject) => {
      const times: number[] = [];
      let waiting = connections;
      let running = 0;
      let begin = 0;
      let before = 0;
      let on = false;
      let found: SteadyFigures | null = null;
      /** What comes after the end is waited for, so that nothing is broken off, and does not count. */
      const finish = (): void => {
        const seconds = (performance.now() - begin) / 1000;
        on = false;
        const count = times.length;
        found = { perSecond: count / seconds, ...percentiles(times), count, used: meter() - before };
      };
      const go: (() => void)[] = [];
      const all = (): void => {
        before = meter();
        begin = performance.now();
        on = true;
        running = connections;
        for (const one of go) one();
        setTimeout(finish, ms);
      };
      for (let n = 0; n < connections; n++) {
        const socket = open(target);
        sockets.push(socket);
        let sentAt = 0;
        let isFirst = true;
        const ask = (): void => {
          sentAt = performance.now();
          socket.write(bytes);
        };
        socket.on('error', reject);
        socket.on('close', () => reject(new Error(`a connection was closed during ${target.path}`)));
        readAnswers(socket, (status) => {
          if (status !== 200) reject(new Error(`${target.path} answered ${status}`));
          if (isFirst) {
            isFirst = false;
            go.push(ask);
            waiting -= 1;
            if (waiting === 0) all();
            return;
          }
          if (on) {
            times.push(performance.now() - sentAt);
            ask();
            return;
          }
          running -= 1;
          if (running === 0 && found !== null) resolve(found);
        });
        ask();
      }
    });
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}
