// A neighbour: somebody on another server, for trying Porchlight on one machine and for its journeys. A process of its
// own with its own origin and actor, on Fedify, all in memory. It does what it is told in lines of JSON on standard
// input ({"id", "op", ...} → {"id", "result"} or {"id", "error"}; local/neighbour/ops.ts lists the ops) and says in a
// line {"received": ...} what others deliver to it, once Fedify has verified who they are.
//
//   node local/neighbour.ts [--port N] [--origin URL] [--name NAME] [--tls-key F --tls-cert F]
//                           [--first-knock rfc9421|cavage] [--tethered]
//
// It asks and is asked on loopback, and trusts a test authority through NODE_EXTRA_CA_CERTS. Never a real server.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { causeOf } from '../shared/errors.ts';
import { createNeighbour } from './neighbour/federation.ts';
import { createOps, type Op } from './neighbour/ops.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    origin: { type: 'string' },
    name: { type: 'string', default: 'nadia' },
    'tls-key': { type: 'string' },
    'tls-cert': { type: 'string' },
    'first-knock': { type: 'string', default: 'rfc9421' },
    tethered: { type: 'boolean', default: false },
  },
});

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const { 'tls-key': key, 'tls-cert': cert } = values;
const secure = key !== undefined && cert !== undefined;
const server = secure ? createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }) : createServer();
await new Promise<void>((resolve) => server.listen(Number(values.port), '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

const neighbour = await createNeighbour({
  origin: values.origin ?? `${secure ? 'https' : 'http'}://localhost:${port}`,
  name: values.name,
  firstKnock: values['first-knock'] === 'cavage' ? 'draft-cavage-http-signatures-12' : 'rfc9421',
  onReceived: (received) => say({ received }),
});
server.on(
  'request',
  getRequestListener(async (request) => await neighbour.fetch(request)),
);
const ops = createOps(neighbour);
say({ listening: port, origin: neighbour.origin, actor: neighbour.actor, handle: neighbour.handle });

interface Order {
  readonly id: unknown;
  readonly op: string;
}

async function obey(line: string): Promise<void> {
  const order = JSON.parse(line) as Order;
  try {
    const op: Op | undefined = ops[order.op];
    if (op === undefined) throw new Error(`there is no op ${order.op}; there are ${Object.keys(ops).join(', ')}`);
    say({ id: order.id, result: await op({ ...order }) });
  } catch (thrown) {
    say({ id: order.id, error: causeOf(thrown) });
  }
}

// Without an input it lives on until it is told to end: a newcomer's terminal gives none.
const input = createInterface({ input: process.stdin }).on('line', (line) => void obey(line));
// Whoever started her is gone.
if (values.tethered) input.once('close', () => process.exit(0));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
