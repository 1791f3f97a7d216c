// Home's side of the benchmark, a process of its own, so that its CPU time is that of the link and nothing else. It is
// told by IPC where to dial, and answers "cpu" with what it has used so far.

import { importJWK, type JWK } from 'jose';
import { createLoopback } from '../../home-node/carry/loopback.ts';
import { compileParserOnce } from '../../home-node/frugal.ts';
import { LinkClient } from '../../home-node/link/client.ts';
import { systemTimers } from '../../home-node/link/timers.ts';
import { systemRandom } from '../../shared/clock.ts';

export interface HomeOrders {
  readonly edge: string;
  readonly host: string;
  readonly homeId: string;
  readonly key: JWK;
  readonly service: string;
  readonly ca: string | null;
}

async function dial(orders: HomeOrders): Promise<void> {
  const { edge, homeId, ca, host, service } = orders;
  const key = await importJWK(orders.key, 'EdDSA');
  if (key instanceof Uint8Array) throw new Error('Cannot dial: the key is not a private key.');
  const loopback = createLoopback([{ name: 'origin', hosts: [host], url: service }]);
  const client = new LinkClient({
    edge,
    homeId,
    key,
    ...(ca === null ? {} : { ca }),
    serve: loopback.serve,
    onWork: () => undefined,
    onState: (state) => process.send?.({ state }),
    random: systemRandom,
    timers: systemTimers,
  });
  client.start();
}

// As `porchlight up` does.
compileParserOnce();
process.on('message', (message: HomeOrders | 'cpu') => {
  if (message === 'cpu') process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() });
  else void dial(message);
});
process.on('disconnect', () => process.exit(0));
