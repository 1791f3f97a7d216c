// Ports for programs that are started with the number of one. The system's own choice would do for whoever keeps it; but a
// program binds it a second later, and until then the system may give it to any connection that somebody here opens, or to
// another test file that runs beside this one.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below those that systems choose from: Linux from 32768 on, others from 49152 on. */
const firstPort = 16_384;
const portsPerWorker = 1024;
const workers = 16;

/** Vitest numbers what runs at the same time from 1 on; outside of Vitest there is one. */
const worker = Number(process.env.VITEST_POOL_ID ?? 0) % workers;

/** Not the same one in each process: another run of the tests may be going on. */
let next = randomInt(portsPerWorker);

/** A port on which nothing listens, and which nobody else here is given for a while. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < portsPerWorker; tries += 1) {
    const port = firstPort + worker * portsPerWorker + next;
    next = (next + 1) % portsPerWorker;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free from ${firstPort + worker * portsPerWorker} on`);
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'EADDRINUSE') resolve(false);
      else reject(thrown);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
